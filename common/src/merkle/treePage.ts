/**
 * A page: four levels of the sparse Merkle tree, stored and loaded as one piece.
 *
 * The page at depth d (in nibbles of the path) has 16 slots, one for each value of nibble d. A slot is empty, or holds the
 * only leaf below it, or refers to the page at depth d + 1. Stored form:
 *
 *     u16be leaf slots || u16be subtree slots           bit s stands for slot s
 *     for each slot that is not empty, in order:
 *       leaf:     leaf hash (32) || path (32) || value hash (32)
 *       subtree:  hash (32) || u64be version of its page
 *     for each of the 14 nodes between root and slots that has two leaves or more, level by level downward: hash (32)
 *
 * The root's hash is where the page is referred to. The other inner hashes could be computed from the rest; kept, they
 * save a third of an update's hashing and all of a read's, for half as many bytes again.
 * @module
 */
import type { Hasher } from "./cometMerkle.ts";
import { TreeError, TreeErrorCode } from "./treeError.ts";

/** What a node of the tree is: how many leaves it has, where 2 stands for more than one. */
export const NodeKind = { Empty: 0, Leaf: 1, Subtree: 2 } as const;
export type NodeKind = (typeof NodeKind)[keyof typeof NodeKind];

/** Depths of pages are below this: one for each nibble of a path. */
export const MAX_PAGE_DEPTH = 64;

const HASH = 32;
const HEADER_SIZE = 4;
const LEAF_SIZE = 3 * HASH;
const SUBTREE_SIZE = HASH + 8;
const FIRST_SLOT = 16;

/** Largest stored page. */
export const MAX_PAGE_SIZE = HEADER_SIZE + 16 * LEAF_SIZE + 14 * HASH;

// The working buffer: the stored page, then room for changed slots and inner hashes, then what empty nodes hash to.
const CHANGED_SLOTS = MAX_PAGE_SIZE;
const CHANGED_HASHES = CHANGED_SLOTS + 16 * LEAF_SIZE;
const EMPTY_HASH = CHANGED_HASHES + 16 * HASH;
const BUFFER_SIZE = EMPTY_HASH + HASH;

/** `u64be version || depth || path prefix`, half a byte for each level of depth: by version, then from the root downward. */
export function treePageKey(version: number, depth: number, path: Uint8Array): Uint8Array {
  const key = new Uint8Array(9 + ((depth + 1) >> 1));
  writeVersion(key, 0, version);
  key[8] = depth;
  for (let i = 0; i < (depth + 1) >> 1; i++) key[9 + i] = path[i] as number;
  if ((depth & 1) === 1) key[key.length - 1] = (key[key.length - 1] as number) & 0xf0;
  return key;
}

/** Nibble `depth` of a path, which is the slot in the page at that depth. */
export function treePathNibble(path: Uint8Array, depth: number): number {
  const byte = path[depth >> 1] as number;
  return (depth & 1) === 0 ? byte >> 4 : byte & 15;
}

/** What a slot of a stored page holds; `at` is where in the page. Slot 16 is where the slots end. */
export function readSlot(stored: Uint8Array, slot: number): { readonly kind: NodeKind; readonly at: number } {
  const leaves = ((stored[0] as number) << 8) | (stored[1] as number);
  const subtrees = ((stored[2] as number) << 8) | (stored[3] as number);
  const below = (1 << slot) - 1;
  const at = HEADER_SIZE + LEAF_SIZE * countBits(leaves & below) + SUBTREE_SIZE * countBits(subtrees & below);
  if (((leaves >> slot) & 1) === 1) return { kind: NodeKind.Leaf, at };
  return { kind: ((subtrees >> slot) & 1) === 1 ? NodeKind.Subtree : NodeKind.Empty, at };
}

/** A stored leaf. @param at from {@link readSlot}. @returns views of the page */
export function readLeaf(
  stored: Uint8Array,
  at: number,
): { readonly path: Uint8Array; readonly valueHash: Uint8Array } {
  return {
    path: stored.subarray(at + HASH, at + 2 * HASH),
    valueHash: stored.subarray(at + 2 * HASH, at + 3 * HASH),
  };
}

/** Hash of a stored leaf, or of what a subtree slot refers to. @param at from {@link readSlot}. @returns a view of the page */
export function readHash(stored: Uint8Array, at: number): Uint8Array {
  return stored.subarray(at, at + HASH);
}

/** Version of the page that a stored subtree slot refers to. @throws {TreeError} MalformedPage, beyond 2^53 */
export function readSubtreeVersion(stored: Uint8Array, at: number): number {
  return readVersion(stored, at + HASH);
}

