/**
 * Ordered key-value tables with atomic batches and snapshots: what the state store needs of a database.
 *
 * Two engines: LMDB (durable, many threads) and B-trees in memory (tests, throw-away networks).
 * @module
 */
import type { KeyRange, KeyValue } from "./store.ts";

/**
 * `state`: latest values by (store, key); `long`: those whose key is too long for a table; `undo`: values before a height by
 * (store, key, height); `undoKeys`: their keys by height; `pages`, `stalePages`: Merkle tree; the rest are node tables.
 */
export const TABLES = [
  "state",
  "long",
  "undo",
  "undoKeys",
  "pages",
  "stalePages",
  "meta",
  "code",
  "block",
  "sign",
] as const;
/** `index` lives in an environment of its own (design.md "State"). */
export type TableName = (typeof TABLES)[number] | "index";

export type Batch = readonly {
  readonly table: TableName;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}[];

export interface EngineReader {
  /** The bytes are the caller's. */
  get(table: TableName, key: Uint8Array): Uint8Array | undefined;
  range(table: TableName, range: KeyRange): IterableIterator<KeyValue>;
}

/** Unchanging until released. */
export interface EngineSnapshot extends EngineReader {
  release(): void;
}

export interface KvEngine extends EngineReader {
  snapshot(): EngineSnapshot;
  /** All or nothing, durable when it returns. @throws {StoreError} NotUsable */
  write(batch: Batch): void;
  close(): void;
}
