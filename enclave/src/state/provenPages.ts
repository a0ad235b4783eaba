/**
 * Pages of the proven stores' trees: asked of the host, checked by hash, kept (consensus §4.4).
 *
 * A page is found by the hash of its root, which its parent or the trusted root of the store names. So a page that was checked stays
 * true for ever, whatever becomes of the store. What is kept decides nothing but the number of questions.
 * @module
 */
import type { ProvenStore } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { TreeError } from "@sotto/common/merkle/treeError";
import { EMPTY_TREE_HASH } from "@sotto/common/merkle/treeHash";
import {
  clearVersions,
  MAX_PAGE_DEPTH,
  NodeKind,
  readLeaf,
  readSlot,
  readSubtree,
  TreePage,
  treePathNibble,
} from "@sotto/common/merkle/treePage";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { binaryText, LruCache } from "../lruCache.ts";
import type { Host } from "./host.ts";

/** Bytes of pages that are kept, with what a page in a map takes besides. */
const MAX_KEPT_BYTES = 50_331_648;
const PAGE_OVERHEAD = 200;

/** Pages by the hash of their root, as text. */
export type PageMap = Map<string, Uint8Array>;

/** Where a walk goes. */
export type TreePlace = {
  readonly store: ProvenStore;
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
  readonly #page = new TreePage();

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
      const name = binaryText(hash);
      let page = passed?.get(name) ?? this.#kept.get(name);
      if (page === undefined) {
        if (answer === undefined) {
          known = depth;
          answer = this.#host.call("readProven", { store: place.store, key: place.key, known });
        }
        page = this.#verified(answer.pages[depth - known], { depth, path: place.path, hash });
        this.keep(name, page);
      }
      passed?.set(name, page);
      const { kind, at } = readSlot(page, treePathNibble(place.path, depth));
      if (kind === NodeKind.Subtree) {
        hash = readSubtree(page, at).hash;
        continue;
      }
      if (answer !== undefined && answer.pages.length !== depth + 1 - known) throw badProof("pages beyond the path");
      if (kind === NodeKind.Empty) return { valueHash: undefined, answer };
      const leaf = readLeaf(page, at);
      return { valueHash: equalBytes(leaf.path, place.path) ? leaf.valueHash : undefined, answer };
    }
    throw badProof("a path that does not end");
  }

  /** Keeps a page that is known to be true. @param name hash of its root, as text */
  keep(name: string, page: Uint8Array): void {
    this.#kept.set(name, page, page.length + PAGE_OVERHEAD);
  }

  /** @returns the page, with nothing in it that its hash does not cover */
  #verified(
    stored: Uint8Array | undefined,
    place: { readonly depth: number; readonly path: Uint8Array; readonly hash: Uint8Array },
  ): Uint8Array {
    if (stored === undefined) throw badProof(`no page at depth ${place.depth}`);
    try {
      this.#page.load(stored);
    } catch (error) {
      throw error instanceof TreeError ? badProof(`no page at depth ${place.depth}`) : error;
    }
    const root = this.#page.verify(this.#crypto, place.depth, place.path);
    if (root === undefined || !equalBytes(root, place.hash)) throw badProof(`another page at depth ${place.depth}`);
    clearVersions(stored);
    return stored;
  }
}
