/**
 * Validator addresses, the order of a validator set and its hash (consensus §2.4).
 * @module
 */
import { compareBytes } from "../bytes.ts";
import { type ConsensusPublicKey, ed25519KeyOf, SimpleValidator } from "../wire/validator.ts";
import { type Hasher, merkleRoot } from "./cometMerkle.ts";

/** A set's powers together must not exceed this. */
export const MAX_TOTAL_VOTING_POWER = ((1n << 63n) - 1n) / 8n;

/** First 20 bytes of the hash of the raw key. @throws {InputError} Malformed, unless it is an ed25519 key */
export function validatorAddress(crypto: Hasher, publicKey: ConsensusPublicKey): Uint8Array {
  return crypto.sha256(ed25519KeyOf(publicKey)).slice(0, 20);
}

/** Order of a set: power descending, then address ascending. */
export function compareValidators(
  a: { readonly address: Uint8Array; readonly votingPower: bigint },
  b: { readonly address: Uint8Array; readonly votingPower: bigint },
): number {
  if (a.votingPower !== b.votingPower) return a.votingPower > b.votingPower ? -1 : 1;
  return compareBytes(a.address, b.address);
}

/** 32-byte root over keys and powers in the given order; addresses and priorities are not covered. */
export function validatorsHash(crypto: Hasher, validators: readonly SimpleValidator[]): Uint8Array {
  return merkleRoot(
    crypto,
    validators.map((validator) => SimpleValidator.encode(validator)),
  );
}
