/**
 * Validators and validator sets (consensus §2.2). Addresses, order and hash: `merkle/validatorsHash.ts`.
 * @module
 */
import { InputError, InputErrorCode } from "../errors.ts";
import { always, bytes, field, int64, type MessageOf, message, optional, repeated } from "./message.ts";

/** A oneof of raw keys. */
export const ConsensusPublicKey = message("tendermint.crypto.PublicKey", {
  /** 32 bytes. */
  ed25519: optional(1, bytes),
  secp256k1: optional(2, bytes),
});
export type ConsensusPublicKey = MessageOf<typeof ConsensusPublicKey>;

export const Validator = message("tendermint.types.Validator", {
  address: field(1, bytes),
  publicKey: always(2, ConsensusPublicKey),
  votingPower: field(3, int64),
  proposerPriority: field(4, int64),
});
export type Validator = MessageOf<typeof Validator>;

export const ValidatorSet = message("tendermint.types.ValidatorSet", {
  validators: repeated(1, Validator),
  proposer: optional(2, Validator),
  totalVotingPower: field(3, int64),
});
export type ValidatorSet = MessageOf<typeof ValidatorSet>;

/** What of a validator the header covers. */
export const SimpleValidator = message("tendermint.types.SimpleValidator", {
  publicKey: optional(1, ConsensusPublicKey),
  votingPower: field(2, int64),
});
export type SimpleValidator = MessageOf<typeof SimpleValidator>;

/** Wraps a raw ed25519 key. @param key 32 bytes */
export function toConsensusPublicKey(key: Uint8Array): ConsensusPublicKey {
  return { ed25519: key, secp256k1: undefined };
}

/**
 * The 32 raw bytes of an ed25519 key; other types are refused (consensus §3.4).
 * @throws {InputError} Malformed
 */
export function ed25519KeyOf(publicKey: ConsensusPublicKey): Uint8Array {
  const { ed25519, secp256k1 } = publicKey;
  if (ed25519?.length !== 32 || secp256k1 !== undefined) {
    throw new InputError(InputErrorCode.Malformed, "validator key: expected one ed25519 key of 32 bytes");
  }
  return ed25519;
}
