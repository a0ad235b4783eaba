/**
 * Seed exchange: how a node hands the consensus seeds to one that joins (enclave §1.4).
 *
 *     SIV(DH(seed exchange secret, node key), [node key], seed)        48 bytes a seed, in seed order
 *
 * Secrets. Whoever holds the node's secret gets the seeds: the caller has verified the attestation that carries the node key.
 * @module
 */
import { concatBytes, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { deriveSeedKeys, type ExchangeKeyPair, type KeyTree, MAX_SEEDS, MIN_SEEDS, SEED_LENGTH } from "./keyTree.ts";

/** Bytes of one seed in its encrypted form. */
export const ENCRYPTED_SEED_LENGTH: number = SEED_LENGTH + 16;

/**
 * All seeds of the network for a joining node, under the seed exchange key of the last one.
 * @param seeds those of `keys`, oldest first
 * @param nodeKey the node's registration key, 32 bytes
 * @returns 48 bytes for each seed
 * @throws {RefusalError} NodeKeyRefused
 */
export function encryptSeeds(
  crypto: Crypto,
  keys: KeyTree,
  seeds: readonly Uint8Array[],
  nodeKey: Uint8Array,
): Uint8Array {
  const key = sharedKey(crypto, keys.last.seedExchange.secret, nodeKey);
  return concatBytes(...seeds.map((seed) => crypto.aesSivEncrypt(key, [nodeKey], seed)));
}

/** The genesis seed alone, under its own seed exchange key: 48 bytes. @throws {RefusalError} NodeKeyRefused */
export function encryptGenesisSeed(
  crypto: Crypto,
  keys: KeyTree,
  genesisSeed: Uint8Array,
  nodeKey: Uint8Array,
): Uint8Array {
  return crypto.aesSivEncrypt(sharedKey(crypto, keys.genesis.seedExchange.secret, nodeKey), [nodeKey], genesisSeed);
}

/**
 * Opens what {@link encryptSeeds} made, at the node that joins.
 * @param node its registration key pair
 * @param exchangeKey the network's seed exchange public key, 32 bytes; the last seed must be the one that gives it
 * @throws {RefusalError} SeedsMalformed, SeedsUnreadable, NodeKeyRefused
 */
export function decryptSeeds(
  crypto: Crypto,
  node: ExchangeKeyPair,
  exchangeKey: Uint8Array,
  encrypted: Uint8Array,
): Uint8Array[] {
  const count = encrypted.length / ENCRYPTED_SEED_LENGTH;
  if (!Number.isInteger(count) || count < MIN_SEEDS || count > MAX_SEEDS) {
    throw malformed(
      `expected ${MIN_SEEDS} to ${MAX_SEEDS} times ${ENCRYPTED_SEED_LENGTH} bytes, got ${encrypted.length}`,
    );
  }
  return openSeeds(crypto, node, exchangeKey, encrypted);
}

/**
 * Opens what {@link encryptGenesisSeed} made.
 * @param exchangeKey the seed exchange public key of the genesis seed, 32 bytes
 * @throws {RefusalError} SeedsMalformed, SeedsUnreadable, NodeKeyRefused
 */
export function decryptGenesisSeed(
  crypto: Crypto,
  node: ExchangeKeyPair,
  exchangeKey: Uint8Array,
  encrypted: Uint8Array,
): Uint8Array {
  if (encrypted.length !== ENCRYPTED_SEED_LENGTH) {
    throw malformed(`expected ${ENCRYPTED_SEED_LENGTH} bytes, got ${encrypted.length}`);
  }
  return openSeeds(crypto, node, exchangeKey, encrypted)[0] as Uint8Array;
}

/** Puts one byte in front, the length of one to five encrypted seeds. @throws {RefusalError} SeedsMalformed */
export function prefixSeeds(encrypted: Uint8Array): Uint8Array {
  requireWholeSeeds(encrypted);
  return concatBytes(Uint8Array.of(encrypted.length), encrypted);
}

/** The encrypted seeds out of the form with the length in front, or out of the one without. @throws {RefusalError} SeedsMalformed */
export function unprefixSeeds(bytes: Uint8Array): Uint8Array {
  const isPrefixed = bytes.length % ENCRYPTED_SEED_LENGTH === 1;
  const encrypted = isPrefixed ? bytes.subarray(1) : bytes;
  if (isPrefixed && bytes[0] !== encrypted.length) {
    throw malformed(`the length in front is ${bytes[0]}, but ${encrypted.length} bytes follow`);
  }
  requireWholeSeeds(encrypted);
  return encrypted;
}

function requireWholeSeeds({ length }: Uint8Array): void {
  if (length > 0 && length % ENCRYPTED_SEED_LENGTH === 0 && length <= MAX_SEEDS * ENCRYPTED_SEED_LENGTH) return;
  throw malformed(`expected one to ${MAX_SEEDS} times ${ENCRYPTED_SEED_LENGTH} bytes, got ${length}`);
}

function openSeeds(
  crypto: Crypto,
  node: ExchangeKeyPair,
  exchangeKey: Uint8Array,
  encrypted: Uint8Array,
): Uint8Array[] {
  const key = sharedKey(crypto, node.secret, exchangeKey);
  const seeds: Uint8Array[] = [];
  for (let at = 0; at < encrypted.length; at += ENCRYPTED_SEED_LENGTH) {
    const one = encrypted.subarray(at, at + ENCRYPTED_SEED_LENGTH);
    const seed = crypto.aesSivDecrypt(key, [node.publicKey], one);
    if (seed === undefined)
      throw unreadable(`seed ${seeds.length + 1} was not encrypted for this node by this network`);
    seeds.push(seed);
  }
  const last = deriveSeedKeys(crypto, seeds[seeds.length - 1] as Uint8Array);
  if (!equalBytes(last.seedExchange.publicKey, exchangeKey)) {
    throw unreadable("the last seed is not the one that the seed exchange key belongs to");
  }
  return seeds;
}

/**
 * The raw shared value is the key (no derivation). Of a key of low order it is zero for everybody, so that the seeds would be public:
 * no node has such a key.
 */
function sharedKey(crypto: Crypto, secret: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const shared = publicKey.length === 32 ? crypto.x25519(secret, publicKey) : undefined;
  if (shared?.some((byte) => byte !== 0) === true) return shared;
  throw new RefusalError(
    RefusalCode.NodeKeyRefused,
    "seed exchange: expected an X25519 key of 32 bytes and full order",
  );
}

function malformed(reason: string): RefusalError {
  return new RefusalError(RefusalCode.SeedsMalformed, `encrypted seeds: ${reason}`);
}

function unreadable(reason: string): RefusalError {
  return new RefusalError(RefusalCode.SeedsUnreadable, `encrypted seeds: ${reason}`);
}
