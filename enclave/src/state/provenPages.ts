/**
 * Pages of the proven stores' trees: asked of the host, checked by hash, kept (consensus §4.4).
 *
 * A page is found by the hash of its root, which its parent or the trusted root of the store names. So a page that was checked stays
 * true for ever, whatever becomes of the store. What is kept decides nothing but the number of questions.
 * @module
 */
import { equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { EMPTY_TREE_HASH } from "@sotto/common/merkle/treeHash";
import { MAX_PAGE_DEPTH, NodeKind, readHash, readLeaf, readSlot, treePathNibble } from "@sotto/common/merkle/treePage";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { binaryText, LruCache } from "../lruCache.ts";
import type { Host } from "./host.ts";
import { isPageOf, leafNode, readSlots, rootOf, type TreeNode, type TreeSlots, writeSlots } from "./treeSlots.ts";

/** Bytes of pages that are kept, with what a page in a map takes besides. */
const MAX_KEPT_BYTES = 50_331_648;
const PAGE_OVERHEAD = 200;

/** Pages by name. */
export type PageMap = Map<string, Uint8Array>;

/** With the depth, because a tree of one leaf has a page whose hash is that leaf's, which below would pass for a subtree. */
function pageName(hash: Uint8Array, depth: number): string {
  return String.fromCharCode(depth) + binaryText(hash);
}

export type PathChange = { readonly path: Uint8Array; readonly valueHash: Uint8Array | undefined };

/** Where a walk goes. */
export type TreePlace = {
  readonly store: string;
  /** Trusted, 32 bytes. */
  readonly root: Uint8Array;
  readonly key: Uint8Array;
  /** H(key). */
  readonly path: Uint8Array;
};

/** The end of a walk: what the tree says of the key. */
export type WalkEnd = {
  /** H(value); undefined if the key is proven absent. */
  readonly valueHash: Uint8Array | undefined;
  /** What the host said the value is; undefined if it was not asked. */
  readonly answer: { readonly value: Uint8Array | undefined } | undefined;
};

export function badProof(what: string): RefusalError {
  return new RefusalError(RefusalCode.BadProof, `proven read: ${what}`);
}

export class ProvenPages {
  readonly #crypto: Crypto;
  readonly #host: Host;
  readonly #kept = new LruCache<Uint8Array>(MAX_KEPT_BYTES);

  constructor(crypto: Crypto, host: Host) {
    this.#crypto = crypto;
    this.#host = host;
  }

  /**
   * Walks from the root to a key, or to where it would be.
   * @param passed takes every page on the way
   * @throws {RefusalError} BadProof: a page is not what the tree refers to, one is missing, or there are more than the path has
   */
  walk(place: TreePlace, passed?: PageMap): WalkEnd {
    if (equalBytes(place.root, EMPTY_TREE_HASH)) return { valueHash: undefined, answer: undefined };
    let hash = place.root;
    let known = 0;
    let answer: { readonly pages: readonly Uint8Array[]; readonly value: Uint8Array | undefined } | undefined;
    for (let depth = 0; depth < MAX_PAGE_DEPTH; depth++) {
      const name = pageName(hash, depth);
      let page = passed?.get(name) ?? this.#kept.get(name);
      if (page === undefined) {
        if (answer === undefined) {
          known = depth;
          answer = this.#host.call("readProven", { store: place.store, key: place.key, known });
        }
        page = this.#verified(answer.pages[depth - known], { depth, path: place.path, hash });
        this.#keep(name, page);
      }
      passed?.set(name, page);
      const { kind, at } = readSlot(page, treePathNibble(place.path, depth));
      if (kind === NodeKind.Subtree) {
        hash = readHash(page, at);
        continue;
      }
      if (answer !== undefined && answer.pages.length !== depth + 1 - known) throw badProof("pages beyond the path");
      if (kind === NodeKind.Empty) return { valueHash: undefined, answer };
      const leaf = readLeaf(page, at);
      return { valueHash: equalBytes(leaf.path, place.path) ? leaf.valueHash : undefined, answer };
    }
    throw badProof("a path that does not end");
  }

  /**
   * The root after changes, as the trees of the host come to it. New pages are kept.
   * @param passed pages on the ways to all changed keys
   * @param changes by ascending path; without a value hash the key is deleted
   */
  update(root: Uint8Array, passed: PageMap, changes: readonly PathChange[]): Uint8Array {
    const isEmpty = equalBytes(root, EMPTY_TREE_HASH);
    const slots = this.#open(isEmpty ? undefined : { hash: root }, 0, passed);
    this.#apply(slots, 0, passed, changes);
    const node = rootOf(this.#crypto, slots);
    // The root has a page even if that holds one leaf alone.
    if (node !== undefined) this.#keep(pageName(node.hash, 0), writeSlots(slots));
    return node?.hash ?? EMPTY_TREE_HASH;
  }

  #apply(slots: TreeSlots, depth: number, passed: PageMap, changes: readonly PathChange[]): void {
    for (let from = 0, to = 0; from < changes.length; from = to) {
      const change = changes[from] as PathChange;
      const slot = treePathNibble(change.path, depth);
      while (to < changes.length && treePathNibble((changes[to] as PathChange).path, depth) === slot) to++;
      const node = slots[slot];
      const isPlace = node === undefined || (node.leaf !== undefined && equalBytes(node.leaf.path, change.path));
      if (to === from + 1 && isPlace) {
        slots[slot] = change.valueHash && leafNode(this.#crypto, change.path, change.valueHash);
        continue;
      }
      const below = this.#open(node, depth + 1, passed);
      this.#apply(below, depth + 1, passed, changes.slice(from, to));
      slots[slot] = this.#close(below, depth + 1);
    }
  }

  /** The page below a slot; of a leaf, one that holds nothing else. */
  #open(node: TreeNode | undefined, depth: number, passed: PageMap): TreeSlots {
    const slots: TreeSlots = new Array(16).fill(undefined);
    if (node === undefined) return slots;
    if (node.leaf !== undefined) {
      slots[treePathNibble(node.leaf.path, depth)] = node;
      return slots;
    }
    const page = passed.get(pageName(node.hash, depth));
    if (page === undefined) throw new RangeError("proven pages: a changed key's way was not walked");
    return readSlots(page);
  }

  /** What stands for a page in the one above: nothing, a lone leaf, or the page, which is kept. */
  #close(slots: TreeSlots, depth: number): TreeNode | undefined {
    const root = rootOf(this.#crypto, slots);
    if (root !== undefined && root.leaf === undefined) this.#keep(pageName(root.hash, depth), writeSlots(slots));
    return root;
  }

  #keep(name: string, page: Uint8Array): void {
    this.#kept.set(name, page, page.length + PAGE_OVERHEAD);
  }

  #verified(
    page: Uint8Array | undefined,
    place: { readonly depth: number; readonly path: Uint8Array; readonly hash: Uint8Array },
  ): Uint8Array {
    if (page === undefined) throw badProof(`no page at depth ${place.depth}`);
    if (!isPageOf(this.#crypto, page, place.hash, place)) throw badProof(`another page at depth ${place.depth}`);
    return page;
  }
}
