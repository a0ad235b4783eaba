/**
 * The node's other threads: the executor and the index.
 * @module
 */
import { Worker } from "node:worker_threads";
import { ENCLAVE_STACK_MB } from "@sotto/platform/platform";
import type { IndexService } from "../indexer/indexService.ts";
import type { ExecutorStatus } from "./executor.ts";
import type { ExecutorService, ExecutorThreadData } from "./executorService.ts";
import type { HomePaths } from "./home.ts";
import type { IndexThreadData } from "./indexThread.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import { callRemote, type Remote } from "./threadCalls.ts";

/** Run in reverse order, each once, when the node stops or could not start. */
export type Closers = (() => unknown)[];

/** Every method, and no other: the compiler holds the two together. */
const methodsOf = <T extends object>(methods: Readonly<Record<keyof T & string, true>>): (keyof T & string)[] =>
  Object.keys(methods) as (keyof T & string)[];

const EXECUTOR_METHODS = methodsOf<ExecutorService>({
  status: true,
  produce: true,
  follow: true,
  wantedHeaders: true,
  showHeaders: true,
  freshness: true,
  bootTransaction: true,
  query: true,
  simulate: true,
  close: true,
  ecall: true,
  collateral: true,
  keepsSecrets: true,
});
const INDEX_METHODS = methodsOf<IndexService>({ catchUp: true, find: true, search: true, close: true });

function startThread(entry: URL, workerData: unknown, closers: Closers, stackSizeMb?: number): Worker {
  const worker = new Worker(entry, {
    workerData,
    ...(stackSizeMb === undefined ? {} : { resourceLimits: { stackSizeMb } }),
  });
  // What went wrong reaches the callers through their open calls.
  worker.on("error", () => {});
  closers.push(() => worker.terminate());
  return worker;
}

export function startExecutor(data: ExecutorThreadData, closers: Closers): Remote<ExecutorService> {
  const worker = startThread(new URL("./executorThread.js", import.meta.url), data, closers, ENCLAVE_STACK_MB);
  let cause: unknown;
  worker.on("error", (error) => {
    cause = error;
  });
  const executor = callRemote<ExecutorService>(
    worker,
    EXECUTOR_METHODS,
    () => new NodeError(NodeErrorCode.ExecutorDied, "the executor's thread has ended", { cause }),
  );
  closers.push(() => executor.close().catch(() => undefined));
  return executor;
}

export function startIndex(paths: HomePaths, status: ExecutorStatus, closers: Closers): Remote<IndexService> {
  const data: IndexThreadData = { statePath: paths.state, indexPath: paths.index, firstHeight: status.initialHeight };
  const worker = startThread(new URL("./indexThread.js", import.meta.url), data, closers);
  const index = callRemote<IndexService>(
    worker,
    INDEX_METHODS,
    () => new NodeError(NodeErrorCode.ExecutorDied, "the index thread has ended"),
  );
  closers.push(() => index.close().catch(() => undefined));
  return index;
}
