/**
 * A node whose host cheats: the real executor and the real bundle, with a hand on every byte between them.
 * @module
 */
import { readFileSync } from "node:fs";
import { ecall, type OcallHandlers, RefusedError, serveOcalls } from "@sotto/boundary/calls";
import { decode, encode } from "@sotto/boundary/codec";
import {
  ECALLS,
  type EcallName,
  type EcallRequest,
  type EcallResponse,
  INTERFACE_VERSION,
  OCALLS,
  type OcallName,
} from "@sotto/boundary/messages";
import { concatBytes } from "@sotto/common/bytes";
import type { CodedError } from "@sotto/common/errors";
import { MsgInstantiateContractResponse, MsgStoreCodeResponse } from "@sotto/common/wire/compute";
import type { TxResult } from "@sotto/host/abci/application";
import { homePaths } from "@sotto/host/node/home";
import type { EnclaveConnection } from "@sotto/platform/platform";
import { type Contract, sha256, Wallet } from "./client.ts";
import { openHome, readWasm, responsesOf, startEnclave, type Transport } from "./lab.ts";

export const ECALL_NAMES = Object.keys(ECALLS) as EcallName[];
export const OCALL_NAMES = Object.keys(OCALLS) as OcallName[];

/** What a test does on the way. Whatever it leaves out stays honest. */
export type Tricks = {
  /** Before the honest call goes in; may call the enclave itself with `node.direct`. */
  beforeEcall?: (name: EcallName, request: Uint8Array) => void;
  afterEcall?: (name: EcallName, request: Uint8Array) => void;
  /** The answer that the enclave gets in place of the honest one, or an exception for none at all. */
  answerOcall?: (name: OcallName, request: Uint8Array, honest: Uint8Array) => Uint8Array;
};

export type Refusal = { readonly codespace: string; readonly code: number };

/** Runs what must be refused. @returns the refusal; or the word `accepted` */
export function refusalOf(run: () => unknown): Refusal | "accepted" {
  try {
    run();
  } catch (error) {
    if (error instanceof RefusedError) return { codespace: error.codespace, code: error.code };
    throw error;
  }
  return "accepted";
}

export const refused = (code: number): Refusal => ({ codespace: "refusal", code });

/** As if other modules had done what they were asked. */
const DONE = { result: { kind: "ok", value: new Uint8Array(0) }, events: [], gasUsed: 0n } as const;

export class HostileNode {
  tricks: Tricks = {};
  readonly home: string;
  readonly connection: EnclaveConnection;
  #opened: ReturnType<typeof openHome>;
  readonly #now: () => bigint;

  constructor(home: string, transport: Transport) {
    this.home = home;
    this.connection = startEnclave(home, transport);
    let at = BigInt(Date.now()) * 1_000_000n;
    this.#now = () => {
      at += 1_000_000_000n;
      return at;
    };
    this.#opened = openHome(home, this.#between(), this.#now);
  }

  #between(): EnclaveConnection {
    return {
      measurement: this.connection.measurement,
      exchange: (request, onOcall) => {
        const name = ECALL_NAMES[request[0] as number] as EcallName;
        this.tricks.beforeEcall?.(name, request);
        const answer = this.connection.exchange(request, (asked) => {
          const honest = onOcall(asked);
          const ocall = OCALL_NAMES[asked[0] as number] as OcallName;
          return this.tricks.answerOcall?.(ocall, asked, honest) ?? honest;
        });
        this.tricks.afterEcall?.(name, request);
        return answer;
      },
      // The enclave outlives its executor: a host that starts over must find it as it was.
      close: () => {},
    };
  }

  get executor() {
    return this.#opened.executor;
  }

  get store() {
    return this.#opened.store;
  }

  /** A new executor on the same home and the same running enclave: it finishes the block that a trick interrupted. */
  startOver(): void {
    this.tricks = {};
    this.executor.close();
    this.#opened = openHome(this.home, this.#between(), this.#now);
  }

  /** Back to its own record, so that the enclave has to ask for all state anew: something that it grants development networks. */
  forgetState(): void {
    const sealed = new Uint8Array(readFileSync(homePaths(this.home).sealedNetwork));
    this.direct("unseal", { sealed });
  }

  /** Bytes into the enclave past the executor. Reads are answered from the last committed state. */
  exchange(request: Uint8Array): Uint8Array {
    return this.connection.exchange(
      request,
      serveOcalls(this.#readers(), (error) => error as CodedError),
    );
  }

  direct<N extends EcallName>(name: N, request: EcallRequest<N>): EcallResponse<N> {
    return ecall((bytes) => this.exchange(bytes), name, request);
  }

  #readers(): OcallHandlers {
    const read = (store: string, key: Uint8Array): Uint8Array | undefined => {
      const view = this.store.latest();
      const value = view.get(store, key);
      view.release();
      return value;
    };
    return {
      readStore: ({ key }) => ({ value: read("compute", key) }),
      readProven: ({ store, key, known }) => this.store.readProven(store, key, known),
      readHeaders: () => ({ headers: [] }),
      readResults: () => ({ results: [] }),
      readCode: ({ codeHash }) => ({ code: this.store.getTable("code", codeHash) }),
      branch: () => ({}),
      moveFunds: () => DONE,
      runMessage: () => DONE,
      chainQuery: () => ({ result: DONE.result, gasUsed: 0n }),
      debugPrint: () => ({}),
    };
  }

  wallet(name: string): Wallet {
    const { state } = this.direct("info", { interfaceVersion: INTERFACE_VERSION });
    if (state.kind !== "ready") throw new Error("the enclave has no network");
    return new Wallet(name, state.value.keys.ioExchange);
  }

  /** A block of these transactions. */
  run(...transactions: readonly Uint8Array[]): readonly TxResult[] {
    return this.executor.produce(transactions, []).results.results.slice(1);
  }

  deployProbe(wallet: Wallet, message: unknown = { noop: {} }): Contract {
    const wasm = readWasm("probe");
    const [stored] = this.run(wallet.sign([wallet.storeCode(wasm)], 10_000_000n));
    const { codeId } = MsgStoreCodeResponse.decode(answerOf(stored));
    const codeHash = Buffer.from(sha256(wasm)).toString("hex");
    return { codeId, codeHash, address: this.instantiate(wallet, { codeId, codeHash }, message) };
  }

  instantiate(wallet: Wallet, code: Pick<Contract, "codeId" | "codeHash">, message: unknown): string {
    const label = `label ${Math.random()}`;
    const [made] = this.run(wallet.sign([wallet.instantiate(code, message, { label }).any]));
    return MsgInstantiateContractResponse.decode(answerOf(made)).address;
  }

  close(): void {
    this.executor.close();
    this.connection.close();
  }
}

function answerOf(result: TxResult | undefined): Uint8Array {
  if (result?.code !== 0) throw new Error(`expected success, got ${result?.code}: ${result?.log}`);
  return responsesOf(result)[0] as Uint8Array;
}

export function decodeEcall<N extends EcallName>(name: N, request: Uint8Array): EcallRequest<N> {
  return decode(ECALLS[name].request as never, request.subarray(1));
}

/** An ocall's answer as an honest host would say it. */
export function encodeAnswer(name: OcallName, answer: unknown): Uint8Array {
  const body = encode(OCALLS[name].response as never, answer as never);
  return concatBytes(Uint8Array.of(0), body);
}
