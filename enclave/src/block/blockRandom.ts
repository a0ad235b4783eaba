/**
 * The block's random (consensus §3.7): transaction 0 as proposed, judged and opened, and the seed S_h that it gives.
 *
 * Nothing random leaves the enclave in clear.
 * @module
 */
import { concatBytes, equalBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { KeyTree, SeedKeys } from "../keys/keyTree.ts";

/** No protobuf message begins with a zero byte, so no Cosmos transaction can be taken for this one. */
export const RANDOM_TRANSACTION_MARK = 0;
const MAGIC = concatBytes(Uint8Array.of(RANDOM_TRANSACTION_MARK), utf8ToBytes("SNRAND1"));
const PREFIX_LENGTH = 16;
const LENGTH = 64;
const RANDOM_LENGTH = 32;

/** What the random of a block is bound to. */
export type RandomPlace = {
  readonly chainId: string;
  readonly height: bigint;
  /** 32 bytes; zeros at the initial height. */
  readonly lastBlockHash: Uint8Array;
  /** 20 bytes. */
  readonly proposer: Uint8Array;
};

function associatedData(prefix: Uint8Array, place: RandomPlace): readonly Uint8Array[] {
  return [prefix, utf8ToBytes(place.chainId), place.lastBlockHash, place.proposer];
}

/** Transaction 0 for a proposal: 64 bytes. @param random 32 random bytes */
export function makeRandomTransaction(
  crypto: Crypto,
  keys: KeyTree,
  place: RandomPlace,
  random: Uint8Array,
): Uint8Array {
  const prefix = concatBytes(MAGIC, u64be(place.height));
  return concatBytes(
    prefix,
    crypto.aesSivEncrypt(keys.last.blockRandomEncryption, associatedData(prefix, place), random),
  );
}

/** 32 random bytes, and the id of the seed under which they were encrypted. */
export type OpenedRandom = { readonly random: Uint8Array; readonly seedId: number };

/**
 * What `transaction` holds, or undefined if it is none for this place. The last seed's key comes first; those of earlier seeds count
 * until a later one is seen in use (enclave §9.2).
 * @param oldestSeedId the one last seen in use, from 1
 */
export function openRandomTransaction(
  crypto: Crypto,
  keys: KeyTree,
  place: RandomPlace,
  { transaction, oldestSeedId }: { readonly transaction: Uint8Array; readonly oldestSeedId: number },
): OpenedRandom | undefined {
  const prefix = concatBytes(MAGIC, u64be(place.height));
  if (transaction.length !== LENGTH || !equalBytes(transaction.subarray(0, PREFIX_LENGTH), prefix)) return undefined;
  const ciphertext = transaction.subarray(PREFIX_LENGTH);
  for (let seedId = keys.seeds.length; seedId >= oldestSeedId; seedId--) {
    const { blockRandomEncryption } = seedKeys(keys, seedId);
    const random = crypto.aesSivDecrypt(blockRandomEncryption, associatedData(prefix, place), ciphertext);
    if (random !== undefined) return { random, seedId };
  }
  return undefined;
}

function seedKeys({ seeds }: KeyTree, seedId: number): SeedKeys {
  const keys = seeds[seedId - 1];
  if (keys === undefined) throw new RangeError(`seed id ${seedId}`);
  return keys;
}

/** What a block's seed is made from. */
export type BlockSeedParts = {
  /**
   * Transaction 0 as committed. If it is missing or invalid although the validators signed the block, zeros take its place:
   * deterministic, and the chain goes on.
   */
  readonly transaction: Uint8Array | undefined;
  /** The network seed last seen in use for a random. */
  readonly oldestSeedId: number;
  /** Hash of this block's header, 32 bytes. */
  readonly blockHash: Uint8Array;
};

/** @returns S_h, the seed of all randomness in a block, 32 bytes; and the network seed last seen in use from now on */
export function blockSeed(
  crypto: Crypto,
  keys: KeyTree,
  place: RandomPlace,
  { transaction, oldestSeedId, blockHash }: BlockSeedParts,
): { readonly seed: Uint8Array; readonly seedId: number } {
  const opened = transaction && openRandomTransaction(crypto, keys, place, { transaction, oldestSeedId });
  const random = opened?.random ?? new Uint8Array(RANDOM_LENGTH);
  // Without a random the seed last seen in use: the chain decides it, and not whether this node has heard of a rotation.
  const seedId = opened?.seedId ?? oldestSeedId;
  const { blockRandomPrf } = seedKeys(keys, seedId);
  const { chainId, height, lastBlockHash } = place;
  const bound = concatBytes(utf8ToBytes(chainId), Uint8Array.of(0), u64be(height), lastBlockHash);
  const prf = crypto.hmacSha256(blockRandomPrf, bound);
  const seed = crypto.hkdfSha256(concatBytes(random, prf), blockHash, utf8ToBytes("snjs/block-seed/v1"), 32);
  return { seed, seedId };
}
