/**
 * The leaves of the JSON that servers write: strings, bytes, times, decimals, in the forms of Go's encoders.
 * @module
 */
import { encodeBech32 } from "@sotto/common/bech32";

const ESCAPED = /[<>&\u2028\u2029]/g;
const NEEDS_ESCAPE = /[<>&\u2028\u2029]/;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Escapes in a JSON text what Go's encoder escapes beyond JSON; such characters stand in strings only. */
export function escapeHtml(json: string): string {
  return NEEDS_ESCAPE.test(json) ? json.replace(ESCAPED, escapeCharacter) : json;
}

export function quote(text: string): string {
  return escapeHtml(JSON.stringify(text));
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

export function toUpperHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex").toUpperCase();
}

/**
 * Reads base64 in the standard or the URL alphabet, padded or not. A `+` that form decoding made a space is mended.
 * @returns the place of the first character that does not belong there, if there is one
 */
export function fromBase64(text: string): Uint8Array | { readonly badAt: number } {
  const standard = text
    .replaceAll(" ", "+")
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .replace(/={1,2}$/, "");
  const badAt = standard.search(/[^A-Za-z0-9+/]/);
  if (badAt >= 0) return { badAt };
  if (standard.length % 4 === 1) return { badAt: standard.length - 1 };
  return new Uint8Array(Buffer.from(standard, "base64"));
}

const ZERO_TIME_SECONDS = -62_135_596_800n;
const END_OF_TIME_SECONDS = 253_402_300_800n;

/** Nine digits, or six, three or none if the rest is zero. */
function formatFraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = nanos.toString().padStart(9, "0");
  if (digits.endsWith("000000")) return `.${digits.slice(0, 3)}`;
  return digits.endsWith("000") ? `.${digits.slice(0, 6)}` : `.${digits}`;
}

/** RFC 3339 in UTC with 0, 3, 6 or 9 fraction digits (clients §1.1); undefined outside the years 1 to 9999. */
export function formatTime(seconds: bigint, nanos: number): string | undefined {
  if (seconds < ZERO_TIME_SECONDS || seconds >= END_OF_TIME_SECONDS || nanos < 0 || nanos > 999_999_999)
    return undefined;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${formatFraction(nanos)}Z`;
}

/** `90s`, `0.250s`. */
export function formatDuration(seconds: bigint, nanos: number): string {
  const negative = seconds < 0n || nanos < 0;
  const magnitude = seconds < 0n ? -seconds : seconds;
  return `${negative ? "-" : ""}${magnitude}${formatFraction(Math.abs(nanos))}s`;
}

/** A decimal of 18 fraction digits from the integer that the wire carries (chain §3.3); other texts stay as they are. */
export function formatDecimal(scaled: string): string {
  if (scaled === "") return "0.000000000000000000";
  const match = /^(-?)(\d+)$/.exec(scaled);
  if (match === null) return scaled;
  const digits = (match[2] as string).padStart(19, "0");
  return `${match[1]}${digits.slice(0, -18)}.${digits.slice(-18)}`;
}

/** The inverse of {@link formatDecimal}; undefined if the text is no decimal of at most 18 fraction digits. */
export function parseDecimal(text: string): string | undefined {
  const match = /^(-?)(\d+)(?:\.(\d{1,18}))?$/.exec(text);
  if (match === null) return undefined;
  const digits = `${match[2]}${(match[3] ?? "").padEnd(18, "0")}`.replace(/^0+(?=\d)/, "");
  return digits === "0" ? "0" : `${match[1]}${digits}`;
}

export function formatAccount(bytes: Uint8Array): string {
  return bytes.length === 0 ? "" : encodeBech32("secret", bytes);
}

const ECHO_LENGTH = 200;

/** A text of the client in an error for the client: quoted, and cut where it is long. */
export function goQuote(text: string): string {
  return JSON.stringify(text.length > ECHO_LENGTH ? `${text.slice(0, ECHO_LENGTH)}…` : text);
}
