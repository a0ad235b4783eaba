/** The host's side of simulating contract messages: what it asks the enclave, and what it makes of the answers. */
import { RefusedError } from "@sotto/boundary/calls";
import type { EcallRequest } from "@sotto/boundary/messages";
import { utf8ToBytes } from "@sotto/common/bytes";
import { type Any, packAny } from "@sotto/common/wire/any";
import { MsgExecuteContract, MsgExecuteContractResponse } from "@sotto/common/wire/compute";
import { TxMsgData } from "@sotto/common/wire/execTxResult";
import { describe, expect, it } from "vitest";
import { COMPUTE_STORE } from "../../src/app/modules/compute/keys.ts";
import { sendMessage } from "./bankMessages.ts";
import { account, makeTestNetwork, signTx, type TestNetwork, uscrt } from "./testNetwork.ts";

const CONTRACT = new Uint8Array(20).fill(0x42);
const GAS = { gas: 200_000n, fee: [uscrt(20_000)] };
const UNSIGNED = { ...GAS, tamper: () => new Uint8Array(64) };
const EXECUTE: Any = packAny(MsgExecuteContract, {
  ...MsgExecuteContract.zero,
  sender: account("a").bytes,
  contract: CONTRACT,
  msg: new Uint8Array(82),
});
const KEY = utf8ToBytes("key");
const ENDED = { result: { kind: "ok", value: MsgExecuteContractResponse.encode({ data: KEY }) } } as const;
const OUTCOME = { ...ENDED, events: [{ type: "wasm", attributes: [] }], gasUsed: 30_000n, finalized: false };

/** An enclave on a development network: counts in the store how often it ran. @param last how often it had when it says so */
function scripted(last?: number): { network: TestNetwork; asked: EcallRequest<"simulateMessage">[] } {
  const network = makeTestNetwork();
  network.block();
  const asked: EcallRequest<"simulateMessage">[] = [];
  network.enclave.script.simulateMessage = (request, { readStore }) => {
    asked.push(request);
    const before = readStore({ key: KEY }).value?.[0] ?? 0;
    const writes = [{ store: "compute", key: KEY, value: Uint8Array.of(before + 1) }];
    return { ...OUTCOME, writes, finalized: before === last };
  };
  network.enclave.script.execMessage = (_request, { readStore }) => {
    const before = readStore({ key: KEY }).value?.[0] ?? 0;
    return {
      ...OUTCOME,
      writes: [{ store: "compute", key: KEY, value: Uint8Array.of(before + 1) }],
      finalized: before === last,
    };
  };
  return { network, asked };
}

