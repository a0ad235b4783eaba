/**
 * The compressed sparse Merkle tree that commits a module store, updated once per block (consensus §4.3).
 *
 * Pure: pages (see `treePage.ts`) are read through a function, and the result lists the pages to write and those that
 * became stale. Pages never change: an update at version v writes the changed ones under v and leaves the rest, so every
 * version stays readable until its pages are pruned. The root depends on the set of keys and values alone.
 *
 * Each touched page is loaded, hashed and stored once: all changes below it are applied first, depth first, so that only
 * one page of each depth is in hand at a time.
 * @module
 */
import { compareBytes, EMPTY_BYTES, equalBytes } from "../bytes.ts";
import type { Hasher } from "./cometMerkle.ts";
import { TreeError, TreeErrorCode } from "./treeError.ts";
import { EMPTY_TREE_HASH, treeLeafHash } from "./treeHash.ts";
import { MAX_PAGE_DEPTH, MAX_PAGE_SIZE, NodeKind, TreePage, treePageKey, treePathNibble } from "./treePage.ts";

/** Bytes of an array that new pages share. */
const BLOCK_SIZE = 65_536;

/** A version of a tree: what is needed to read it. */
export interface TreeRoot {
  /** Of the root page: the last version that changed anything. Below 2^53. */
  readonly version: number;
  /** 32 bytes; zeros for the empty tree, which has no page. */
  readonly hash: Uint8Array;
}

export const EMPTY_TREE: TreeRoot = { version: 0, hash: EMPTY_TREE_HASH };

/** Reads a page by its key (`treePageKey`). What it returns is neither kept nor changed. */
export type LoadPage = (key: Uint8Array) => Uint8Array | undefined;

export interface TreeChange {
  /** H(key), 32 bytes. */
  readonly path: Uint8Array;
  /** H(value), 32 bytes; undefined deletes the key. */
  readonly valueHash: Uint8Array | undefined;
}

export interface TreeUpdate {
  /** The root before, if nothing changed. */
  readonly root: TreeRoot;
  /** The bytes are views of larger arrays: who keeps a page for long copies it. */
  readonly newPages: readonly { readonly key: Uint8Array; readonly bytes: Uint8Array }[];
  /**
   * Keys of pages that no version from this one on needs. Once no version before this one is wanted any more, they can go.
   */
  readonly stalePages: readonly Uint8Array[];
}

/**
 * Applies the changes of one version.
 * @param version greater than that of `root`
 * @param changes by strictly ascending path
 * @throws {TreeError} MissingPage or MalformedPage
 */
export function updateTree(
  crypto: Hasher,
  root: TreeRoot,
  { version, changes, loadPage }: { version: number; changes: readonly TreeChange[]; loadPage: LoadPage },
): TreeUpdate {
  if (!Number.isSafeInteger(version) || version <= root.version) {
    throw new RangeError(`tree: expected a version above ${root.version}, got ${version}`);
  }
  for (let i = 1; i < changes.length; i++) {
    if (compareBytes((changes[i - 1] as TreeChange).path, (changes[i] as TreeChange).path) >= 0) {
      throw new RangeError("tree: expected changes by strictly ascending path");
    }
  }
  return new Updater(crypto, version, changes, loadPage).run(root);
}

class Updater {
  readonly #crypto: Hasher;
  readonly #version: number;
  readonly #changes: readonly TreeChange[];
  readonly #loadPage: LoadPage;
  readonly #newPages: { key: Uint8Array; bytes: Uint8Array }[] = [];
  readonly #stalePages: Uint8Array[] = [];
  /** The page in hand at each depth. */
  readonly #pages: TreePage[] = [];
  readonly #scratch = new Uint8Array(65);
  /** Where new pages go, one behind the other: an array of its own for each costs more than filling it. */
  #block: Uint8Array = EMPTY_BYTES;
  #used = 0;

  constructor(crypto: Hasher, version: number, changes: readonly TreeChange[], loadPage: LoadPage) {
    this.#crypto = crypto;
    this.#version = version;
    this.#changes = changes;
    this.#loadPage = loadPage;
  }

