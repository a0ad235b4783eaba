/**
 * Entry of the executor thread: serves the executor's calls.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { type ExecutorThreadData, makeExecutorService } from "./executorService.ts";
import { platformOf } from "./platformOf.ts";
import { serveCalls } from "./threadCalls.ts";

if (parentPort === null) throw new TypeError("this file is the entry of a worker thread");
const data = workerData as ExecutorThreadData;
serveCalls(parentPort, makeExecutorService(data, platformOf(data.platform, data.paths)));
