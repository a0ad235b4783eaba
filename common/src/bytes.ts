/**
 * Byte strings: joining, comparing, hex, base64, UTF-8 and fixed-width integers, for code that has no platform.
 *
 * `TextEncoder`, `Buffer` and friends are not available in the trusted zones, so the conversions are written out.
 * @module
 */
import { InputError, InputErrorCode } from "./errors.ts";

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** One new array with the parts in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Equality of public values; for secrets and tags use {@link equalBytesConstantTime}. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Equality whose duration depends on the lengths alone. */
export function equalBytesConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Lexicographic order of unsigned bytes: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Order of the UTF-8 bytes of two strings: that of their code points, which UTF-16 order is not. */
export function compareAsUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Puts surrogates, which begin code points from U+10000 on, behind U+FFFF. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Arguments of one call: measured, and far below what the stack holds. */
const CHUNK = 512;

/** The text of UTF-16 units, built in chunks: several times as fast as appending one unit after another. */
export function unitsToText(units: Uint8Array | Uint16Array): string {
  if (units.length <= CHUNK) return String.fromCharCode.apply(null, units as unknown as number[]);
  let out = "";
  for (let at = 0; at < units.length; at += CHUNK) {
    out += String.fromCharCode.apply(null, units.subarray(at, at + CHUNK) as unknown as number[]);
  }
  return out;
}

/** For each ASCII character of `alphabet` its place in it, for all others -1. */
function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const HEX_VALUE = valuesOf("0123456789abcdef");
for (const digit of "ABCDEF") HEX_VALUE[digit.charCodeAt(0)] = Number.parseInt(digit, 16);

/** Lower-case hex without prefix. */
export function bytesToHex(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i++) out += HEX[bytes[i] as number];
  return out;
}

/** @throws {InputError} Malformed, unless `text` is an even number of hex digits (either case). */
export function hexToBytes(text: string): Uint8Array {
  const out = new Uint8Array(text.length >> 1);
  let isHex = text.length % 2 === 0;
  for (let i = 0; i < out.length; i++) {
    const high = HEX_VALUE[text.charCodeAt(2 * i)] ?? -1;
    const low = HEX_VALUE[text.charCodeAt(2 * i + 1)] ?? -1;
    if ((high | low) < 0) isHex = false;
    out[i] = (high << 4) | low;
  }
  if (!isHex) {
    throw new InputError(
      InputErrorCode.Malformed,
      `hex: expected an even number of hex digits, got ${text.length} characters`,
    );
  }
  return out;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_CODE = Uint8Array.from(BASE64, (character) => character.charCodeAt(0));
const BASE64_VALUE = valuesOf(BASE64);
const PAD = 0x3d;

/** Standard alphabet with `=` padding. */
export function bytesToBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    // Bytes past the end are undefined, which shifts as zero.
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    out[at] = BASE64_CODE[group >> 18] as number;
    out[at + 1] = BASE64_CODE[(group >> 12) & 63] as number;
    out[at + 2] = BASE64_CODE[(group >> 6) & 63] as number;
    out[at + 3] = BASE64_CODE[group & 63] as number;
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  out.fill(PAD, out.length - padding);
  return unitsToText(out);
}

/**
 * Reads base64 as the protocol does (enclave §0): standard alphabet; padding may be missing or incomplete; too much
 * padding, white space, the URL alphabet and non-zero unused bits are refused.
 * @throws {InputError} Malformed
 */
export function base64ToBytes(text: string): Uint8Array {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === PAD) end--;
  const padding = text.length - end;
  const rest = end % 4;
  const allowedPadding = rest === 0 ? 0 : 4 - rest;
  if (rest === 1 || padding > allowedPadding) {
    throw new InputError(
      InputErrorCode.Malformed,
      `base64: impossible length ${text.length} with ${padding} padding characters`,
    );
  }
  const out = new Uint8Array((end * 3) >> 2);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < end; i++) {
    const value = BASE64_VALUE[text.charCodeAt(i)] ?? -1;
    if (value < 0) throw new InputError(InputErrorCode.Malformed, `base64: unexpected character at ${i}`);
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = held >> bits;
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0)
    throw new InputError(InputErrorCode.Malformed, "base64: unused bits are not zero");
  return out;
}

