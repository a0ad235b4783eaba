/**
 * Account keys as transactions carry them (chain §6.6).
 * @module
 */
import { InputError, InputErrorCode } from "../errors.ts";
import { Any, packAny, unpackAny } from "./any.ts";
import { bytes, field, type MessageOf, message, repeated, uint32 } from "./message.ts";

export const Secp256k1PubKey = message("cosmos.crypto.secp256k1.PubKey", {
  /** 33 bytes. */
  key: field(1, bytes),
});
export type Secp256k1PubKey = MessageOf<typeof Secp256k1PubKey>;

export const LegacyAminoMultisigPubKey = message("cosmos.crypto.multisig.LegacyAminoPubKey", {
  threshold: field(1, uint32),
  publicKeys: repeated(2, Any),
});
export type LegacyAminoMultisigPubKey = MessageOf<typeof LegacyAminoMultisigPubKey>;

/** @param key 33 bytes */
export function packSecp256k1PublicKey(key: Uint8Array): Any {
  return packAny(Secp256k1PubKey, { key });
}

/**
 * The 33 bytes of a secp256k1 key; undefined for another type.
 * @throws {InputError} Malformed, if it is that type but not 33 bytes
 */
export function unpackSecp256k1PublicKey(publicKey: Any): Uint8Array | undefined {
  const key = unpackAny(Secp256k1PubKey, publicKey)?.key;
  if (key !== undefined && key.length !== 33) {
    throw new InputError(InputErrorCode.Malformed, `secp256k1 key: expected 33 bytes, got ${key.length}`);
  }
  return key;
}
