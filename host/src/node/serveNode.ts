/**
 * This thread's part of a running node: servers, admission, mempool, block clock. The only file that wires these together.
 *
 * A block reaches the servers only after the executor has made it durable.
 * @module
 */
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { NodeIdentity } from "../api/backend.ts";
import { makeRestServer } from "../api/rest/restServer.ts";
import { makeRpcServer } from "../api/rpc/rpcServer.ts";
import { makeAdmission } from "../app/admission.ts";
import { makeSignatureVerifier } from "../app/core/signatureVerifier.ts";
import { openLmdbEngine } from "../store/lmdbEngine.ts";
import { makeStateStore } from "../store/stateStore.ts";
import type { StateStore, StateView } from "../store/store.ts";
import { type BlockClock, startBlockClock } from "./blockClock.ts";
import { blockTimeNs, type ExecutedBlock, type Executor, type ExecutorStatus } from "./executor.ts";
import { parseGenesis } from "./genesis.ts";
import { type HomePaths, readFileIfAny, writeFileDurably } from "./home.ts";
import { makeHostCrypto } from "./hostCrypto.ts";
import { type ListenAddress, listen } from "./listen.ts";
import { type Backend, makeBackend } from "./makeBackend.ts";
import { makeMempool } from "./mempool.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import type { Remote } from "./threadCalls.ts";
import { type Closers, startIndex } from "./threads.ts";

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

export type StartedNode = {
  readonly paths: HomePaths;
  readonly executor: Remote<Executor>;
  readonly status: ExecutorStatus;
  readonly closers: Closers;
  readonly close: () => Promise<void>;
};

const MINIMUM_GAS_PRICE = "0.0125uscrt";
const MEMPOOL = { maxTransactions: 10_000, cacheSize: 20_000, maxTxBytes: 8_388_608 } as const;

export async function serveNode(options: NodeOptions, started: StartedNode): Promise<RunningNode> {
  const { paths, executor, status, closers } = started;
  const crypto = makeHostCrypto();
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
    moniker: validator.name,
    nodeId: bytesToHex(crypto.sha256(validator.publicKey)).slice(0, 40),
    version: "0.1.0",
    validator,
    minimumGasPrice: MINIMUM_GAS_PRICE,
    consensusParams: genesis.consensusParams,
  };
  let verified: string[] = [];
  const signatures = makeSignatureVerifier(crypto, (name) => verified.push(name));
  const admission = makeAdmission({
    chainId: status.chainId,
    crypto,
    minimumGasPrices: MINIMUM_GAS_PRICE,
    signatures,
  });
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
      const good = verified;
      verified = [];
      const waiting = mempool.size;
      const executed = await executor.produce(mempool.reap({ maxBytes: Number(maxBytes), maxGas }), good);
      backend.publish(executed);
      resetAdmission();
      mempool.update(executed.block.transactions);
      void index.catchUp().then((height) => backend.indexed(height), options.onInternalError);
      options.onBlock(executed);
      // Transaction 0 is the random.
      const left = executed.block.transactions.length - 1 < waiting;
      return { left, changed: !equalBytes(before, executed.results.appHash) };
    },
    onFailure: (error) => options.onFailure(describeFailure(error)),
  });
  const stopClock = clock;
  closers.push(() => stopClock.stop());

  const rest = await listen(() => makeRestServer(backend, options), options.rest, "rest");
  closers.push(rest.close);
  const rpc = await listen(() => makeRpcServer(backend, options), options.rpc, "rpc");
  closers.push(rpc.close);
  return { status, restUrl: rest.url, rpcUrl: rpc.url, paths, backend, store, close: started.close };
}

function describeFailure(error: unknown): Error {
  const message = error instanceof Error ? error.message : "unknown failure";
  return new NodeError(
    NodeErrorCode.CannotPersist,
    `the next block could not be made: ${message}. All blocks that were visible are safe; the next start continues from them`,
    { cause: error },
  );
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
