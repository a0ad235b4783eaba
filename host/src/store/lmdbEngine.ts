/**
 * Tables in LMDB. One process writes; any number of threads read, each through transactions of its own.
 * @module
 */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { type Database, open, type RangeOptions, type RootDatabase } from "lmdb";
import { type Batch, type EngineReader, type KvEngine, TABLES, type TableName } from "./engine.ts";
import type { KeyRange, KeyValue } from "./store.ts";
import { StoreError, StoreErrorCode } from "./storeError.ts";

type Table = Database<Uint8Array, Uint8Array>;
/** Address space, not disk space: LMDB maps this much. */
const MAP_SIZE_BYTES = 1 << 30;

export type LmdbOptions = {
  readonly path: string;
  readonly readOnly: boolean;
  readonly tables?: readonly TableName[];
  /** False for what can be made again: then a batch may be lost in a power failure, never torn. */
  readonly durable?: boolean;
};

export function openLmdbEngine(options: LmdbOptions): KvEngine {
  checkFile(join(options.path, "data.mdb"));
  const names = options.tables ?? TABLES;
  let root: RootDatabase;
  const tables = new Map<TableName, Table>();
  try {
    root = open({
      path: options.path,
      readOnly: options.readOnly,
      maxDbs: names.length,
      mapSize: MAP_SIZE_BYTES,
      // A block must be on the disk before it can be seen: so commits wait for their own flush.
      overlappingSync: options.durable === false,
      compression: false,
      cache: false,
    });
    for (const name of names)
      tables.set(name, root.openDB({ name, keyEncoding: "binary", encoding: "binary" }) as Table);
  } catch (error) {
    throw notUsable(`cannot open the database in ${options.path}`, error);
  }
  const table = (name: TableName): Table => tables.get(name) as Table;

  function reader(transaction: object | undefined): EngineReader {
    const read = transaction === undefined ? {} : { transaction };
    // Another thread writes: without this, reads of one turn of the event loop would share a transaction that is older than
    // what the writer has just announced.
    const refresh = (): void => {
      if (options.readOnly && transaction === undefined) root.resetReadTxn();
    };
    return {
      get: (name, key) => {
        refresh();
        return asBytes(table(name).get(key, read as never));
      },
      *range(name, { start, end, reverse }: KeyRange): IterableIterator<KeyValue> {
        // LMDB starts a reverse range at its upper end, which it includes; ours is exclusive above and inclusive below.
        const bounds: RangeOptions = reverse ? { reverse: true } : {};
        const from = reverse ? end : start;
        if (from !== undefined) bounds.start = from;
        refresh();
        for (const { key, value } of table(name).getRange({ ...bounds, ...read } as RangeOptions)) {
          const bytes = asBytes(key) as Uint8Array;
          if (reverse) {
            if (end !== undefined && Buffer.compare(bytes, end) >= 0) continue;
            if (start !== undefined && Buffer.compare(bytes, start) < 0) return;
          } else if (end !== undefined && Buffer.compare(bytes, end) >= 0) return;
          yield [bytes, asBytes(value) as Uint8Array];
        }
      },
    };
  }

  return {
    ...reader(undefined),
    snapshot() {
      root.resetReadTxn();
      const transaction = root.useReadTransaction();
      return { ...reader(transaction), release: () => transaction.done() };
    },
    write(batch: Batch) {
      try {
        root.transactionSync(() => {
          for (const { table: name, key, value } of batch) {
            if (value === undefined) table(name).removeSync(key);
            else table(name).putSync(key, value);
          }
        });
      } catch (error) {
        throw notUsable("cannot write to the database", error);
      }
    },
    close: () => void root.close(),
  };
}

/** Where a data file carries its magic number, and the number. */
const MAGIC = { offset: 24, bytes: Uint8Array.of(0xde, 0xc0, 0xef, 0xbe) } as const;

/** The library ends the process when it opens a file that is no database. */
function checkFile(file: string): void {
  let start: Buffer;
  try {
    if (!existsSync(file)) return;
    start = readStart(file);
  } catch (error) {
    throw notUsable(`cannot read ${file}`, error);
  }
  // An empty file is what a start leaves that was killed at once.
  if (start.length === 0 || start.subarray(MAGIC.offset).equals(MAGIC.bytes)) return;
  throw new StoreError(
    StoreErrorCode.Damaged,
    `${file} is not a database; put it back, or start over with \`sotto reset\``,
  );
}

function readStart(file: string): Buffer {
  const start = Buffer.alloc(MAGIC.offset + MAGIC.bytes.length);
  const descriptor = openSync(file, "r");
  try {
    return start.subarray(0, readSync(descriptor, start));
  } finally {
    closeSync(descriptor);
  }
}

function notUsable(what: string, error: unknown): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  // The library adds what it was about to do; of a write that fell short it says "input/output error".
  const reason = /^No space left/.test(message)
    ? "the disk is full"
    : /^File too large/.test(message)
      ? "a file size limit was reached"
      : /^Input\/output error/.test(message)
        ? "the disk is full, a file size limit was reached, or the disk is defective (input/output error)"
        : message;
  return new StoreError(StoreErrorCode.NotUsable, `${what}: ${reason}`, { cause: error });
}

function asBytes(buffer: Uint8Array | undefined): Uint8Array | undefined {
  return buffer === undefined ? undefined : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
