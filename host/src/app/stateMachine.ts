/**
 * The application behind the ABCI-shaped interface: blocks in, results and app hashes out (design "Where the cut runs").
 *
 * One deterministic function of the block and the state it commits to. A block in which nothing happened but transaction 0
 * leaves the app hash as it is (consensus §3.7), so no module writes unless something changed.
 * @module
 */
import { type OcallHandlers, RefusedError } from "@sotto/boundary/calls";
import { EMPTY_BYTES } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type {
  Application,
  DecidedBlockSource,
  FinalizeBlockRequest,
  FinalizeBlockResponse,
  InitChainRequest,
  InitChainResponse,
  ProposalRequest,
  TxResult,
  ValidatorUpdate,
} from "../abci/application.ts";
import type { EnclaveHost } from "../enclaveHost/enclaveHost.ts";
import type { StateChange, StateReader, StateStore, StateView, TableChange } from "../store/store.ts";
import type { AnteDeps } from "./ante/anteStep.ts";
import { Branch } from "./core/branch.ts";
import { type Context, makeContext } from "./core/context.ts";
import { GasMeter, infiniteGasMeter } from "./core/gas.ts";
import { parseAppState } from "./core/genesisJson.ts";
import { makeSignatureVerifier, type SignatureVerifier } from "./core/signatureVerifier.ts";
import { splitChanges, withCodeTable } from "./core/stateTables.ts";
import { isRandomTransaction } from "./core/tx.ts";
import type { ComputePowers } from "./modules/compute/computePowers.ts";
import { consensusKeeper } from "./modules/consensusModule.ts";
import { makeModules } from "./modules/modules.ts";
import { fillProposal } from "./proposal.ts";
import { answerQuery } from "./queryService.ts";
import { partAlone, partBeside } from "./resultParts.ts";
import { runTx } from "./runTx.ts";
import { type Simulation, simulateTx } from "./simulate.ts";

/** The enclave's word for two blocks at one height (its RefusalCode.Latched). */
const LATCHED = 36;

export type StateMachineDeps = {
  readonly chainId: string;
  readonly store: StateStore;
  readonly enclave: EnclaveHost;
  /** Makes the enclave's record of a block durable, before the block's state is. */
  readonly keepSealed: (sealed: Uint8Array) => void;
  readonly decidedBlocks: DecidedBlockSource;
  readonly crypto: Crypto;
  readonly gunzip: ComputePowers["gunzip"];
  /** Block time of a committed height; undefined if it is not known (any more). */
  readonly blockTimeNs: (height: number) => bigint | undefined;
  /** Headers of decided blocks, protobuf, from the lower height upward, both included. */
  readonly headers: ComputePowers["headers"];
  readonly onDebugPrint?: ComputePowers["onDebugPrint"];
  /** Shared with admission where both run in one thread. */
  readonly signatures?: SignatureVerifier;
};

export type StateMachine = Omit<Application, "commit"> & {
  /** Makes the finalized block durable, with the caller's own rows in the same step. */
  commit(tables?: readonly TableChange[]): void;
  /** Runs a transaction on the latest state without a valid signature, and drops what it did (clients §1.2 item 4). */
  simulate(tx: Uint8Array): Simulation;
};

const EMPTY_READER: StateReader = { get: () => undefined, iterate: () => [][Symbol.iterator]() };

const RANDOM_RESULT: TxResult = {
  code: 0,
  codespace: "",
  data: EMPTY_BYTES,
  log: "",
  gasWanted: 0n,
  gasUsed: 0n,
  events: [],
};

