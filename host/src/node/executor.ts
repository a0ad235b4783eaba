/**
 * The executor: the one place that writes. It holds the state store, the enclave, the state machine and consensus, and runs
 * blocks one after another; everything in it is synchronous.
 *
 * It lives in a thread of its own (`executorThread.ts`), or, for networks in memory, where it was made.
 * @module
 */

import { RefusedError } from "@sotto/boundary/calls";
import { type EcallResponse, INTERFACE_VERSION } from "@sotto/boundary/messages";
import { bytesToHex, bytesToUtf8, equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { validatorsHash } from "@sotto/common/merkle/validatorsHash";
import { Header } from "@sotto/common/wire/header";
import { timestampToNanos } from "@sotto/common/wire/timestamp";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import type { QueryRequest, QueryResponse } from "../abci/application.ts";
import type { SimulationResult } from "../api/backend.ts";
import { makeSignatureVerifier } from "../app/core/signatureVerifier.ts";
import { makeDevelopmentGenesis } from "../app/genesis/developmentGenesis.ts";
import { makeStateMachine, SEALED_RECORD_KEY } from "../app/stateMachine.ts";
import { loadBlock, loadHeaders } from "../consensus/blockStore.ts";
import { makeSolo, type ProducedBlock, type SoloValidator } from "../consensus/solo.ts";
import type { EnclaveHost } from "../enclaveHost/enclaveHost.ts";
import type { StateStore } from "../store/store.ts";
import { DEVELOPMENT_CHAIN_ID, formatGenesis, type Genesis, parseGenesis } from "./genesis.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";

export type ExecutorDeps = {
  readonly store: StateStore;
  readonly enclave: EnclaveHost;
  readonly crypto: Crypto;
  readonly validator: Omit<SoloValidator, "power">;
  readonly moniker: string;
  readonly gunzip: Parameters<typeof makeStateMachine>[0]["gunzip"];
  readonly now: () => bigint;
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
};

export interface Executor {
  readonly status: () => ExecutorStatus;
  /**
   * Makes and executes the next block; it is durable when this returns.
   * @param verified signatures that admission has found good: the host checks each once
   */
  readonly produce: (transactions: readonly Uint8Array[], verified?: readonly string[]) => ExecutedBlock;
  readonly query: (request: QueryRequest) => QueryResponse;
  readonly simulate: (tx: Uint8Array) => SimulationResult;
  readonly close: () => void;
}

const GENESIS_KEY = utf8ToBytes("genesis");

/**
 * Opens the network of a store, or creates one.
 * @throws {NodeError} with what is wrong with the home and what to do
 */
export function openExecutor(deps: ExecutorDeps): Executor {
  const { store, enclave, crypto } = deps;
  let prints: DebugPrint[] = [];
  const isNew = store.getTable("meta", SEALED_RECORD_KEY) === undefined;
  const { genesis, text } = isNew ? createNetwork(deps) : reopenNetwork(deps);

  const signatures = makeSignatureVerifier(crypto);
  const application = makeStateMachine({
    signatures,
    chainId: genesis.chainId,
    store,
    enclave,
    crypto,
    gunzip: deps.gunzip,
    decidedBlocks: (height, hash) => solo.decidedBlock(height, hash),
    blockTimeNs: (height) => blockTimeNs(store, height),
    headers: (from, to) => loadHeaders(store, from, to),
    onDebugPrint: (contract, message) => {
      prints.push({ contract, message });
    },
  });
  const genesisAppHash = store.latestHeight === 0 ? initChain(application, genesis) : new Uint8Array(0);
  if (isNew) anchor(deps, genesis, text, genesisAppHash);
  const power = genesis.validators[0]?.power ?? 0n;
  const solo = makeSolo({
    chainId: genesis.chainId,
    genesisTimeNs: genesis.timeNs,
    initialHeight: genesis.initialHeight,
    consensusParams: genesis.consensusParams,
    validator: { ...deps.validator, power },
    crypto,
    store,
    application,
    genesisAppHash,
    commitApplication: (rows) => application.commit(rows),
    now: deps.now,
  });

  function withPrints(produced: ProducedBlock): ExecutedBlock {
    const block = { ...produced, prints };
    prints = [];
    if (deps.keepHeights > 0) store.prune(produced.block.height - deps.keepHeights + 1);
    return block;
  }

  solo.recover();
  if (store.latestHeight === 0) solo.produce([]);
  return {
    status: () => ({
      genesis: text,
      chainId: genesis.chainId,
      initialHeight: genesis.initialHeight,
      latestHeight: store.latestHeight,
      measurement: enclave.measurement,
      isNew,
    }),
    produce: (transactions, verified = []) => {
      signatures.remember(verified);
      return withPrints(solo.produce(transactions));
    },
    query: (request) => application.query(request),
    simulate: (tx) => application.simulate(tx),
    close: () => {
      enclave.close();
      store.close();
    },
  };
}

/** @returns the app hash of genesis */
function initChain(application: ReturnType<typeof makeStateMachine>, genesis: Genesis): Uint8Array {
  const { timeNs: time, chainId, initialHeight, consensusParams, validators, appState } = genesis;
  return application.initChain({ time, chainId, initialHeight, consensusParams, validators, appState }).appHash;
}

/** Block time of a stored height. */
export function blockTimeNs(store: Pick<StateStore, "getTable">, height: number): bigint | undefined {
  const block = loadBlock(store, height);
  return block === undefined ? undefined : timestampToNanos(Header.decode(block.header).time);
}

function createNetwork({ enclave, crypto, validator, moniker, now }: ExecutorDeps): { genesis: Genesis; text: string } {
  const chainId = DEVELOPMENT_CHAIN_ID;
  checkInterface(enclave);
  const { keys } = enclave.call("bootstrap", { chainId });
  const development = makeDevelopmentGenesis({ crypto, moniker, validatorKey: validator.publicKey, networkKeys: keys });
  const written = formatGenesis({
    chainId,
    timeNs: now(),
    initialHeight: 1,
    consensusParams: development.consensusParams,
    validators: development.validators.map((each) => ({ ...each, address: validator.address, name: moniker })),
    appState: development.appState,
  });
  // What counts is what a later start will read.
  return { genesis: parseGenesis(written, "the new genesis"), text: written };
}

/** Fixes the genesis in the enclave and stores it with the first sealed record, in one step. */
function anchor({ store, enclave, crypto }: ExecutorDeps, genesis: Genesis, text: string, appHash: Uint8Array): void {
  const setHash = validatorsHash(
    crypto,
    genesis.validators.map(({ publicKey, power }) => ({
      publicKey: toConsensusPublicKey(publicKey),
      votingPower: power,
    })),
  );
  const { sealed } = enclave.call("anchorGenesis", {
    initialHeight: BigInt(genesis.initialHeight),
    genesisTimeNs: genesis.timeNs,
    validatorsHash: setHash,
    appHash,
    genesisHash: crypto.sha256(utf8ToBytes(text)),
  });
  store.writeTables([
    { table: "meta", key: GENESIS_KEY, value: utf8ToBytes(text) },
    { table: "meta", key: SEALED_RECORD_KEY, value: sealed },
  ]);
}

function reopenNetwork({ store, enclave, validator }: ExecutorDeps): { genesis: Genesis; text: string } {
  const stored = store.getTable("meta", GENESIS_KEY);
  const sealed = store.getTable("meta", SEALED_RECORD_KEY);
  if (stored === undefined || sealed === undefined) {
    throw new NodeError(NodeErrorCode.WrongNetwork, "the state has no genesis; `sotto reset` starts over");
  }
  const text = bytesToUtf8(stored);
  const genesis = parseGenesis(text, "the stored genesis");
  if (!genesis.validators.some(({ publicKey }) => equalBytes(publicKey, validator.publicKey))) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      "the validator key is not that of this network's validator; put the old validator-key.json back, or start over with `sotto reset`",
    );
  }
  checkInterface(enclave);
  const { chainId, height } = unseal(enclave, sealed);
  if (chainId !== genesis.chainId) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `the sealed record is of network ${chainId}, the state of ${genesis.chainId}; \`sotto reset\` starts over`,
    );
  }
  // Both are written in one step, so they can only differ if somebody put one of them back.
  if (height !== BigInt(store.latestHeight)) {
    throw new NodeError(
      NodeErrorCode.SealedRecordDamaged,
      `the sealed record is of height ${height}, the state of height ${store.latestHeight}: they do not belong together; \`sotto reset\` starts over`,
    );
  }
  return { genesis, text };
}

function checkInterface(enclave: EnclaveHost): void {
  const { interfaceVersion } = enclave.call("info", { interfaceVersion: INTERFACE_VERSION });
  if (interfaceVersion !== INTERFACE_VERSION) {
    throw new NodeError(
      NodeErrorCode.OtherEnclave,
      `the enclave speaks interface version ${interfaceVersion}, this node ${INTERFACE_VERSION}; build both from one checkout`,
    );
  }
}

function unseal(enclave: EnclaveHost, sealed: Uint8Array): EcallResponse<"unseal"> {
  try {
    return enclave.call("unseal", { sealed });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new NodeError(
      NodeErrorCode.SealedRecordDamaged,
      `the enclave with measurement ${bytesToHex(enclave.measurement)} cannot open this network's sealed record: ${error.message}; \`sotto reset\` starts over`,
      { cause: error },
    );
  }
}
