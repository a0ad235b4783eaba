/**
 * Reads a value of a known shape, with the faults of the protocol's parser (contracts §5.7).
 *
 * Two kinds of faults: those of the text carry the place where they are found; those of the shape get the place where the
 * innermost string, object or array ends that holds them, and none if there is no such.
 * @module
 */
import { base64ToBytes } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import { Byte, isDigit, JsonCursor } from "./jsonCursor.ts";
import { Fault, ParserFault } from "./parserFault.ts";
import { ignoreValue, readAnyValue, readNumber } from "./passValue.ts";
import type { AnyValue, FieldKind, Fields, StructShape, ValueOf, VariantShape, Variants } from "./shapes.ts";

const MAX_U64 = (1n << 64n) - 1n;
const MIN_I64 = -(1n << 63n);

/** The one value that `bytes` hold. @throws {ParserFault} */
export function parseVariant<V extends Variants>(shapes: V, bytes: Uint8Array): ValueOf<V> {
  const cursor = new JsonCursor(bytes);
  const value = readVariant(cursor, shapes);
  cursor.endDocument();
  return value as ValueOf<V>;
}

function readVariant(cursor: JsonCursor, shapes: Variants): AnyValue {
  const byte = cursor.expectValue();
  if (byte === Byte.Quote) {
    // A bare name stands for a variant that holds nothing, of which there are none.
    const isStruct = shapes[readName(cursor, shapes)]?.kind === "struct";
    throw new ParserFault(`invalid type: unit variant, expected ${isStruct ? "struct" : "newtype"} variant`);
  }
  if (byte !== Byte.OpenObject) throw cursor.faultAhead(Fault.Value);
  cursor.enter();
  const name = readName(cursor, shapes);
  cursor.colon();
  const body = readBody(cursor, shapes[name] as VariantShape);
  cursor.leave();
  const end = cursor.peek();
  if (end !== Byte.CloseObject) throw cursor.fault(end === undefined ? Fault.EndInObject : Fault.Value);
  cursor.skip();
  return { name, body };
}

function readName(cursor: JsonCursor, shapes: Variants): string {
  const name = readText(cursor, "variant identifier");
  if (Object.hasOwn(shapes, name)) return name;
  const names = Object.keys(shapes).map((known) => `\`${known}\``);
  const expected = names.length > 2 ? `one of ${names.join(", ")}` : names.join(" or ");
  throw cursor.fault(`unknown variant \`${name}\`, expected ${expected}`);
}

function readBody(cursor: JsonCursor, shape: VariantShape): unknown {
  if (shape.kind === "struct") return readStruct(cursor, shape);
  if (shape.kind === "variants") return readVariant(cursor, shape.variants);
  return readAnyValue(cursor);
}

type Values = Record<string, string | Uint8Array | undefined>;

function readStruct(cursor: JsonCursor, shape: StructShape): Values {
  const byte = cursor.expectValue();
  if (byte === Byte.OpenObject) {
    cursor.enter();
    const values = readMembers(cursor, shape.fields);
    cursor.leave();
    cursor.endObject();
    return addMissing(cursor, shape.fields, values);
  }
  if (byte !== Byte.OpenList) throw invalidType(cursor, `struct variant ${shape.title}`);
  cursor.enter();
  const values = readElements(cursor, shape);
  cursor.leave();
  cursor.endList();
  return values;
}

/** Members that the shape does not name are passed over. */
function readMembers(cursor: JsonCursor, fields: Fields): Values {
  const values: Values = {};
  for (let isFirst = true; cursor.hasMember(isFirst); isFirst = false) {
    const name = cursor.string();
    const isKnown = Object.hasOwn(fields, name);
    if (isKnown && Object.hasOwn(values, name))
      throw faultAtEnd(cursor, Byte.CloseObject, `duplicate field \`${name}\``);
    cursor.colon();
    if (isKnown) values[name] = readField(cursor, fields[name] as FieldKind);
    else ignoreValue(cursor);
  }
  return values;
}

