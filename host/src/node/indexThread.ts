/**
 * Entry of the index thread: reads blocks from the state environment, writes an environment of its own.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { makeIndexService } from "../indexer/indexService.ts";
import { makeTxIndex } from "../indexer/txIndex.ts";
import { openLmdbEngine } from "../store/lmdbEngine.ts";
import { makeStateStore } from "../store/stateStore.ts";
import { makeHostCrypto } from "./hostCrypto.ts";
import { serveCalls } from "./threadCalls.ts";

export type IndexThreadData = { readonly statePath: string; readonly indexPath: string; readonly firstHeight: number };

const { statePath, indexPath, firstHeight } = workerData as IndexThreadData;
const { sha256 } = makeHostCrypto();
const store = makeStateStore(openLmdbEngine({ path: statePath, readOnly: true }), { sha256, stores: [] });
const index = makeTxIndex(openLmdbEngine({ path: indexPath, readOnly: false, tables: ["index"], durable: false }), {
  sha256,
  firstHeight,
});
const service = makeIndexService(store, index);

if (parentPort === null) throw new TypeError("this file is the entry of a worker thread");
serveCalls(parentPort, {
  ...service,
  close() {
    service.close();
    store.close();
  },
});
