/**
 * From the JSON of a request body to a message: the inverse of `renderMessage`, lenient where clients differ.
 *
 * Names in snake or camel case, enums by name or number, 64-bit integers as string or number, unknown members ignored
 * (clients §1.1).
 * @module
 */
import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  type Registry,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { AnySchema, DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { parseTimestamp } from "@sotto/common/wire/timestamp";
import { invalidArgument } from "../apiError.ts";
import { compileParseText, type ParseText } from "./parseScalar.ts";
import { fromBase64, goQuote } from "./text.ts";

export type ParseMessage = (schema: DescMessage, json: unknown) => Message;

/** Bodies are nested as deep as their writer likes; messages are not. */
const MAX_DEPTH = 64;

type FieldSetter = (message: Record<string, unknown>, json: unknown, depth: number) => void;

/** @param registry finds what `@type` names */
export function makeParseMessage(registry: Registry): ParseMessage {
  const compiled = new Map<string, ReadonlyMap<string, FieldSetter>>();

  function settersOf(schema: DescMessage): ReadonlyMap<string, FieldSetter> {
    const known = compiled.get(schema.typeName);
    if (known !== undefined) return known;
    const setters = new Map<string, FieldSetter>();
    compiled.set(schema.typeName, setters);
    for (const field of schema.fields) {
      const setter = compileField(field);
      for (const name of [field.name, field.jsonName, field.localName]) setters.set(name, setter);
    }
    return setters;
  }

  function compileField(field: DescField): FieldSetter {
    const text = compileParseText(field);
    const element = (json: unknown, depth: number): unknown => {
      if (field.message !== undefined) return parse(field.message, json, depth + 1);
      return parseLeaf(field, text, json);
    };
    return (message, json, depth) => {
      if (json === null) return;
      if (field.fieldKind === "list") {
        if (!Array.isArray(json)) throw invalidArgument(`${field.name}: expected an array`);
        message[field.localName] = json.map((item) => element(item, depth));
      } else if (field.oneof === undefined) {
        message[field.localName] = element(json, depth);
      } else {
        message[field.oneof.localName] = { case: field.localName, value: element(json, depth) };
      }
    };
  }

  function parse(schema: DescMessage, json: unknown, depth: number): Message {
    if (depth > MAX_DEPTH) throw invalidArgument(`expected at most ${MAX_DEPTH} levels of nesting`);
    if (schema.typeName === TimestampSchema.typeName) return create(TimestampSchema, parseTime(json));
    if (schema.typeName === DurationSchema.typeName) return create(DurationSchema, parseDuration(json));
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw invalidArgument(`${schema.typeName}: expected an object`);
    }
    if (schema.typeName === AnySchema.typeName) return parseAny(json as Readonly<Record<string, unknown>>, depth);
    const message = create(schema);
    const setters = settersOf(schema);
    for (const [name, value] of Object.entries(json)) {
      setters.get(name)?.(message as unknown as Record<string, unknown>, value, depth);
    }
    return message;
  }

  function parseAny(json: Readonly<Record<string, unknown>>, depth: number): Message {
    const { "@type": typeUrl, ...members } = json;
    if (typeof typeUrl !== "string") throw invalidArgument("Any JSON doesn't have '@type'");
    const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    if (schema !== undefined) {
      return create(AnySchema, { typeUrl, value: toBinary(schema, parse(schema, members, depth + 1)) });
    }
    const value = typeof members.value === "string" ? fromBase64(members.value) : undefined;
    if (value instanceof Uint8Array) return create(AnySchema, { typeUrl, value });
    throw invalidArgument(`unable to resolve type URL ${goQuote(typeUrl)}`);
  }

  return (schema, json) => parse(schema, json, 0);
}

function parseLeaf(field: DescField, parseText: ParseText | undefined, json: unknown): unknown {
  const isText = typeof json === "string";
  const isNumber = typeof json === "number" && Number.isSafeInteger(json);
  if (parseText !== undefined && (isText || ((isNumber || typeof json === "boolean") && !takesTextOnly(field)))) {
    return parseText(String(json));
  }
  if (typeof json === "number" && !isNumber) {
    throw invalidArgument(`${field.name}: expected an integer below 2^53, or a string that holds a larger one`);
  }
  throw invalidArgument(`${field.name}: unexpected ${Array.isArray(json) ? "array" : typeof json}`);
}

function takesTextOnly(field: DescField): boolean {
  // Strings and bytes: a number there would be a mistake of the client that should not pass in silence.
  return field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
}

function parseTime(json: unknown): { seconds: bigint; nanos: number } {
  if (typeof json !== "string") throw invalidArgument("expected a time in RFC 3339");
  try {
    return parseTimestamp(json);
  } catch {
    throw invalidArgument(`expected a time in RFC 3339, got ${goQuote(json)}`);
  }
}

function parseDuration(json: unknown): { seconds: bigint; nanos: number } {
  const match = typeof json === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json) : null;
  if (match === null) throw invalidArgument('expected a duration such as "90s"');
  const sign = match[1] === "-" ? -1 : 1;
  const nanos = Number((match[3] ?? "").padEnd(9, "0")) * sign;
  return { seconds: BigInt(match[2] as string) * BigInt(sign), nanos: nanos === 0 ? 0 : nanos };
}
