/**
 * Reading typed values out of JSON that a contract made; whatever does not fit is `failed to deserialize data`.
 * @module
 */
import { base64ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import type { JsonObject, JsonValue } from "@sotto/common/json";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";

const MAX_U64 = (1n << 64n) - 1n;

function misfit(): EnclaveError {
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

export function asBytes(value: Given): Uint8Array {
  try {
    return base64ToBytes(asText(value));
  } catch (error) {
    if (error instanceof CodedError) throw misfit();
    throw error;
  }
}

export function asList<T>(value: Given, read: (item: JsonValue) => T): T[] {
  if (Array.isArray(value)) return value.map(read);
  throw misfit();
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
