/**
 * The boundary's wire form: a small positional binary codec in which every length has a bound.
 *
 * A schema is built from the combinators below. `decode` accepts exactly the bytes that `encode` makes (one form per value)
 * and throws `BoundaryError` for everything else. Each schema carries its `shape`, a text that names every field, type and
 * limit; the interface version is tied to the hash of all shapes (see `messages.ts`).
 *
 * Integers are little endian; bytes, text and lists carry a u32 count; an option is one byte 0 or 1; a union is one tag byte.
 * @module
 */
import { isAscii, tryBytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import { BoundaryError, BoundaryErrorCode } from "./errors.ts";

const MIN_BUFFER = 1_024;
const MAX_KEPT_BUFFER = 65_536;

/** Growing output buffer, to be used for many messages: making one costs as much as writing a short message. */
export class Writer {
  #buffer = new Uint8Array(MIN_BUFFER);
  #length = 0;

  reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#buffer.length * 2));
      grown.set(this.#buffer);
      this.#buffer = grown;
    }
    return at;
  }
  u8(value: number): void {
    const at = this.reserve(1);
    this.#buffer[at] = value;
  }
  u32(value: number): void {
    const at = this.reserve(4);
    const buffer = this.#buffer;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
  }
  /** Of a value taken modulo 2^64. */
  u64(value: bigint): void {
    const wide = BigInt.asUintN(64, value);
    this.u32(Number(wide & 0xffffffffn));
    this.u32(Number(wide >> 32n));
  }
  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }
  /** Text of ASCII characters alone: nearly all text is, and it needs no array on the way. */
  ascii(text: string): void {
    const at = this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#buffer[at + i] = text.charCodeAt(i);
  }
  /** What was written, as a new array; the writer is empty again. */
  finish(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.#length);
    this.clear();
    return bytes;
  }
  /** Empty again, whatever was written; a buffer that one long message needed is given back. */
  clear(): void {
    if (this.#buffer.length > MAX_KEPT_BUFFER) this.#buffer = new Uint8Array(MIN_BUFFER);
    this.#length = 0;
  }
}

/** Bounded input cursor; every read checks what is left. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  #demand(count: number): void {
    if (count > this.left) throw malformed(`needs ${count} more bytes, ${this.left} are left`);
  }
  #take(count: number): number {
    this.#demand(count);
    const at = this.#at;
    this.#at += count;
    return at;
  }
  u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }
  u32(): number {
    const at = this.#take(4);
    const bytes = this.#bytes;
    return (
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    );
  }
  u64(): bigint {
    this.#demand(8);
    const low = this.u32();
    const high = this.u32();
    // Most values fit a number, which is cheaper to read.
    return high < 0x20_0000 ? BigInt(high * 0x1_0000_0000 + low) : (BigInt(high) << 32n) | BigInt(low);
  }
  /** A copy, so that the caller owns it. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.slice(at, at + count);
  }
  /** As `raw`, without the copy. */
  view(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }
  end(): void {
    if (this.left !== 0) throw malformed(`${this.left} bytes behind the message`);
  }
}

function malformed(message: string): BoundaryError {
  return new BoundaryError(BoundaryErrorCode.Malformed, `boundary message: ${message}`);
}

/** How one type crosses the boundary. */
export type Codec<T> = {
  /** Canonical description of the form, limits included. */
  readonly shape: string;
  write(writer: Writer, value: T): void;
  read(reader: Reader): T;
};

/** The type that a codec carries. */
export type Of<C> = C extends Codec<infer T> ? T : never;

export const u8: Codec<number> = { shape: "u8", write: (w, v) => w.u8(v), read: (r) => r.u8() };
export const u32: Codec<number> = { shape: "u32", write: (w, v) => w.u32(v), read: (r) => r.u32() };
export const u64: Codec<bigint> = { shape: "u64", write: (w, v) => w.u64(v), read: (r) => r.u64() };

export const bool: Codec<boolean> = {
  shape: "bool",
  write: (w, v) => w.u8(v ? 1 : 0),
  read: (r) => {
    const byte = r.u8();
    if (byte > 1) throw malformed(`bool: expected 0 or 1, got ${byte}`);
    return byte === 1;
  },
};

function boundedCount(what: string, count: number, max: number): number {
  if (count > max)
    throw new BoundaryError(BoundaryErrorCode.TooLong, `boundary message: ${what}: at most ${max}, got ${count}`);
  return count;
}