  run(root: TreeRoot): TreeUpdate {
    const unchanged = { root, newPages: [], stalePages: [] };
    const first = this.#changes[0];
    if (first === undefined) return unchanged;
    const page = this.#pageAt(0);
    const isEmpty = equalBytes(root.hash, EMPTY_TREE_HASH);
    const rootKey = treePageKey(root.version, 0, first.path);
    if (isEmpty) page.clear();
    else page.load(loadExisting(this.#loadPage, rootKey));
    this.#updatePage(page, 0, 0, this.#changes.length);
    if (!page.changed) return unchanged;
    if (!isEmpty) this.#stalePages.push(rootKey);
    page.rehash(this.#crypto);
    if (page.kindOf(1) !== NodeKind.Empty) this.#store(page, 0, first.path);
    return {
      root: { version: this.#version, hash: page.hashOf(1) },
      newPages: this.#newPages,
      stalePages: this.#stalePages,
    };
  }

  /** Applies changes `from` to `to`, all of them below `page`. */
  #updatePage(page: TreePage, depth: number, from: number, to: number): void {
    let start = from;
    while (start < to) {
      const slot = treePathNibble(this.#change(start).path, depth);
      let end = start + 1;
      while (end < to && treePathNibble(this.#change(end).path, depth) === slot) end++;
      if (end > start + 1 || !this.#updateInPlace(page, slot, this.#change(start))) {
        this.#updateBelow(page, depth, slot, start, end);
      }
      start = end;
    }
  }

  /** Applies a slot's only change if that touches no page below; else does nothing and returns false. */
  #updateInPlace(page: TreePage, slot: number, { path, valueHash }: TreeChange): boolean {
    const kind = page.kindOfSlot(slot);
    if (kind === NodeKind.Subtree) return false;
    const exists = kind === NodeKind.Leaf && page.isLeafAt(slot, path);
    if (valueHash === undefined) {
      if (exists) page.setEmpty(slot);
      return true;
    }
    if (kind === NodeKind.Leaf && !exists) return false;
    if (!exists || !page.isLeafOf(slot, valueHash)) {
      page.setLeaf(slot, treeLeafHash(this.#crypto, path, valueHash, this.#scratch), path, valueHash);
    }
    return true;
  }

  /** Applies changes to the page below a slot, and lifts what is left of it if that is less than a page. */
  #updateBelow(page: TreePage, depth: number, slot: number, from: number, to: number): void {
    if (depth + 1 >= MAX_PAGE_DEPTH) throw new TreeError(TreeErrorCode.MalformedPage, "tree page: a leaf out of place");
    const { path } = this.#change(from);
    const kind = page.kindOfSlot(slot);
    const below = this.#pageAt(depth + 1);
    let replacedKey: Uint8Array | undefined;
    if (kind === NodeKind.Subtree) {
      replacedKey = treePageKey(page.versionOfSlot(slot), depth + 1, path);
      below.load(loadExisting(this.#loadPage, replacedKey));
    } else if (kind === NodeKind.Leaf) below.loadLeaf(depth + 1, page, slot);
    else below.clear();
    this.#updatePage(below, depth + 1, from, to);
    if (!below.changed) return;
    if (replacedKey !== undefined) this.#stalePages.push(replacedKey);
    below.rehash(this.#crypto);
    const left = below.kindOf(1);
    if (left === NodeKind.Empty) page.setEmpty(slot);
    else if (left === NodeKind.Leaf) page.copyLeaf(slot, below, 1);
    else {
      this.#store(below, depth + 1, path);
      page.setSubtree(slot, below, this.#version);
    }
  }

  #store(page: TreePage, depth: number, path: Uint8Array): void {
    if (this.#block.length - this.#used < MAX_PAGE_SIZE) {
      this.#block = new Uint8Array(BLOCK_SIZE);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used = page.store(this.#block, start);
    const bytes = this.#block.subarray(start, this.#used);
    this.#newPages.push({ key: treePageKey(this.#version, depth, path), bytes });
  }

  #change(index: number): TreeChange {
    return this.#changes[index] as TreeChange;
  }

  #pageAt(depth: number): TreePage {
    this.#pages[depth] ??= new TreePage();
    return this.#pages[depth];
  }
}

/** @throws {TreeError} MissingPage */
export function loadExisting(loadPage: LoadPage, key: Uint8Array): Uint8Array {
  const page = loadPage(key);
  if (page === undefined) {
    throw new TreeError(TreeErrorCode.MissingPage, `tree page: none at depth ${key[8]} where the tree refers to one`);
  }
  return page;
}
