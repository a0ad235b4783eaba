/**
 * The state store as the rest of the host sees it: module stores under one app hash, past heights, and node tables beside them.
 *
 * Two implementations, one shared suite: LMDB and in memory. One writer (the executor); readers in any thread.
 * Spec: consensus §4.3 (compressed sparse Merkle tree for each module store, SDK multistore rule over them); design.md "State".
 * @module
 */

import type { StoreRoot } from "@sotto/common/merkle/multistore";

export type KeyValue = readonly [key: Uint8Array, value: Uint8Array];

/** `start` inclusive, `end` exclusive, both optional; ascending unless `reverse`. */
export type KeyRange = { readonly start?: Uint8Array; readonly end?: Uint8Array; readonly reverse?: boolean };

/** Reads of module stores. Keys are unsigned bytes in lexicographic order; at most 1,900 bytes. */
export interface StateReader {
  get(store: string, key: Uint8Array): Uint8Array | undefined;
  iterate(store: string, range: KeyRange): IterableIterator<KeyValue>;
}

/** One height, unchanging until released. */
export interface StateView extends StateReader {
  readonly height: number;
  release(): void;
}

export type ProvenValue = { readonly pages: readonly Uint8Array[]; readonly value: Uint8Array | undefined };

/** A change of one key; `value` undefined deletes. */
export type StateChange = { readonly store: string; readonly key: Uint8Array; readonly value: Uint8Array | undefined };

/** A row of a node table: not part of the app hash, committed atomically with a block. */
export type TableChange = {
  readonly table: NodeTable;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
};

/**
 * `meta`: sealed record, chain id, …; `code`: contract code by hash; `block`: blocks, commits, results by height;
 * `sign`: the validator's last signature.
 */
export type NodeTable = "meta" | "code" | "block" | "sign";

export interface StateStore {
  /** 0 before genesis. */
  readonly latestHeight: number;
  /** Root after `latestHeight`; empty before genesis. */
  readonly appHash: Uint8Array;
  /** Root of every module store after `latestHeight`, of which `appHash` is the hash; what was staged for genesis before it. */
  readonly storeRoots: readonly StoreRoot[];
  /**
   * A value at `latestHeight` (before it, of the staged genesis) with the stored pages of the store's tree on the way to it, from the
   * one at depth `from` downward (consensus §4.4); an empty tree has none.
   */
  readProven(store: string, key: Uint8Array, from: number): ProvenValue;
  latest(): StateView;
  /** @throws {StoreError} HeightNotAvailable: above the latest, or pruned */
  at(height: number): StateView;
  readonly earliestHeight: number;
  /**
   * Computes the app hash after these changes without making anything durable or visible. A later `stage` replaces an earlier one.
   * @param height latestHeight + 1, or the initial height for the first
   */
  stage(height: number, changes: readonly StateChange[]): Uint8Array;
  /** Makes the staged height durable and visible, with the table changes, in one atomic step. */
  commit(tables: readonly TableChange[]): void;
  /** Durable table changes without a new height, in one atomic step. */
  writeTables(changes: readonly TableChange[]): void;
  getTable(table: NodeTable, key: Uint8Array): Uint8Array | undefined;
  iterateTable(table: NodeTable, range: KeyRange): IterableIterator<KeyValue>;
  /** Forgets heights below `height`. */
  prune(height: number): void;
  close(): void;
}
