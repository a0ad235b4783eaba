/**
 * The Merkle tree of CometBFT, of the shape of RFC 6962 (consensus §2.1).
 *
 * A list is split at the largest power of two below its length. Leaves and inner nodes are hashed under different
 * prefixes, so that an inner node cannot be shown as a leaf.
 * @module
 */
import { concatBytes, EMPTY_BYTES, equalBytes } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";

/** All that the trees need of the crypto door. */
export type Hasher = Pick<Crypto, "sha256">;

const LEAF_PREFIX = Uint8Array.of(0);
const INNER_PREFIX = Uint8Array.of(1);

/** 32-byte root over the items in order; H("") over none. */
export function merkleRoot(crypto: Hasher, items: readonly Uint8Array[]): Uint8Array {
  if (items.length === 0) return crypto.sha256(EMPTY_BYTES);
  return rootOfLeaves(
    crypto,
    items.map((item) => leafHash(crypto, item)),
  );
}

export interface MerkleProof {
  /** Number of items in the list. */
  readonly total: number;
  readonly index: number;
  readonly leafHash: Uint8Array;
  /** Hashes of the subtrees beside the path, from the leaf upward. */
  readonly aunts: readonly Uint8Array[];
}

/** Proof that `items[index]` is in the list. @throws RangeError, if there is no such item */
export function merkleProof(crypto: Hasher, items: readonly Uint8Array[], index: number): MerkleProof {
  if (!(Number.isInteger(index) && index >= 0 && index < items.length)) {
    throw new RangeError(`merkle proof: no item ${index} among ${items.length}`);
  }
  const leaves = items.map((item) => leafHash(crypto, item));
  const aunts: Uint8Array[] = [];
  let from = 0;
  let to = leaves.length;
  while (to - from > 1) {
    const split = from + splitPoint(to - from);
    if (index < split) {
      aunts.push(rootOfLeaves(crypto, leaves.slice(split, to)));
      to = split;
    } else {
      aunts.push(rootOfLeaves(crypto, leaves.slice(from, split)));
      from = split;
    }
  }
  return { total: leaves.length, index, leafHash: leaves[index] as Uint8Array, aunts: aunts.reverse() };
}

/** Whether the proof shows that `item` is at its index in a list of its length with this root. Total. */
export function isMerkleProof(crypto: Hasher, root: Uint8Array, item: Uint8Array, proof: MerkleProof): boolean {
  const { total, index } = proof;
  if (!Number.isSafeInteger(total) || !Number.isInteger(index) || index < 0 || index >= total) return false;
  if (!equalBytes(leafHash(crypto, item), proof.leafHash)) return false;
  // From the root down: on which side of each split the item lies. Its aunts are listed from the leaf up.
  const sides: boolean[] = [];
  let from = 0;
  let length = total;
  while (length > 1) {
    const half = splitPoint(length);
    const left = index < from + half;
    sides.push(left);
    if (!left) from += half;
    length = left ? half : length - half;
  }
  if (sides.length !== proof.aunts.length) return false;
  let hash = proof.leafHash;
  for (const aunt of proof.aunts) {
    if (aunt.length !== 32) return false;
    hash = sides.pop() ? innerHash(crypto, hash, aunt) : innerHash(crypto, aunt, hash);
  }
  return equalBytes(hash, root);
}

/** Largest power of two strictly below `length`, which is at least 2. */
function splitPoint(length: number): number {
  let point = 1;
  while (2 * point < length) point *= 2;
  return point;
}

function rootOfLeaves(crypto: Hasher, leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  const split = splitPoint(leaves.length);
  return innerHash(crypto, rootOfLeaves(crypto, leaves.slice(0, split)), rootOfLeaves(crypto, leaves.slice(split)));
}

function leafHash(crypto: Hasher, item: Uint8Array): Uint8Array {
  return crypto.sha256(concatBytes(LEAF_PREFIX, item));
}

function innerHash(crypto: Hasher, left: Uint8Array, right: Uint8Array): Uint8Array {
  return crypto.sha256(concatBytes(INNER_PREFIX, left, right));
}
