/**
 * The state store over any engine: latest values, undo rows for past heights, one Merkle tree for each module store.
 *
 * A height is staged (app hash known, nothing written) and then committed in one batch together with the node's rows, so that
 * after a crash at any instant the files hold exactly one height.
 * @module
 */
import { bytes, decode, encode, fixed, list, struct, text, u32 } from "@sotto/boundary/codec";
import { bytesToHex, compareBytes, equalBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Hasher } from "@sotto/common/merkle/cometMerkle";
import { appHash as multistoreHash, type StoreRoot } from "@sotto/common/merkle/multistore";
import { EMPTY_TREE, type TreeRoot } from "@sotto/common/merkle/sparseMerkleTree";
import type { Batch, KvEngine } from "./engine.ts";
import { isLongKey, longKey, stateKey, undoKey } from "./keys.ts";
import type { StateChange, StateStore, TableChange } from "./store.ts";
import { StoreError, StoreErrorCode } from "./storeError.ts";
import { pruneTrees, readPages, updateStoreTree } from "./trees.ts";
import { encodeUndo, LongRow, makeView, readLatest } from "./view.ts";

const STATE_ROW_KEY = utf8ToBytes("state");
const StateRow = struct({
  height: u32,
  earliest: u32,
  appHash: bytes(32),
  trees: list(struct({ store: text(64), root: fixed(32), version: u32 }), 1_000),
});
const UndoKeysRow = list(bytes(4_096), 0xffff_ffff);

type Committed = {
  readonly height: number;
  readonly earliest: number;
  readonly appHash: Uint8Array;
  readonly trees: ReadonlyMap<string, TreeRoot>;
};
type Staged = Committed & { readonly batch: Batch };
type MutableBatch = Batch[number][];

