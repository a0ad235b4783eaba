/**
 * DER (X.690): a strict reader, and a small writer for certificates of a simulated platform.
 *
 * Only what certificates, revocation lists and ECDSA signatures need: tags of one byte, definite lengths in their shortest form,
 * integers and booleans in their only form. Everything else is refused, so that a value has one encoding. Spec: registration §6.4.
 * @module
 */
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "../bytes.ts";
import { InputError, InputErrorCode } from "../errors.ts";

export const DerTag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  Oid: 0x06,
  Enumerated: 0x0a,
  Utf8String: 0x0c,
  PrintableString: 0x13,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** Tag of a constructed element `[number]`, number 0 to 30. */
export const derContextTag = (number: number): number => 0xa0 | number;

export type DerElement = {
  readonly tag: number;
  /** A view. */
  readonly content: Uint8Array;
  /** Tag, length and content: what a signature covers. A view. */
  readonly whole: Uint8Array;
};

/** @throws {InputError} Malformed, unless `holds` */
function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new InputError(InputErrorCode.Malformed, `DER: expected ${what}`);
}

/** Elements one after another. Every method throws {@link InputError} Malformed where the bytes are not what is asked for. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Tag of the next element; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** The next element, whatever it is. */
  any(): DerElement {
    const start = this.#at;
    const tag = this.#byte();
    check((tag & 0x1f) !== 0x1f, "a tag of one byte");
    const length = this.#length();
    const content = this.#bytes.subarray(this.#at, this.#at + length);
    check(content.length === length, `${length} bytes, got ${content.length}`);
    this.#at += length;
    return { tag, content, whole: this.#bytes.subarray(start, this.#at) };
  }

  /** The next element, which must have the tag. */
  read(tag: number): DerElement {
    check(this.nextTag === tag, `tag ${tag}, got ${this.nextTag ?? "the end"}`);
    return this.any();
  }

  /** What is inside the next element, which must have the tag. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag).content);
  }

  end(): void {
    check(this.isAtEnd, `the end, got ${this.#bytes.length - this.#at} more bytes`);
  }

  boolean(): boolean {
    const { content } = this.read(DerTag.Boolean);
    check(content.length === 1 && (content[0] === 0 || content[0] === 0xff), "a boolean");
    return content[0] === 0xff;
  }

  /** Content of an integer that is not negative: big endian without leading zero bytes, but at least one byte. */
  unsigned(): Uint8Array {
    const { content } = this.read(DerTag.Integer);
    const [first = 0x80, second] = content;
    check(first < 0x80, "an integer that is not negative");
    if (first !== 0 || second === undefined) return content;
    check(second >= 0x80, "an integer without a zero byte too many");
    return content.subarray(1);
  }

  /** An integer from 0 to 2^31 - 1. */
  smallUnsigned(): number {
    const content = this.unsigned();
    const value = content.reduce((sum, byte) => sum * 256 + byte, 0);
    check(content.length <= 4 && value < 2 ** 31, "an integer below 2^31");
    return value;
  }

  octets(): Uint8Array {
    return this.read(DerTag.OctetString).content;
  }

  /** Content of a bit string of whole bytes. */
  bits(): Uint8Array {
    const { content } = this.read(DerTag.BitString);
    check(content[0] === 0, "a bit string of whole bytes");
    return content.subarray(1);
  }

  /** Content of an object identifier, in hex. */
  oid(): string {
    return bytesToHex(this.read(DerTag.Oid).content);
  }

  /** A point in time, in seconds since 1970 (RFC 5280 §4.1.2.5: to the second, in UTC, two-digit years from 1950 to 2049). */
  time(): number {
    const isShort = this.nextTag === DerTag.UtcTime;
    const { content } = this.read(isShort ? DerTag.UtcTime : DerTag.GeneralizedTime);
    const text = String.fromCharCode(...content);
    const century = isShort ? (text < "5" ? "20" : "19") : "";
    const iso = (century + text).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6.000Z");
    const milliseconds = Date.parse(iso);
    // Other forms stay as they are, and a day that the month does not have is moved on by `Date.parse`.
    const isTime = !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === iso;
    check(isTime && content.length === (isShort ? 13 : 15), "a time");
    return milliseconds / 1000;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    check(byte !== undefined, "more bytes");
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    check(count > 0 && count <= 3, "a length of at most three bytes");
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    check(length >= 0x80 && length >= 256 ** (count - 1), "a length in its shortest form");
    return length;
  }
}

/**
 * The content of a sequence that is all there is.
 * @throws {InputError} Malformed
 */
export function readDerSequence(bytes: Uint8Array): DerReader {
  const outer = new DerReader(bytes);
  const inner = outer.enter(DerTag.Sequence);
  outer.end();
  return inner;
}

/**
 * The 64 bytes r ‖ s of an ECDSA signature on a curve of 256 bits.
 * @throws {InputError} Malformed
 */
export function readDerSignature(bytes: Uint8Array): Uint8Array {
  const reader = readDerSequence(bytes);
  const out = new Uint8Array(64);
  for (const end of [32, 64]) {
    const integer = reader.unsigned();
    check(integer.length <= 32, "a signature of 256 bits");
    out.set(integer, end - integer.length);
  }
  reader.end();
  return out;
}

/** One element with the parts as its content. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts);
  return concatBytes(Uint8Array.of(tag), derLength(content.length), content);
}

function derLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const hex = length.toString(16);
  const bytes = hexToBytes(hex.length % 2 === 0 ? hex : `0${hex}`);
  return concatBytes(Uint8Array.of(0x80 | bytes.length), bytes);
}

export function derSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return derElement(DerTag.Sequence, ...parts);
}

/** An integer that is not negative. @param value big endian, leading zeros allowed; or a safe integer */
export function derUnsigned(value: Uint8Array | number, tag: number = DerTag.Integer): Uint8Array {
  const digits = typeof value === "number" ? value.toString(16) : bytesToHex(value);
  const shortest = digits.replace(/^0+(?=.)/, "");
  const even = shortest.length % 2 === 0 ? shortest : `0${shortest}`;
  return derElement(tag, hexToBytes(/^[89a-f]/.test(even) ? `00${even}` : even));
}

/** A bit string of whole bytes. */
export function derBits(bytes: Uint8Array): Uint8Array {
  return derElement(DerTag.BitString, Uint8Array.of(0), bytes);
}

/** @param dotted as in `1.2.840.10045.2.1` */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const group = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) group.unshift(0x80 | (left & 0x7f));
    bytes.push(...group);
  }
  return derElement(DerTag.Oid, Uint8Array.from(bytes));
}

/** A time as RFC 5280 wants it: two-digit years up to 2049. @param seconds since 1970, whole */
export function derTime(seconds: number): Uint8Array {
  const digits = new Date(seconds * 1000).toISOString().slice(0, 19).replace(/\D/g, "");
  const isShort = digits >= "1950" && digits < "2050";
  return derElement(
    isShort ? DerTag.UtcTime : DerTag.GeneralizedTime,
    utf8ToBytes(`${digits.slice(isShort ? 2 : 0)}Z`),
  );
}

/** A signature r ‖ s of 64 bytes as a DER sequence of two integers. */
export function derSignature(signature: Uint8Array): Uint8Array {
  return derSequence(derUnsigned(signature.subarray(0, 32)), derUnsigned(signature.subarray(32)));
}