function addMissing(cursor: JsonCursor, fields: Fields, values: Values): Values {
  for (const [name, kind] of Object.entries(fields)) {
    if (kind !== "optionalText" && !Object.hasOwn(values, name)) throw cursor.fault(`missing field \`${name}\``);
  }
  return values;
}

/** The parser takes an array, too: the members in their order. */
function readElements(cursor: JsonCursor, { title, fields }: StructShape): Values {
  const values: Values = {};
  const entries = Object.entries(fields);
  for (const [index, [name, kind]] of entries.entries()) {
    if (!cursor.hasElement(index === 0)) {
      const count = `${entries.length} element${entries.length === 1 ? "" : "s"}`;
      const text = `invalid length ${index}, expected struct variant ${title} with ${count}`;
      throw faultAtEnd(cursor, Byte.CloseList, text);
    }
    values[name] = readField(cursor, kind);
  }
  return values;
}

/** A fault of the shape, found inside brackets: the parser first passes the closing one if that is ahead. */
function faultAtEnd(cursor: JsonCursor, close: number, text: string): ParserFault {
  if (cursor.peek() === close) cursor.skip();
  return cursor.fault(text);
}

function readField(cursor: JsonCursor, kind: FieldKind): string | Uint8Array | undefined {
  if (kind === "bytes") return readBytes(cursor);
  if (kind === "optionalText" && cursor.peek() === 0x6e) {
    cursor.word();
    return undefined;
  }
  return readText(cursor, "a string");
}

function readText(cursor: JsonCursor, expected: string): string {
  if (cursor.expectValue() !== Byte.Quote) throw invalidType(cursor, expected);
  cursor.skip();
  return cursor.string();
}

function readBytes(cursor: JsonCursor): Uint8Array {
  const text = readText(cursor, "valid base64 encoded string");
  try {
    return base64ToBytes(text);
  } catch (error) {
    if (error instanceof InputError) throw cursor.fault(`invalid base64: ${text}`);
    throw error;
  }
}

/** The value ahead is of another type; a fault in that value comes first. */
function invalidType(cursor: JsonCursor, expected: string): ParserFault {
  const found = describeAhead(cursor);
  return cursor.fault(`invalid type: ${found}, expected ${expected}`);
}

function describeAhead(cursor: JsonCursor): string {
  const byte = cursor.peek();
  if (byte === Byte.OpenList) return "sequence";
  if (byte === Byte.OpenObject) return "map";
  if (byte === Byte.Quote) {
    cursor.skip();
    return `string ${quote(cursor.string())}`;
  }
  if (byte === Byte.Minus || isDigit(byte)) return describeNumber(readNumber(cursor));
  const word = cursor.word();
  if (word === undefined) throw cursor.faultAhead(Fault.Value);
  return word === "null" ? word : `boolean \`${word}\``;
}

/** Exact for integers of 64 bits and for what is short; other numbers have several spellings. */
function describeNumber(text: string): string {
  if (/^-?[0-9]+$/.test(text) && text !== "-0" && text.length <= 20) {
    const value = BigInt(text);
    if (value <= MAX_U64 && value >= MIN_I64) return `integer \`${value}\``;
  }
  const size = Math.abs(Number(text));
  const isPlain = size === 0 || (size >= 1e-5 && size < 1e16);
  const digits = isPlain ? String(size) : size.toExponential().replace("+", "");
  const sign = text.startsWith("-") ? "-" : "";
  return `floating point \`${sign}${digits}${/[.e]/.test(digits) ? "" : ".0"}\``;
}

const QUOTED: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0" };

/** A text as the parser's language quotes it. */
function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  const escaped = text.replace(/["\\\u0000-\u001f\u007f-\u009f]/g, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return QUOTED[character] ?? `\\u{${character.charCodeAt(0).toString(16)}}`;
  });
  return `"${escaped}"`;
}
