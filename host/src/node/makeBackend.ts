/**
 * The node as its servers see it: reads from this thread's own view of the state, everything that needs the enclave or writes
 * from the executor.
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { Header } from "@sotto/common/wire/header";
import type { QueryResponse } from "../abci/application.ts";
import type { IndexedTx, NodeBackend, NodeIdentity } from "../api/backend.ts";
import type { ComputePowers } from "../app/modules/compute/computePowers.ts";
import { makeModules } from "../app/modules/modules.ts";
import { answerQuery } from "../app/queryService.ts";
import { loadBlock, loadHeightOfBlock, loadResults, loadValidators } from "../consensus/blockStore.ts";
import type { ProducedBlock } from "../consensus/solo.ts";
import type { IndexService } from "../indexer/indexService.ts";
import type { TxPosition } from "../indexer/txIndex.ts";
import type { StateStore } from "../store/store.ts";
import { blockTimeNs, type Executor } from "./executor.ts";
import type { Remote } from "./threadCalls.ts";

export type BackendDeps = {
  readonly identity: NodeIdentity;
  readonly genesis: string;
  readonly crypto: Crypto;
  /** For reading. */
  readonly store: StateStore;
  readonly executor: Pick<Remote<Executor>, "query" | "simulate">;
  readonly index: Pick<Remote<IndexService>, "find" | "search">;
  readonly intake: TxIntake;
  readonly isCatchingUp: () => boolean;
};

/** Where transactions of clients go: into the own mempool, or to a peer. */
export type TxIntake = Pick<NodeBackend, "broadcast" | "unconfirmed">;

export type Backend = NodeBackend & {
  /** A block was committed: from now on it can be seen. */
  publish(produced: ProducedBlock): void;
  /** Everything up to this height can be found in the index. */
  indexed(height: number): void;
};

/** Decoded blocks kept at hand: clients ask for the newest again and again. */
const RECENT_BLOCKS = 32;
/** Needs the enclave; every other query is answered from the state alone. */
const SMART_QUERY = "/secret.compute.v1beta1.Query/QuerySecretContract";

const notHere = (): never => {
  throw new TypeError("this thread has no enclave");
};
const NO_POWERS: ComputePowers = { enclave: { call: notHere }, gunzip: notHere, readProven: notHere, headers: notHere };

export function makeBackend(deps: BackendDeps): Backend {
  const { store, crypto, identity } = deps;
  const queryDeps = {
    chainId: identity.chainId,
    modules: makeModules(crypto, NO_POWERS),
    store,
    blockTimeNs: (height: number) => recent.get(height)?.timeNs ?? blockTimeNs(store, height),
  };
  const recent = new Map<number, ProducedBlock>();
  /** Where the transactions of blocks are that the index does not have yet. */
  const unindexed = new Map<string, TxPosition>();
  let latestHeight = store.latestHeight;

  function blockAt(height: number): ProducedBlock | undefined {
    const kept = recent.get(height);
    if (kept !== undefined) return kept;
    const block = height > latestHeight ? undefined : loadBlock(store, height);
    const results = block === undefined ? undefined : loadResults(store, height);
    if (block === undefined || results === undefined) return undefined;
    return remember({ block, results, timeNs: blockTimeNs(store, height) ?? 0n });
  }

  function remember(produced: ProducedBlock): ProducedBlock {
    recent.set(produced.block.height, produced);
    if (recent.size > RECENT_BLOCKS) recent.delete(recent.keys().next().value as number);
    return produced;
  }

  function toIndexedTx({ height, position }: TxPosition): IndexedTx | undefined {
    const found = blockAt(height);
    const tx = found?.block.transactions[position];
    const result = found?.results.results[position];
    if (found === undefined || tx === undefined || result === undefined) return undefined;
    return { hash: crypto.sha256(tx), height, position, tx, result, timeNs: found.timeNs };
  }

  return {
    identity,
    genesis: deps.genesis,
    get latestHeight() {
      return latestHeight;
    },
    get earliestHeight() {
      return store.earliestHeight;
    },
    query: async (request): Promise<QueryResponse> =>
      request.path === SMART_QUERY ? deps.executor.query(request) : answerQuery(queryDeps, request),
    simulate: (tx) => deps.executor.simulate(tx),
    get isCatchingUp() {
      return deps.isCatchingUp();
    },
    broadcast: (tx) => deps.intake.broadcast(tx),
    unconfirmed: () => deps.intake.unconfirmed(),
    block: (height) => blockAt(height)?.block,
    heightOfBlock: (hash) => loadHeightOfBlock(store, hash),
    blockResults: (height) => blockAt(height)?.results,
    validators(height) {
      const block = blockAt(height)?.block;
      if (block !== undefined) return loadValidators(store, Header.decode(block.header).validatorsHash);
      const last = height === latestHeight + 1 ? blockAt(latestHeight)?.block : undefined;
      return last === undefined ? undefined : loadValidators(store, Header.decode(last.header).nextValidatorsHash);
    },
    transaction: async (hash) => {
      const position = unindexed.get(bytesToHex(hash)) ?? (await deps.index.find(hash));
      return position === undefined ? undefined : toIndexedTx(position);
    },
    searchTransactions: async ({ query, order, offset, limit }) => {
      const { found, total } = await deps.index.search(query, order, offset, limit);
      return { found: found.flatMap((position) => toIndexedTx(position) ?? []), total };
    },
    publish(produced) {
      remember(produced);
      const { height, transactions } = produced.block;
      for (const [position, tx] of transactions.entries())
        unindexed.set(bytesToHex(crypto.sha256(tx)), { height, position });
      latestHeight = height;
    },
    indexed(height) {
      for (const [hash, position] of unindexed) {
        if (position.height > height) break;
        unindexed.delete(hash);
      }
    },
  };
}
