/**
 * Entry of the executor thread: opens the home's state and enclave and serves the executor's calls.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { gunzip } from "@sotto/platform/gunzip";
import { makeSimPlatform } from "@sotto/platform/sim";
import { MODULE_STORES } from "../app/modules/modules.ts";
import { makeEnclaveHost } from "../enclaveHost/enclaveHost.ts";
import { openLmdbEngine } from "../store/lmdbEngine.ts";
import { makeStateStore } from "../store/stateStore.ts";
import { nowNs } from "./clock.ts";
import { type Executor, openExecutor } from "./executor.ts";
import type { HomePaths } from "./home.ts";
import { makeHostCrypto } from "./hostCrypto.ts";
import type { NodeRole } from "./network.ts";
import { loadNodeAccount } from "./nodeAccount.ts";
import { serveCalls } from "./threadCalls.ts";
import { loadValidatorKey } from "./validatorKey.ts";

export type ExecutorThreadData = {
  readonly paths: HomePaths;
  readonly bundle: Uint8Array;
  readonly enclave: "inline" | "process";
  readonly role: NodeRole;
  readonly moniker: string;
  readonly keepHeights: number;
};

const { paths, bundle, enclave, role, moniker, keepHeights } = workerData as ExecutorThreadData;
const crypto = makeHostCrypto();

function open(): Executor {
  const platform = makeSimPlatform({ machineSecretFile: paths.machineSecret });
  const store = makeStateStore(openLmdbEngine({ path: paths.state, readOnly: false }), {
    sha256: crypto.sha256,
    stores: MODULE_STORES,
  });
  const connection = enclave === "inline" ? platform.startInline(bundle) : platform.startProcess(bundle);
  return openExecutor({
    store,
    enclave: makeEnclaveHost(connection),
    crypto,
    role,
    validator: loadValidatorKey(paths.validatorKey, crypto),
    nodeAccount: loadNodeAccount(paths.nodeAccount, crypto),
    moniker,
    gunzip,
    now: nowNs,
    keepHeights,
  });
}

if (parentPort === null) throw new TypeError("this file is the entry of a worker thread");
let executor: Executor | undefined;
const opened = (): Executor => {
  executor ??= open();
  return executor;
};
serveCalls(parentPort, {
  status: () => opened().status(),
  produce: (...args) => opened().produce(...args),
  follow: (blocks) => opened().follow(blocks),
  freshness: () => opened().freshness(),
  bootTransaction: () => opened().bootTransaction(),
  query: (request) => opened().query(request),
  simulate: (tx) => opened().simulate(tx),
  close: () => executor?.close(),
} satisfies Executor);
