/**
 * Puts the values of path variables and query parameters into a request message (clients §1.1, "Query parameters").
 * @module
 */
import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { ApiError, invalidArgument } from "../apiError.ts";
import { compileParseText, type ParseText } from "../json/parseScalar.ts";

type Entry = {
  readonly field: DescField;
  readonly parseText: ParseText | undefined;
  /** Of the message that the field holds. */
  readonly inner: (() => FieldIndex) | undefined;
};
type FieldIndex = ReadonlyMap<string, Entry>;
type Target = Record<string, unknown>;

/** Fields of a message type by each of their names; `cache` is shared by all routes. */
function indexOf(schema: DescMessage, cache: Map<string, FieldIndex>): FieldIndex {
  const known = cache.get(schema.typeName);
  if (known !== undefined) return known;
  const index = new Map<string, Entry>();
  cache.set(schema.typeName, index);
  for (const field of schema.fields) {
    const message = field.fieldKind === "message" ? field.message : undefined;
    const inner = message === undefined ? undefined : () => indexOf(message, cache);
    const entry = { field, parseText: compileParseText(field), inner };
    for (const name of [field.name, field.jsonName, field.localName]) index.set(name, entry);
  }
  return index;
}

export type RequestFields = {
  setQuery(message: Message, pairs: readonly (readonly [string, string])[]): void;
  setPath(message: Message, name: string, value: string): void;
};

/** @param cache shared by all routes, so that common messages (pagination) are compiled once */
export function makeRequestFields(schema: DescMessage, cache: Map<string, unknown>): RequestFields {
  const root = indexOf(schema, cache as Map<string, FieldIndex>);
  return {
    setQuery(message, pairs) {
      const seen = new Set<string>();
      for (const [key, value] of pairs) setField(message as unknown as Target, root, key.split("."), value, seen);
    },
    setPath(message, name, value) {
      try {
        setField(message as unknown as Target, root, name.split("."), value, new Set());
      } catch (error) {
        if (error instanceof ApiError)
          throw invalidArgument(`type mismatch, parameter: ${name}, error: ${error.message}`);
        throw error;
      }
    },
  };
}

/** Unknown names are ignored; of a field that is no list the first value counts. */
function setField(message: Target, index: FieldIndex, path: readonly string[], value: string, seen: Set<string>): void {
  const [name, ...rest] = path;
  const entry = index.get(name as string);
  if (entry === undefined) return;
  const { field, parseText, inner } = entry;
  const key = field.localName;
  if (rest.length > 0) {
    if (inner === undefined || field.message === undefined || field.oneof !== undefined) return;
    message[key] ??= create(field.message);
    setField(message[key] as Target, inner(), rest, value, seen);
    return;
  }
  if (parseText === undefined || field.oneof !== undefined) return;
  const parsed = parseText(value);
  if (field.fieldKind === "list") (message[key] as unknown[]).push(parsed);
  else if (!seen.has(field.toString())) {
    seen.add(field.toString());
    message[key] = parsed;
  }
}