/** A stored page without the hashes behind its slots, for who computes them. @returns a view */
export function slotsOf(stored: Uint8Array): Uint8Array {
  return stored.subarray(0, readSlot(stored, 16).at);
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/**
 * One page in working form; used again for one page after the other.
 *
 * Nodes are numbered as in a heap: 1 is the page's root, n has the children 2n and 2n + 1, and 16 to 31 are the slots.
 */
export class TreePage {
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  readonly #kind = new Uint8Array(32);
  /** Where in the buffer a node's hash is; of a leaf, and of a slot, also what belongs to it. */
  readonly #at = new Uint16Array(32);
  readonly #dirty = new Uint8Array(32);
  readonly #hashInput = new Uint8Array(65).fill(1, 0, 1);

  /** Whether a slot was changed since the page was loaded or cleared. */
  changed = false;

  /** Makes the page empty. */
  clear(): void {
    this.#kind.fill(NodeKind.Empty);
    this.#at.fill(EMPTY_HASH);
    this.#dirty.fill(0);
    this.changed = false;
  }

  /** @throws {TreeError} MalformedPage */
  load(stored: Uint8Array): void {
    if (stored.length < HEADER_SIZE || stored.length > MAX_PAGE_SIZE) throw malformed(stored);
    this.clear();
    this.#buffer.set(stored);
    const leaves = ((stored[0] as number) << 8) | (stored[1] as number);
    const subtrees = ((stored[2] as number) << 8) | (stored[3] as number);
    if ((leaves & subtrees) !== 0) throw malformed(stored);
    let at = HEADER_SIZE;
    for (let slot = 0; slot < 16; slot++) {
      const isLeaf = (leaves >> slot) & 1;
      if (isLeaf === 0 && ((subtrees >> slot) & 1) === 0) continue;
      this.#kind[FIRST_SLOT + slot] = isLeaf === 1 ? NodeKind.Leaf : NodeKind.Subtree;
      this.#at[FIRST_SLOT + slot] = at;
      at += isLeaf === 1 ? LEAF_SIZE : SUBTREE_SIZE;
    }
    for (let node = FIRST_SLOT - 1; node > 0; node--) this.#combine(node);
    for (let node = 2; node < FIRST_SLOT; node++) {
      if (this.#kind[node] !== NodeKind.Subtree) continue;
      this.#at[node] = at;
      at += HASH;
    }
    if (at !== stored.length) throw malformed(stored);
  }

  kindOf(node: number): NodeKind {
    return this.#kind[node] as NodeKind;
  }

  kindOfSlot(slot: number): NodeKind {
    return this.kindOf(FIRST_SLOT + slot);
  }

  /** A copy; 32 zero bytes for an empty node. Of node 1 only after `rehash`. */
  hashOf(node: number): Uint8Array {
    return this.#slice(this.#at[node] as number);
  }

  /** A copy. @param node a leaf, or a node whose only leaf it is */
  leafOf(node: number): { path: Uint8Array; valueHash: Uint8Array } {
    const at = this.#at[node] as number;
    return { path: this.#slice(at + HASH), valueHash: this.#slice(at + 2 * HASH) };
  }

  /** Whether the leaf in the slot has this path. */
  isLeafAt(slot: number, path: Uint8Array): boolean {
    return this.#holds((this.#at[FIRST_SLOT + slot] as number) + HASH, path);
  }

  /** Whether the leaf in the slot has this value hash. */
  isLeafOf(slot: number, valueHash: Uint8Array): boolean {
    return this.#holds((this.#at[FIRST_SLOT + slot] as number) + 2 * HASH, valueHash);
  }

  /** Version of the page that a subtree slot refers to. @throws {TreeError} MalformedPage, beyond 2^53 */
  versionOfSlot(slot: number): number {
    return readVersion(this.#buffer, (this.#at[FIRST_SLOT + slot] as number) + HASH);
  }

  setEmpty(slot: number): void {
    this.#change(slot, NodeKind.Empty);
    this.#at[FIRST_SLOT + slot] = EMPTY_HASH;
  }

  setLeaf(slot: number, hash: Uint8Array, path: Uint8Array, valueHash: Uint8Array): void {
    const at = this.#change(slot, NodeKind.Leaf);
    this.#buffer.set(hash, at);
    this.#buffer.set(path, at + HASH);
    this.#buffer.set(valueHash, at + 2 * HASH);
  }

  /** Puts a leaf of another page into a slot. @param node as in {@link leafOf} */
  copyLeaf(slot: number, from: TreePage, node: number): void {
    const source = from.#at[node] as number;
    const at = this.#change(slot, NodeKind.Leaf);
    this.#buffer.set(from.#buffer.subarray(source, source + LEAF_SIZE), at);
  }

  /** Makes the page one that holds nothing but a leaf of its parent page, and counts that as no change. */
  loadLeaf(depth: number, parent: TreePage, parentSlot: number): void {
    this.clear();
    const node = FIRST_SLOT + parentSlot;
    this.copyLeaf(treePathNibble(parent.leafOf(node).path, depth), parent, node);
    this.changed = false;
  }

  /** Lets a slot refer to a page, with the hash of that page's root. */
  setSubtree(slot: number, page: TreePage, version: number): void {
    const source = page.#at[1] as number;
    const at = this.#change(slot, NodeKind.Subtree);
    this.#buffer.set(page.#buffer.subarray(source, source + HASH), at);
    writeVersion(this.#buffer, at + HASH, version);
  }

  /** Brings the nodes above changed slots up to date. */
  rehash(crypto: Hasher): void {
    for (let node = FIRST_SLOT - 1; node > 0; node--) {
      if (this.#dirty[2 * node] === 0 && this.#dirty[2 * node + 1] === 0) continue;
      this.#dirty[node] = 1;
      if (this.#combine(node) === NodeKind.Subtree) this.#hashNode(crypto, node);
    }
  }

  /**
   * Writes the stored form; after `rehash`.
   * @param out at least {@link MAX_PAGE_SIZE} bytes from `start`
   * @returns where it ends
   */
  store(out: Uint8Array, start: number): number {
    let leaves = 0;
    let subtrees = 0;
    let end = start + HEADER_SIZE;
    // Most of a page is as it was loaded: what lies side by side here and there is copied in one go.
    let runFrom = 0;
    let runSize = 0;
    const copy = (at: number, size: number) => {
      if (at !== runFrom + runSize) {
        out.set(this.#buffer.subarray(runFrom, runFrom + runSize), end - runSize);
        runFrom = at;
        runSize = 0;
      }
      runSize += size;
      end += size;
    };
    for (let slot = 0; slot < 16; slot++) {
      const kind = this.kindOfSlot(slot);
      if (kind === NodeKind.Empty) continue;
      if (kind === NodeKind.Leaf) leaves |= 1 << slot;
      else subtrees |= 1 << slot;
      copy(this.#at[FIRST_SLOT + slot] as number, kind === NodeKind.Leaf ? LEAF_SIZE : SUBTREE_SIZE);
    }
    for (let node = 2; node < FIRST_SLOT; node++) {
      if (this.#kind[node] === NodeKind.Subtree) copy(this.#at[node] as number, HASH);
    }
    out.set(this.#buffer.subarray(runFrom, runFrom + runSize), end - runSize);
    out[start] = leaves >> 8;
    out[start + 1] = leaves;
    out[start + 2] = subtrees >> 8;
    out[start + 3] = subtrees;
    return end;
  }

  /** Derives a node's kind from its children's; a lone leaf stands for the whole subtree. */
  #combine(node: number): NodeKind {
    const left = this.kindOf(2 * node);
    const kind = Math.min(left + this.kindOf(2 * node + 1), NodeKind.Subtree) as NodeKind;
    this.#kind[node] = kind;
    if (kind === NodeKind.Empty) this.#at[node] = EMPTY_HASH;
    if (kind === NodeKind.Leaf) this.#at[node] = this.#at[left === NodeKind.Leaf ? 2 * node : 2 * node + 1] as number;
    return kind;
  }

  #hashNode(crypto: Hasher, node: number): void {
    const left = this.#at[2 * node] as number;
    const right = this.#at[2 * node + 1] as number;
    for (let i = 0; i < HASH; i++) {
      this.#hashInput[1 + i] = this.#buffer[left + i] as number;
      this.#hashInput[33 + i] = this.#buffer[right + i] as number;
    }
    const at = CHANGED_HASHES + node * HASH;
    this.#buffer.set(crypto.sha256(this.#hashInput), at);
    this.#at[node] = at;
  }

  /** Marks a slot and gives the place for its new content. */
  #change(slot: number, kind: NodeKind): number {
    const at = CHANGED_SLOTS + slot * LEAF_SIZE;
    this.#kind[FIRST_SLOT + slot] = kind;
    this.#at[FIRST_SLOT + slot] = at;
    this.#dirty[FIRST_SLOT + slot] = 1;
    this.changed = true;
    return at;
  }

  #slice(at: number): Uint8Array {
    return this.#buffer.slice(at, at + HASH);
  }

  #holds(at: number, expected: Uint8Array): boolean {
    for (let i = 0; i < HASH; i++) if (this.#buffer[at + i] !== expected[i]) return false;
    return true;
  }
}

function writeVersion(bytes: Uint8Array, at: number, version: number): void {
  const high = Math.floor(version / 0x1_0000_0000);
  for (let i = 0; i < 4; i++) {
    bytes[at + i] = high >>> (24 - 8 * i);
    bytes[at + 4 + i] = version >>> (24 - 8 * i);
  }
}

/** @throws {TreeError} MalformedPage, beyond 2^53 */
function readVersion(bytes: Uint8Array, at: number): number {
  let version = 0;
  for (let i = 0; i < 8; i++) version = version * 256 + (bytes[at + i] as number);
  if (!Number.isSafeInteger(version)) {
    throw new TreeError(TreeErrorCode.MalformedPage, "tree page: expected a page version below 2^53");
  }
  return version;
}

function malformed(stored: Uint8Array): TreeError {
  return new TreeError(TreeErrorCode.MalformedPage, `tree page: ${stored.length} bytes that are no page`);
}
