/**
 * The key tree: everything that a network's consensus seeds give (enclave §1).
 *
 * Secrets. They leave the enclave only sealed.
 * @module
 */
import { concatBytes, EMPTY_BYTES, hexToBytes, u32be, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";

/** Salt of every derivation of the protocol (enclave §0). */
export const PROTOCOL_SALT: Uint8Array = hexToBytes("000000000000000000024bead8df69990852c202db0e0097c1a12ea637d7e96d");

/** Bytes of a consensus seed. */
export const SEED_LENGTH = 32;
/** A network begins with two seeds; each rotation adds one (enclave §1.1). */
export const MIN_SEEDS = 2;
export const MAX_SEEDS = 5;

/** Orders of enclave §1.2. */
const Order = {
  SeedExchange: 1,
  IoExchange: 2,
  StateIkm: 3,
  CallbackSecret: 4,
  RandomEncryption: 5,
  InitialRandomness: 6,
  AdminProof: 7,
  ContractKeyProof: 8,
} as const;

/** An X25519 pair; 32 bytes each, the secret as derived (not clamped). */
export type ExchangeKeyPair = { readonly secret: Uint8Array; readonly publicKey: Uint8Array };

/** What one seed gives. Symmetric keys have 32 bytes. */
export type SeedKeys = {
  readonly seedExchange: ExchangeKeyPair;
  readonly ioExchange: ExchangeKeyPair;
  readonly stateIkm: Uint8Array;
  readonly callbackSecret: Uint8Array;
  readonly randomEncryptionKey: Uint8Array;
  readonly initialRandomnessSeed: Uint8Array;
  readonly adminProofSecret: Uint8Array;
  readonly contractKeyProofSecret: Uint8Array;
  /** Keys of the block random (consensus §3.7): encryption of transaction 0, and the part that needs no transaction. */
  readonly blockRandomEncryption: Uint8Array;
  readonly blockRandomPrf: Uint8Array;
};

/** Keys of all seeds in order; at least two (enclave §1.1). */
export type KeyTree = {
  readonly seeds: readonly SeedKeys[];
  readonly genesis: SeedKeys;
  /** Seed id 2, which state keys are bound to. */
  readonly second: SeedKeys;
  /** The newest seed. */
  readonly last: SeedKeys;
};

/** `KDF_KEY(key, data)` of enclave §0: 32 bytes. */
export function deriveKey(crypto: Crypto, key: Uint8Array, data: Uint8Array): Uint8Array {
  return crypto.hkdfSha256(concatBytes(key, data), PROTOCOL_SALT, EMPTY_BYTES, 32);
}

/** Everything that one seed of 32 bytes gives (enclave §1.2, consensus §3.7). */
export function deriveSeedKeys(crypto: Crypto, seed: Uint8Array): SeedKeys {
  const byOrder = (order: number) =>
    crypto.hkdfSha256(concatBytes(seed, u32be(order)), PROTOCOL_SALT, utf8ToBytes("seed"), 32);
  const pair = (secret: Uint8Array): ExchangeKeyPair => ({ secret, publicKey: crypto.x25519PublicKey(secret) });
  const blockRandom = (info: string) =>
    crypto.hkdfSha256(seed, utf8ToBytes("snjs/block-random/v1"), utf8ToBytes(info), 32);
  return {
    seedExchange: pair(byOrder(Order.SeedExchange)),
    ioExchange: pair(byOrder(Order.IoExchange)),
    stateIkm: byOrder(Order.StateIkm),
    callbackSecret: byOrder(Order.CallbackSecret),
    randomEncryptionKey: byOrder(Order.RandomEncryption),
    initialRandomnessSeed: byOrder(Order.InitialRandomness),
    adminProofSecret: byOrder(Order.AdminProof),
    contractKeyProofSecret: byOrder(Order.ContractKeyProof),
    blockRandomEncryption: blockRandom("enc"),
    blockRandomPrf: blockRandom("prf"),
  };
}

/** @param seeds two to five seeds of 32 bytes, oldest first. @throws RangeError for another number */
export function deriveKeyTree(crypto: Crypto, seeds: readonly Uint8Array[]): KeyTree {
  const keys = seeds.map((seed) => deriveSeedKeys(crypto, seed));
  const [genesis, second] = keys;
  const last = keys.at(-1);
  if (genesis === undefined || second === undefined || last === undefined || keys.length > MAX_SEEDS) {
    throw new RangeError(`key tree: expected ${MIN_SEEDS} to ${MAX_SEEDS} seeds, got ${keys.length}`);
  }
  return { seeds: keys, genesis, second, last };
}
