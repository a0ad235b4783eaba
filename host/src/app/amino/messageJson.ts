/**
 * Messages in amino JSON, by the options of their definitions (chain §6.4).
 *
 * Only what the messages of this node have: no maps, oneofs, times or types with an encoding of their own; such a message cannot be
 * signed in amino JSON until its module brings the rule along.
 * @module
 */
import { type DescField, type DescMessage, fromBinary, getOption, type Registry, ScalarType } from "@bufbuild/protobuf";
import { bytesToBase64 } from "@sotto/common/bytes";
import type { JsonInput } from "@sotto/common/json";
import type { Any } from "@sotto/common/wire/any";
import { dont_omitempty, encoding, field_name, message_encoding, name } from "../../proto/gen/amino/amino_pb.ts";
import { scalar } from "../../proto/gen/cosmos_proto/cosmos_pb.ts";
import { AppError } from "../core/appError.ts";

/** An Any within an Any: a message within a message. */
const MAX_ANY_DEPTH = 10;

const SPECIAL = /^google\.protobuf\.(Timestamp|Duration|Any)$/;

/** @throws {AppError} for a message that has no such form here */
export function aminoMessageJson(registry: Registry, any: Any): JsonInput {
  return anyJson(registry, any, 0);
}

function anyJson(registry: Registry, { typeUrl, value }: Any, depth: number): JsonInput {
  const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  if (schema === undefined || depth > MAX_ANY_DEPTH) throw unsupported(typeUrl);
  const type = getOption(schema, name) || typeUrl;
  return { type, value: messageJson(registry, schema, fromBinary(schema, value), depth) };
}

function messageJson(registry: Registry, schema: DescMessage, message: object, depth: number): JsonInput {
  const isSpecial = SPECIAL.test(schema.typeName);
  if (schema.typeName === "google.protobuf.Any") return anyJson(registry, message as Any, depth + 1);
  if (isSpecial || schema.oneofs.length > 0 || getOption(schema, message_encoding) !== "") {
    throw unsupported(schema.typeName);
  }
  const members: Record<string, JsonInput> = {};
  for (const field of schema.fields) {
    const value = (message as Record<string, unknown>)[field.localName];
    if (isEmpty(value) && !getOption(field, dont_omitempty)) continue;
    members[getOption(field, field_name) || field.name] = fieldJson(registry, field, value, depth);
  }
  return members;
}

function isEmpty(value: unknown): boolean {
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  return value === undefined || value === "" || value === 0 || value === 0n || value === false;
}

function fieldJson(registry: Registry, field: DescField, value: unknown, depth: number): JsonInput {
  if (field.fieldKind === "map") throw unsupported(field.name);
  if (field.fieldKind !== "list") return valueJson(registry, field, value, depth);
  const items = value as readonly unknown[];
  // An empty list is a nil slice in Go, unless its type writes itself.
  if (items.length === 0) return getOption(field, encoding) === "legacy_coins" ? [] : null;
  return items.map((item) => valueJson(registry, field, item, depth));
}

function valueJson(registry: Registry, field: DescField, value: unknown, depth: number): JsonInput {
  if (field.message !== undefined) {
    if (value === undefined) throw unsupported(`${field.name} that is not there`);
    return messageJson(registry, field.message, value as object, depth);
  }
  if (field.enum !== undefined) return value as number;
  switch (field.scalar) {
    case ScalarType.STRING:
      return textJson(field, value as string);
    case ScalarType.BYTES:
      return bytesToBase64(value as Uint8Array);
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return (value as bigint).toString();
    case ScalarType.BOOL:
    case ScalarType.INT32:
    case ScalarType.UINT32:
      return value as boolean | number;
    default:
      throw unsupported(`type of ${field.name}`);
  }
}

function textJson(field: DescField, text: string): string {
  const kind = getOption(field, scalar);
  if (kind === "cosmos.Int" || kind === "cosmos.Dec") {
    if (text === "") return "0";
    if (kind === "cosmos.Dec") return decimalText(text);
  }
  return text;
}

/** The wire has the digits of the value times 10^18. */
function decimalText(digits: string): string {
  if (!/^-?[0-9]{1,96}$/.test(digits)) throw unsupported("decimal that is none");
  const [sign, magnitude] = digits.startsWith("-") ? ["-", digits.slice(1)] : ["", digits];
  const padded = magnitude.padStart(19, "0");
  return `${sign}${padded.slice(0, -18)}.${padded.slice(-18)}`;
}

function unsupported(what: string): AppError {
  return AppError.plain(`amino JSON: unsupported ${what}`);
}
