/**
 * The executor: the one place that writes. It holds the state store, the enclave, the state machine and consensus, and runs
 * blocks one after another; everything in it is synchronous.
 *
 * It lives in a thread of its own (`executorThread.ts`), or, for networks in memory, where it was made.
 * @module
 */

import { RefusedError } from "@sotto/boundary/calls";
import { INTERFACE_VERSION } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import { compareValidators } from "@sotto/common/merkle/validatorsHash";
import { Header } from "@sotto/common/wire/header";
import { timestampToNanos } from "@sotto/common/wire/timestamp";
import type { QueryRequest, QueryResponse } from "../abci/application.ts";
import type { SimulationResult } from "../api/backend.ts";
import { makeSignatureVerifier } from "../app/core/signatureVerifier.ts";
import { makeStateMachine, type StateMachine } from "../app/stateMachine.ts";
import { loadBlock, loadHeaders } from "../consensus/blockStore.ts";
import { ConsensusError, ConsensusErrorCode } from "../consensus/consensusError.ts";
import { type Follower, makeFollower } from "../consensus/follower.ts";
import type { ForeignBlock } from "../consensus/foreignBlock.ts";
import { makeSolo, type ProducedBlock, type Solo } from "../consensus/solo.ts";
import type { StateStore, TableChange } from "../store/store.ts";
import { makeBootTransaction } from "./bootTransaction.ts";
import { type Genesis, genesisAccounts } from "./genesis.ts";
import { anchor, type Network, type NetworkDeps, type NodeRole, openNetwork } from "./network.ts";
import { ACCOUNT_QUERY, type AccountState, decodeAccountResponse, encodeAccountRequest } from "./nodeAccount.ts";
import type { HeaderRange } from "./replay.ts";

export type ExecutorDeps = NetworkDeps & {
  readonly gunzip: Parameters<typeof makeStateMachine>[0]["gunzip"];
  /** Heights that stay readable; 0 keeps all. */
  readonly keepHeights: number;
};

/** A debug print of a contract, with the contract's address as bytes. */
export type DebugPrint = { readonly contract: Uint8Array; readonly message: Uint8Array };
export type ExecutedBlock = ProducedBlock & { readonly prints: readonly DebugPrint[] };

export type ExecutorStatus = {
  readonly genesis: string;
  readonly chainId: string;
  readonly initialHeight: number;
  readonly latestHeight: number;
  readonly measurement: Uint8Array;
  readonly isNew: boolean;
  readonly role: NodeRole["kind"];
  /** Whether the enclave has what it needs after a restart (registration §5.5). */
  readonly keepsSecrets: boolean;
  /** The node's own, with the power that it has at genesis. */
  readonly validator: { readonly address: Uint8Array; readonly publicKey: Uint8Array; readonly power: bigint };
};

/** Whether the enclave answers queries yet, and by what it finds out (consensus §5 T33). */
export type Freshness = { readonly fresh: boolean; readonly bootNonce: Uint8Array };

export interface Executor {
  readonly status: () => ExecutorStatus;
  /**
   * Makes and executes the next block; it is durable when this returns. Of *solo* alone.
   * @param verified signatures that admission has found good: the host checks each once
   */
  readonly produce: (transactions: readonly Uint8Array[], verified?: readonly string[]) => ExecutedBlock;
  /**
   * Verifies and executes blocks of a peer, in order; the enclave's record is durable when this returns. Of a follower alone.
   * @throws {ConsensusError} after some of them may have been executed
   */
  readonly follow: (blocks: readonly ForeignBlock[]) => Followed;
  /** Headers that the enclave wants before {@link follow} can go on: it has accepted blocks whose outcome this host has lost. */
  readonly wantedHeaders: () => HeaderRange | undefined;
  /** @param headers those of the range wanted, ascending; whether they are those that the enclave has accepted */
  readonly showHeaders: (headers: readonly Uint8Array[]) => boolean;
  readonly freshness: () => Freshness;
  /** The transaction that makes the enclave fresh; undefined while the chain does not know the node's account. */
  readonly bootTransaction: () => Uint8Array | undefined;
  readonly query: (request: QueryRequest) => QueryResponse;
  readonly simulate: (tx: Uint8Array) => SimulationResult;
  readonly close: () => void;
}

