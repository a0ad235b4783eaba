/**
 * Bech32 (BIP-173) with data of any length, with the checks, their order and the error texts of contracts §2.4.
 *
 * Pure. The 90-character cap of BIP-173 is not applied, and Bech32m is not accepted.
 * @module
 */
import { utf8ToBytes } from "./bytes.ts";
import { CodedError } from "./errors.ts";

export const Bech32ErrorCode = {
  /** Text below 8 bytes, fewer than 6 characters of data, prefix empty or above 83 characters. */
  InvalidLength: 1,
  /** No `1` in the text. */
  MissingSeparator: 2,
  /** A character outside 33 to 126 in the prefix, or outside the alphabet in the data. */
  InvalidCharacter: 3,
  /** Upper and lower case together. */
  MixedCase: 4,
  InvalidChecksum: 5,
  /** The last 5-bit group holds a whole spare group, or bits that are not zero. Contracts see `unknown error` here. */
  InvalidPadding: 6,
} as const;
export type Bech32ErrorCode = (typeof Bech32ErrorCode)[keyof typeof Bech32ErrorCode];

const ERROR_TEXT: { readonly [code in Bech32ErrorCode]: string } = {
  [Bech32ErrorCode.InvalidLength]: "invalid length",
  [Bech32ErrorCode.MissingSeparator]: 'missing human-readable separator, "1"',
  [Bech32ErrorCode.InvalidCharacter]: "invalid character",
  [Bech32ErrorCode.MixedCase]: "mixed-case strings not allowed",
  [Bech32ErrorCode.InvalidChecksum]: "invalid checksum",
  [Bech32ErrorCode.InvalidPadding]: "invalid padding",
};

/** The message is the text that contracts see (contracts §2.4). */
export class Bech32Error extends CodedError<Bech32ErrorCode> {
  override readonly name = "Bech32Error";
  constructor(code: Bech32ErrorCode, character?: string) {
    super("bech32", code, ERROR_TEXT[code] + (character === undefined ? "" : ` (code=${character})`));
  }
}

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) {
  VALUE[ALPHABET.charCodeAt(i)] = i;
  VALUE[ALPHABET.charAt(i).toUpperCase().charCodeAt(0)] = i;
}
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const MIN_TEXT = 8;
const MAX_PREFIX = 83;
const CHECKSUM = 6;

/** One step of the BCH code: shifts in a 5-bit value. */
function step(checksum: number, value: number): number {
  const top = checksum >>> 25;
  let next = ((checksum & 0x1ffffff) << 5) ^ value;
  for (let i = 0; i < 5; i++) if ((top >> i) & 1) next ^= GENERATOR[i] as number;
  return next;
}

/** The code over a lower-case prefix, expanded as BIP-173 says. */
function startChecksum(prefix: string): number {
  let checksum = 1;
  for (let i = 0; i < prefix.length; i++) checksum = step(checksum, prefix.charCodeAt(i) >> 5);
  checksum = step(checksum, 0);
  for (let i = 0; i < prefix.length; i++) checksum = step(checksum, prefix.charCodeAt(i) & 31);
  return checksum;
}

/** Remembers which case letters have had. */
class CaseCheck {
  #seen: "lower" | "upper" | undefined;

  see(byte: number): void {
    const letter = byte | 0x20;
    if (letter < 0x61 || letter > 0x7a) return;
    const seen = byte === letter ? "lower" : "upper";
    if (this.#seen !== undefined && this.#seen !== seen) throw new Bech32Error(Bech32ErrorCode.MixedCase);
    this.#seen = seen;
  }
}

function checkPrefix(prefix: Uint8Array, letters: CaseCheck): void {
  if (prefix.length === 0 || prefix.length > MAX_PREFIX) throw new Bech32Error(Bech32ErrorCode.InvalidLength);
  for (const byte of prefix) {
    if (byte < 33 || byte > 126) throw new Bech32Error(Bech32ErrorCode.InvalidCharacter, String.fromCharCode(byte));
    letters.see(byte);
  }
}

/** The 5-bit values of the data part. */
function decodeData(data: string, letters: CaseCheck): Uint8Array {
  const values = new Uint8Array(data.length);
  let at = 0;
  for (const character of data) {
    const code = character.charCodeAt(0);
    if (code > 127) throw new Bech32Error(Bech32ErrorCode.InvalidCharacter, character);
    letters.see(code);
    const value = VALUE[code] as number;
    if (value < 0) throw new Bech32Error(Bech32ErrorCode.InvalidCharacter, character);
    values[at++] = value;
  }
  return values;
}

function joinBits(values: Uint8Array): Uint8Array {
  const out = new Uint8Array((values.length * 5) >> 3);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const value of values) {
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = held >> bits;
    }
  }
  if (bits >= 5 || (held & ((1 << bits) - 1)) !== 0) throw new Bech32Error(Bech32ErrorCode.InvalidPadding);
  return out;
}

/**
 * Reads a Bech32 text, in lower or in upper case.
 * @returns the prefix in lower case, and data of any length
 * @throws {Bech32Error} the first fault in the order of contracts §2.4; InvalidPadding last
 */
export function decodeBech32(text: string): { readonly prefix: string; readonly data: Uint8Array } {
  // Lengths count bytes, so a text beyond ASCII is measured in UTF-8.
  const bytes = utf8ToBytes(text);
  if (bytes.length < MIN_TEXT) throw new Bech32Error(Bech32ErrorCode.InvalidLength);
  const separator = bytes.lastIndexOf(0x31);
  if (separator < 0) throw new Bech32Error(Bech32ErrorCode.MissingSeparator);
  if (bytes.length - separator - 1 < CHECKSUM) throw new Bech32Error(Bech32ErrorCode.InvalidLength);
  const letters = new CaseCheck();
  checkPrefix(bytes.subarray(0, separator), letters);
  const prefix = text.slice(0, separator).toLowerCase();
  const values = decodeData(text.slice(separator + 1), letters);
  let checksum = startChecksum(prefix);
  for (const value of values) checksum = step(checksum, value);
  if (checksum !== 1) throw new Bech32Error(Bech32ErrorCode.InvalidChecksum);
  return { prefix, data: joinBits(values.subarray(0, values.length - CHECKSUM)) };
}

/**
 * Writes data of any length in lower case.
 * @param prefix 1 to 83 characters from 33 to 126, without upper-case letters
 * @throws {Bech32Error} InvalidLength, InvalidCharacter, MixedCase: the prefix
 */
export function encodeBech32(prefix: string, data: Uint8Array): string {
  checkPrefix(utf8ToBytes(prefix), new CaseCheck());
  if (prefix !== prefix.toLowerCase()) throw new Bech32Error(Bech32ErrorCode.MixedCase);
  let out = `${prefix}1`;
  let checksum = startChecksum(prefix);
  const push = (value: number): void => {
    checksum = step(checksum, value);
    out += ALPHABET.charAt(value);
  };
  let held = 0;
  let bits = 0;
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      push((held >> bits) & 31);
    }
  }
  if (bits > 0) push((held << (5 - bits)) & 31);
  for (let i = 0; i < CHECKSUM; i++) checksum = step(checksum, 0);
  checksum ^= 1;
  for (let i = 0; i < CHECKSUM; i++) out += ALPHABET.charAt((checksum >>> (5 * (5 - i))) & 31);
  return out;
}
