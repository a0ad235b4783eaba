/** Simulation of contract messages at the boundary (clients §1.2 item 4, ADR 0005): where it is open, and that nothing stays. */
import { readFileSync } from "node:fs";
import { bytesToBase64, bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import { MsgExecuteContract } from "@sotto/common/wire/compute";
import { decodeTx, TxRaw } from "@sotto/common/wire/tx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import { type ExecOutcome, Executed, type Instance, refusalOf, TestChain, testCrypto, Wallet } from "./harness.ts";
import { simulate, unsigned } from "./simulation.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe_v2.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });
const get = (key: string) => ({ get: { key: b64(key) } });
const NOTHING_BEFORE = { gasUsed: 0n };

function network(chainId = "secretdev-1"): { chain: TestChain; alice: Wallet; probe: Instance } {
  const chain = TestChain.start({ chainId });
  const alice = new Wallet(1);
  return { chain, alice, probe: chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} }) };
}

const logOf = ({ result }: ExecOutcome | Executed["outcome"]) =>
  result.kind === "failed" ? result.value.log : result.kind;

describe("clients §1.2, chain §3.7: simulation of contract messages", () => {
  it.each(["secret-4", "private-1", "secretdev", "my-secretdev-1", "pulsar-3", "-sim-1"])(
    "is refused on %s, whatever is asked",
    (chainId) => {
      const { chain, alice, probe } = network(chainId);
      const bytes = alice.sign(chainId, [chain.executeMessage(alice, probe, { noop: {} }).any]);
      for (const transaction of [bytes, unsigned(bytes), new Uint8Array(0)]) {
        const request = { transaction, message: 0, ...NOTHING_BEFORE };
        expect(refusalOf(() => chain.call("simulateMessage", request)).code).toBe(RefusalCode.SimulationNotAllowed);
      }
    },
  );

  it("is refused with the code that the host knows", () => expect(RefusalCode.SimulationNotAllowed).toBe(61));

  it.each(["secretdev-1", "secretdev-of-mine", "anything-sim"])("is open on %s", (chainId) => {
    const { chain, alice, probe } = network(chainId);
    const { any } = chain.executeMessage(alice, probe, { noop: {} });
    expect(simulate(chain, alice.sign(chainId, [any])).map(logOf)).toEqual(["ok"]);
  });

  it("is the business of a network that has a block, and of no enclave without one", () => {
    const request = { transaction: new Uint8Array(0), message: 0, ...NOTHING_BEFORE };
    for (const chain of [new TestChain(), TestChain.start()]) {
      expect(refusalOf(() => chain.call("simulateMessage", request)).code).toBe(RefusalCode.WrongState);
    }
  });

  it("shows the contract the next block, and the transaction as its first", () => {
    const { chain, alice, probe } = network();
    const { any, txKey } = chain.executeMessage(alice, probe, { echo_env: {} });
    const signed = alice.sign(chain.chainId, [any]);
    const [simulated] = simulate(chain, signed);
    const env = JSON.parse(JSON.parse(new Executed(simulated as ExecOutcome, txKey).data as string));
    expect(env.block).toMatchObject({ height: Number(chain.height) + 1, time: (chain.timeNs + 1n).toString() });
    const hash = bytesToHex(testCrypto.sha256(unsigned(signed))).toUpperCase();
    expect(env.transaction).toEqual({ index: 0, hash });
  });

  it("draws random that is no block's, and another for each message", () => {
    const { chain, alice, probe } = network();
    const asked = [1, 2].map(() => chain.executeMessage(alice, probe, { echo_env: {} }));
    const signed = alice.sign(
      chain.chainId,
      asked.map(({ any }) => any),
    );
    const randoms = (outcomes: readonly ExecOutcome[]): string[] =>
      outcomes.map((outcome, i) => {
        const { data } = new Executed(outcome, asked[i]?.txKey as Uint8Array);
        return JSON.parse(JSON.parse(data as string)).block.random;
      });
    const simulated = randoms(simulate(chain, signed));
    expect(randoms(simulate(chain, signed))).toEqual(simulated);
    const [delivered] = chain.block([alice, signed]);
    const all = [...simulated, ...randoms(delivered?.outcomes ?? [])];
    expect(new Set(all).size).toBe(4);
    for (const random of all) expect(random).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });

  it("needs no signature, but a sender who is among the signers", () => {
    const { chain, alice, probe } = network();
    const { any } = chain.executeMessage(alice, probe, { noop: {} });
    const { raw } = decodeTx(alice.sign(chain.chainId, [any]));
    for (const signatures of [[], [new Uint8Array(0)], [new Uint8Array(64)]]) {
      const request = { transaction: TxRaw.encode({ ...raw, signatures }), message: 0, ...NOTHING_BEFORE };
      expect(chain.call("simulateMessage", request).result.kind).toBe("ok");
    }
    const mallory = new Wallet(2);
    const [outcome] = simulate(chain, mallory.sign(chain.chainId, [any]));
    expect(logOf(outcome as ExecOutcome)).toContain("is not found in the tx signer set");
  });

  it("believes no message that is not encrypted, and no callback signature", () => {
    const { chain, alice, probe } = network();
    const { any } = chain.executeMessage(alice, probe, { noop: {} });
    const message = MsgExecuteContract.decode(any.value);
    const plain = { ...message, msg: utf8ToBytes("{}".padStart(100)) };
    const called = { ...message, callbackSig: new Uint8Array(32) };
    for (const one of [plain, called]) {
      const [outcome] = simulate(chain, alice.sign(chain.chainId, [packAny(MsgExecuteContract, one)]));
      expect(logOf(outcome as ExecOutcome)).toContain("failed to verify transaction signature");
    }
  });

  it("passes gas and the end of the transaction from message to message", () => {
    const { chain, alice, probe } = network();
    const last = { send: { messages: [{ id: 1, msg: { finalize_tx: {} }, gas_limit: null, reply_on: "never" }] } };
    const anys = [last, { noop: {} }].map((message) => chain.executeMessage(alice, probe, message).any);
    const [ended, ...more] = simulate(chain, alice.sign(chain.chainId, anys));
    expect([ended?.result.kind, ended?.finalized, more]).toEqual(["ok", true, []]);
    const transaction = alice.sign(chain.chainId, anys);
    for (const gasUsed of [10_000_000n, 0xffff_ffff_ffff_ffffn]) {
      const { result } = chain.call("simulateMessage", { transaction, message: 1, gasUsed });
      expect(result.kind).toBe("outOfGas");
    }
  });

  it("sees what earlier messages of the transaction did", () => {
    const { chain, alice, probe } = network();
    const asked = [set("k", "new"), get("k")].map((message) => chain.executeMessage(alice, probe, message));
    const signed = alice.sign(
      chain.chainId,
      asked.map(({ any }) => any),
    );
    const outcomes = simulate(chain, signed);
    expect(new Executed(outcomes[1] as ExecOutcome, asked[1]?.txKey as Uint8Array).data).toBe(
      JSON.stringify(b64("new")),
    );
    expect(chain.query(alice, probe, get("k"))).toBe("null");
  });

  it("has an end: ten million gas for a transaction", () => {
    const { chain, alice, probe } = network();
    const { any } = chain.executeMessage(alice, probe, { gas_evaporate: { amount: 10_000_000 } });
    const [outcome] = simulate(chain, alice.sign(chain.chainId, [any]));
    expect(outcome?.result.kind).toBe("outOfGas");
  });
});

