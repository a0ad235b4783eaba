/**
 * The validator's ed25519 key in the home folder.
 * @module
 */
import { randomBytes } from "node:crypto";
import { base64ToBytes, bytesToBase64 } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { validatorAddress } from "@sotto/common/merkle/validatorsHash";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import type { SoloValidator } from "../consensus/solo.ts";
import { readFileIfAny, writeFileDurably } from "./home.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";

/** Reads the key file, or makes one. @throws {NodeError} BadConfiguration if the file is no key file */
export function loadValidatorKey(path: string, crypto: Crypto): Omit<SoloValidator, "power"> {
  const text = readFileIfAny(path);
  const seed = text === undefined ? createKey(path) : parseKey(path, text);
  const publicKey = crypto.ed25519PublicKey(seed);
  return { seed, publicKey, address: validatorAddress(crypto, toConsensusPublicKey(publicKey)) };
}

function createKey(path: string): Uint8Array {
  const seed = new Uint8Array(randomBytes(32));
  writeFileDurably(path, `${JSON.stringify({ type: "ed25519", seed: bytesToBase64(seed) }, null, 2)}\n`, 0o600);
  return seed;
}

function parseKey(path: string, text: string): Uint8Array {
  try {
    const { type, seed } = JSON.parse(text) as { type?: unknown; seed?: unknown };
    const bytes = type === "ed25519" && typeof seed === "string" ? base64ToBytes(seed) : undefined;
    if (bytes?.length === 32) return bytes;
  } catch {
    // told below
  }
  throw new NodeError(
    NodeErrorCode.BadConfiguration,
    `${path}: expected {"type":"ed25519","seed":"<base64 of 32 bytes>"}`,
  );
}
