/**
 * Hash rules of the compressed sparse Merkle tree (consensus §4.3).
 *
 * A key lives at the path H(key), bit 7 of byte 0 first, 1 = right. A subtree with exactly one leaf is that leaf.
 * @module
 */
import type { Hasher } from "./cometMerkle.ts";

/** Root of a tree, and of a subtree, without leaves. */
export const EMPTY_TREE_HASH: Uint8Array = new Uint8Array(32);

/** Where a key lives: 32 bytes. */
export function treePathOf(crypto: Hasher, key: Uint8Array): Uint8Array {
  return crypto.sha256(key);
}

/** `H(00 || path || value hash)`. @param scratch 65 bytes, overwritten: the hash calls dominate, so nothing is allocated */
export function treeLeafHash(
  crypto: Hasher,
  path: Uint8Array,
  valueHash: Uint8Array,
  scratch: Uint8Array = new Uint8Array(65),
): Uint8Array {
  scratch[0] = 0;
  scratch.set(path, 1);
  scratch.set(valueHash, 33);
  return crypto.sha256(scratch);
}

/** `H(01 || left || right)`. */
export function treeInnerHash(crypto: Hasher, left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return crypto.sha256(input);
}

/** Bit `depth` of a path: 1 = right. */
export function treePathBit(path: Uint8Array, depth: number): number {
  return ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1;
}
