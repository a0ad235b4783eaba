/**
 * The node: the only file that wires the parts together.
 *
 * This thread serves HTTP, admits transactions and decides when a block is due; the executor's thread makes blocks; the index
 * thread follows. A block reaches the servers only after the executor has made it durable.
 * @module
 */
import { Worker } from "node:worker_threads";
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import { ENCLAVE_STACK_MB } from "@sotto/platform/platform";
import type { NodeIdentity } from "../api/backend.ts";
import { makeRestServer } from "../api/rest/restServer.ts";
import { makeRpcServer } from "../api/rpc/rpcServer.ts";
import { makeAdmission } from "../app/admission.ts";
import type { IndexService } from "../indexer/indexService.ts";
import type { IndexThreadData } from "../indexer/indexThread.ts";
import { openLmdbEngine } from "../store/lmdbEngine.ts";
import { makeStateStore } from "../store/stateStore.ts";
import type { StateStore, StateView } from "../store/store.ts";
import { type BlockClock, startBlockClock } from "./blockClock.ts";
import { blockTimeNs, type ExecutedBlock, type Executor, type ExecutorStatus } from "./executor.ts";
import type { ExecutorThreadData } from "./executorThread.ts";
import { parseGenesis } from "./genesis.ts";
import { type HomePaths, homePaths, lockHome, prepareHome, readFileIfAny, writeFileDurably } from "./home.ts";
import { makeHostCrypto } from "./hostCrypto.ts";
import { type ListenAddress, listen } from "./listen.ts";
import { type Backend, makeBackend } from "./makeBackend.ts";
import { makeMempool } from "./mempool.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import { callRemote, type Remote } from "./threadCalls.ts";

export type NodeOptions = {
  readonly home: string;
  readonly rest: ListenAddress;
  readonly rpc: ListenAddress;
  readonly enclave: "inline" | "process";
  /** The enclave's code; what runs is exactly these bytes. */
  readonly bundle: Uint8Array;
  readonly collectMs: number;
  readonly intervalMs: number;
  readonly keepHeights: number;
  readonly onBlock: (block: ExecutedBlock) => void;
  /** The node has stopped by itself; what was committed is safe. */
  readonly onFailure: (error: Error) => void;
  /** A request failed inside the node; the client got a generic text. */
  readonly onInternalError: (error: unknown) => void;
};

export type RunningNode = {
  readonly status: ExecutorStatus;
  readonly restUrl: string;
  readonly rpcUrl: string;
  readonly paths: HomePaths;
  readonly backend: Backend;
  readonly store: StateStore;
  close(): Promise<void>;
};

const MONIKER = "sotto";
const MINIMUM_GAS_PRICE = "0.0125uscrt";
const MEMPOOL = { maxTransactions: 10_000, cacheSize: 20_000, maxTxBytes: 8_388_608 } as const;
const EXECUTOR_METHODS = ["status", "produce", "query", "simulate", "close"] as const;
const INDEX_METHODS = ["catchUp", "find", "search", "close"] as const;

