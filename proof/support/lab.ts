/**
 * A whole node in the test's own thread: the real bundle behind a real transport, the real executor, database, index and REST
 * server, with every byte that leaves the enclave recorded and, for tests that cheat, every byte on its way changeable.
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAddress } from "@sotto/common/address";
import { ContractInfo, MsgInstantiateContractResponse, MsgStoreCodeResponse } from "@sotto/common/wire/compute";
import { TxMsgData } from "@sotto/common/wire/execTxResult";
import { makeRestServer } from "@sotto/host/api/rest/restServer";
import { makeAdmission } from "@sotto/host/app/admission";
import { MODULE_STORES } from "@sotto/host/app/modules/modules";
import { makeEnclaveHost } from "@sotto/host/enclaveHost/enclaveHost";
import { makeIndexService } from "@sotto/host/indexer/indexService";
import { makeTxIndex } from "@sotto/host/indexer/txIndex";
import { blockTimeNs, type ExecutedBlock, type Executor, openExecutor } from "@sotto/host/node/executor";
import { parseGenesis } from "@sotto/host/node/genesis";
import { type HomePaths, homePaths } from "@sotto/host/node/home";
import { listen } from "@sotto/host/node/listen";
import { makeBackend } from "@sotto/host/node/makeBackend";
import { makeMempool } from "@sotto/host/node/mempool";
import { loadNodeAccount } from "@sotto/host/node/nodeAccount";
import { sealedFile } from "@sotto/host/node/sealedFile";
import { formatTransactionLine } from "@sotto/host/node/transactionLine";
import { loadValidatorKey } from "@sotto/host/node/validatorKey";
import { TABLES } from "@sotto/host/store/engine";
import { openLmdbEngine } from "@sotto/host/store/lmdbEngine";
import { makeStateStore } from "@sotto/host/store/stateStore";
import { gunzip } from "@sotto/platform/gunzip";
import type { EnclaveConnection } from "@sotto/platform/platform";
import { makeSimPlatform } from "@sotto/platform/sim";
import {
  type Contract,
  crypto,
  Http,
  hashOf,
  type MessageCipher,
  type SeenTx,
  sha256,
  text,
  Wallet,
} from "./client.ts";

export type Transport = "inline" | "process";

export const BUNDLE = new Uint8Array(readFileSync(new URL("../../enclave/bundle/enclave.cjs", import.meta.url)));
export const readWasm = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../contracts/wasm/${name}.wasm`, import.meta.url)));

/** Starts the home's enclave. */
export function startEnclave(home: string, transport: Transport, bundle: Uint8Array = BUNDLE): EnclaveConnection {
  mkdirSync(home, { recursive: true });
  const platform = makeSimPlatform({ machineSecretFile: homePaths(home).machineSecret });
  return transport === "inline" ? platform.startInline(bundle) : platform.startProcess(bundle);
}

/** Hands all that leaves the enclave to `record`: answers to ecalls, and requests of ocalls. */
export function recorded(connection: EnclaveConnection, record: (bytes: Uint8Array) => void): EnclaveConnection {
  return {
    measurement: connection.measurement,
    exchange: (request, onOcall) => {
      const answer = connection.exchange(request, (ocall) => {
        record(ocall);
        return onOcall(ocall);
      });
      record(answer);
      return answer;
    },
    close: () => connection.close(),
  };
}

function openStore(paths: HomePaths) {
  for (const folder of [paths.state, paths.sealed]) mkdirSync(folder, { recursive: true });
  return makeStateStore(openLmdbEngine({ path: paths.state, readOnly: false }), { sha256, stores: MODULE_STORES });
}

