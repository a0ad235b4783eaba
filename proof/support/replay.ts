/**
 * An undisturbed replay: the blocks of one home executed again from an early copy of it, by the parts that a node consists of.
 *
 * Runs in any Node that reads TypeScript, so it imports nothing of the tests' framework.
 * @module
 */
import { resultsHash } from "@sotto/common/merkle/blockHashes";
import { MODULE_STORES } from "@sotto/host/app/modules/modules";
import { makeStateMachine } from "@sotto/host/app/stateMachine";
import { blockRows, loadBlock, loadResults } from "@sotto/host/consensus/blockStore";
import { makeSolo } from "@sotto/host/consensus/solo";
import { type EnclaveHost, makeEnclaveHost } from "@sotto/host/enclaveHost/enclaveHost";
import { blockTimeNs } from "@sotto/host/node/executor";
import { parseGenesis } from "@sotto/host/node/genesis";
import { homePaths } from "@sotto/host/node/home";
import { makeHostCrypto } from "@sotto/host/node/hostCrypto";
import { type SealedRecords, sealedFile } from "@sotto/host/node/sealedFile";
import { loadValidatorKey } from "@sotto/host/node/validatorKey";
import { openLmdbEngine } from "@sotto/host/store/lmdbEngine";
import { makeStateStore } from "@sotto/host/store/stateStore";
import type { StateStore } from "@sotto/host/store/store";
import { gunzip } from "@sotto/platform/gunzip";
import type { EnclaveConnection } from "@sotto/platform/platform";

const crypto = makeHostCrypto();

export type ReplayOptions = {
  /** Early copy of the home; the replay continues it. */
  readonly copy: string;
  /** The home whose blocks are executed again. */
  readonly home: string;
  readonly connect: () => EnclaveConnection;
  /** A new enclave before every block: nothing is cached. */
  readonly cold?: boolean;
};

export type Replayed = {
  readonly blocks: number;
  readonly transactions: number;
  /** Of them. */
  readonly failed: number;
  /** What a block gave here and there, where that differs. */
  readonly differences: readonly string[];
  readonly appHash: string;
  /** Over app hash, results and events of every block. */
  readonly digest: string;
};

const json = (value: unknown): string =>
  JSON.stringify(value, (_, field) =>
    typeof field === "bigint" ? `${field}n` : field instanceof Uint8Array ? Buffer.from(field).toString("hex") : field,
  );

function openState(home: string, readOnly: boolean): StateStore {
  const engine = openLmdbEngine({ path: homePaths(home).state, readOnly });
  return makeStateStore(engine, { sha256: crypto.sha256, stores: readOnly ? [] : MODULE_STORES });
}

/** An enclave that opens the store's sealed record; `renew` ends it and starts another. */
function makeRenewable(connect: () => EnclaveConnection, sealed: SealedRecords): EnclaveHost & { renew(): void } {
  const open = (): EnclaveHost => {
    const enclave = makeEnclaveHost(connect());
    enclave.call("unseal", { sealed: sealed.load() as Uint8Array });
    return enclave;
  };
  let enclave = open();
  return {
    measurement: enclave.measurement,
    call: (name, request, ocalls) => enclave.call(name, request, ocalls),
    close: () => enclave.close(),
    renew: () => {
      enclave.close();
      enclave = open();
    },
  };
}

/** Executes every block of `home` that `copy` does not have yet. Nothing is signed, nothing is proposed. */
export function replay({ copy, home, connect, cold = false }: ReplayOptions): Replayed {
  const source = openState(home, true);
  const store = openState(copy, false);
  const sealed = sealedFile(homePaths(copy).sealedNetwork);
  const enclave = makeRenewable(connect, sealed);
  try {
    return replayBlocks(source, store, enclave, cold ? () => enclave.renew() : () => {}, copy);
  } finally {
    enclave.close();
    store.close();
    source.close();
  }
}

function replayBlocks(
  source: StateStore,
  store: StateStore,
  enclave: EnclaveHost,
  beforeBlock: () => void,
  copy: string,
): Replayed {
  const row = store.getTable("meta", Buffer.from("genesis")) as Uint8Array;
  const genesis = parseGenesis(Buffer.from(row).toString(), "the genesis");
  const { validators, timeNs: genesisTimeNs, chainId, initialHeight, consensusParams } = genesis;
  const application = makeStateMachine({
    chainId,
    store,
    enclave,
    keepSealed: (record) => sealedFile(homePaths(copy).sealedNetwork).save(record),
    crypto,
    gunzip,
    decidedBlocks: (height, hash) => solo.decidedBlock(height, hash),
    blockTimeNs: (height) => blockTimeNs(store, height),
    headers: () => [],
  });
  const { power } = validators[0] as (typeof validators)[number];
  const solo = makeSolo({
    chainId,
    genesisTimeNs,
    initialHeight,
    consensusParams,
    validator: { ...loadValidatorKey(homePaths(copy).validatorKey, crypto), power },
    crypto,
    store,
    application,
    genesisAppHash: new Uint8Array(32),
    commitApplication: (rows) => application.commit(rows),
    now: () => {
      throw new Error("a replay signs nothing");
    },
  });
  // Blocks are put where an interrupted run would have left them, and executed as a restart executes one.
  const differences: string[] = [];
  const outcomes: string[] = [];
  let transactions = 0;
  let failed = 0;
  const first = store.latestHeight + 1;
  for (let height = first; height <= source.latestHeight; height++) {
    const block = loadBlock(source, height);
    const expected = loadResults(source, height);
    if (block === undefined || expected === undefined) throw new Error(`the home has no block ${height}`);
    beforeBlock();
    store.writeTables(blockRows(block));
    const results = solo.recover()?.results;
    if (results === undefined) throw new Error(`block ${height} was not executed`);
    const outcome = json({ ...results, hash: resultsHash(crypto, results.results) });
    const before = json({ ...expected, hash: resultsHash(crypto, expected.results) });
    if (outcome !== before) differences.push(`height ${height}: ${before} there, ${outcome} here`);
    outcomes.push(outcome);
    transactions += block.transactions.length - 1;
    failed += results.results.filter(({ code }) => code !== 0).length;
  }
  return {
    blocks: outcomes.length,
    transactions,
    failed,
    differences,
    appHash: Buffer.from(store.appHash).toString("hex"),
    digest: Buffer.from(crypto.sha256(Buffer.from(outcomes.join("\n")))).toString("hex"),
  };
}
