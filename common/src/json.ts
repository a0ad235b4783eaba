/**
 * JSON inside consensus: strict, exact, and the same on every machine.
 *
 * Differs from `JSON.parse` where that loses or hides something: integers are exact (bigint), objects keep the order of their
 * members (Map, also for keys like "1" and "__proto__"), duplicate keys, lone surrogates and deep nesting are refused.
 * Spec: enclave §0.
 * @module
 */
import { compareAsUtf8, tryBytesToUtf8 } from "./bytes.ts";
import { CodedError } from "./errors.ts";

/**
 * Arrays and objects may be nested this deep: one less than 128, as in the parser whose limit the protocol inherits
 * (it counts down from 128 and refuses at zero).
 */
export const MAX_JSON_DEPTH = 127;

/** A number with a fraction or an exponent, or `-0`: kept as it was written. */
export class JsonFloat {
  readonly text: string;

  /** @throws {JsonError} Syntax, NumberOutOfRange, unless `text` is a JSON number that a double can hold */
  constructor(text: string) {
    if (!/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text)) {
      throw new JsonError(JsonErrorCode.Syntax, "not a number", 0);
    }
    checkRange(text, 0);
    this.text = text;
  }
}

export type JsonObject = Map<string, JsonValue>;
/** What a document says: integers are bigint, other numbers {@link JsonFloat}. */
export type JsonValue = null | boolean | string | bigint | JsonFloat | JsonValue[] | JsonObject;

/** What can be written: in addition safe integers, and plain objects whose members are already in the right order. */
export type JsonInput =
  | null
  | boolean
  | string
  | bigint
  | number
  | JsonFloat
  | readonly JsonInput[]
  | ReadonlyMap<string, JsonInput>
  | { readonly [key: string]: JsonInput };

export const JsonErrorCode = {
  /** Something else than the grammar of RFC 8259 allows at this place. */
  Syntax: 1,
  /** The document ended early. */
  UnexpectedEnd: 2,
  /** More text after the value. */
  TrailingCharacters: 3,
  /** A key that the object already has. */
  DuplicateKey: 4,
  /** Half of a surrogate pair, escaped or not. */
  LoneSurrogate: 5,
  /** Nested deeper than {@link MAX_JSON_DEPTH}. */
  TooDeep: 6,
  /** A number that no double can hold, not even roughly. */
  NumberOutOfRange: 7,
  /** Bytes that are not UTF-8. */
  NotUtf8: 8,
} as const;
export type JsonErrorCode = (typeof JsonErrorCode)[keyof typeof JsonErrorCode];

