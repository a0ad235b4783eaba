/**
 * Entry of the index thread: reads blocks from the state environment, writes an environment of its own.
 * @module
 */
import * as nodeCrypto from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { serveCalls } from "../node/threadCalls.ts";
import { openLmdbEngine } from "../store/lmdbEngine.ts";
import { makeStateStore } from "../store/stateStore.ts";
import { makeIndexService } from "./indexService.ts";
import { makeTxIndex } from "./txIndex.ts";

export type IndexThreadData = { readonly statePath: string; readonly indexPath: string; readonly firstHeight: number };

const { statePath, indexPath, firstHeight } = workerData as IndexThreadData;
const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(nodeCrypto.createHash("sha256").update(bytes).digest());
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
