/**
 * Keys that accounts sign with: one secp256k1 key, or a threshold of several, which may be thresholds themselves
 * (chain §6.6, enclave §6.3).
 * @module
 */
import { accountAddress, addressFromBytes, type CanonicalAddress } from "../address.ts";
import { concatBytes, hexToBytes } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { InputError, InputErrorCode } from "../errors.ts";
import { type Any, unpackAny } from "../wire/any.ts";
import { lengthDelimited, ProtoWriter } from "../wire/protobuf.ts";
import { LegacyAminoMultisigPubKey, unpackSecp256k1PublicKey } from "../wire/publicKey.ts";

export type AccountKey =
  /** 33 bytes. */
  { readonly kind: "secp256k1"; readonly key: Uint8Array } | MultisigKey;

export type MultisigKey = {
  readonly kind: "multisig";
  /** At least 1; more than there are members means that nobody can sign. */
  readonly threshold: number;
  readonly members: readonly AccountKey[];
};

/** A threshold may hold thresholds this many levels deep; as many as the reference unpacks. */
export const MAX_MULTISIG_DEPTH = 8;
/** Keys of an account, members of members included. */
export const MAX_ACCOUNT_KEYS = 100;

/**
 * Reads a public key.
 * @returns undefined for a type of key, or a type of member, that no account of the enclave's has
 * @throws {InputError} Malformed: not the encoding of its type; OutOfRange: threshold 0, too deep, too many members
 */
export function decodeAccountKey(publicKey: Any): AccountKey | undefined {
  let keys = 0;
  const decode = (any: Any, depth: number): AccountKey | undefined => {
    if (++keys > MAX_ACCOUNT_KEYS) throw outOfRange(`more than ${MAX_ACCOUNT_KEYS} keys`);
    if (depth > MAX_MULTISIG_DEPTH) throw outOfRange(`nested deeper than ${MAX_MULTISIG_DEPTH}`);
    const key = unpackSecp256k1PublicKey(any);
    if (key !== undefined) return { kind: "secp256k1", key };
    const multisig = unpackAny(LegacyAminoMultisigPubKey, any);
    if (multisig === undefined) return undefined;
    // Amino leaves a zero out, so that such a key would have two addresses.
    if (multisig.threshold === 0) throw outOfRange("threshold 0");
    const members: AccountKey[] = [];
    for (const member of multisig.publicKeys) {
      const decoded = decode(member, depth + 1);
      if (decoded === undefined) return undefined;
      members.push(decoded);
    }
    return { kind: "multisig", threshold: multisig.threshold, members };
  };
  return decode(publicKey, 0);
}

function outOfRange(what: string): InputError {
  return new InputError(InputErrorCode.OutOfRange, `public key: ${what}`);
}

const SECP256K1_PREFIX = hexToBytes("eb5ae987");
const MULTISIG_PREFIX = hexToBytes("22c1f7e2");
const THRESHOLD_TAG = 0x08;
const MEMBER_TAG = 0x12;

/** The key in amino's binary encoding, which is what a multisig address is the hash of (enclave §6.3). */
export function aminoKeyBytes(key: AccountKey): Uint8Array {
  if (key.kind === "secp256k1") return concatBytes(SECP256K1_PREFIX, lengthDelimited(key.key));
  const threshold = new ProtoWriter();
  threshold.uint32(key.threshold);
  const members = key.members.flatMap((member) => [Uint8Array.of(MEMBER_TAG), lengthDelimited(aminoKeyBytes(member))]);
  return concatBytes(MULTISIG_PREFIX, Uint8Array.of(THRESHOLD_TAG), threshold.finish(), ...members);
}

/** The account that a key signs for (chain §1.2). */
export function accountKeyAddress(crypto: Crypto, key: AccountKey): CanonicalAddress {
  if (key.kind === "secp256k1") return accountAddress(crypto, key.key);
  return addressFromBytes(crypto.sha256(aminoKeyBytes(key)).slice(0, 20));
}

/** Keys that can sign, members of members included; what the limit of a transaction's signatures counts (chain §1.7). */
export function countKeys(key: AccountKey): number {
  return key.kind === "secp256k1" ? 1 : key.members.reduce((sum, member) => sum + countKeys(member), 0);
}
