/**
 * Entry of the executor thread: opens the home's state and enclave and serves the executor's calls.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import type { EcallName } from "@sotto/boundary/messages";
import { gunzip } from "@sotto/platform/gunzip";
import type { Platform } from "@sotto/platform/platform";
import { MODULE_STORES } from "../app/modules/modules.ts";
import { type EnclaveHost, makeEnclaveHost } from "../enclaveHost/enclaveHost.ts";
import { openLmdbEngine } from "../store/lmdbEngine.ts";
import { makeStateStore } from "../store/stateStore.ts";
import { nowNs } from "./clock.ts";
import { type Executor, type ExecutorDeps, openExecutor } from "./executor.ts";
import { type HomePaths, readFileIfAny } from "./home.ts";
import { makeHostCrypto } from "./hostCrypto.ts";
import type { NodeRole } from "./network.ts";
import { loadNodeAccount } from "./nodeAccount.ts";
import type { PlatformName } from "./platformNames.ts";
import { platformOf, startEnclaveOn } from "./platformOf.ts";
import { sealedFile } from "./sealedFile.ts";
import { serveCalls } from "./threadCalls.ts";
import { loadValidatorKey } from "./validatorKey.ts";

export type ExecutorThreadData = {
  readonly paths: HomePaths;
  readonly bundle: Uint8Array;
  readonly enclave: "inline" | "process";
  readonly platform: PlatformName;
  readonly role: NodeRole;
  readonly moniker: string;
  readonly keepHeights: number;
};

const { paths, bundle, enclave, platform, role, moniker, keepHeights } = workerData as ExecutorThreadData;
const crypto = makeHostCrypto();

/** What `sotto join` asks of the enclave and its machine before there is a network to execute. */
export type JoiningExecutor = {
  readonly ecall: (name: EcallName, request: unknown) => unknown;
  readonly collateral: (nowSeconds: number) => Uint8Array;
};

/** The enclave of this run: who joins goes on with it, since not every machine could open again what it sealed. */
let enclaveOfRun: EnclaveHost | undefined;
function startEnclave(): EnclaveHost {
  enclaveOfRun ??= makeEnclaveHost(startEnclaveOn(platformOfRun(), enclave, bundle));
  return enclaveOfRun;
}
const platformOfRun = (): Platform => platformOf(platform, paths);

function open(): Executor {
  const store = makeStateStore(openLmdbEngine({ path: paths.state, readOnly: false }), {
    sha256: crypto.sha256,
    stores: MODULE_STORES,
  });
  return openExecutor({
    store,
    enclave: startEnclave(),
    sealed: sealedFile(paths.sealedNetwork),
    crypto,
    role,
    validator: loadValidatorKey(paths.validatorKey, crypto),
    nodeAccount: loadNodeAccount(paths.nodeAccount, crypto),
    moniker,
    gunzip,
    now: nowNs,
    keepHeights,
    platform: platformOfRun(),
    joined: readJoined(),
  });
}

function readJoined(): ExecutorDeps["joined"] {
  const text = readFileIfAny(paths.genesis);
  return text === undefined ? undefined : { text };
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
  wantedHeaders: () => opened().wantedHeaders(),
  showHeaders: (headers) => opened().showHeaders(headers),
  freshness: () => opened().freshness(),
  bootTransaction: () => opened().bootTransaction(),
  query: (request) => opened().query(request),
  simulate: (tx) => opened().simulate(tx),
  close: () => (executor === undefined ? enclaveOfRun?.close() : executor.close()),
  ecall: (name, request) => startEnclave().call(name, request as never),
  collateral: (nowSeconds) => platformOfRun().collateral(nowSeconds),
} satisfies Executor & JoiningExecutor);