/** Starts or continues the network of a home folder. @throws {NodeError} with what is wrong and what to do */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const paths = homePaths(options.home);
  prepareHome(paths);
  const unlock = lockHome(paths);
  const closers: (() => unknown)[] = [unlock];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await wire(options, paths, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function wire(
  options: NodeOptions,
  paths: HomePaths,
  closers: (() => unknown)[],
  closeAll: () => Promise<void>,
): Promise<RunningNode> {
  const crypto = makeHostCrypto();
  const executor = startExecutor(options, paths, closers);
  const status = await executor.status();
  keepGenesisFile(paths, status);
  const store = makeStateStore(openLmdbEngine({ path: paths.state, readOnly: true }), {
    sha256: crypto.sha256,
    stores: [],
  });
  closers.push(() => store.close());
  const index = startIndex(paths, status, closers);
  void index.catchUp();

  const genesis = parseGenesis(status.genesis, "the genesis");
  const validator = genesis.validators[0] as (typeof genesis.validators)[number];
  const identity: NodeIdentity = {
    chainId: status.chainId,
    moniker: MONIKER,
    nodeId: bytesToHex(crypto.sha256(validator.publicKey)).slice(0, 40),
    version: "0.1.0",
    validator,
    minimumGasPrice: MINIMUM_GAS_PRICE,
    consensusParams: genesis.consensusParams,
  };
  const admission = makeAdmission({ chainId: status.chainId, crypto, minimumGasPrices: MINIMUM_GAS_PRICE });
  let view: StateView | undefined;
  const resetAdmission = (): void => {
    const next = store.latest();
    admission.reset(next, blockTimeNs(store, next.height) ?? genesis.timeNs);
    view?.release();
    view = next;
  };
  resetAdmission();
  closers.push(() => view?.release());
  const mempool = makeMempool({
    sha256: crypto.sha256,
    check: (tx, recheck) => admission.check(tx, recheck),
    ...MEMPOOL,
  });
  let clock: BlockClock | undefined;
  const backend = makeBackend({
    identity,
    genesis: status.genesis,
    crypto,
    store,
    executor,
    index,
    mempool,
    onAdmitted: () => clock?.wake(),
  });

  clock = startBlockClock({
    collectMs: options.collectMs,
    intervalMs: options.intervalMs,
    produce: async () => {
      const before = store.appHash;
      const { maxBytes, maxGas } = genesis.consensusParams;
      const executed = await executor.produce(mempool.reap({ maxBytes: Number(maxBytes), maxGas }));
      backend.publish(executed);
      resetAdmission();
      mempool.update(executed.block.transactions);
      void index.catchUp().then((height) => backend.indexed(height), options.onInternalError);
      options.onBlock(executed);
      return { left: mempool.size > 0, changed: !equalBytes(before, executed.results.appHash) };
    },
    onFailure: (error) => options.onFailure(describeFailure(error)),
  });
  const stopClock = clock;
  closers.push(() => stopClock.stop());

  const rest = await listen(() => makeRestServer(backend, options), options.rest, "rest");
  closers.push(rest.close);
  const rpc = await listen(() => makeRpcServer(backend, options), options.rpc, "rpc");
  closers.push(rpc.close);
  return { status, restUrl: rest.url, rpcUrl: rpc.url, paths, backend, store, close: closeAll };
}

function describeFailure(error: unknown): Error {
  const message = error instanceof Error ? error.message : "unknown failure";
  return new NodeError(
    NodeErrorCode.CannotPersist,
    `the next block could not be made: ${message}. All blocks that were visible are safe; the next start continues from them`,
    { cause: error },
  );
}

function startThread(entry: URL, workerData: unknown, closers: (() => unknown)[], stackSizeMb?: number): Worker {
  const worker = new Worker(entry, {
    workerData,
    ...(stackSizeMb === undefined ? {} : { resourceLimits: { stackSizeMb } }),
  });
  // What went wrong reaches the callers through their open calls.
  worker.on("error", () => {});
  closers.push(() => worker.terminate());
  return worker;
}

function startExecutor(options: NodeOptions, paths: HomePaths, closers: (() => unknown)[]): Remote<Executor> {
  const { bundle, enclave, keepHeights } = options;
  const data: ExecutorThreadData = { paths, bundle, enclave, moniker: MONIKER, keepHeights };
  const worker = startThread(new URL("./executorThread.js", import.meta.url), data, closers, ENCLAVE_STACK_MB);
  let cause: unknown;
  worker.on("error", (error) => {
    cause = error;
  });
  const executor = callRemote<Executor>(
    worker,
    EXECUTOR_METHODS,
    () => new NodeError(NodeErrorCode.ExecutorDied, "the executor's thread has ended", { cause }),
  );
  closers.push(() => executor.close().catch(() => undefined));
  return executor;
}

function startIndex(paths: HomePaths, status: ExecutorStatus, closers: (() => unknown)[]): Remote<IndexService> {
  const data: IndexThreadData = { statePath: paths.state, indexPath: paths.index, firstHeight: status.initialHeight };
  const worker = startThread(new URL("../indexer/indexThread.js", import.meta.url), data, closers);
  const index = callRemote<IndexService>(
    worker,
    INDEX_METHODS,
    () => new NodeError(NodeErrorCode.ExecutorDied, "the index thread has ended"),
  );
  closers.push(() => index.close().catch(() => undefined));
  return index;
}

/** The file is for people and tools; if it is there and says something else, it is not the one of this home. */
function keepGenesisFile(paths: HomePaths, status: ExecutorStatus): void {
  const text = readFileIfAny(paths.genesis);
  if (text === status.genesis) return;
  if (text !== undefined && !status.isNew) {
    const { chainId } = parseGenesis(text, paths.genesis);
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `${paths.genesis} is of network ${chainId} and differs from the genesis of the state in ${paths.data} (network ${status.chainId}); delete the file to have it written again, or start over with \`sotto reset\``,
    );
  }
  writeFileDurably(paths.genesis, status.genesis);
}
