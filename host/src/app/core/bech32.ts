/**
 * Address texts with the errors that clients of this network know (chain §3.6, clients §1.1).
 *
 * The decoder is that of `common`; contracts see its texts, clients see these.
 * @module
 */
import { Bech32Error, decodeBech32, encodeBech32 } from "@sotto/common/bech32";
import { AppError, sdkError } from "./appError.ts";

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const MAX_TEXT = 1023;

/** The first fault, in the order and words of the reference. */
function describeFault(text: string): string {
  if (text.length < 8 || text.length > MAX_TEXT) return `invalid bech32 string length ${text.length}`;
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (code < 33 || code > 126) return `invalid character in string: '${character}'`;
  }
  if (/[a-z]/.test(text) && /[A-Z]/.test(text)) return "string not all lowercase or all uppercase";
  const normal = text.toLowerCase();
  const separator = normal.lastIndexOf("1");
  if (separator < 1 || separator + 7 > normal.length) return `invalid separator index ${separator}`;
  const words: number[] = [];
  for (const character of normal.slice(separator + 1)) {
    const word = ALPHABET.indexOf(character);
    if (word < 0) return `invalid character not part of charset: ${character.charCodeAt(0)}`;
    words.push(word);
  }
  const good = encodeBech32(normal.slice(0, separator), bytesOfWords(words.slice(0, -6)));
  const [expected, got] = [good.slice(-6), normal.slice(-6)];
  return expected === got ? "invalid incomplete group" : `invalid checksum (expected ${expected} got ${got})`;
}

function bytesOfWords(words: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const word of words) {
    held = ((held << 5) | word) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  return Uint8Array.from(bytes);
}

/** The bytes of an address with this prefix. @throws {AppError} plain, sdk/35 (other prefix) or sdk/9 (length) */
export function decodeAddress(text: string, prefix: string): Uint8Array {
  if (text.trim() === "") throw AppError.plain("empty address string is not allowed");
  const decoded = decode(text);
  if (decoded.prefix !== prefix) {
    throw sdkError(35, `hrp does not match bech32 prefix: expected '${prefix}' got '${decoded.prefix}'`);
  }
  verifyAddressLength(decoded.data);
  return decoded.data;
}

function decode(text: string): { readonly prefix: string; readonly data: Uint8Array } {
  try {
    return decodeBech32(text);
  } catch (error) {
    if (error instanceof Bech32Error) throw AppError.plain(`decoding bech32 failed: ${describeFault(text)}`);
    throw error;
  }
}

/** Quirk: 45 is the length of an address's text, which one message passes through here (chain §1.2). */
export function verifyAddressLength(address: Uint8Array): void {
  if (address.length !== 20 && address.length !== 32 && address.length !== 45) {
    throw sdkError(9, `address length must be 20 or 32 bytes, got ${address.length}`);
  }
}
