/**
 * The Merkle tree of each module store in the tables `pages` and `stalePages`.
 * @module
 */
import { bytes, decode, encode, list } from "@sotto/boundary/codec";
import { compareBytes, concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Hasher } from "@sotto/common/merkle/cometMerkle";
import { type TreeChange, type TreeRoot, updateTree } from "@sotto/common/merkle/sparseMerkleTree";
import { MAX_PAGE_DEPTH, slotsOf } from "@sotto/common/merkle/treePage";
import { readTreePages } from "@sotto/common/merkle/treePath";
import type { Batch, EngineReader } from "./engine.ts";
import type { StateChange } from "./store.ts";

const StalePagesRow = list(bytes(256), 0xffff_ffff);

/** Keeps the stores' pages apart. */
function pageKey(store: string, key: Uint8Array): Uint8Array {
  return concatBytes(utf8ToBytes(store), Uint8Array.of(0), key);
}

/**
 * Applies one height's real changes to a store's tree.
 * @returns the new root and the rows that have to be written with it
 */
export function updateStoreTree(
  engine: EngineReader,
  crypto: Hasher,
  update: {
    readonly store: string;
    readonly root: TreeRoot;
    readonly height: number;
    readonly changes: readonly StateChange[];
  },
): { readonly root: TreeRoot; readonly batch: Batch } {
  const { store, height } = update;
  const changes = update.changes.map(
    ({ key, value }): TreeChange => ({
      path: crypto.sha256(key),
      valueHash: value === undefined ? undefined : crypto.sha256(value),
    }),
  );
  changes.sort((a, b) => compareBytes(a.path, b.path));
  const loadPage = (key: Uint8Array): Uint8Array | undefined => engine.get("pages", pageKey(store, key));
  const { root, newPages, stalePages } = updateTree(crypto, update.root, { version: height, changes, loadPage });
  const batch: Batch[number][] = newPages.map((page) => ({
    table: "pages",
    key: pageKey(store, page.key),
    value: page.bytes,
  }));
  if (stalePages.length > 0) {
    const stale = stalePages.map((key) => pageKey(store, key));
    batch.push({
      table: "stalePages",
      key: concatBytes(u64be(height), utf8ToBytes(store)),
      value: encode(StalePagesRow, stale),
    });
  }
  return { root, batch };
}

/** Slots of the stored pages on the way to `path`, the hash of a key, from depth `from` downward. @throws {TreeError} */
export function readPages(
  engine: Pick<EngineReader, "get">,
  at: { readonly store: string; readonly root: TreeRoot; readonly path: Uint8Array; readonly from: number },
): Uint8Array[] {
  if (at.from >= MAX_PAGE_DEPTH) return [];
  return readTreePages(at.root, at.path, (key) => engine.get("pages", pageKey(at.store, key)))
    .slice(at.from)
    .map(slotsOf);
}

/** Deletes the pages that only heights below `height` need. */
export function pruneTrees(engine: EngineReader, height: number): Batch {
  const batch: Batch[number][] = [];
  for (const [row, stale] of engine.range("stalePages", { end: u64be(height + 1) })) {
    for (const key of decode(StalePagesRow, stale)) batch.push({ table: "pages", key, value: undefined });
    batch.push({ table: "stalePages", key: row, value: undefined });
  }
  return batch;
}