describe("clients §1.2: a simulation leaves no trace", () => {
  /** The same three blocks, with simulations strewn in by `disturb`. */
  function story(disturb: (chain: TestChain, signed: Uint8Array) => void) {
    const { chain, alice, probe } = network();
    const messages = [
      set("a", "1"),
      { echo_env: {} },
      get("a"),
      { remove: { key: b64("a") } },
      get("a"),
      set("b", "2"),
    ];
    const signed = messages.map((message) =>
      alice.sign(chain.chainId, [chain.executeMessage(alice, probe, message).any]),
    );
    const outcomes: ExecOutcome[] = [];
    for (let at = 0; at < signed.length; at += 2) {
      const txs = signed.slice(at, at + 2);
      const random = new Uint8Array(64).fill(at);
      disturb(chain, txs[1] as Uint8Array);
      chain.begin(chain.build(txs, { random }));
      for (const [i, tx] of txs.entries()) {
        disturb(chain, tx);
        outcomes.push(...chain.runTransaction(i + 1, tx, [alice.number]).outcomes);
        disturb(chain, txs[0] as Uint8Array);
      }
      chain.end();
      disturb(chain, txs[0] as Uint8Array);
    }
    return { outcomes, state: chain.state.store, sealed: chain.sealed };
  }

  it("neither in results, gas, random and state, nor in the place in the block or the sealed record", () => {
    let simulated = 0;
    const disturbed = story((chain, signed) => {
      const before = new Map(chain.state.store);
      simulated += simulate(chain, signed).length;
      expect(chain.state.store).toEqual(before);
    });
    expect(simulated).toBeGreaterThan(10);
    expect(disturbed).toEqual(story(() => {}));
  });
});

describe("clients §1.2: simulation of nonsense", () => {
  const { chain, alice, probe } = network();
  const { any } = chain.executeMessage(alice, probe, { noop: {} });
  const send = { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: new Uint8Array(0) };
  const signed = alice.sign(chain.chainId, [any, send]);
  const ask = (transaction: Uint8Array, message: number) =>
    chain.call("simulateMessage", { transaction, message, ...NOTHING_BEFORE });

  it("is refused: no transaction, no such message, a message of the host's", () => {
    for (const message of [1, 2, 0xffff_ffff]) {
      expect(refusalOf(() => ask(signed, message)).code).toBe(RefusalCode.NoSuchMessage);
    }
    for (const bytes of [
      new Uint8Array(0),
      Uint8Array.of(0, 1, 2),
      signed.subarray(0, 50),
      new Uint8Array(3_000_000),
    ]) {
      expect(refusalOf(() => ask(bytes, 0)).code).toBe(RefusalCode.NoSuchMessage);
    }
  });

  it("gives a result or a coded refusal for any change of the bytes", () => {
    fc.assert(
      fc.property(fc.nat({ max: signed.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 3 }), (at, byte, message) => {
        const changed = signed.slice();
        changed[at] = byte;
        try {
          expect(ask(changed, message).gasUsed).toBeLessThan(1_000_000n);
        } catch (error) {
          expect(error).toMatchObject({ codespace: "refusal", code: RefusalCode.NoSuchMessage });
        }
      }),
      { numRuns: 300 },
    );
  });
});