/** Whether every UTF-16 unit of `text` is below 128, so that its UTF-8 is one byte for each. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

/** UTF-8 of `text`; lone surrogates become U+FFFD, as in every standard encoder. */
export function utf8ToBytes(text: string): Uint8Array {
  if (isAscii(text)) {
    const out = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
    return out;
  }
  const out = new Uint8Array(text.length * 3);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code >= 0xd800 && code <= 0xdfff) {
      const next = text.charCodeAt(i + 1);
      if (code <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00);
        i++;
      } else code = 0xfffd;
    }
    if (code < 0x80) out[at++] = code;
    else if (code < 0x800) {
      out[at++] = 0xc0 | (code >> 6);
      out[at++] = 0x80 | (code & 63);
    } else if (code < 0x10000) {
      out[at++] = 0xe0 | (code >> 12);
      out[at++] = 0x80 | ((code >> 6) & 63);
      out[at++] = 0x80 | (code & 63);
    } else {
      out[at++] = 0xf0 | (code >> 18);
      out[at++] = 0x80 | ((code >> 12) & 63);
      out[at++] = 0x80 | ((code >> 6) & 63);
      out[at++] = 0x80 | (code & 63);
    }
  }
  return out.slice(0, at);
}

/** The text of valid UTF-8, or undefined: over-long forms, surrogates and values above U+10FFFF are not valid. */
export function tryBytesToUtf8(bytes: Uint8Array): string | undefined {
  let start = 0;
  while (start < bytes.length && (bytes[start] as number) < 0x80) start++;
  if (start === bytes.length) return unitsToText(bytes);
  const units = new Uint16Array(bytes.length);
  units.set(bytes.subarray(0, start));
  let at = start;
  for (let i = start; i < bytes.length; ) {
    const first = bytes[i++] as number;
    if (first < 0x80) {
      units[at++] = first;
      continue;
    }
    const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || i + more > bytes.length) return undefined;
    let code = first & (0x3f >> more);
    for (let n = 0; n < more; n++) {
      const next = bytes[i++] as number;
      if ((next & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (next & 63);
    }
    if (
      code > 0x10ffff ||
      (code >= 0xd800 && code <= 0xdfff) ||
      code < (more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000)
    ) {
      return undefined;
    }
    if (code < 0x10000) units[at++] = code;
    else {
      units[at++] = 0xd800 + ((code - 0x10000) >> 10);
      units[at++] = 0xdc00 + (code & 0x3ff);
    }
  }
  return unitsToText(units.subarray(0, at));
}

/** @throws {InputError} Malformed, if the bytes are not valid UTF-8. */
export function bytesToUtf8(bytes: Uint8Array): string {
  const text = tryBytesToUtf8(bytes);
  if (text === undefined)
    throw new InputError(InputErrorCode.Malformed, `text: ${bytes.length} bytes that are not valid UTF-8`);
  return text;
}

export function u16le(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >> 8) & 255);
}

export function u32le(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255);
}

export function u32be(value: number): Uint8Array {
  return u32le(value).reverse();
}

/** 8 bytes, little endian, of a value taken modulo 2^64. */
export function u64le(value: bigint | number): Uint8Array {
  return u64be(value).reverse();
}

/** 8 bytes, big endian, of a value taken modulo 2^64. */
export function u64be(value: bigint | number): Uint8Array {
  const wide = BigInt.asUintN(64, BigInt(value));
  const high = Number(wide >> 32n);
  const low = Number(wide & 0xffffffffn);
  // Without a view: making one costs ten times as much as writing eight bytes.
  return Uint8Array.of(
    high >>> 24,
    (high >>> 16) & 255,
    (high >>> 8) & 255,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  );
}
