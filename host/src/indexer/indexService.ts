/**
 * The index as the node uses it: it follows the block store by itself and answers lookups and searches.
 *
 * It runs in a thread of its own (`node/indexThread.ts`) or, for networks in memory, where it was made.
 * @module
 */
import { loadBlock, loadResults } from "../consensus/blockStore.ts";
import type { StateStore } from "../store/store.ts";
import type { TxIndex, TxPosition } from "./txIndex.ts";

export interface IndexService {
  /** Indexes what was committed and is not indexed yet. @returns the last height indexed */
  catchUp(): number;
  find(hash: Uint8Array): TxPosition | undefined;
  search(
    query: string,
    order: "asc" | "desc",
    offset: number,
    limit: number,
  ): { readonly found: readonly TxPosition[]; readonly total: number };
  close(): void;
}

export function makeIndexService(store: Pick<StateStore, "latestHeight" | "getTable">, index: TxIndex): IndexService {
  return {
    catchUp() {
      const latest = store.latestHeight;
      for (let height = index.nextHeight; height <= latest; height++) {
        const block = loadBlock(store, height);
        const results = loadResults(store, height);
        if (block === undefined || results === undefined)
          throw new TypeError(`block ${height} is committed but not stored`);
        index.add(block, results);
      }
      return latest;
    },
    find: (hash) => index.find(hash),
    search: (query, order, offset, limit) => index.search({ query, order, offset, limit }),
    close: () => index.close(),
  };
}
