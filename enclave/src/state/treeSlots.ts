/**
 * A page of a proven tree inside the enclave: its slots alone, from which every hash is computed (consensus §4.3).
 *
 * The host keeps more in a page (common/merkle/treePage), none of which is believed. Pure.
 * @module
 */
import { equalBytes } from "@sotto/common/bytes";
import type { Hasher } from "@sotto/common/merkle/cometMerkle";
import { EMPTY_TREE_HASH, treeInnerHash, treeLeafHash } from "@sotto/common/merkle/treeHash";
import { NodeKind, readHash, readLeaf, readSlot, treePathNibble } from "@sotto/common/merkle/treePage";

const SLOTS = 16;
const HEADER_SIZE = 4;
const SUBTREE_SIZE = 40;

/** A leaf, or the root of the subtree below; 32 bytes each. */
export type TreeNode = {
  readonly hash: Uint8Array;
  readonly leaf?: { readonly path: Uint8Array; readonly valueHash: Uint8Array };
};
/** 16, of which undefined ones are empty. */
export type TreeSlots = (TreeNode | undefined)[];

export function leafNode(crypto: Hasher, path: Uint8Array, valueHash: Uint8Array): TreeNode {
  return { hash: treeLeafHash(crypto, path, valueHash), leaf: { path, valueHash } };
}

/** @param page whole, without hashes behind its slots. @returns views of the page; hashes are those that it has */
export function readSlots(page: Uint8Array): TreeSlots {
  return Array.from({ length: SLOTS }, (_, slot) => {
    const { kind, at } = readSlot(page, slot);
    if (kind === NodeKind.Empty) return undefined;
    const hash = readHash(page, at);
    return kind === NodeKind.Subtree ? { hash } : { hash, leaf: readLeaf(page, at) };
  });
}

/** The page's root, or that of a part of it: a lone leaf stands for the whole. */
export function rootOf(crypto: Hasher, slots: TreeSlots, from = 0, count = SLOTS): TreeNode | undefined {
  if (count === 1) return slots[from];
  const left = rootOf(crypto, slots, from, count / 2);
  const right = rootOf(crypto, slots, from + count / 2, count / 2);
  if (left === undefined && (right === undefined || right.leaf !== undefined)) return right;
  if (right === undefined && left?.leaf !== undefined) return left;
  return { hash: treeInnerHash(crypto, left?.hash ?? EMPTY_TREE_HASH, right?.hash ?? EMPTY_TREE_HASH) };
}

/** A page in the form that {@link readSlots} reads. */
export function writeSlots(slots: TreeSlots): Uint8Array {
  const size = slots.reduce((sum, node) => sum + (node === undefined ? 0 : node.leaf === undefined ? 40 : 96), 0);
  const page = new Uint8Array(HEADER_SIZE + size);
  let at = HEADER_SIZE;
  slots.forEach((node, slot) => {
    if (node === undefined) return;
    page.set(node.hash, at);
    // Bits of slots, the high byte first: of leaves, then of subtrees.
    const mask = (node.leaf === undefined ? 3 : 1) - (slot >> 3);
    page[mask] = (page[mask] as number) | (1 << (slot & 7));
    if (node.leaf !== undefined) {
      page.set(node.leaf.path, at + 32);
      page.set(node.leaf.valueHash, at + 64);
    }
    at += node.leaf === undefined ? SUBTREE_SIZE : 96;
  });
  return page;
}

/**
 * Whether foreign bytes are the page whose root has this hash: everything in it follows from the hash, but for the versions of subtrees,
 * which mean nothing here.
 * @param place depth of the page, and a path that leads to it
 */
export function isPageOf(
  crypto: Hasher,
  page: Uint8Array,
  hash: Uint8Array,
  { depth, path }: { readonly depth: number; readonly path: Uint8Array },
): boolean {
  if (page.length < HEADER_SIZE || page.length !== readSlot(page, SLOTS).at) return false;
  const slots = readSlots(page);
  for (const [slot, node] of slots.entries()) {
    if (node === undefined) continue;
    if (equalBytes(node.hash, EMPTY_TREE_HASH)) return false;
    if (node.leaf === undefined) continue;
    if (!equalBytes(node.hash, treeLeafHash(crypto, node.leaf.path, node.leaf.valueHash))) return false;
    if (treePathNibble(node.leaf.path, depth) !== slot) return false;
    for (let i = 0; i < depth; i++) if (treePathNibble(node.leaf.path, i) !== treePathNibble(path, i)) return false;
  }
  const root = rootOf(crypto, slots);
  // A leaf that is alone stands in the page above; only the root's page has none.
  return root !== undefined && equalBytes(root.hash, hash) && (root.leaf === undefined || depth === 0);
}
