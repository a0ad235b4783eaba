/**
 * What the executor's thread does: the executor of a home and its enclave, each started when it is first needed.
 * @module
 */
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
import { startEnclaveOn } from "./platformOf.ts";
import { sealedFile } from "./sealedFile.ts";
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

const crypto = makeHostCrypto();

/** What joining asks of the enclave and its machine before there is a network to execute. */
export type JoiningExecutor = {
  readonly ecall: (name: EcallName, request: unknown) => unknown;
  readonly collateral: (nowSeconds: number) => Uint8Array;
  readonly keepsSecrets: () => boolean;
};

export type ExecutorService = Executor & JoiningExecutor;

/** Opens nothing yet. */
export function makeExecutorService(data: ExecutorThreadData, platform: Platform): ExecutorService {
  /** The enclave of this run: who joins goes on with it, since not every machine could open again what it sealed. */
  let enclave: EnclaveHost | undefined;
  const started = (): EnclaveHost => {
    enclave ??= makeEnclaveHost(startEnclaveOn(platform, data.enclave, data.bundle));
    return enclave;
  };
  let executor: Executor | undefined;
  const opened = (): Executor => {
    executor ??= open(data, platform, started());
    return executor;
  };
  return {
    status: () => opened().status(),
    produce: (...args) => opened().produce(...args),
    follow: (blocks) => opened().follow(blocks),
    wantedHeaders: () => opened().wantedHeaders(),
    showHeaders: (headers) => opened().showHeaders(headers),
    freshness: () => opened().freshness(),
    bootTransaction: () => opened().bootTransaction(),
    query: (request) => opened().query(request),
    simulate: (tx) => opened().simulate(tx),
    close: () => (executor === undefined ? enclave?.close() : executor.close()),
    ecall: (name, request) => started().call(name, request as never),
    collateral: (nowSeconds) => platform.collateral(nowSeconds),
    keepsSecrets: () => platform.keepsSecrets,
  };
}

function open(data: ExecutorThreadData, platform: Platform, enclave: EnclaveHost): Executor {
  const { paths, role, moniker, keepHeights } = data;
  const store = makeStateStore(openLmdbEngine({ path: paths.state, readOnly: false }), {
    sha256: crypto.sha256,
    stores: MODULE_STORES,
  });
  return openExecutor({
    store,
    enclave,
    sealed: sealedFile(paths.sealedNetwork),
    crypto,
    role,
    validator: loadValidatorKey(paths.validatorKey, crypto),
    nodeAccount: loadNodeAccount(paths.nodeAccount, crypto),
    moniker,
    gunzip,
    now: nowNs,
    keepHeights,
    platform,
    joined: readJoined(paths),
  });
}

function readJoined(paths: HomePaths): ExecutorDeps["joined"] {
  const text = readFileIfAny(paths.genesis);
  return text === undefined ? undefined : { text };
}
