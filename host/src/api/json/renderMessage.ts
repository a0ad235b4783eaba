/**
 * From a message to the JSON of the REST gateway: original names, every field, Go's forms (clients §1.1, chain §3.3).
 *
 * A renderer is compiled once for each message type; a request then walks closures and no descriptors.
 * @module
 */
import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  fromBinary,
  type Message,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import type { Any, Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { fieldKindOf, isNullable } from "./fieldKind.ts";
import { formatAccount, formatDecimal, formatDuration, formatTime, quote, toBase64 } from "./text.ts";

export type RenderMessage = (schema: DescMessage, message: Message) => string;

/** An Any within an Any and so on is shown as bytes from here on: the stack is finite, a transaction may be hostile. */
const MAX_ANY_DEPTH = 32;

/** The text of a value that is present; `depth` counts the Any around it. */
type Render = (value: unknown, depth: number) => string;
/** The members of an object, without braces. */
type RenderMembers = (message: Message, depth: number) => string;
type Property = (message: Readonly<Record<string, unknown>>, depth: number) => string | undefined;

const ANY = "google.protobuf.Any";
const TIMESTAMP = "google.protobuf.Timestamp";
const DURATION = "google.protobuf.Duration";

/** @param registry finds what an Any holds */
export function makeRenderMessage(registry: Registry): RenderMessage {
  const compiled = new Map<string, RenderMembers>();

  function membersOf(schema: DescMessage): RenderMembers {
    let members = compiled.get(schema.typeName);
    if (members === undefined) {
      // Messages may contain themselves: the entry stands before its parts are compiled.
      let properties: readonly Property[] = [];
      members = (message, depth) => joinMembers(properties, message, depth);
      compiled.set(schema.typeName, members);
      properties = schema.members.map((member) =>
        member.kind === "oneof" ? compileOneof(member) : compileField(member),
      );
    }
    return members;
  }

  function compileField(field: DescField): Property {
    const name = `${quote(field.name)}:`;
    const key = field.localName;
    if (field.fieldKind === "list") {
      const element = compileElement(field);
      return (message, depth) => `${name}[${(message[key] as unknown[]).map((v) => element(v, depth)).join(",")}]`;
    }
    if (field.fieldKind === "map") throw new TypeError(`${field}: maps have no JSON form here`);
    const value = field.fieldKind === "scalar" ? compileScalar(field) : compileElement(field);
    const absent = field.fieldKind === "message" ? absentMessage(field.message, isNullable(field)) : () => "null";
    return (message, depth) => {
      const present = message[key];
      return name + (present === undefined ? absent() : value(present, depth));
    };
  }

  function compileOneof(oneof: DescOneof): Property {
    const byCase = new Map(oneof.fields.map((field) => [field.localName, renderCase(field)]));
    return (message, depth) => {
      const chosen = message[oneof.localName] as { readonly case: string | undefined; readonly value?: unknown };
      return chosen.case === undefined ? undefined : byCase.get(chosen.case)?.(chosen.value, depth);
    };
  }

  function renderCase(field: DescField): Render {
    const name = `${quote(field.name)}:`;
    const value = compileElement(field);
    return (present, depth) => name + value(present, depth);
  }

  /** What stands in a list or in a oneof, where a value is never absent. */
  function compileElement(field: DescField): Render {
    if (field.message !== undefined) return compileMessage(field.message);
    if (field.enum !== undefined) return compileEnum(field.enum);
    if (field.scalar === ScalarType.BYTES && fieldKindOf(field) === "plain") return renderBytes;
    return compileScalar(field);
  }

  function compileMessage(schema: DescMessage): Render {
    switch (schema.typeName) {
      case ANY:
        return (value, depth) => renderAny(value as Any, depth);
      case TIMESTAMP:
        return renderTimestamp;
      case DURATION:
        return renderDuration;
    }
    const members = membersOf(schema);
    return (value, depth) => `{${members(value as Message, depth)}}`;
  }

  /** `null` for a pointer; else the zero value, which costs no more than a lookup after the first time. */
  function absentMessage(schema: DescMessage, nullable: boolean): () => string {
    if (nullable) return () => "null";
    if (schema.typeName === TIMESTAMP) return () => '"0001-01-01T00:00:00Z"';
    let text: string | undefined;
    return () => {
      text ??= compileMessage(schema)(create(schema), 0);
      return text;
    };
  }

  function renderAny(any: Any, depth: number): string {
    const type = `"@type":${quote(any.typeUrl)}`;
    const schema = registry.getMessage(any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1));
    const content = schema === undefined || depth >= MAX_ANY_DEPTH ? undefined : tryDecode(schema, any.value);
    if (schema === undefined || content === undefined) return `{${type},"value":${renderBytes(any.value)}}`;
    if (schema.typeName === ANY || schema.typeName === TIMESTAMP || schema.typeName === DURATION) {
      return `{${type},"value":${compileMessage(schema)(content, depth + 1)}}`;
    }
    const members = membersOf(schema)(content, depth + 1);
    return members === "" ? `{${type}}` : `{${type},${members}}`;
  }

  return (schema, message) => compileMessage(schema)(message, 0);
}

function joinMembers(properties: readonly Property[], message: Message, depth: number): string {
  let out = "";
  for (const property of properties) {
    const text = property(message as unknown as Readonly<Record<string, unknown>>, depth);
    if (text !== undefined) out += out === "" ? text : `,${text}`;
  }
  return out;
}

/** Bytes of a transaction are anybody's: what cannot be decoded is shown as bytes. */
function tryDecode(schema: DescMessage, bytes: Uint8Array): Message | undefined {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}

function renderBytes(value: unknown): string {
  return `"${toBase64(value as Uint8Array)}"`;
}

function renderTimestamp(value: unknown): string {
  const time = formatTime((value as Timestamp).seconds, (value as Timestamp).nanos);
  return time === undefined ? "null" : `"${time}"`;
}

function renderDuration(value: unknown): string {
  return `"${formatDuration((value as Duration).seconds, (value as Duration).nanos)}"`;
}

function compileEnum(desc: DescEnum): Render {
  const names = new Map(desc.values.map((value) => [value.number, quote(value.name)]));
  return (value) => names.get(value as number) ?? String(value);
}

function compileScalar(field: DescField & { readonly scalar?: ScalarType | undefined }): Render {
  if (field.enum !== undefined) return compileEnum(field.enum);
  const kind = fieldKindOf(field);
  if (kind === "address") return (value) => quote(formatAccount(value as Uint8Array));
  if (kind === "decimal" || kind === "integer") {
    const format = kind === "decimal" ? formatDecimal : (text: string) => (text === "" ? "0" : text);
    // A pointer in Go: nothing was sent, nothing is shown.
    const nullable = isNullable(field);
    return (value) => {
      const text = typeof value === "string" ? value : Buffer.from(value as Uint8Array).toString("latin1");
      return nullable && text === "" ? "null" : quote(format(text));
    };
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return (value) => quote(value as string);
    case ScalarType.BYTES:
      return (value) => ((value as Uint8Array).length === 0 ? "null" : renderBytes(value));
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return (value) => `"${value}"`;
    default:
      return (value) => String(value);
  }
}