/** The blocks that were executed, and why not all of them. */
export type Followed = {
  readonly executed: readonly ExecutedBlock[];
  readonly failure: { readonly isPeersFault: boolean; readonly message: string } | undefined;
};

/**
 * Opens the network of a store, or creates one.
 * @throws {NodeError} with what is wrong with the home and what to do
 */
export function openExecutor(deps: ExecutorDeps): Executor {
  const { store, enclave, crypto, role } = deps;
  let prints: DebugPrint[] = [];
  /** A follower writes one record for all the blocks that it got together: of an older one its enclave goes on by headers. */
  let held: Uint8Array | undefined;
  const network = openNetwork(deps);
  const { genesis } = network;

  const signatures = makeSignatureVerifier(crypto);
  const application = makeStateMachine({
    signatures,
    chainId: genesis.chainId,
    store,
    enclave,
    keepSealed: (record) => {
      if (follower === undefined) deps.sealed.save(record);
      else held = record;
    },
    crypto,
    gunzip: deps.gunzip,
    decidedBlocks: (height, hash) => engine.decidedBlock(height, hash),
    blockTimeNs: (height) => blockTimeNs(store, height),
    headers: (from, to) => loadHeaders(store, from, to),
    onDebugPrint: (contract, message) => {
      prints.push({ contract, message });
    },
  });
  const genesisAppHash = store.latestHeight === 0 ? initChain(application, genesis) : new Uint8Array(0);
  if (network.isNew) anchor(deps, network, genesisAppHash);
  const engine = makeEngine(deps, network, application, genesisAppHash);
  const { solo, follower } = engine;

  const freshness = (): Freshness => {
    const { fresh, bootNonce } = enclave.call("info", { interfaceVersion: INTERFACE_VERSION });
    return { fresh, bootNonce };
  };
  const bootTransaction = (): Uint8Array | undefined => {
    const account = nodeAccountState(deps, application, genesis);
    if (account === undefined) return undefined;
    const { bootNonce: nonce } = freshness();
    return makeBootTransaction(crypto, deps.nodeAccount, { ...account, chainId: genesis.chainId, nonce });
  };

  function withPrints(produced: ProducedBlock): ExecutedBlock {
    const block = { ...produced, prints };
    prints = [];
    if (deps.keepHeights > 0) store.prune(produced.block.height - deps.keepHeights + 1);
    return block;
  }

  if (solo !== undefined) {
    solo.recover();
    const boot = bootTransaction();
    solo.produce(boot === undefined ? [] : [boot]);
    prints = [];
  }
  return {
    status: () => ({
      genesis: network.text,
      chainId: genesis.chainId,
      initialHeight: genesis.initialHeight,
      latestHeight: store.latestHeight,
      measurement: enclave.measurement,
      isNew: network.isNew,
      role: role.kind,
      keepsSecrets: deps.platform.keepsSecrets,
      validator: { ...publicPart(deps.validator), power: ownPower(deps, genesis) },
    }),
    produce: (transactions, verified = []) => {
      if (solo === undefined) throw new TypeError("a follower makes no blocks");
      signatures.remember(verified);
      return withPrints(solo.produce(transactions));
    },
    follow: (blocks) => {
      if (follower === undefined) throw new TypeError("solo follows nobody");
      const executed: ExecutedBlock[] = [];
      try {
        for (const block of blocks) {
          if (network.replay?.wanted() !== undefined) break;
          executed.push(withPrints(follower.follow(block)));
        }
      } catch (error) {
        return { executed, failure: describeFailure(error) };
      } finally {
        if (held !== undefined) deps.sealed.save(held);
        held = undefined;
      }
      return { executed, failure: undefined };
    },
    wantedHeaders: () => network.replay?.wanted(),
    showHeaders: (headers) => {
      try {
        network.replay?.show(headers);
        return true;
      } catch (error) {
        if (error instanceof RefusedError) return false;
        throw error;
      }
    },
    freshness,
    bootTransaction,
    query: (request) => application.query(request),
    simulate: (tx) => application.simulate(tx),
    close: () => {
      enclave.close();
      store.close();
    },
  };
}