/** The executor of a home, in this thread. */
export function openHome(
  home: string,
  connection: EnclaveConnection,
  now: () => bigint = clock(),
  kind: "solo" | "follower" = "solo",
  chainId?: string,
  executionOrder?: "proposed" | "shuffled",
) {
  const paths = homePaths(home);
  const store = openStore(paths);
  try {
    const executor = openExecutor({
      store,
      enclave: makeEnclaveHost(connection),
      sealed: sealedFile(paths.sealedNetwork),
      crypto,
      validator: loadValidatorKey(paths.validatorKey, crypto),
      role: { kind, chainId, executionOrder },
      nodeAccount: loadNodeAccount(paths.nodeAccount, crypto),
      platform: { name: "sim", insecure: true, keepsSecrets: true },
      joined: existsSync(paths.genesis) ? { text: readFileSync(paths.genesis, "utf8") } : undefined,
      moniker: "proof",
      gunzip,
      now,
      keepHeights: 0,
    });
    return { executor, store };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Seconds apart, beginning now. */
function clock(): () => bigint {
  let at = BigInt(Date.now()) * 1_000_000n + 1n;
  return () => {
    at += 1_000_000_000n;
    return at;
  };
}

export type LabOptions = {
  readonly home: string;
  readonly transport: Transport;
  readonly bundle?: Uint8Array;
  readonly cipher?: MessageCipher;
};

export type Outcome = SeenTx & { readonly hash: string };

export class Lab {
  readonly paths: HomePaths;
  readonly http: Http;
  readonly boundary: Uint8Array[] = [];
  readonly logLines: string[] = [];
  readonly #node: Awaited<ReturnType<typeof wire>>;
  readonly #cipher: MessageCipher | undefined;
  #ioKey: Uint8Array | undefined;

  private constructor(paths: HomePaths, node: Awaited<ReturnType<typeof wire>>, options: LabOptions) {
    this.paths = paths;
    this.#node = node;
    this.http = new Http(node.url);
    this.boundary = node.boundary;
    this.#cipher = options.cipher;
  }

  static async open(options: LabOptions): Promise<Lab> {
    return new Lab(homePaths(options.home), await wire(options), options);
  }

  get executor(): Executor {
    return this.#node.executor;
  }

  async wallet(name: string): Promise<Wallet> {
    this.#ioKey ??= await this.http.ioKey();
    const wallet = new Wallet(name, this.#ioKey, this.#cipher);
    wallet.sequence = await this.http.sequence(wallet.address);
    return wallet;
  }

  /** Makes a block of what waits. */
  produce(): ExecutedBlock {
    const { block, lines } = this.#node.produce();
    this.logLines.push(...lines);
    return block;
  }

  /** Broadcasts over HTTP, makes a block, reads the result over HTTP. */
  async run(tx: Uint8Array): Promise<Outcome> {
    const { code, log } = await this.http.broadcast(tx);
    if (code !== 0) throw new Error(`not admitted: code ${code}: ${log}`);
    this.produce();
    const seen = await this.http.transaction(hashOf(tx));
    if (seen === undefined) throw new Error("the node does not know a transaction of its last block");
    return { ...seen, hash: hashOf(tx) };
  }

  async close(): Promise<void> {
    await this.#node.close();
  }
}

async function wire({ home, transport, bundle }: LabOptions) {
  const paths = homePaths(home);
  const boundary: Uint8Array[] = [];
  const connection = recorded(startEnclave(home, transport, bundle), (bytes) => boundary.push(bytes));
  const { executor, store } = openHome(home, connection);
  const status = executor.status();
  const genesis = parseGenesis(status.genesis, "the genesis");
  mkdirSync(paths.index, { recursive: true });
  const indexEngine = openLmdbEngine({ path: paths.index, readOnly: false, tables: ["index"], durable: false });
  const index = makeIndexService(store, makeTxIndex(indexEngine, { sha256, firstHeight: genesis.initialHeight }));
  index.catchUp();
  const admission = makeAdmission({ chainId: status.chainId, crypto, minimumGasPrices: "0.0125uscrt" });
  let view = store.latest();
  const resetAdmission = (): void => {
    view.release();
    view = store.latest();
    admission.reset(view, blockTimeNs(store, view.height) ?? genesis.timeNs);
  };
  resetAdmission();
  const mempool = makeMempool({
    sha256,
    check: (tx, recheck) => admission.check(tx, recheck),
    maxTransactions: 1_000,
    maxTxBytes: 8_388_608,
    cacheSize: 10_000,
  });
  const backend = makeBackend({
    identity: {
      chainId: status.chainId,
      moniker: "proof",
      nodeId: "00".repeat(20),
      version: "0.1.0",
      validator: genesis.validators[0] as (typeof genesis.validators)[number],
      minimumGasPrice: "0.0125uscrt",
      consensusParams: genesis.consensusParams,
    },
    genesis: status.genesis,
    crypto,
    store,
    executor: {
      query: async (request) => executor.query(request),
      simulate: async (tx) => executor.simulate(tx),
    },
    index: {
      find: async (hash) => index.find(hash),
      search: async (query, order, offset, limit) => index.search(query, order, offset, limit),
    },
    intake: { broadcast: async (tx) => mempool.add(tx), unconfirmed: () => mempool.all() },
    isCatchingUp: () => false,
  });
  const rest = await listen(
    () => makeRestServer(backend, { onInternalError: (error) => console.error(error) }),
    { host: "127.0.0.1", port: 0 },
    "rest",
  );

  const labelOf = (contract: string): string | undefined => {
    const info = view.get("compute", Uint8Array.of(2, ...parseAddress(contract)));
    return info === undefined ? undefined : ContractInfo.decode(info).label;
  };
  return {
    boundary,
    executor,
    url: rest.url,
    produce: (): { block: ExecutedBlock; lines: string[] } => {
      const { maxBytes, maxGas } = genesis.consensusParams;
      const block = executor.produce(mempool.reap({ maxBytes: Number(maxBytes), maxGas }), []);
      backend.publish(block);
      resetAdmission();
      mempool.update(block.block.transactions);
      backend.indexed(index.catchUp());
      const lines = block.block.transactions.slice(1).map((tx, i) => {
        const result = block.results.results[i + 1] as (typeof block.results.results)[number];
        return formatTransactionLine({ height: block.block.height, tx, result, labelOf });
      });
      return { block, lines };
    },
    close: async (): Promise<void> => {
      await rest.close();
      view.release();
      index.close();
      executor.close();
    },
  };
}

/** What a transaction's messages answered, in their order. */
export function responsesOf({ data }: Pick<SeenTx, "data">): Uint8Array[] {
  return TxMsgData.decode(data).msgResponses.map(({ value }) => value);
}

/** Stores and instantiates; the caller runs the transactions. */
export async function deploy(
  wallet: Wallet,
  run: (tx: Uint8Array) => Promise<Outcome>,
  wasm: Uint8Array,
  message: unknown,
  label: string,
): Promise<Contract> {
  const stored = await run(wallet.sign([wallet.storeCode(wasm)], 10_000_000n));
  if (stored.code !== 0) throw new Error(stored.log);
  const { codeId } = MsgStoreCodeResponse.decode(responsesOf(stored)[0] as Uint8Array);
  const codeHash = Buffer.from(sha256(wasm)).toString("hex");
  const made = await run(wallet.sign([wallet.instantiate({ codeId, codeHash }, message, { label }).any]));
  if (made.code !== 0) throw new Error(made.log);
  const { address } = MsgInstantiateContractResponse.decode(responsesOf(made)[0] as Uint8Array);
  return { address, codeHash, codeId };
}

/** Every byte of a home's databases: the files as they are, and every row. */
export function databaseBytes(paths: HomePaths): { readonly place: string; readonly bytes: Uint8Array }[] {
  const pieces: { place: string; bytes: Uint8Array }[] = [];
  for (const name of readdirSync(paths.data, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const file = join(name.parentPath, name.name);
    pieces.push({ place: `database file ${name.name}`, bytes: new Uint8Array(readFileSync(file)) });
  }
  const engines = [
    { tables: TABLES, engine: openLmdbEngine({ path: paths.state, readOnly: true }) },
    { tables: ["index"] as const, engine: openLmdbEngine({ path: paths.index, readOnly: true, tables: ["index"] }) },
  ];
  for (const { tables, engine } of engines) {
    for (const table of tables) {
      for (const [key, value] of engine.range(table, {})) {
        pieces.push({ place: `database table ${table}`, bytes: Buffer.concat([key, text("\n"), value]) });
      }
    }
    engine.close();
  }
  return pieces;
}
