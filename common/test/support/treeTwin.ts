/**
 * The sparse Merkle tree by its definition (consensus §4.3), and a store of pages: the slow twin of `updateTree`.
 * @module
 */
import { bytesToHex, compareBytes, concatBytes, utf8ToBytes } from "../../src/bytes.ts";
import type { Hasher } from "../../src/merkle/cometMerkle.ts";
import { EMPTY_TREE, type TreeChange, type TreeRoot, updateTree } from "../../src/merkle/sparseMerkleTree.ts";
import { hasher } from "./consensusVectors.ts";

export type Leaf = { path: Uint8Array; valueHash: Uint8Array };

/** Root over a set of leaves. */
export function definedRoot(leaves: readonly Leaf[], depth = 0): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return new Uint8Array(32);
  if (leaves.length === 1) return hasher.sha256(concatBytes(Uint8Array.of(0), first.path, first.valueHash));
  const bit = ({ path }: Leaf) => ((path[Math.floor(depth / 8)] as number) >> (7 - (depth % 8))) & 1;
  const left = definedRoot(
    leaves.filter((leaf) => bit(leaf) === 0),
    depth + 1,
  );
  const right = definedRoot(
    leaves.filter((leaf) => bit(leaf) === 1),
    depth + 1,
  );
  return hasher.sha256(concatBytes(Uint8Array.of(1), left, right));
}

export const pathOf = (key: string): Uint8Array => hasher.sha256(utf8ToBytes(key));

/** Changes as `updateTree` wants them. @param values undefined deletes */
export function changesOf(values: ReadonlyMap<string, string | undefined>): TreeChange[] {
  return [...values]
    .map(([key, value]) => ({
      path: pathOf(key),
      valueHash: value === undefined ? undefined : hasher.sha256(utf8ToBytes(value)),
    }))
    .sort((a, b) => compareBytes(a.path, b.path));
}

/** A tree whose pages are in a map, with all its versions until they are pruned. */
export class MemoryTree {
  readonly pages = new Map<string, Uint8Array>();
  readonly roots = new Map<number, TreeRoot>();
  readonly stale = new Map<number, readonly Uint8Array[]>();
  root: TreeRoot = EMPTY_TREE;
  readonly #crypto: Hasher;

  constructor(crypto: Hasher = hasher) {
    this.#crypto = crypto;
  }

  readonly loadPage = (key: Uint8Array): Uint8Array | undefined => this.pages.get(bytesToHex(key));

  update(version: number, changes: readonly TreeChange[]): void {
    const { root, newPages, stalePages } = updateTree(this.#crypto, this.root, {
      version,
      changes,
      loadPage: this.loadPage,
    });
    for (const { key, bytes } of newPages) this.pages.set(bytesToHex(key), bytes);
    this.root = root;
    this.roots.set(version, root);
    this.stale.set(version, stalePages);
  }

  /** Drops what only versions before this one need. */
  pruneBefore(version: number): void {
    for (const [at, keys] of this.stale) {
      if (at > version) continue;
      for (const key of keys) this.pages.delete(bytesToHex(key));
      this.stale.delete(at);
    }
  }
}
