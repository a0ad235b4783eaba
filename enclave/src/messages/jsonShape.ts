/**
 * Reading typed values out of JSON that a contract made; whatever does not fit is `failed to deserialize data`.
 * @module
 */
import { base64ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import type { JsonObject, JsonValue } from "@sotto/common/json";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";

const MAX_U8 = 255n;
const MAX_U64 = (1n << 64n) - 1n;
/** Of the largest number of 128 bits. */
const MAX_DIGITS = 39;
const MAX_U128 = (1n << 128n) - 1n;

/** What every function here throws. */
export function misfit(): EnclaveError {
  return new EnclaveError(EnclaveErrorCode.FailedToDeserialize);
}

/** A value of a document, or undefined where a member is missing. */
type Given = JsonValue | undefined;

/** @throws {EnclaveError} FailedToDeserialize, as all functions here */
export function asObject(value: Given): JsonObject {
  if (value instanceof Map) return value;
  throw misfit();
}

export function asText(value: Given): string {
  if (typeof value === "string") return value;
  throw misfit();
}

export function asBoolean(value: Given): boolean {
  if (typeof value === "boolean") return value;
  throw misfit();
}

/** A JSON number from 0 to 2^64 - 1. */
export function asU64(value: Given): bigint {
  if (typeof value === "bigint" && value >= 0n && value <= MAX_U64) return value;
  throw misfit();
}

/** The same as decimal text. */
export function asU64Text(value: Given): bigint {
  return asDecimal(value, MAX_U64);
}

/** An amount as decimal text, of 128 bits; leading zeros go. */
export function asU128Text(value: Given): string {
  return asDecimal(value, MAX_U128).toString();
}

function asDecimal(value: Given, max: bigint): bigint {
  const text = asText(value);
  if (!/^[0-9]+$/.test(text)) throw misfit();
  // Not by a pattern that tries how many zeros lead: contracts write texts of megabytes.
  let start = 0;
  while (text.charAt(start) === "0") start++;
  if (text.length - start > MAX_DIGITS) throw misfit();
  const number = BigInt(text.slice(start));
  if (number > max) throw misfit();
  return number;
}

export function asBytes(value: Given): Uint8Array {
  try {
    return base64ToBytes(asText(value));
  } catch (error) {
    if (error instanceof CodedError) throw misfit();
    throw error;
  }
}

/** A list of JSON numbers from 0 to 255. */
export function asByteList(value: Given): readonly bigint[] {
  return asList(value, (item) => {
    const byte = asU64(item);
    if (byte > MAX_U8) throw misfit();
    return byte;
  });
}

export function asList<T>(value: Given, read: (item: JsonValue) => T): T[] {
  // Not `map(read)`: a reader gets the item alone.
  if (Array.isArray(value)) return value.map((item) => read(item));
  throw misfit();
}

/** One of a few texts. */
export function asOneOf<T extends string>(value: Given, choices: readonly T[]): T {
  const text = asText(value);
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw misfit();
  return found;
}

/** Missing and null are alike. */
export function asOptional<T>(value: Given, read: (present: JsonValue) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

/** The one member of an object that stands for a variant. */
export function asVariant(value: Given): { readonly name: string; readonly body: JsonValue } {
  const [only, ...others] = asObject(value);
  if (only === undefined || others.length > 0) throw misfit();
  return { name: only[0], body: only[1] };
}