/** @param stores names of all module stores: they are part of the app hash even while empty */
export function makeStateStore(engine: KvEngine, options: Hasher & { readonly stores: readonly string[] }): StateStore {
  const sha256 = (data: Uint8Array): Uint8Array => options.sha256(data);
  let staged: Staged | undefined;
  let genesis: { readonly of: Staged; readonly rows: Pick<KvEngine, "get"> } | undefined;
  /** The store's own row and what it says: reads of single values would spend more on it than on themselves. */
  let loaded: { readonly row: Uint8Array; readonly state: Committed } | undefined;

  function load(): Committed {
    const row = engine.get("meta", STATE_ROW_KEY);
    if (row === undefined) return { height: 0, earliest: 0, appHash: new Uint8Array(0), trees: new Map() };
    if (loaded === undefined || !equalBytes(loaded.row, row)) loaded = { row: row.slice(), state: readRow(row) };
    return loaded.state;
  }

  function readRow(row: Uint8Array): Committed {
    try {
      const { height, earliest, appHash, trees } = decode(StateRow, row);
      return {
        height,
        earliest,
        appHash,
        trees: new Map(trees.map(({ store, root, version }) => [store, { hash: root, version }])),
      };
    } catch (cause) {
      throw new StoreError(StoreErrorCode.Damaged, "the state store's own record cannot be read", { cause });
    }
  }

  function rootsOf(trees: Committed["trees"]): StoreRoot[] {
    return options.stores.map((name) => ({ name, root: (trees.get(name) ?? EMPTY_TREE).hash }));
  }

  /** What was staged, as if it were written: until the first block is committed, genesis is nowhere else. */
  function stagedRows(of: Staged): Pick<KvEngine, "get"> {
    if (genesis?.of !== of) {
      const rows = new Map(of.batch.map(({ table, key, value }) => [`${table} ${bytesToHex(key)}`, value]));
      genesis = { of, rows: { get: (table, key) => rows.get(`${table} ${bytesToHex(key)}`) } };
    }
    return genesis.rows;
  }

  function stateRow(state: Committed): Uint8Array {
    const trees = [...state.trees].map(([store, { hash, version }]) => ({ store, root: hash, version }));
    return encode(StateRow, { height: state.height, earliest: state.earliest, appHash: state.appHash, trees });
  }

  /** Writes the value rows and undo rows of one store and returns what really changed, for the tree. */
  function stageValues(
    batch: MutableBatch,
    undoKeys: Uint8Array[],
    height: number,
    store: string,
    changes: readonly StateChange[],
  ): StateChange[] {
    const real: StateChange[] = [];
    for (const change of changes) {
      const full = stateKey(store, change.key);
      const before = readLatest(engine, full, sha256);
      if (
        before === undefined
          ? change.value === undefined
          : change.value !== undefined && equalBytes(before, change.value)
      )
        continue;
      real.push(change);
      if (isLongKey(full)) {
        const value = change.value === undefined ? undefined : encode(LongRow, { key: full, value: change.value });
        batch.push({ table: "long", key: longKey(full, sha256), value });
      } else batch.push({ table: "state", key: full, value: change.value });
      const undo = undoKey(full, height, sha256);
      batch.push({ table: "undo", key: undo, value: encodeUndo(full, before) });
      undoKeys.push(undo);
    }
    return real;
  }

  function stage(height: number, changes: readonly StateChange[]): Uint8Array {
    const current = load();
    const batch: MutableBatch = [];
    const undoKeys: Uint8Array[] = [];
    const trees = new Map(current.trees);
    for (const [store, ofStore] of groupByStore(changes)) {
      const real = stageValues(batch, undoKeys, height, store, ofStore);
      if (real.length === 0) continue;
      const update = updateStoreTree(engine, options, {
        store,
        root: trees.get(store) ?? EMPTY_TREE,
        height,
        changes: real,
      });
      trees.set(store, update.root);
      batch.push(...update.batch);
    }
    if (undoKeys.length > 0)
      batch.push({ table: "undoKeys", key: u64be(height), value: encode(UndoKeysRow, undoKeys) });
    const appHash = multistoreHash(options, rootsOf(trees));
    staged = { height, earliest: current.earliest === 0 ? height : current.earliest, appHash, trees, batch };
    return appHash;
  }

  function commit(tables: readonly TableChange[]): void {
    if (staged === undefined) throw new TypeError("commit without a staged height");
    engine.write([...staged.batch, { table: "meta", key: STATE_ROW_KEY, value: stateRow(staged) }, ...tables]);
    staged = undefined;
  }

  function at(height: number | undefined): ReturnType<typeof makeView> {
    const snapshot = engine.snapshot();
    const row = snapshot.get("meta", STATE_ROW_KEY);
    const { height: latest, earliest } = row === undefined ? { height: 0, earliest: 0 } : decode(StateRow, row);
    const wanted = height ?? latest;
    if (wanted > latest || wanted < earliest) {
      snapshot.release();
      throw new StoreError(
        StoreErrorCode.HeightNotAvailable,
        `height ${wanted} is not available: heights ${earliest} to ${latest} are`,
      );
    }
    return makeView(snapshot, { height: wanted, latest }, sha256);
  }

  function prune(height: number): void {
    const current = load();
    if (height <= current.earliest || height > current.height) return;
    const batch: MutableBatch = [];
    for (const [row, keys] of engine.range("undoKeys", { end: u64be(height + 1) })) {
      for (const key of decode(UndoKeysRow, keys)) batch.push({ table: "undo", key, value: undefined });
      batch.push({ table: "undoKeys", key: row, value: undefined });
    }
    batch.push(...pruneTrees(engine, height));
    batch.push({ table: "meta", key: STATE_ROW_KEY, value: stateRow({ ...current, earliest: height }) });
    engine.write(batch);
  }

  return {
    get latestHeight() {
      return load().height;
    },
    get earliestHeight() {
      return load().earliest;
    },
    get appHash() {
      return load().appHash;
    },
    get storeRoots() {
      const current = load();
      return rootsOf(current.height === 0 && staged !== undefined ? staged.trees : current.trees);
    },
    readProven(store, key, from) {
      const current = load();
      const first = current.height === 0 ? staged : undefined;
      const root = (first ?? current).trees.get(store) ?? EMPTY_TREE;
      const rows = first === undefined ? engine : stagedRows(first);
      const pages = readPages(rows, { store, root, path: sha256(key), from });
      return { pages, value: readLatest(rows, stateKey(store, key), sha256) };
    },
    latest: () => at(undefined),
    at,
    stage,
    commit,
    writeTables: (changes) => engine.write(changes),
    getTable: (table, key) => engine.get(table, key),
    iterateTable: (table, range) => engine.range(table, range),
    prune,
    close: () => engine.close(),
  };
}

/** Changes of each store in order of key; of two changes of one key the later counts. */
function groupByStore(changes: readonly StateChange[]): Map<string, StateChange[]> {
  const groups = new Map<string, StateChange[]>();
  for (const change of changes) {
    const group = groups.get(change.store);
    if (group === undefined) groups.set(change.store, [change]);
    else group.push(change);
  }
  for (const [store, group] of groups) {
    group.sort((a, b) => compareBytes(a.key, b.key));
    groups.set(
      store,
      group.filter(
        (change, index) =>
          index + 1 === group.length || compareBytes(change.key, (group[index + 1] as StateChange).key) !== 0,
      ),
    );
  }
  return groups;
}