describe("clients §1.2, chain §3.7: simulating contract messages", () => {
  it("fails as the reference does where the enclave does not simulate", () => {
    const network = makeTestNetwork();
    network.block();
    network.enclave.script.simulateMessage = () => {
      throw new RefusedError("refusal", 61, "simulation: open on development networks only");
    };
    expect(network.machine.simulate(signTx([EXECUTE], UNSIGNED))).toMatchObject({
      ok: false,
      codespace: "compute",
      code: 3,
      log: "failed to execute message; message index: 0: Execution error: Enclave: failed to validate transaction: execute contract failed",
    });
  });

  it("says what else the enclave refused, and goes on", () => {
    const { network } = scripted();
    network.enclave.script.simulateMessage = () => {
      throw new RefusedError("refusal", 50, "ocall readStore: refused or malformed");
    };
    expect(network.machine.simulate(signTx([EXECUTE], UNSIGNED))).toMatchObject({
      ok: false,
      log: "failed to execute message; message index: 0: ocall readStore: refused or malformed",
    });
    expect(network.block(signTx([EXECUTE], GAS)).results[1]?.code).toBe(0);
  });

  it("hands over the transaction, and gas and state from message to message, up to the one that is declared the last", () => {
    const { network, asked } = scripted(2);
    const send = sendMessage("a", "b", uscrt(1));
    const transaction = signTx([EXECUTE, send, EXECUTE, EXECUTE], UNSIGNED);
    const simulated = network.machine.simulate(transaction);
    expect(simulated.ok && TxMsgData.decode(simulated.msgResponses).msgResponses).toHaveLength(4);
    expect(asked).toEqual([
      { transaction, message: 0, gasUsed: 0n },
      { transaction, message: 2, gasUsed: 30_000n },
      { transaction, message: 3, gasUsed: 60_000n },
    ]);
  });

  it("and a delivery run no message after the one that a contract declared the last (contracts §6.6)", () => {
    const { network, asked } = scripted(2);
    for (const next of [EXECUTE, sendMessage("a", "b", uscrt(1))]) {
      const messages = [EXECUTE, EXECUTE, EXECUTE, next];
      const failure = {
        codespace: "sdk",
        code: 40404,
        log:
          "message was attempted but last message was marked by a contract; message index: 3: " +
          "Cannot send messages after last tx marker was set",
      };
      expect(network.machine.simulate(signTx(messages, UNSIGNED))).toMatchObject({ ok: false, ...failure });
      expect(asked.splice(0)).toHaveLength(3);
    }
    const [, delivered] = network.block(signTx([EXECUTE, EXECUTE, EXECUTE, EXECUTE], GAS)).results;
    expect(delivered).toMatchObject({ code: 40404, log: expect.stringContaining("message index: 3: Cannot send") });
  });

  it("gives gas and events of the delivery, whatever signature is there as long as it has its 64 bytes", () => {
    const { network } = scripted();
    const messages = [EXECUTE, EXECUTE];
    // The account's key is stored with its first transaction.
    for (const sequence of [0n, 1n]) {
      const simulated = network.machine.simulate(signTx(messages, { ...UNSIGNED, sequence }));
      const [, delivered] = network.block(signTx(messages, { ...GAS, sequence })).results;
      expect(delivered?.code).toBe(0);
      expect(simulated.gasUsed).toBe(delivered?.gasUsed);
      const withoutSignature = (events: NonNullable<typeof delivered>["events"]) =>
        events.filter(({ attributes }) => attributes[0]?.key !== "signature");
      const events = simulated.ok ? simulated.result.events : [];
      expect(withoutSignature(events)).toEqual(withoutSignature(delivered?.events ?? []));
    }
  });

  it("runs in the next block, so that a time-out means the same", () => {
    const { network } = scripted();
    const at = (timeoutHeight: bigint) =>
      network.machine.simulate(signTx([EXECUTE], { ...UNSIGNED, timeoutHeight })).ok;
    expect([at(1n), at(2n)]).toEqual([false, true]);
  });

  it("changes nothing, and prints nothing", () => {
    const { network } = scripted();
    const hash = network.store.appHash;
    for (let i = 0; i < 3; i++) expect(network.machine.simulate(signTx([EXECUTE], UNSIGNED)).ok).toBe(true);
    expect(network.store.latest().get(COMPUTE_STORE, KEY)).toBeUndefined();
    expect(network.store.appHash).toEqual(hash);
    expect(network.block(signTx([EXECUTE], GAS)).results[1]?.code).toBe(0);
    expect(network.store.latest().get(COMPUTE_STORE, KEY)).toEqual(Uint8Array.of(1));
  });

  it("asks the enclave for nothing when the ante chain stops the transaction, or it is none", () => {
    const { network, asked } = scripted();
    const bad = [
      signTx([EXECUTE], { ...UNSIGNED, sequence: 9n }),
      signTx([EXECUTE], { ...UNSIGNED, fee: [uscrt(10n ** 30n)] }),
      new Uint8Array(0),
      Uint8Array.of(0, 1, 2),
      utf8ToBytes("no transaction"),
      new Uint8Array(1_000_000).fill(0xff),
    ];
    for (const bytes of bad) expect(network.machine.simulate(bytes).ok).toBe(false);
    expect(asked).toEqual([]);
  });
});
