/**
 * Tables as B-trees in memory; a snapshot shares all nodes that do not change.
 * @module
 */
import BTreeImport from "sorted-btree";
import { type Batch, type EngineReader, type KvEngine, TABLES, type TableName } from "./engine.ts";
import type { KeyRange, KeyValue } from "./store.ts";

// CommonJS with a default export inside its exports object: Node hands out the object, bundlers and vitest the class.
const BTree = BTreeImport.default ?? (BTreeImport as unknown as typeof BTreeImport.default);
type Tree = InstanceType<typeof BTree<string, Uint8Array>>;
type Trees = Map<TableName, Tree>;

/** One UTF-16 unit a byte: JavaScript then compares strings as the bytes compare. */
function keyToText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}
function textToKey(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

function reader(trees: Trees): EngineReader {
  const tree = (name: TableName): Tree => trees.get(name) as Tree;
  return {
    get: (name, key) => tree(name).get(keyToText(key))?.slice(),
    *range(name, { start, end, reverse }: KeyRange): IterableIterator<KeyValue> {
      const from = start === undefined ? undefined : keyToText(start);
      const to = end === undefined ? undefined : keyToText(end);
      const entries = reverse ? tree(name).entriesReversed(to, undefined, true) : tree(name).entries(from);
      for (const [key, value] of entries) {
        if (reverse ? from !== undefined && key < from : to !== undefined && key >= to) return;
        yield [textToKey(key), value.slice()];
      }
    },
  };
}

export function makeMemoryEngine(tables: readonly TableName[] = TABLES): KvEngine {
  const trees: Trees = new Map(tables.map((name) => [name, new BTree<string, Uint8Array>()]));
  return {
    ...reader(trees),
    snapshot() {
      const clones: Trees = new Map();
      for (const [name, tree] of trees) clones.set(name, tree.clone());
      return { ...reader(clones), release: () => clones.clear() };
    },
    write(batch: Batch) {
      for (const { table, key, value } of batch) {
        const tree = trees.get(table) as Tree;
        if (value === undefined) tree.delete(keyToText(key));
        else tree.set(keyToText(key), value.slice());
      }
    },
    close: () => {},
  };
}
