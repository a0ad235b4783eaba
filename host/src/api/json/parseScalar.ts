/**
 * Scalars and enums from texts, as they stand in paths and query strings, with the error texts of Go's parsers.
 *
 * JSON bodies use the same rules for their strings (clients §1.1).
 * @module
 */
import { type DescEnum, type DescField, ScalarType } from "@bufbuild/protobuf";
import { parseAddress } from "@sotto/common/address";
import { utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { invalidArgument } from "../apiError.ts";
import { fieldKindOf } from "./fieldKind.ts";
import { fromBase64, goQuote, parseDecimal } from "./text.ts";

/** @throws {ApiError} InvalidArgument with Go's text, without the name of the parameter */
export type ParseText = (text: string) => unknown;

function parseInteger(parser: "ParseInt" | "ParseUint", bits: 32 | 64): (text: string) => bigint {
  const signed = parser === "ParseInt";
  const min = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const max = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
  const syntax = signed ? /^[+-]?\d+$/ : /^\d+$/;
  return (text) => {
    if (!syntax.test(text)) throw invalidArgument(`strconv.${parser}: parsing ${goQuote(text)}: invalid syntax`);
    // A text this long is out of range whatever it says; reading it would be work for nothing.
    const value = text.length > 64 ? max + 1n : BigInt(text.replace(/^\+/, ""));
    if (value < min || value > max) {
      throw invalidArgument(`strconv.${parser}: parsing ${goQuote(text)}: value out of range`);
    }
    return value;
  };
}

function parseBool(text: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  throw invalidArgument(`strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`);
}

function parseBytes(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes instanceof Uint8Array) return bytes;
  throw invalidArgument(`illegal base64 data at input byte ${bytes.badAt}`);
}

function parseAddressBytes(text: string): Uint8Array {
  try {
    return parseAddress(text, "secret");
  } catch (error) {
    if (error instanceof CodedError) throw invalidArgument(error.message);
    throw error;
  }
}

function compileEnum(desc: DescEnum): ParseText {
  const byName = new Map(desc.values.map((value) => [value.name, value.number]));
  return (text) => {
    const number = byName.get(text) ?? (/^-?\d{1,9}$/.test(text) ? Number(text) : undefined);
    if (number === undefined) throw invalidArgument(`unknown value ${goQuote(text)} for enum ${desc.typeName}`);
    return number;
  };
}

/** Decimals and integers of any size, which the wire carries as text. */
function compileNumberText(field: DescField, kind: "decimal" | "integer"): ParseText {
  const read = (text: string): string => {
    const value = kind === "decimal" ? parseDecimal(text) : /^-?\d+$/.test(text) ? text : undefined;
    if (value === undefined) throw invalidArgument(`${field.name}: expected a ${kind}, got ${goQuote(text)}`);
    return value;
  };
  return field.scalar === ScalarType.BYTES ? (text) => utf8ToBytes(read(text)) : read;
}

/** For a scalar or enum field, or for the elements of a list of such; undefined for messages. */
export function compileParseText(field: DescField): ParseText | undefined {
  if (field.enum !== undefined) return compileEnum(field.enum);
  if (field.scalar === undefined || field.fieldKind === "map") return undefined;
  const kind = fieldKindOf(field);
  if (kind === "address") return parseAddressBytes;
  if (kind !== "plain") return compileNumberText(field, kind);
  switch (field.scalar) {
    case ScalarType.STRING:
      return (text) => text;
    case ScalarType.BYTES:
      return parseBytes;
    case ScalarType.BOOL:
      return parseBool;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return parseInteger("ParseInt", 64);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return parseInteger("ParseUint", 64);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32: {
      const parse = parseInteger("ParseInt", 32);
      return (text) => Number(parse(text));
    }
    case ScalarType.UINT32:
    case ScalarType.FIXED32: {
      const parse = parseInteger("ParseUint", 32);
      return (text) => Number(parse(text));
    }
    default:
      return undefined;
  }
}
