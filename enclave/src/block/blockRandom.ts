/**
 * The block's random (consensus §3.7): transaction 0 as proposed, judged and opened, and the seed S_h that it gives.
 *
 * Nothing random leaves the enclave in clear.
 * @module
 */
import { concatBytes, equalBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { KeyTree } from "../keys/keyTree.ts";

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

/** The 32 random bytes, or undefined if `transaction` is none for this place. */
export function openRandomTransaction(
  crypto: Crypto,
  keys: KeyTree,
  place: RandomPlace,
  transaction: Uint8Array,
): Uint8Array | undefined {
  const prefix = concatBytes(MAGIC, u64be(place.height));
  if (transaction.length !== LENGTH || !equalBytes(transaction.subarray(0, PREFIX_LENGTH), prefix)) return undefined;
  return crypto.aesSivDecrypt(
    keys.last.blockRandomEncryption,
    associatedData(prefix, place),
    transaction.subarray(PREFIX_LENGTH),
  );
}

/**
 * S_h, the seed of all randomness in a block: 32 bytes.
 * @param transaction transaction 0 as committed. If it is missing or invalid although the validators signed the block, zeros take
 *   its place: deterministic, and the chain goes on
 * @param blockHash hash of this block's header, 32 bytes
 */
export function blockSeed(
  crypto: Crypto,
  keys: KeyTree,
  place: RandomPlace,
  { transaction, blockHash }: { readonly transaction: Uint8Array | undefined; readonly blockHash: Uint8Array },
): Uint8Array {
  const opened = transaction && openRandomTransaction(crypto, keys, place, transaction);
  const random = opened ?? new Uint8Array(RANDOM_LENGTH);
  const { chainId, height, lastBlockHash } = place;
  const bound = concatBytes(utf8ToBytes(chainId), Uint8Array.of(0), u64be(height), lastBlockHash);
  const prf = crypto.hmacSha256(keys.last.blockRandomPrf, bound);
  return crypto.hkdfSha256(concatBytes(random, prf), blockHash, utf8ToBytes("snjs/block-seed/v1"), 32);
}
