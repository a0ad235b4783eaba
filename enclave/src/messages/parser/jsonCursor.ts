/**
 * Reads JSON in the steps of the protocol's parser, so that a fault is found where that one finds it and told in its words:
 * what stands there, then line and column in bytes (contracts §5.7).
 *
 * `common/json` is stricter and says less; it stays the reader wherever nobody sees the text. Every method throws {ParserFault}.
 * @module
 */
import { tryBytesToUtf8, unitsToText } from "@sotto/common/bytes";
import { Fault, ParserFault } from "./parserFault.ts";

/** Objects and arrays nested so deep are refused where they are entered. */
const RECURSION_LIMIT = 128;

export const Byte = {
  Quote: 0x22,
  Comma: 0x2c,
  Minus: 0x2d,
  Colon: 0x3a,
  OpenList: 0x5b,
  Backslash: 0x5c,
  CloseList: 0x5d,
  OpenObject: 0x7b,
  CloseObject: 0x7d,
} as const;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const WORDS: Readonly<Record<string, string>> = { n: "null", t: "true", f: "false" };

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

export class JsonCursor {
  readonly #bytes: Uint8Array;
  /** The next byte to read. */
  #at = 0;
  #depth = 0;

  /** @param bytes borrowed */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next byte that is no white space, which stays; undefined at the end. */
  peek(): number | undefined {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#at++;
    }
  }

  /** As {@link peek}, where there must be one. */
  expectValue(): number {
    const byte = this.peek();
    if (byte === undefined) throw this.faultAhead(Fault.EndInValue);
    return byte;
  }

  skip(): void {
    this.#at++;
  }

  /** A fault in what was read up to here. */
  fault(text: string): ParserFault {
    return this.#faultAt(text, this.#at);
  }

  /** A fault in the byte ahead. */
  faultAhead(text: string): ParserFault {
    return this.#faultAt(text, Math.min(this.#at + 1, this.#bytes.length));
  }

  #faultAt(text: string, end: number): ParserFault {
    let line = 1;
    let lineStart = 0;
    for (let i = 0; i < end; i++) {
      if (this.#bytes[i] !== 0x0a) continue;
      line++;
      lineStart = i + 1;
    }
    return new ParserFault(`${text} at line ${line} column ${end - lineStart}`);
  }

  /** Past the bracket ahead, one level deeper; {@link leave} comes back. */
  enter(): void {
    if (++this.#depth === RECURSION_LIMIT) throw this.faultAhead(Fault.Recursion);
    this.#at++;
  }

  leave(): void {
    this.#depth--;
  }

  /** Whether the array goes on; then its next element is ahead. */
  hasElement(isFirst: boolean): boolean {
    const byte = this.peek();
    if (byte === undefined) throw this.faultAhead(Fault.EndInList);
    if (byte === Byte.CloseList) return false;
    if (isFirst) return true;
    if (byte !== Byte.Comma) throw this.faultAhead(Fault.ListCommaOrEnd);
    this.#at++;
    if (this.expectValue() === Byte.CloseList) throw this.faultAhead(Fault.TrailingComma);
    return true;
  }

  /** Whether the object goes on; then it is past the opening quote of the next key. */
  hasMember(isFirst: boolean): boolean {
    let byte = this.peek();
    if (byte === undefined) throw this.faultAhead(Fault.EndInObject);
    if (byte === Byte.CloseObject) return false;
    if (!isFirst) {
      if (byte !== Byte.Comma) throw this.faultAhead(Fault.ObjectCommaOrEnd);
      this.#at++;
      byte = this.expectValue();
      if (byte === Byte.CloseObject) throw this.faultAhead(Fault.TrailingComma);
    }
    if (byte !== Byte.Quote) throw this.faultAhead(Fault.Key);
    this.#at++;
    return true;
  }

  colon(): void {
    const byte = this.peek();
    if (byte === undefined) throw this.faultAhead(Fault.EndInObject);
    if (byte !== Byte.Colon) throw this.faultAhead(Fault.Colon);
    this.#at++;
  }

  endList(): void {
    const byte = this.peek();
    if (byte === undefined) throw this.faultAhead(Fault.EndInList);
    if (byte === Byte.Comma) {
      this.#at++;
      throw this.faultAhead(this.peek() === Byte.CloseList ? Fault.TrailingComma : Fault.TrailingCharacters);
    }
    if (byte !== Byte.CloseList) throw this.faultAhead(Fault.TrailingCharacters);
    this.#at++;
  }

  endObject(): void {
    const byte = this.peek();
    if (byte === undefined) throw this.faultAhead(Fault.EndInObject);
    if (byte === Byte.Comma) throw this.faultAhead(Fault.TrailingComma);
    if (byte !== Byte.CloseObject) throw this.faultAhead(Fault.TrailingCharacters);
    this.#at++;
  }

  endDocument(): void {
    if (this.peek() !== undefined) throw this.faultAhead(Fault.TrailingCharacters);
  }

  /** `null`, `true` or `false`, by its first letter; undefined if that is ahead of none. */
  word(): string | undefined {
    const word = WORDS[String.fromCharCode(this.#bytes[this.#at] ?? 0)];
    if (word === undefined) return undefined;
    this.#at++;
    for (let i = 1; i < word.length; i++) {
      if (this.#take(Fault.EndInValue) !== word.charCodeAt(i)) throw this.fault(Fault.Word);
    }
    return word;
  }

  /** The text of a number, whose first byte is ahead. */
  number(): string {
    const start = this.#at;
    this.skipNumber(Fault.EndInValue);
    return unitsToText(this.#bytes.subarray(start, this.#at));
  }

  /** @param atEnd what is said where the bytes end inside of it */
  skipNumber(atEnd: string): void {
    if (this.#bytes[this.#at] === Byte.Minus) this.#at++;
    const first = this.#take(atEnd);
    if (!isDigit(first)) throw this.fault(Fault.Number);
    if (first !== 0x30) this.#skipDigits();
    else if (isDigit(this.#bytes[this.#at])) throw this.faultAhead(Fault.Number);
    if (this.#bytes[this.#at] === 0x2e) {
      this.#at++;
      const from = this.#at;
      this.#skipDigits();
      if (this.#at === from) throw this.faultAhead(this.#at === this.#bytes.length ? atEnd : Fault.Number);
    }
    if (((this.#bytes[this.#at] ?? 0) | 0x20) === 0x65) {
      this.#at++;
      const sign = this.#bytes[this.#at];
      if (sign === 0x2b || sign === Byte.Minus) this.#at++;
      if (!isDigit(this.#take(atEnd))) throw this.fault(Fault.Number);
      this.#skipDigits();
    }
  }

  /** A string whose opening quote was read. */
  string(): string {
    let out = "";
    let isUtf8 = true;
    for (;;) {
      const start = this.#at;
      const byte = this.#skipPlain();
      const part = tryBytesToUtf8(this.#bytes.subarray(start, this.#at));
      isUtf8 &&= part !== undefined;
      out += part ?? "";
      this.#at++;
      if (byte === Byte.Quote) break;
      if (byte !== Byte.Backslash) throw this.fault(Fault.ControlCharacter);
      out += this.#escape();
    }
    if (!isUtf8) throw this.fault(Fault.CodePoint);
    return out;
  }

  /** As {@link string} for one that nobody looks at: it need not be text. */
  ignoreString(): void {
    for (;;) {
      const byte = this.#skipPlain();
      if (byte !== Byte.Quote && byte !== Byte.Backslash) throw this.fault(Fault.ControlCharacter);
      this.#at++;
      if (byte === Byte.Quote) return;
      const letter = String.fromCharCode(this.#take(Fault.EndInString));
      if (letter === "u") this.#hexUnit();
      else if (!Object.hasOwn(ESCAPES, letter)) throw this.fault(Fault.Escape);
    }
  }

  /** To the next byte of a string that is not just itself. */
  #skipPlain(): number {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw this.fault(Fault.EndInString);
      if (byte === Byte.Quote || byte === Byte.Backslash || byte < 0x20) return byte;
      this.#at++;
    }
  }

  #escape(): string {
    const letter = String.fromCharCode(this.#take(Fault.EndInString));
    if (letter !== "u") {
      if (!Object.hasOwn(ESCAPES, letter)) throw this.fault(Fault.Escape);
      return ESCAPES[letter] as string;
    }
    const unit = this.#hexUnit();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    if (unit >= 0xdc00) throw this.fault(Fault.Surrogate);
    for (const expected of [Byte.Backslash, 0x75]) {
      if (this.#take(Fault.EndInString) !== expected) throw this.fault(Fault.HexEnd);
    }
    const second = this.#hexUnit();
    if (second < 0xdc00 || second > 0xdfff) throw this.fault(Fault.Surrogate);
    return String.fromCharCode(unit, second);
  }

  /** The four digits of `\uXXXX`. */
  #hexUnit(): number {
    if (this.#at + 4 > this.#bytes.length) {
      this.#at = this.#bytes.length;
      throw this.fault(Fault.EndInString);
    }
    let unit = 0;
    for (let i = 0; i < 4; i++) {
      const digit = "0123456789abcdef".indexOf(String.fromCharCode(this.#bytes[this.#at++] as number).toLowerCase());
      if (digit < 0) throw this.fault(Fault.Escape);
      unit = unit * 16 + digit;
    }
    return unit;
  }

  #skipDigits(): void {
    while (isDigit(this.#bytes[this.#at])) this.#at++;
  }

  #take(atEnd: string): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.fault(atEnd);
    this.#at++;
    return byte;
  }
}
