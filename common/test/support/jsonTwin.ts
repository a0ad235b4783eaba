/**
 * Random JSON documents, and the check that the strict parser and `JSON.parse` agree about them as far as they can.
 */
import { tryBytesToUtf8, utf8ToBytes } from "../../src/bytes.ts";
import { JsonError, JsonErrorCode, JsonFloat, type JsonValue, parseJson } from "../../src/json.ts";
import { mutate, type Random } from "./mutate.ts";

const WORDS = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "1.5",
  "-2e3",
  "18446744073709551616",
  "1e999",
  '""',
  '"k"',
  '"\\u0000"',
  '"é😀"',
  '"\\ud83d\\ude00"',
  '"\\ud800"',
  "[]",
  "{}",
];

/** A document, as bytes: in half of all cases one that was spoiled. */
export function documents(random: Random): Uint8Array {
  if (random.below(200) === 0) return utf8ToBytes(`${"[".repeat(120 + random.below(15))}`.concat("]".repeat(127)));
  const bytes = utf8ToBytes(documentText(random, 4));
  return random.below(2) === 0 ? bytes : mutate(random, bytes);
}

function documentText(random: Random, depth: number): string {
  const space = random.below(8) === 0 ? random.pick([" ", "\n", "\t\r"]) : "";
  const inner = (): string => space + documentText(random, depth - 1) + space;
  const count = random.below(4);
  if (depth > 0 && random.below(3) === 0) return `[${Array.from({ length: count }, inner).join(",")}]`;
  if (depth > 0 && random.below(2) === 0) {
    return `{${Array.from({ length: count }, (_, i) => `"${random.below(12) === 0 ? "same" : `k${i}`}":${inner()}`).join(",")}}`;
  }
  return random.pick(WORDS);
}

/** The value as `JSON.parse` would give it. */
export function loosen(value: JsonValue): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof JsonFloat) return Number(value.text);
  if (Array.isArray(value)) return value.map(loosen);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [key, loosen(member)]));
  return value;
}

type Loose = { readonly value: unknown } | undefined;

function loosely(text: string): Loose {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** @returns the strict parser's refusal, if there is one; @throws {Error} where the two parsers must not differ */
export function checkDocument(bytes: Uint8Array): JsonError | undefined {
  const text = tryBytesToUtf8(bytes);
  const loose = text === undefined ? undefined : loosely(text);
  let strict: JsonValue;
  try {
    strict = parseJson(bytes);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    if ((text === undefined) !== (error.code === JsonErrorCode.NotUtf8)) throw new Error("not UTF-8, or it is");
    if (loose !== undefined) requireReason(error.code, text as string, loose.value);
    return error;
  }
  if (loose === undefined) throw new Error(`the strict parser takes what JSON.parse refuses: ${text}`);
  if (!equal(loosen(strict), loose.value)) throw new Error(`two readings of ${text}`);
  return undefined;
}

/** What `JSON.parse` takes may be refused for these reasons alone, and only where they are. */
function requireReason(code: JsonErrorCode, text: string, value: unknown): void {
  const holds = {
    [JsonErrorCode.DuplicateKey]: () => (text.match(/":/g) ?? text.match(/"\s*:/g) ?? []).length > 1,
    [JsonErrorCode.LoneSurrogate]: () => /\\ud[89a-f]/i.test(text),
    [JsonErrorCode.TooDeep]: () => depthOf(value) > 127,
    [JsonErrorCode.NumberOutOfRange]: () => /[eE]\+?\d{3}|\d{300}/.test(text),
  } as Readonly<Record<number, () => boolean>>;
  if (!(holds[code] ?? (() => false))()) throw new Error(`refused with ${code} without reason: ${text}`);
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Deep equality that tells 0 from -0. */
function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length &&
    left.every(([key, value]) => Object.hasOwn(b, key) && equal(value, (b as Record<string, unknown>)[key]))
  );
}