export function makeStateMachine(deps: StateMachineDeps): StateMachine {
  const { chainId, store, enclave, crypto } = deps;
  const powers: ComputePowers = {
    enclave,
    gunzip: deps.gunzip,
    readProven: (name, key, from) => store.readProven(name, key, from),
    headers: deps.headers,
    ...(deps.onDebugPrint === undefined ? {} : { onDebugPrint: deps.onDebugPrint }),
  };
  const modules = makeModules(crypto, powers);
  const ante: AnteDeps = {
    auth: modules.auth,
    bank: modules.bank,
    crypto,
    signatures: deps.signatures ?? makeSignatureVerifier(crypto),
    // What a node asks for is no rule of the chain (chain §6.7).
    minimumGasPrices: [],
  };
  const txDeps = { ante, messages: modules.messages };

  /** Until the first block is committed, genesis is not in the store. */
  let genesis: readonly StateChange[] = [];
  let view: StateView | undefined;
  let finalized: { readonly tables: readonly TableChange[]; readonly sealed: Uint8Array } | undefined;

  const openState = (): Branch => {
    view?.release();
    view = undefined;
    if (store.latestHeight > 0) {
      view = store.latest();
      return new Branch(withCodeTable(view, store));
    }
    const state = new Branch(EMPTY_READER);
    for (const { store: name, key, value } of genesis) if (value !== undefined) state.set(name, key, value);
    return state;
  };

  const initChain = (request: InitChainRequest): InitChainResponse => {
    if (request.chainId !== chainId) {
      throw new RangeError(`init chain: expected chain id ${chainId}, got ${request.chainId}`);
    }
    const state = new Branch(EMPTY_READER);
    const context = makeContext({ chainId, height: 0, timeNs: request.time }, "genesis", state);
    const appState = parseAppState(request.appState);
    const known = new Set(modules.all.map(({ name }) => name));
    const foreign = Object.keys(appState).find((name) => !known.has(name));
    if (foreign !== undefined) throw new RangeError(`genesis: there is no module ${foreign}`);
    consensusKeeper.setLimits(context, request.consensusParams);
    for (const { name, initGenesis } of modules.all) initGenesis?.(context, appState[name]);
    genesis = state.changes();
    return { appHash: store.stage(request.initialHeight, genesis) };
  };

  /** @param order positions as they run; empty: as proposed. @returns results in the order of the block */
  const deliver = (context: Context, transactions: readonly Uint8Array[], order: readonly number[]): TxResult[] => {
    const blockMaxGas = consensusKeeper.maxGas({ ...context, gas: infiniteGasMeter() });
    const blockGas = blockMaxGas > 0n ? new GasMeter(blockMaxGas) : infiniteGasMeter();
    const results = transactions.map(() => RANDOM_RESULT);
    for (const position of order.length > 0 ? order : results.keys()) {
      if (position === 0) continue;
      const delivered: Context = { ...context, mode: "deliver", events: [] };
      const bytes = transactions[position] as Uint8Array;
      const { result, admitted } = runTx(txDeps, delivered, bytes, { position, blockGas, blockMaxGas });
      if (admitted) enclave.call("endTransaction", { transaction: position, kept: result.code === 0 });
      results[position] = result;
    }
    return results;
  };

  const readProven: OcallHandlers["readProven"] = ({ store: name, key, known }) => store.readProven(name, key, known);

  /** Whether the enclave may still take part is in the state before the block. @returns the order of execution */
  const beginBlock = ({ height, hash, transactions }: FinalizeBlockRequest): readonly number[] => {
    const { storeRoots } = store;
    try {
      const { lastResults: results, ...decided } = deps.decidedBlocks(height, hash);
      const lastResults = partBeside(results);
      const moreResults = lastResults.length < results.length;
      const readResults: OcallHandlers["readResults"] = ({ from }) => ({ results: partAlone(results, from) });
      const block = { ...decided, transactions, storeRoots, lastResults, moreResults };
      return enclave.call("beginBlock", block, { readProven, readResults }).order;
    } catch (error) {
      // That the enclave latched is to outlast a restart.
      if (error instanceof RefusedError && error.code === LATCHED) deps.keepSealed(enclave.call("endBlock", {}).sealed);
      throw error;
    }
  };

  const finalizeBlock = (request: FinalizeBlockRequest): FinalizeBlockResponse => {
    const { height, time: timeNs, transactions } = request;
    const state = openState();
    const context = makeContext({ chainId, height, timeNs }, "block", state);
    for (const module of modules.all) module.beginBlock?.(context);
    const order = beginBlock(request);
    const results = deliver(context, transactions, order);
    const validatorUpdates: ValidatorUpdate[] = modules.all.flatMap((module) => module.endBlock?.(context) ?? []);
    // The enclave applies its writes to the trees itself, and may not have seen all pages on the way to them.
    const { sealed } = enclave.call("endBlock", {}, { readProven });
    const changes = splitChanges(state.changes());
    finalized = { tables: changes.tables, sealed };
    return { events: context.events, results, validatorUpdates, appHash: store.stage(height, changes.state) };
  };

  const processProposal = ({ height, proposerAddress: proposer, transactions }: ProposalRequest): boolean => {
    const [transaction, ...others] = transactions;
    if (transaction === undefined || others.some(isRandomTransaction)) return false;
    return enclave.call("checkProposal", { height: BigInt(height), proposer, transaction }).accepted;
  };

  const queryDeps = { chainId, modules, store, blockTimeNs: deps.blockTimeNs };
  return {
    info: () => ({ height: store.latestHeight, appHash: store.appHash }),
    initChain,
    prepareProposal: ({ height, proposerAddress: proposer, transactions, maxTxBytes }) => {
      const { transaction } = enclave.call("proposeRandom", { height: BigInt(height), proposer });
      return fillProposal(transaction, transactions, maxTxBytes);
    },
    processProposal,
    finalizeBlock,
    commit: (tables = []) => {
      if (finalized === undefined) throw new TypeError("commit: no block was finalized");
      deps.keepSealed(finalized.sealed);
      store.commit([...finalized.tables, ...tables]);
      finalized = undefined;
      view?.release();
      view = undefined;
    },
    query: (request) => answerQuery(queryDeps, request),
    simulate: (tx) => simulateTx(txDeps, queryDeps, tx),
  };
}
