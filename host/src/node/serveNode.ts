/**
 * This thread's part of a running node: servers, the loop that blocks come from, the index. The only file that wires these together.
 *
 * A block reaches the servers only after the executor has made it durable.
 * @module
 */
import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import type { NodeIdentity } from "../api/backend.ts";
import { makeRestServer } from "../api/rest/restServer.ts";
import { makeRpcServer } from "../api/rpc/rpcServer.ts";
import type { ExecutionOrder } from "../app/genesis/developmentGenesis.ts";
import { makePeer } from "../peer/peer.ts";
import { openLmdbEngine } from "../store/lmdbEngine.ts";
import { makeStateStore } from "../store/stateStore.ts";
import type { StateStore } from "../store/store.ts";
import type { BlockLoop } from "./blockLoop.ts";
import type { ExecutedBlock, ExecutorStatus } from "./executor.ts";
import type { ExecutorService } from "./executorService.ts";
import { makeFollowLoop } from "./followLoop.ts";
import { parseGenesis } from "./genesis.ts";
import { type HomePaths, readFileIfAny, writeFileDurably } from "./home.ts";
import { makeHostCrypto } from "./hostCrypto.ts";
import { type JoinOptions, sealedFiles } from "./joinHome.ts";
import { attestingParts } from "./joinNode.ts";
import { type ListenAddress, listen } from "./listen.ts";
import { type Backend, makeBackend } from "./makeBackend.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import type { PlatformName } from "./platformNames.ts";
import { makeRenewal, type Renewal } from "./renewEvidence.ts";
import { makeSoloLoop } from "./soloLoop.ts";
import type { Remote } from "./threadCalls.ts";
import { type Closers, startIndex } from "./threads.ts";

export type NodeOptions = {
  readonly home: string;
  /** Of a new network; a home that has one must have this one, if it is given. */
  readonly chainId: string | undefined;
  /** The same of the order in which transactions run. */
  readonly executionOrder?: ExecutionOrder | undefined;
  /** Instead of those that the home remembers; of a node that follows alone. */
  readonly peers: readonly string[];
  readonly rest: ListenAddress;
  readonly rpc: ListenAddress;
  readonly enclave: "inline" | "process";
  readonly platform: PlatformName;
  /** The enclave's code; what runs is exactly these bytes. */
  readonly bundle: Uint8Array;
  readonly collectMs: number;
  readonly intervalMs: number;
  readonly keepHeights: number;
  readonly onBlock: (block: ExecutedBlock) => void;
  /** What a follower has to tell of its peers; a sentence. */
  readonly onPeer: (text: string) => void;
  /** Steps back into the network, where a start takes them: the platform keeps no secrets. */
  readonly onRejoin: JoinOptions["report"];
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
  /** Heights of this node and, as far as known, of its network. */
  progress(): { readonly height: number; readonly tip: number };
  close(): Promise<void>;
};

export type StartedNode = {
  readonly moniker: string;
  /** Empty for *solo*. */
  readonly peers: readonly string[];
  readonly paths: HomePaths;
  readonly executor: Remote<ExecutorService>;
  readonly status: ExecutorStatus;
  readonly closers: Closers;
  readonly close: () => Promise<void>;
};

const MINIMUM_GAS_PRICE = "0.0125uscrt";
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
  const identity: NodeIdentity = {
    chainId: status.chainId,
    moniker: started.moniker,
    nodeId: bytesToHex(crypto.sha256(status.validator.publicKey)).slice(0, 40),
    version: "0.1.0",
    validator: status.validator,
    minimumGasPrice: MINIMUM_GAS_PRICE,
    consensusParams: genesis.consensusParams,
  };
  const onBlocks = (blocks: readonly ExecutedBlock[]): void => {
    for (const block of blocks) {
      backend.publish(block);
      options.onBlock(block);
    }
    if (!loop.isCatchingUp) renewal?.look();
    void index.catchUp().then((height) => backend.indexed(height), options.onInternalError);
  };
  let renewal: Renewal | undefined;
  const onFailure = (error: unknown): void => options.onFailure(describeFailure(error));
  const loop: BlockLoop & { readonly tip?: number } =
    status.role === "solo"
      ? makeSoloLoop({
          genesis,
          crypto,
          store,
          executor,
          minimumGasPrice: MINIMUM_GAS_PRICE,
          collectMs: options.collectMs,
          intervalMs: options.intervalMs,
          onBlocks,
          onFailure,
        })
      : makeFollowLoop({
          chainId: status.chainId,
          peers: started.peers,
          store,
          executor,
          onBlocks,
          onPeer: options.onPeer,
          onFailure,
        });
  const backend = makeBackend({
    identity,
    genesis: status.genesis,
    crypto,
    store,
    executor,
    index,
    intake: loop.intake,
    isCatchingUp: () => loop.isCatchingUp,
  });
  loop.start();
  closers.push(() => loop.stop());

  const rest = await listen(() => makeRestServer(backend, options), options.rest, "rest");
  closers.push(rest.close);
  // Once the server that it asks is gone, a renewal ends at once.
  closers.push(() => renewal?.stop());
  const rpc = await listen(() => makeRpcServer(backend, options), options.rpc, "rpc");
  closers.push(rpc.close);
  renewal = makeRenewal({
    ...attestingParts(executor, paths),
    genesis,
    genesisFile: utf8ToBytes(status.genesis),
    // This node answers it as its peers would.
    peer: makePeer(rpc.url),
    store,
    sealed: sealedFiles(paths),
    report: options.onPeer,
  });
  return {
    status,
    restUrl: rest.url,
    rpcUrl: rpc.url,
    paths,
    backend,
    store,
    progress: () => ({ height: backend.latestHeight, tip: Math.max(loop.tip ?? 0, backend.latestHeight) }),
    close: started.close,
  };
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
