/**
 * Collateral as tools that fetch it write it: one JSON object (registration §6.6), made into the parts of the packed form.
 * @module
 */
import { bytesToHex, utf8ToBytes } from "../bytes.ts";
import { InputError, InputErrorCode } from "../errors.ts";
import { type JsonObject, type JsonValue, parseJson } from "../json.ts";
import type { CollateralParts } from "./collateral.ts";

function malformed(message: string, cause?: unknown): InputError {
  return new InputError(InputErrorCode.Malformed, `collateral: ${message}`, { cause });
}

function textOf(object: JsonObject, name: string): string {
  const value = object.get(name);
  if (typeof value !== "string") throw malformed(`${name} is missing, or no text`);
  return value;
}

/** Bytes as hex text, or as an array of numbers. */
function hexOf(object: JsonObject, name: string): string {
  const value = object.get(name);
  if (!Array.isArray(value)) return textOf(object, name);
  const isByte = (each: JsonValue): each is bigint => typeof each === "bigint" && each >= 0n && each < 256n;
  if (!value.every(isByte)) throw malformed(`${name} is no list of bytes`);
  return bytesToHex(Uint8Array.from(value, Number));
}

function objectOf(text: string, what: string): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (error) {
    throw malformed(`${what} is no JSON: ${(error as Error).message}`, error);
  }
  if (!(value instanceof Map)) throw malformed(`${what} is no object`);
  return value;
}

/** The two documents go into their wrappers exactly as they were signed. */
function wrapped(object: JsonObject, field: string, wrapper: string): Uint8Array {
  return utf8ToBytes(`{"${wrapper}":${textOf(object, field)},"signature":"${hexOf(object, `${field}_signature`)}"}`);
}

/** @throws {InputError} Malformed */
export function parseCollateralJson(text: string): CollateralParts {
  const object = objectOf(text, "the file");
  const id = objectOf(textOf(object, "tcb_info"), "tcb_info").get("id");
  if (id !== "SGX" && id !== "TDX") throw malformed("tcb_info is neither of SGX nor of TDX");
  const part = (name: string): Uint8Array => utf8ToBytes(textOf(object, name));
  return {
    tee: id === "SGX" ? "sgx" : "tdx",
    pckCrlIssuerChain: part("pck_crl_issuer_chain"),
    rootCaCrl: utf8ToBytes(hexOf(object, "root_ca_crl")),
    pckCrl: utf8ToBytes(hexOf(object, "pck_crl")),
    tcbInfoIssuerChain: part("tcb_info_issuer_chain"),
    tcbInfo: wrapped(object, "tcb_info", "tcbInfo"),
    qeIdentityIssuerChain: part("qe_identity_issuer_chain"),
    qeIdentity: wrapped(object, "qe_identity", "enclaveIdentity"),
  };
}