type Engine = {
  readonly solo?: Solo;
  readonly follower?: Follower;
  readonly decidedBlock: Solo["decidedBlock"];
};

function makeEngine(
  deps: ExecutorDeps,
  { genesis }: Network,
  application: StateMachine,
  genesisAppHash: Uint8Array,
): Engine {
  const { crypto, store } = deps;
  const { chainId, initialHeight } = genesis;
  const commitApplication = (rows: readonly TableChange[]): void => application.commit(rows);
  const shared = { chainId, initialHeight, crypto, store, application, genesisAppHash, commitApplication };
  if (deps.role.kind === "follower") {
    const follower = makeFollower({ ...shared, validators: setInOrder(genesis) });
    return { follower, decidedBlock: (height, hash) => follower.decidedBlock(height, hash) };
  }
  const solo = makeSolo({
    ...shared,
    genesisTimeNs: genesis.timeNs,
    consensusParams: genesis.consensusParams,
    validator: { ...deps.validator, power: ownPower(deps, genesis) },
    now: deps.now,
  });
  return { solo, decidedBlock: (height, hash) => solo.decidedBlock(height, hash) };
}

/** A genesis file may list its validators in any order. */
function setInOrder({ validators }: Genesis): Genesis["validators"] {
  return [...validators].sort((a, b) =>
    compareValidators({ ...a, votingPower: a.power }, { ...b, votingPower: b.power }),
  );
}

function publicPart({ address, publicKey }: NetworkDeps["validator"]): { address: Uint8Array; publicKey: Uint8Array } {
  return { address, publicKey };
}

/** 0 for a key that is none of a validator. */
function ownPower({ validator }: ExecutorDeps, { validators }: Genesis): bigint {
  return validators.find(({ publicKey }) => equalBytes(publicKey, validator.publicKey))?.power ?? 0n;
}

/** Before the first block the account is in genesis alone. */
function nodeAccountState(
  { store, nodeAccount }: ExecutorDeps,
  application: StateMachine,
  genesis: Genesis,
): AccountState | undefined {
  if (store.latestHeight === 0) {
    const number = genesisAccounts(genesis).indexOf(nodeAccount.text);
    return number < 0 ? undefined : { accountNumber: BigInt(number), sequence: 0n };
  }
  const data = encodeAccountRequest(nodeAccount.text);
  const answer = application.query({ path: ACCOUNT_QUERY, data, height: 0 });
  return answer.code === 0 ? decodeAccountResponse(answer.value) : undefined;
}

function describeFailure(error: unknown): NonNullable<Followed["failure"]> {
  const message = error instanceof Error ? error.message : "unknown failure";
  return { isPeersFault: error instanceof ConsensusError && error.code === ConsensusErrorCode.PeerLied, message };
}

/** @returns the app hash of genesis */
function initChain(application: StateMachine, genesis: Genesis): Uint8Array {
  const { timeNs: time, chainId, initialHeight, consensusParams, validators, appState } = genesis;
  return application.initChain({ time, chainId, initialHeight, consensusParams, validators, appState }).appHash;
}

/** Block time of a stored height. */
export function blockTimeNs(store: Pick<StateStore, "getTable">, height: number): bigint | undefined {
  const block = loadBlock(store, height);
  return block === undefined ? undefined : timestampToNanos(Header.decode(block.header).time);
}
