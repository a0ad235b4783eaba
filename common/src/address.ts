/**
 * Addresses: their bytes (canonical) and their Bech32 text (human), and how the chain derives them.
 *
 * Pure; hashes arrive with the crypto door. Spec: enclave §0, chain §1.2.
 * @module
 */
import { decodeBech32, encodeBech32 } from "./bech32.ts";
import type { Branded } from "./brand.ts";
import { concatBytes, EMPTY_BYTES, u64be, utf8ToBytes } from "./bytes.ts";
import type { Crypto } from "./crypto/crypto.ts";
import { InputError, InputErrorCode } from "./errors.ts";

export const ACCOUNT_PREFIX = "secret";
export const VALIDATOR_PREFIX = "secretvaloper";
export const CONSENSUS_PREFIX = "secretvalcons";

const ADDRESS_LENGTH = 20;

/** 20 bytes, or none: the address of nobody (enclave §0). */
export type CanonicalAddress = Branded<Uint8Array, "CanonicalAddress">;

/**
 * Takes bytes for an address; they are borrowed.
 * @throws {InputError} Malformed, unless there are 20 bytes or none
 */
export function addressFromBytes(bytes: Uint8Array): CanonicalAddress {
  if (bytes.length !== ADDRESS_LENGTH && bytes.length !== 0) {
    throw new InputError(InputErrorCode.Malformed, `canonical address: expected 20 bytes or none, got ${bytes.length}`);
  }
  return bytes as CanonicalAddress;
}

/** The Bech32 text; the empty address is the empty text (enclave §0). */
export function formatAddress(address: CanonicalAddress, prefix: string = ACCOUNT_PREFIX): string {
  return address.length === 0 ? "" : encodeBech32(prefix, address);
}

/**
 * Reads the Bech32 text of an address; the empty text is the empty address.
 * @param prefix the one that the text must have; without it any will do, as inside the enclave (enclave §0)
 * @throws {Bech32Error} not Bech32
 * @throws {InputError} Malformed: another prefix, or a length that no address has
 */
export function parseAddress(text: string, prefix?: string): CanonicalAddress {
  if (text === "") return addressFromBytes(EMPTY_BYTES);
  const decoded = decodeBech32(text);
  if (prefix !== undefined && decoded.prefix !== prefix) {
    throw new InputError(InputErrorCode.Malformed, `address: expected prefix ${prefix}, got ${decoded.prefix}`);
  }
  if (decoded.data.length === 0) throw new InputError(InputErrorCode.Malformed, "address: expected 20 bytes, got none");
  return addressFromBytes(decoded.data);
}

/** The account of a secp256k1 key. @param publicKey 33 bytes */
export function accountAddress(crypto: Crypto, publicKey: Uint8Array): CanonicalAddress {
  if (publicKey.length !== 33) {
    throw new InputError(InputErrorCode.Malformed, `public key: expected 33 bytes, got ${publicKey.length}`);
  }
  return addressFromBytes(crypto.ripemd160(crypto.sha256(publicKey)));
}

/** The account that belongs to a module of the chain, such as `gov`. */
export function moduleAddress(crypto: Crypto, name: string): CanonicalAddress {
  return addressFromBytes(crypto.sha256(utf8ToBytes(name)).slice(0, ADDRESS_LENGTH));
}

/** Names a validator in headers and votes. @param publicKey ed25519, 32 bytes */
export function consensusAddress(crypto: Crypto, publicKey: Uint8Array): CanonicalAddress {
  if (publicKey.length !== 32) {
    throw new InputError(InputErrorCode.Malformed, `consensus key: expected 32 bytes, got ${publicKey.length}`);
  }
  return addressFromBytes(crypto.sha256(publicKey).slice(0, ADDRESS_LENGTH));
}

/**
 * A contract's address.
 * @param instance number of the instance, counted over the chain from 1
 */
export function contractAddress(
  crypto: Crypto,
  codeId: bigint,
  instance: bigint,
  creator: CanonicalAddress,
): CanonicalAddress {
  const seed = concatBytes(u64be((codeId << 32n) + instance), creator);
  return addressFromBytes(crypto.ripemd160(crypto.sha256(seed)));
}