/** A text is not a JSON document as consensus code reads it. The message tells the place, never the content. */
export class JsonError extends CodedError<JsonErrorCode> {
  override readonly name = "JsonError";
  /** UTF-16 units of the text before the fault; 0 if the bytes are not UTF-8. */
  readonly position: number;
  constructor(code: JsonErrorCode, what: string, position: number) {
    super("json", code, `JSON: ${what} at position ${position}`);
    this.position = position;
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const MAY_NEED_ESCAPES = /["\\\u0000-\u001f\ud800-\udfff]/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** Integers up to this many digits are exact as numbers, and much faster to read so. */
const SAFE_DIGITS = 15;
/** A shorter number without exponent cannot exceed the range of doubles. */
const LONGEST_SAFE_NUMBER = 300;

function checkRange(text: string, position: number): void {
  if (!Number.isFinite(Number(text)))
    throw new JsonError(JsonErrorCode.NumberOutOfRange, "number out of range", position);
}

/** One pass over the text; `at` is always the next unit to read. */
class JsonParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parseDocument(): JsonValue {
    this.#skipSpace();
    const value = this.#parseValue();
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error(JsonErrorCode.TrailingCharacters, "trailing characters");
    return value;
  }

  #error(code: JsonErrorCode, what: string): JsonError {
    return new JsonError(code, what, this.#at);
  }

  #unexpected(expected: string): JsonError {
    return this.#at >= this.#text.length
      ? this.#error(JsonErrorCode.UnexpectedEnd, `unexpected end, expected ${expected}`)
      : this.#error(JsonErrorCode.Syntax, `expected ${expected}`);
  }

  #skipSpace(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #parseValue(): JsonValue {
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#parseString();
      case 0x7b:
        return this.#parseObject();
      case 0x5b:
        return this.#parseArray();
      case 0x74:
        return this.#parseWord("true", true);
      case 0x66:
        return this.#parseWord("false", false);
      case 0x6e:
        return this.#parseWord("null", null);
      default:
        return this.#parseNumber();
    }
  }

  #parseWord<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error(JsonErrorCode.Syntax, "expected a value");
    this.#at += word.length;
    return value;
  }

  #skipDigits(): void {
    const start = this.#at;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (!(unit >= 0x30 && unit <= 0x39)) break;
      this.#at++;
    }
    if (this.#at === start) throw this.#unexpected("a digit");
  }

  #parseNumber(): bigint | JsonFloat {
    const text = this.#text;
    const start = this.#at;
    if (text.charCodeAt(this.#at) === 0x2d) this.#at++;
    const first = text.charCodeAt(this.#at);
    if (!(first >= 0x30 && first <= 0x39)) throw this.#unexpected(this.#at === start ? "a value" : "a digit");
    if (first === 0x30) this.#at++;
    else this.#skipDigits();
    const integerEnd = this.#at;
    if (text.charCodeAt(this.#at) === 0x2e) {
      this.#at++;
      this.#skipDigits();
    }
    if ((text.charCodeAt(this.#at) | 0x20) === 0x65) {
      this.#at++;
      const sign = text.charCodeAt(this.#at);
      if (sign === 0x2b || sign === 0x2d) this.#at++;
      this.#skipDigits();
    }
    const source = text.slice(start, this.#at);
    if (this.#at > integerEnd || source === "-0") {
      checkRange(source, start);
      return new JsonFloat(source);
    }
    if (source.length <= SAFE_DIGITS) return BigInt(Number(source));
    if (source.length > LONGEST_SAFE_NUMBER) checkRange(source, start);
    return BigInt(source);
  }

  #parseString(): string {
    const text = this.#text;
    let start = ++this.#at;
    let out = "";
    for (;;) {
      const unit = text.charCodeAt(this.#at);
      if (unit === QUOTE) {
        out += text.slice(start, this.#at++);
        return out;
      }
      if (unit === BACKSLASH) {
        out += text.slice(start, this.#at);
        out += this.#parseEscape();
        start = this.#at;
      } else if (unit >= 0x20) this.#at++;
      else throw this.#unexpected("a character that may stand in a string");
    }
  }

  #parseEscape(): string {
    const letter = this.#text.charAt(this.#at + 1);
    if (letter !== "u") {
      const character = ESCAPES.get(letter);
      this.#at++;
      if (character === undefined) throw this.#unexpected("an escape");
      this.#at++;
      return character;
    }
    const start = this.#at;
    const unit = this.#parseHexUnit();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const isPair = unit < 0xdc00 && this.#text.startsWith("\\u", this.#at);
    const next = isPair ? this.#parseHexUnit() : 0;
    if (next < 0xdc00 || next > 0xdfff) throw new JsonError(JsonErrorCode.LoneSurrogate, "lone surrogate", start);
    return String.fromCharCode(unit, next);
  }

  /** Reads `\uXXXX`. */
  #parseHexUnit(): number {
    this.#at += 2;
    let unit = 0;
    for (let i = 0; i < 4; i++, this.#at++) {
      const digit = "0123456789abcdef".indexOf(this.#text.charAt(this.#at).toLowerCase() || " ");
      if (digit < 0) throw this.#unexpected("a hex digit");
      unit = unit * 16 + digit;
    }
    return unit;
  }

  #enter(): void {
    if (++this.#depth > MAX_JSON_DEPTH)
      throw this.#error(JsonErrorCode.TooDeep, `nested deeper than ${MAX_JSON_DEPTH}`);
    this.#at++;
    this.#skipSpace();
  }

  /** After an element: true if another follows, false if the closing unit came. */
  #continues(close: number, expected: string): boolean {
    this.#skipSpace();
    const unit = this.#text.charCodeAt(this.#at);
    if (unit !== 0x2c && unit !== close) throw this.#unexpected(expected);
    this.#at++;
    if (unit === close) return false;
    this.#skipSpace();
    return true;
  }

  #parseArray(): JsonValue[] {
    const out: JsonValue[] = [];
    this.#enter();
    if (this.#text.charCodeAt(this.#at) === 0x5d) this.#at++;
    else {
      do out.push(this.#parseValue());
      while (this.#continues(0x5d, "`,` or `]`"));
    }
    this.#depth--;
    return out;
  }

  #parseObject(): JsonObject {
    const out: JsonObject = new Map();
    this.#enter();
    if (this.#text.charCodeAt(this.#at) === 0x7d) this.#at++;
    else {
      do this.#parseMember(out);
      while (this.#continues(0x7d, "`,` or `}`"));
    }
    this.#depth--;
    return out;
  }

  #parseMember(object: JsonObject): void {
    const start = this.#at;
    if (this.#text.charCodeAt(start) !== QUOTE) throw this.#unexpected("a key");
    const key = this.#parseString();
    if (object.has(key)) throw new JsonError(JsonErrorCode.DuplicateKey, "duplicate key", start);
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== 0x3a) throw this.#unexpected("`:`");
    this.#at++;
    this.#skipSpace();
    object.set(key, this.#parseValue());
  }
}

/**
 * Reads one JSON document (RFC 8259), given as UTF-8 or as text.
 * @throws {JsonError} with the code of the first fault
 */
export function parseJson(input: Uint8Array | string): JsonValue {
  const text = typeof input === "string" ? input : tryBytesToUtf8(input);
  if (text === undefined) throw new JsonError(JsonErrorCode.NotUtf8, "bytes are not UTF-8", 0);
  if (typeof input === "string") {
    const position = text.search(LONE_SURROGATE);
    if (position >= 0) throw new JsonError(JsonErrorCode.LoneSurrogate, "lone surrogate", position);
  }
  return new JsonParser(text).parseDocument();
}

/** `JSON.stringify` escapes just what enclave §0 lists, and lone surrogates, which are no text. */
function formatString(text: string): string {
  if (!MAY_NEED_ESCAPES.test(text)) return `"${text}"`;
  if (LONE_SURROGATE.test(text)) throw new RangeError("JSON: string with a lone surrogate");
  return JSON.stringify(text);
}

function formatNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError("JSON: expected an integer below 2^53, or a bigint");
  return String(value);
}

function formatMembers(members: (readonly [string, JsonInput])[], sorted: boolean): string {
  if (sorted) members.sort((a, b) => compareAsUtf8(a[0], b[0]));
  let out = "";
  for (const [key, value] of members) out += `${out === "" ? "" : ","}${formatString(key)}:${format(value, sorted)}`;
  return `{${out}}`;
}

function format(value: JsonInput, sorted: boolean): string {
  if (value === null) return "null";
  if (typeof value === "string") return formatString(value);
  if (typeof value === "number") return formatNumber(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof JsonFloat) return value.text;
  if (Array.isArray(value)) return `[${value.map((element: JsonInput) => format(element, sorted)).join(",")}]`;
  if (value instanceof Map) return formatMembers([...(value as ReadonlyMap<string, JsonInput>)], sorted);
  return formatMembers(Object.entries(value as { readonly [key: string]: JsonInput }), sorted);
}

/**
 * Compact JSON with the members of objects in their order, escaped as enclave §0 says.
 * @throws RangeError for a number that is no safe integer and for a string with a lone surrogate
 */
export function formatJson(value: JsonInput): string {
  return format(value, false);
}

/** The same with the members of every object sorted by the bytes of their keys: for values without a type (enclave §0). */
export function formatJsonSorted(value: JsonInput): string {
  return format(value, true);
}