/** Up to `max` bytes. */
export function bytes(max: number): Codec<Uint8Array> {
  return {
    shape: `bytes<=${max}`,
    write: (w, v) => {
      w.u32(boundedCount("bytes", v.length, max));
      w.raw(v);
    },
    read: (r) => r.raw(boundedCount("bytes", r.u32(), max)),
  };
}

/** Exactly `length` bytes, without a count. */
export function fixed(length: number): Codec<Uint8Array> {
  return {
    shape: `bytes=${length}`,
    write: (w, v) => {
      if (v.length !== length) throw malformed(`expected ${length} bytes, got ${v.length}`);
      w.raw(v);
    },
    read: (r) => r.raw(length),
  };
}

/** UTF-8 text of at most `max` bytes. */
export function text(max: number): Codec<string> {
  const inner = bytes(max);
  return {
    shape: `text<=${max}`,
    write: (w, v) => {
      if (isAscii(v)) {
        w.u32(boundedCount("bytes", v.length, max));
        w.ascii(v);
      } else inner.write(w, utf8ToBytes(v));
    },
    read: (r) => {
      const read = tryBytesToUtf8(r.view(boundedCount("bytes", r.u32(), max)));
      if (read === undefined) throw malformed("text that is not valid UTF-8");
      return read;
    },
  };
}

export function option<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    shape: `option(${inner.shape})`,
    write: (w, v) => {
      w.u8(v === undefined ? 0 : 1);
      if (v !== undefined) inner.write(w, v);
    },
    read: (r) => (bool.read(r) ? inner.read(r) : undefined),
  };
}

/** At most `max` elements. */
export function list<T>(inner: Codec<T>, max: number): Codec<readonly T[]> {
  return {
    shape: `list<=${max}(${inner.shape})`,
    write: (w, v) => {
      w.u32(boundedCount("list", v.length, max));
      for (const element of v) inner.write(w, element);
    },
    read: (r) => {
      const count = boundedCount("list", r.u32(), max);
      const out: T[] = [];
      for (let i = 0; i < count; i++) out.push(inner.read(r));
      return out;
    },
  };
}

type Fields = { readonly [name: string]: Codec<unknown> };
type Struct<F extends Fields> = { readonly [N in keyof F]: Of<F[N]> };

/** Named fields, in the order of declaration. */
export function struct<const F extends { readonly [name: string]: Codec<never> | Codec<unknown> }>(
  fields: F,
): Codec<{ readonly [N in keyof F]: Of<F[N]> }> {
  const entries = Object.entries(fields as unknown as Fields);
  return {
    shape: `{${entries.map(([name, codec]) => `${name}:${codec.shape}`).join(",")}}`,
    write: (w, v) => {
      for (const [name, codec] of entries) codec.write(w, (v as Record<string, unknown>)[name]);
    },
    read: (r) => {
      const out: Record<string, unknown> = {};
      for (const [name, codec] of entries) out[name] = codec.read(r);
      return out as Struct<Fields> as { readonly [N in keyof F]: Of<F[N]> };
    },
  };
}

type Union<F> = { [N in keyof F]: { readonly kind: N } & { readonly value: Of<F[N]> } }[keyof F];

/** Exactly one of the named alternatives, told apart by its position: `{ kind, value }`. */
export function union<const F extends { readonly [name: string]: Codec<never> | Codec<unknown> }>(
  variants: F,
): Codec<Union<F>> {
  const entries = Object.entries(variants as unknown as Fields);
  const position = new Map(entries.map(([name], index) => [name, index]));
  return {
    shape: `<${entries.map(([name, codec]) => `${name}:${codec.shape}`).join("|")}>`,
    write: (w, v) => {
      const { kind, value } = v as { kind: string; value: unknown };
      const index = position.get(kind) as number;
      w.u8(index);
      (entries[index] as [string, Codec<unknown>])[1].write(w, value);
    },
    read: (r) => {
      const index = r.u8();
      const entry = entries[index];
      if (entry === undefined) throw malformed(`union: expected a tag below ${entries.length}, got ${index}`);
      return { kind: entry[0], value: entry[1].read(r) } as Union<F>;
    },
  };
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer();
  codec.write(writer, value);
  return writer.finish();
}

/** @throws {BoundaryError} Malformed or TooLong, unless `bytes` is exactly one value. */
export function decode<T>(codec: Codec<T>, input: Uint8Array): T {
  const reader = new Reader(input);
  const value = codec.read(reader);
  reader.end();
  return value;
}
