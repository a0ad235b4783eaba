/** Blocks of a network whose genesis has their transactions shuffled, through the whole node with the bundle behind both transports. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "@sotto/boundary/codec";
import { ECALLS, type EcallName } from "@sotto/boundary/messages";
import { base64ToBytes, bytesToHex, concatBytes, hexToBytes } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import { MsgInstantiateContractResponse } from "@sotto/common/wire/compute";
import type { TxResult } from "@sotto/host/abci/application";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { type AccountKey, makeAccountKey, signTx } from "@sotto/host/node/signTx";
import type { EnclaveConnection } from "@sotto/platform/platform";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../e2e/harness.ts";
import { crypto, sha256, Wallet } from "./support/client.ts";
import { openHome, readWasm, responsesOf, startEnclave, type Transport } from "./support/lab.ts";
import { replay } from "./support/replay.ts";

const CHAIN_ID = "private-1-sim";
const ECALL_NAMES = Object.keys(ECALLS) as EcallName[];
const WASM = readWasm("probe");
/** By account number; the first is the validator's. */
const SENDERS = [1, 2, 3];
const EACH = 3;
/** The enclave's RefusalCode.OutOfOrder. */
const OUT_OF_ORDER = 43;

type Order = readonly number[];

/** @param change what the host makes of the order that the enclave gives */
function withOrders(connection: EnclaveConnection, orders: Order[], change: (order: Order) => Order) {
  const { response } = ECALLS.beginBlock;
  const exchange: EnclaveConnection["exchange"] = (request, onOcall) => {
    const answer = connection.exchange(request, onOcall);
    if (ECALL_NAMES[request[0] as number] !== "beginBlock" || answer[0] !== 0) return answer;
    const { rerun, order } = decode(response, answer.subarray(1));
    orders.push(order);
    return concatBytes(answer.subarray(0, 1), encode(response, { rerun, order: [...change(order)] }));
  };
  return { measurement: connection.measurement, exchange, close: () => connection.close() };
}

/** Another order in which all would succeed: the first neighbours of two accounts, swapped. */
function swapNeighbours(order: Order): Order {
  const account = (position: number) => Math.floor((position - 1) / EACH);
  const at = order.findIndex((position, i) => account(position) !== account(order[i + 1] as number));
  const [one, other] = order.slice(at, at + 2) as [number, number];
  return order.map((position, i) => (i === at ? other : i === at + 1 ? one : position));
}

class Node {
  readonly orders: Order[] = [];
  readonly #opened: ReturnType<typeof openHome>;
  readonly #sequences = new Map<number, bigint>();
  readonly #ioKey: Uint8Array;
  #labels = 0;

  constructor(home: string, transport: Transport, change: (order: Order) => Order = (order) => order) {
    const connection = withOrders(startEnclave(home, transport), this.orders, change);
    this.#opened = openHome(home, connection, undefined, "solo", CHAIN_ID, "shuffled");
    const { app_state } = JSON.parse(this.#opened.executor.status().genesis);
    expect(app_state.register.attestation.execution_order).toBe("shuffled");
    this.#ioKey = base64ToBytes(app_state.register.io_exch_key.bytes);
  }

  wallet(account: number): Wallet {
    return new Wallet(DEVELOPMENT_ACCOUNTS[account]?.name as string, this.#ioKey);
  }

  sign(account: number, message: Any): Uint8Array {
    const { insecurePrivateKey } = DEVELOPMENT_ACCOUNTS[account] as (typeof DEVELOPMENT_ACCOUNTS)[number];
    const key = makeAccountKey(crypto, hexToBytes(insecurePrivateKey)) as AccountKey;
    const sequence = this.#sequences.get(account) ?? 0n;
    this.#sequences.set(account, sequence + 1n);
    const place = { chainId: CHAIN_ID, accountNumber: BigInt(account), sequence };
    return signTx(crypto, key, { ...place, messages: [message], gasLimit: 3_000_000n });
  }

  /** @returns results of the user transactions */
  produce(...transactions: readonly Uint8Array[]): readonly TxResult[] {
    return this.#opened.executor.produce(transactions).results.results.slice(1);
  }

  /** Contracts of several accounts, the accounts one after another. */
  instantiations(): Uint8Array[] {
    const code = { codeId: 1n, codeHash: bytesToHex(sha256(WASM)) };
    return SENDERS.flatMap((account) =>
      Array.from({ length: EACH }, () => {
        const label = `label ${this.#labels++}`;
        return this.sign(account, this.wallet(account).instantiate(code, { noop: {} }, { label }).any);
      }),
    );
  }

  close(): void {
    this.#opened.executor.close();
  }
}

const addressIn = (result: TxResult): string =>
  MsgInstantiateContractResponse.decode(responsesOf(result)[0] as Uint8Array).address;

/** Senders of a result's messages, as its events tell. */
const sendersIn = ({ events }: TxResult): string[] =>
  events.flatMap(({ type, attributes }) =>
    type === "message" ? attributes.filter(({ key }) => key === "sender").map(({ value }) => value) : [],
  );

describe.each(["inline", "process"] as const)("consensus §5: threats, shuffled blocks, %s", (transport) => {
  it("T16: all transactions of several accounts succeed, reported as proposed, and another node agrees", () => {
    const folder = temporaryFolder();
    const home = join(folder, "home");
    const copy = join(folder, "copy");
    new Node(home, transport).close();
    cpSync(home, copy, { recursive: true });
    const node = new Node(home, transport);
    expect(node.produce(node.sign(1, node.wallet(1).storeCode(WASM))).map(({ code }) => code)).toEqual([0]);
    const seen = new Set<string>();
    for (let round = 0; round < 4; round++) {
      const results = node.produce(...node.instantiations());
      expect(results.map(({ log }) => log)).toEqual(results.map(() => ""));
      expect(new Set(results.map(addressIn)).size).toBe(SENDERS.length * EACH);
      results.forEach((result, i) => {
        const sender = DEVELOPMENT_ACCOUNTS[SENDERS[Math.floor(i / EACH)] as number]?.address;
        expect(sendersIn(result)).toContain(sender);
      });
      const order = node.orders.at(-1) as Order;
      expect([...order].sort((a, b) => a - b)).toEqual(results.map((_, i) => i + 1));
      seen.add(order.join());
    }
    // 1680 orders keep the sequences.
    expect(seen.size).toBeGreaterThan(1);
    node.produce();
    node.close();
    const { differences, transactions, failed } = replay({ copy, home, connect: () => startEnclave(copy, transport) });
    expect(differences).toEqual([]);
    expect(failed).toBe(0);
    expect(transactions).toBeGreaterThanOrEqual(4 * SENDERS.length * EACH);
  });

  it("T16: a host that runs them in another order is refused", () => {
    let cheats = false;
    const node = new Node(join(temporaryFolder(), "home"), transport, (order) =>
      cheats ? swapNeighbours(order) : order,
    );
    node.produce(node.sign(1, node.wallet(1).storeCode(WASM)));
    cheats = true;
    const run = () => node.produce(...node.instantiations());
    expect(run).toThrow(expect.objectContaining({ codespace: "refusal", code: OUT_OF_ORDER }));
    expect(node.orders.at(-1)).toHaveLength(SENDERS.length * EACH);
    node.close();
  });
});
