/**
 * Genesis text as protobuf JSON: 64-bit numbers stay exact, whatever way they are written.
 * @module
 */
import type { JsonValue as PlainJson } from "@bufbuild/protobuf";
import { JsonFloat, type JsonValue, parseJson } from "@sotto/common/json";

function toPlain(value: JsonValue): PlainJson {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof JsonFloat) return Number(value.text);
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [key, toPlain(member)]));
  return value;
}

/** The members of `app_state` by module. @throws {JsonError} */
export function parseAppState(bytes: Uint8Array): { readonly [module: string]: PlainJson } {
  const value = toPlain(parseJson(bytes));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RangeError("app_state: expected an object with a member for each module");
  }
  return value;
}
