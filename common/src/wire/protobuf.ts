/**
 * Protobuf wire encoding: varints, fixed 64-bit integers and length-delimited bytes.
 *
 * The reader is total: whatever the bytes are, it returns or throws an {@link InputError}. It accepts over-long varints
 * as every protobuf decoder does; where only one encoding may pass, see `decodeCanonical` in `message.ts`.
 * @module
 */
import { utf8ToBytes } from "../bytes.ts";
import { InputError, InputErrorCode } from "../errors.ts";

export const WireType = { Varint: 0, Fixed64: 1, Bytes: 2, Fixed32: 5 } as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

/** Messages may be nested this deep; only a multisig inside a multisig nests by the sender's choice. */
export const MAX_NESTING = 32;

const MAX_UINT64 = (1n << 64n) - 1n;

/** Builds the bytes of one message. Values out of range are programming mistakes and throw `RangeError`. */
export class ProtoWriter {
  /** Arrays of up to 64 bytes are much cheaper to make than larger ones. */
  #buffer = new Uint8Array(64);
  #length = 0;

  tag(fieldNumber: number, wireType: WireType): void {
    this.uint32(((fieldNumber << 3) | wireType) >>> 0);
  }

  /** @param value integer from 0 to 2^32 - 1 */
  uint32(value: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value <= 0xffffffff)) throw new RangeError(`uint32: got ${value}`);
    this.#reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  uint64(value: bigint): void {
    if (value < 0n || value > MAX_UINT64) throw new RangeError(`uint64: got ${value}`);
    this.#reserve(10);
    let rest = value;
    while (rest > 0xffffffffn) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.uint32(Number(rest));
  }

  /** Negative values take ten bytes. */
  int64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`int64: got ${value}`);
    this.uint64(BigInt.asUintN(64, value));
  }

  /** Eight bytes, little endian, two's complement. */
  sfixed64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`sfixed64: got ${value}`);
    this.#reserve(8);
    new DataView(this.#buffer.buffer).setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  /** The length as a varint, then the bytes. */
  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  string(value: string): void {
    this.bytes(utf8ToBytes(value));
  }

  /** What was written so far, as a new array. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 4 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** Reads one message. */
export class ProtoReader {
  readonly #bytes: Uint8Array;
  readonly #subject: string;
  /** How many messages enclose this one. */
  readonly nesting: number;
  #at = 0;

  /** @param subject what is read, for error texts */
  constructor(bytes: Uint8Array, subject: string, nesting = 0) {
    this.#bytes = bytes;
    this.#subject = subject;
    this.nesting = nesting;
    if (nesting > MAX_NESTING) this.fail(`nested deeper than ${MAX_NESTING} messages`);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next field's number (1 to 2^29 - 1) and wire type. */
  tag(): { fieldNumber: number; wireType: number } {
    const tag = this.uint32();
    const fieldNumber = tag >>> 3;
    if (fieldNumber === 0) this.fail("field number 0");
    return { fieldNumber, wireType: tag & 7 };
  }

  /** A varint below 2^32. */
  uint32(): number {
    // Nearly every tag and most lengths are one byte.
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at++;
      return first;
    }
    const value = this.uint64();
    if (value > 0xffffffffn) this.fail(`expected an integer of 32 bits, got ${value}`, InputErrorCode.OutOfRange);
    return Number(value);
  }

  uint64(): bigint {
    // Seven bytes hold 49 bits, which a number holds exactly; longer ones are rare enough for bigint arithmetic.
    let low = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#byte();
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(low);
      scale *= 128;
    }
    let value = BigInt(low);
    for (let shift = 49n; shift <= 63n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value > MAX_UINT64) break;
        return value;
      }
    }
    return this.fail("varint longer than 64 bits", InputErrorCode.OutOfRange);
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  int32(): number {
    const value = this.int64();
    if (BigInt.asIntN(32, value) !== value) this.fail(`expected an int32, got ${value}`, InputErrorCode.OutOfRange);
    return Number(value);
  }

  sfixed64(): bigint {
    const bytes = this.#take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
  }

  /** A view of the input, not a copy. */
  bytes(): Uint8Array {
    return this.#take(this.uint32());
  }

  /** Passes over a field's value. */
  skip(wireType: number): void {
    if (wireType === WireType.Varint) this.uint64();
    else if (wireType === WireType.Fixed64) this.#take(8);
    else if (wireType === WireType.Bytes) this.bytes();
    else if (wireType === WireType.Fixed32) this.#take(4);
    else this.fail(`unknown wire type ${wireType}`);
  }

  fail(reason: string, code: InputErrorCode = InputErrorCode.Malformed): never {
    throw new InputError(code, `${this.#subject}: ${reason}, at byte ${this.#at} of ${this.#bytes.length}`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) return this.fail("ends inside a varint");
    this.#at++;
    return byte;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) this.fail(`expected ${length} more bytes, got ${this.#bytes.length - this.#at}`);
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

/** `uvarint(length) || bytes`, the framing of sign bytes and of ABCI (consensus §2.6, §2.9). */
export function lengthDelimited(bytes: Uint8Array): Uint8Array {
  const writer = new ProtoWriter();
  writer.bytes(bytes);
  return writer.finish();
}
