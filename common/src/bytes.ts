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

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hex without prefix. */
export function bytesToHex(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i++) out += HEX[bytes[i] as number];
  return out;
}

/** @throws {InputError} Malformed, unless `text` is an even number of hex digits (either case). */
export function hexToBytes(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new InputError(
      InputErrorCode.Malformed,
      `hex: expected an even number of hex digits, got ${text.length} characters`,
    );
  }
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) BASE64_VALUE[BASE64.charCodeAt(i)] = i;

/** Standard alphabet with `=` padding. */
export function bytesToBase64(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] as number;
    const b = bytes[i + 1];
    const c = bytes[i + 2];
    out += BASE64.charAt(a >> 2) + BASE64.charAt(((a & 3) << 4) | ((b ?? 0) >> 4));
    out += b === undefined ? "=" : BASE64.charAt(((b & 15) << 2) | ((c ?? 0) >> 6));
    out += c === undefined ? "=" : BASE64.charAt(c & 63);
  }
  return out;
}

/**
 * Reads base64 as the protocol does (enclave §0): standard alphabet; padding may be missing or incomplete; too much
 * padding, white space, the URL alphabet and non-zero unused bits are refused.
 * @throws {InputError} Malformed
 */
export function base64ToBytes(text: string): Uint8Array {
  let end = text.length;
  while (end > 0 && text[end - 1] === "=") end--;
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
    const code = text.charCodeAt(i);
    const value = code < 128 ? (BASE64_VALUE[code] as number) : -1;
    if (value < 0) throw new InputError(InputErrorCode.Malformed, `base64: unexpected character at ${i}`);
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (held >> bits) & 0xff;
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0)
    throw new InputError(InputErrorCode.Malformed, "base64: unused bits are not zero");
  return out;
}

/** UTF-8 of `text`; lone surrogates become U+FFFD, as in every standard encoder. */
export function utf8ToBytes(text: string): Uint8Array {
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
  const chunks: string[] = [];
  let codes: number[] = [];
  let i = 0;
  while (i < bytes.length) {
    const first = bytes[i++] as number;
    let code = first;
    if (first >= 0x80) {
      const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
      if (first < 0xc2 || first > 0xf4 || i + more > bytes.length) return undefined;
      code = first & (0x3f >> more);
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
    }
    codes.push(code);
    if (codes.length === 4096) {
      chunks.push(String.fromCodePoint(...codes));
      codes = [];
    }
  }
  return chunks.join("") + String.fromCodePoint(...codes);
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
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value), true);
  return out;
}

/** 8 bytes, big endian, of a value taken modulo 2^64. */
export function u64be(value: bigint | number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value), false);
  return out;
}
