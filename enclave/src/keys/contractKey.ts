/**
 * Contract keys and the proofs around them (enclave §4, §8): made at instantiation, checked before every run.
 *
 * They are public and stored by the host; only an enclave of the network can make ones that verify.
 * @module
 */
import { concatBytes, EMPTY_BYTES, equalBytesConstantTime, u64be } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { ContractKey } from "@sotto/common/wire/compute";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { deriveKey, type KeyTree, type SeedKeys } from "./keyTree.ts";

const KEY_LENGTH = 64;
const PROOF_LENGTH = 32;

/** What a key is bound to; addresses have 20 bytes, hashes 32. */
export type ContractKeyBinding = {
  readonly codeHash: Uint8Array;
  readonly contract: Uint8Array;
  /** The original key: only for the key that a migration makes. */
  readonly original?: Uint8Array;
};

function authenticator(crypto: Crypto, keys: KeyTree, senderId: Uint8Array, binding: ContractKeyBinding): Uint8Array {
  const { codeHash, contract, original = EMPTY_BYTES } = binding;
  const key = deriveKey(crypto, keys.genesis.stateIkm, senderId);
  return crypto.hmacSha256(key, concatBytes(senderId, codeHash, contract, original));
}

/** The 64-byte key: id of sender and height, then its authenticator (enclave §4). */
export function deriveContractKey(
  crypto: Crypto,
  keys: KeyTree,
  created: { readonly sender: Uint8Array; readonly height: bigint },
  binding: ContractKeyBinding,
): Uint8Array {
  const senderId = crypto.sha256(concatBytes(created.sender, u64be(created.height)));
  return concatBytes(senderId, authenticator(crypto, keys, senderId, binding));
}

function isContractKey(crypto: Crypto, keys: KeyTree, key: Uint8Array, binding: ContractKeyBinding): boolean {
  if (key.length !== KEY_LENGTH) return false;
  const expected = authenticator(crypto, keys, key.subarray(0, 32), binding);
  return equalBytesConstantTime(expected, key.subarray(32));
}

/**
 * Checks a contract's stored keys against the code that is about to run.
 * @returns the latest key, the one that randomness is bound to
 * @throws {EnclaveError} FailedContractAuthentication; ValidationFailure for a wrong proof of a migrated key
 */
export function verifyContractKey(
  crypto: Crypto,
  keys: KeyTree,
  stored: ContractKey,
  binding: Omit<ContractKeyBinding, "original">,
): Uint8Array {
  const { ogContractKey: original, currentContractKey: current, currentContractKeyProof: proof } = stored;
  const unauthentic = () => new EnclaveError(EnclaveErrorCode.FailedContractAuthentication);
  if (original.length !== KEY_LENGTH) throw unauthentic();
  if (current.length === 0 || proof.length === 0) {
    if (!isContractKey(crypto, keys, original, binding)) throw unauthentic();
    return original;
  }
  if (proof.length !== PROOF_LENGTH || !isContractKey(crypto, keys, current, { ...binding, original })) {
    throw unauthentic();
  }
  const proven = isProof(keys, proof, (seed) =>
    contractKeyProof(crypto, seed.contractKeyProofSecret, binding, { original, current }),
  );
  if (!proven) throw new EnclaveError(EnclaveErrorCode.ValidationFailure);
  return current;
}

/** The key that a migration gives a contract, with its proof: 64 and 32 bytes (enclave §4). @param binding to the new code */
export function deriveMigratedKey(
  crypto: Crypto,
  keys: KeyTree,
  migrated: { readonly sender: Uint8Array; readonly height: bigint },
  binding: Required<ContractKeyBinding>,
): { readonly key: Uint8Array; readonly proof: Uint8Array } {
  const key = deriveContractKey(crypto, keys, migrated, binding);
  const { contractKeyProofSecret } = keys.last;
  const proof = contractKeyProof(crypto, contractKeyProofSecret, binding, { original: binding.original, current: key });
  return { key, proof };
}

/** Proof that a migration made `current`: 32 bytes (enclave §4). */
export function contractKeyProof(
  crypto: Crypto,
  secret: Uint8Array,
  { contract, codeHash }: ContractKeyBinding,
  { original, current }: { readonly original: Uint8Array; readonly current: Uint8Array },
): Uint8Array {
  return crypto.hmacSha256(secret, concatBytes(contract, codeHash, original, current));
}

/** Binds an admin to a contract: 32 bytes. @param admin 20 bytes, or none (enclave §8) */
export function adminProof(crypto: Crypto, keys: KeyTree, admin: Uint8Array, originalKey: Uint8Array): Uint8Array {
  return proveAdmin(crypto, keys.last, admin, originalKey);
}

/** True if an enclave of the network made `proof` for this admin, under any seed but the genesis seed (enclave §1.2, §8). */
export function isAdminProof(
  crypto: Crypto,
  keys: KeyTree,
  proof: Uint8Array,
  { admin, originalKey }: { readonly admin: Uint8Array; readonly originalKey: Uint8Array },
): boolean {
  return isProof(keys, proof, (seed) => proveAdmin(crypto, seed, admin, originalKey));
}

function proveAdmin(crypto: Crypto, seed: SeedKeys, admin: Uint8Array, originalKey: Uint8Array): Uint8Array {
  return crypto.hmacSha256(seed.adminProofSecret, concatBytes(admin, originalKey));
}

function isProof(keys: KeyTree, proof: Uint8Array, prove: (seed: SeedKeys) => Uint8Array): boolean {
  return (
    proof.length === PROOF_LENGTH && keys.seeds.slice(1).some((seed) => equalBytesConstantTime(prove(seed), proof))
  );
}
