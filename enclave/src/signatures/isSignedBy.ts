/**
 * Signatures of one key and of thresholds (enclave §6.3).
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import type { AccountKey, MultisigKey } from "@sotto/common/signing/accountKey";
import { MultiSignature } from "@sotto/common/wire/tx";

/**
 * Whether a key signed.
 * @param hash 32 bytes: of what was signed, the same for all members of a threshold
 * @param signature 64 bytes r‖s, low-S; of a threshold an encoded `MultiSignature`
 */
export function isSignedBy(
  crypto: Crypto,
  key: AccountKey,
  hash: Uint8Array,
  signature: Uint8Array | undefined,
): boolean {
  if (signature === undefined) return false;
  if (key.kind === "multisig") return isSignedByMembers(crypto, key, hash, signature);
  return crypto.secp256k1Verify(hash, signature, key.key) === "valid";
}

/** Each signature is that of a later member than the one before, as the chain demands: so no key is tried twice. */
function isSignedByMembers(crypto: Crypto, key: MultisigKey, hash: Uint8Array, signature: Uint8Array): boolean {
  const signatures = membersSignatures(signature);
  if (signatures.length < key.threshold) return false;
  let verified = 0;
  let next = 0;
  for (const one of signatures) {
    if (one.length === 0) continue;
    let member: AccountKey | undefined;
    do {
      member = key.members[next++];
      if (member === undefined) return false;
    } while (!isSignedBy(crypto, member, hash, one));
    verified++;
  }
  return verified >= key.threshold;
}

/** None, if the bytes are no such list: a threshold is never zero. */
function membersSignatures(signature: Uint8Array): readonly Uint8Array[] {
  try {
    return MultiSignature.decode(signature).signatures;
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}
