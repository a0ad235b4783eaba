/**
 * What an applicant reads of the genesis file that it was given: which network, and the public keys that its seeds must come to
 * (registration §7 H).
 * @module
 */
import { base64ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { CodedError } from "@sotto/common/errors";
import { type JsonValue, parseJson } from "@sotto/common/json";
import { RefusalCode, RefusalError } from "../enclaveError.ts";

const KEY_LENGTH = 32;

export type GenesisFile = {
  /** SHA-256 of the file, byte for byte. */
  readonly hash: Uint8Array;
  readonly chainId: string;
  readonly ioExchange: Uint8Array;
  readonly seedExchange: Uint8Array;
};

/** @throws {RefusalError} GenesisMalformed, with the member that is not there */
export function readGenesisFile(crypto: Crypto, bytes: Uint8Array): GenesisFile {
  const document = parse(bytes);
  const chainId = member(document, "chain_id");
  if (typeof chainId !== "string" || chainId === "") throw malformed("expected a text as chain_id");
  const register = member(member(document, "app_state"), "register");
  return {
    hash: crypto.sha256(bytes),
    chainId,
    ioExchange: publicKey(register, "io_exch_key"),
    seedExchange: publicKey(register, "node_exch_key"),
  };
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof CodedError) throw malformed(error.message);
    throw error;
  }
}

function publicKey(register: JsonValue | undefined, name: string): Uint8Array {
  const text = member(member(register, name), "bytes");
  try {
    const key = typeof text === "string" ? base64ToBytes(text) : undefined;
    if (key?.length === KEY_LENGTH) return key;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
  }
  throw malformed(`expected ${KEY_LENGTH} bytes in base64 as app_state.register.${name}.bytes`);
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return value instanceof Map ? value.get(name) : undefined;
}

function malformed(reason: string): RefusalError {
  return new RefusalError(RefusalCode.GenesisMalformed, `genesis file: ${reason}`);
}
