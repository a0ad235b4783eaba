/**
 * Public keys of accounts as the chain's records and transactions carry them.
 * @module
 */
import { consensusAddress } from "@sotto/common/address";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { type AccountKey, accountKeyAddress, decodeAccountKey } from "@sotto/common/signing/accountKey";
import type { Any } from "@sotto/common/wire/any";
import { bytes, field, message } from "@sotto/common/wire/message";
import { sdkError } from "./appError.ts";

/** The key of a validator, with which nobody can sign a transaction (chain §6.6). */
export const Ed25519PubKey = message("cosmos.crypto.ed25519.PubKey", { key: field(1, bytes) });

/** Undefined for a type that cannot sign. @throws {AppError} sdk/8 */
export function accountKeyOf(publicKey: Any): AccountKey | undefined {
  return orInvalid(() => decodeAccountKey(publicKey));
}

/** The account that a key signs for; undefined for types that this node does not know. @throws {AppError} sdk/8 */
export function addressOfKey(crypto: Crypto, publicKey: Any): Uint8Array | undefined {
  return orInvalid(() => {
    const key = decodeAccountKey(publicKey);
    if (key !== undefined) return accountKeyAddress(crypto, key);
    if (publicKey.typeUrl !== Ed25519PubKey.typeUrl) return undefined;
    return consensusAddress(crypto, Ed25519PubKey.decode(publicKey.value).key);
  });
}

function orInvalid<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError) throw sdkError(8, error.message);
    throw error;
  }
}
