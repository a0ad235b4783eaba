/** The host as an adversary (consensus §5): each trick is refused with its code, and what was honest still works. */
import { readFileSync } from "node:fs";
import { bytesToBase64, bytesToHex, concatBytes, hexToBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import { CodeInfo, ContractKey, MsgExecuteContract } from "@sotto/common/wire/compute";
import { decodeTx, TxBody, TxRaw } from "@sotto/common/wire/tx";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import { type ExecOutcome, type Instance, refusalOf, TestChain, Wallet } from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const TOKEN = new Uint8Array(readFileSync(new URL("../../contracts/wasm/private_token.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const UNVERIFIED = "Execution error: Enclave: failed to verify transaction signature: execute contract failed";

let chain: TestChain;
let alice: Wallet;
let mallory: Wallet;
let probe: Instance;

let restore: () => void;

beforeAll(() => {
  chain = TestChain.start();
  alice = new Wallet(1);
  mallory = new Wallet(2);
  probe = chain.instantiate(alice, chain.storeCode(PROBE), { set: { key: b64("k"), value: b64("v") } });
  restore = chain.snapshot();
});

beforeEach(() => restore());

const logOf = ({ result }: ExecOutcome) => (result.kind === "failed" ? result.value.log : result.kind);
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });

/** A signed execute, its fields changed after signing. */
function changed(change: (message: MsgExecuteContract) => Partial<MsgExecuteContract>, options = {}): Uint8Array {
  const { any } = chain.executeMessage(alice, probe, set("k", "w"), options);
  const { raw, body } = decodeTx(alice.sign(chain.chainId, [any]));
  const message = MsgExecuteContract.decode(any.value);
  const messages = [packAny(MsgExecuteContract, { ...message, ...change(message) })];
  return TxRaw.encode({ ...raw, bodyBytes: TxBody.encode({ ...body, messages }) });
}

describe("enclave §6.2, §6.5, §6.6: a transaction that is not what its signer signed", () => {
  const single = (bytes: Uint8Array, accountNumbers = [alice.number]) => {
    chain.begin(chain.build([bytes]));
    const outcome = chain.exec(1, 0, accountNumbers);
    return logOf(outcome);
  };

  it("is refused with another sender", () => {
    const log = single(changed(() => ({ sender: mallory.address })));
    expect(log).toContain("is not found in the tx signer set");
  });

  it("is refused with other funds", () => {
    chain.fund(alice.address, 100n);
    const funded = changed(() => ({ sentFunds: [{ denom: "uscrt", amount: "2" }] }));
    expect(single(funded)).toBe(UNVERIFIED);
  });

  it("is refused for another contract", () => {
    const other = chain.instantiate(alice, { codeId: probe.codeId, codeHash: probe.codeHash }, { noop: {} });
    expect(single(changed(() => ({ contract: other.address })))).toBe(UNVERIFIED);
  });

  it("is refused with a ciphertext changed at any place", () => {
    const positions = [0, 31, 32, 63, 64, 80, 100];
    for (const at of positions) {
      const flipped = changed(({ msg }) => {
        const bytes = msg.slice();
        (bytes[at] as number) ^= 4;
        return { msg: bytes };
      });
      expect(single(flipped)).toBe(UNVERIFIED);
      chain.call("endTransaction", { transaction: 1, kept: false });
      chain.end();
    }
  });

  it("is refused with a callback signature (enclave §6.7)", () => {
    expect(single(changed(() => ({ callbackSig: new Uint8Array(32) })))).toBe(UNVERIFIED);
  });

  it("is refused under another account number or chain id", () => {
    const { any } = chain.executeMessage(alice, probe, set("k", "w"));
    expect(single(alice.sign(chain.chainId, [any]), [77n])).toBe(UNVERIFIED);
    chain.call("endTransaction", { transaction: 1, kept: false });
    chain.end();
    expect(single(alice.sign("secretdev-2", [any]))).toBe(UNVERIFIED);
  });

  it("is refused if it was encrypted for other code", () => {
    const other = chain.storeCode(TOKEN);
    const wrong = { ...probe, codeHash: other.codeHash };
    const { any } = chain.executeMessage(alice, wrong, set("k", "w"));
    expect(single(alice.sign(chain.chainId, [any]))).toBe(
      "Execution error: Enclave: failed to validate transaction: execute contract failed",
    );
  });

  it("is refused in plaintext (enclave §2.3, contracts §3.3)", () => {
    const any = packAny(MsgExecuteContract, {
      ...MsgExecuteContract.zero,
      sender: alice.address,
      contract: probe.address,
      msg: utf8ToBytes(JSON.stringify(set("k", "w"))),
    });
    expect(single(alice.sign(chain.chainId, [any]))).toBe(UNVERIFIED);
  });
});

describe("enclave §4: records that the host changed", () => {
  const run = () => chain.execute(alice, probe, { get: { key: b64("k") } });
  const key = (...parts: Uint8Array[]) => bytesToHex(concatBytes(...parts));

  it("a contract key of another contract is not authentic", () => {
    const other = chain.instantiate(mallory, { codeId: probe.codeId, codeHash: probe.codeHash }, { noop: {} });
    const theirs = chain.state.store.get(key(Uint8Array.of(6), other.address)) as Uint8Array;
    chain.state.store.set(key(Uint8Array.of(6), probe.address), theirs);
    expect(run().log).toContain("failed to authenticate secret contract");
    const empty = ContractKey.encode(ContractKey.zero);
    chain.state.store.set(key(Uint8Array.of(6), probe.address), empty);
    expect(run().log).toContain("failed to authenticate secret contract");
  });

  it("other code under the contract's code id is not authentic", () => {
    const token = chain.storeCode(TOKEN);
    const info = { codeHash: token.codeHash, creator: new Uint8Array(20), source: "", builder: "" };
    chain.state.store.set(key(Uint8Array.of(1), u64be(probe.codeId)), CodeInfo.encode(info));
    expect(run().log).toContain("failed to authenticate secret contract");
  });

  it("code that is not that of its hash is not run", () => {
    chain.restart();
    chain.ocalls.readCode = () => ({ code: TOKEN });
    const outcome = (() => {
      try {
        return run().code;
      } catch (error) {
        return String(error);
      }
    })();
    expect(outcome).not.toBe("ok");
  });

  const stateEntries = (contract: Uint8Array) =>
    [...chain.state.store].filter(([name]) => name.startsWith(key(Uint8Array.of(3), contract)));

  it("values swapped between keys end the call without a result", () => {
    chain.execute(alice, probe, set("other", "x"));
    const [a, b] = stateEntries(probe.address) as [[string, Uint8Array], [string, Uint8Array]];
    chain.state.store.set(a[0], b[1]);
    chain.state.store.set(b[0], a[1]);
    const refusal = refusalOf(run);
    expect(refusal).toMatchObject({ codespace: "refusal", code: RefusalCode.HostMisbehavior });
  });

  it("values moved between contracts end the call without a result", () => {
    const other = chain.instantiate(alice, { codeId: probe.codeId, codeHash: probe.codeHash }, set("k", "theirs"));
    const [mine] = stateEntries(probe.address) as [[string, Uint8Array]];
    const [theirs] = stateEntries(other.address) as [[string, Uint8Array]];
    expect(mine[0].slice(42)).not.toBe(theirs[0].slice(42));
    chain.state.store.set(mine[0], theirs[1]);
    expect(refusalOf(run).code).toBe(RefusalCode.HostMisbehavior);
  });

  it("after such an end only the whole block can run again", () => {
    const { any, txKey } = chain.executeMessage(alice, probe, { get: { key: b64("k") } });
    const built = chain.build([alice.sign(chain.chainId, [any])]);
    const { readProven } = chain.ocalls;
    chain.ocalls.readProven = (request) => ({ ...readProven(request), value: undefined });
    chain.begin(built);
    expect(refusalOf(() => chain.exec(1, 0, [alice.number])).code).toBe(RefusalCode.BadProof);
    expect(refusalOf(() => chain.exec(1, 0, [alice.number])).code).toBe(RefusalCode.NotInBlock);
    chain.ocalls.readProven = readProven;
    expect(chain.begin(built)).toBe(true);
    expect(logOf(chain.exec(1, 0, [alice.number]))).toBe("ok");
    expect(txKey.length).toBe(32);
  });

  it("a host that answers nothing usable ends the call without a result", () => {
    chain.ocalls.readProven = () => {
      throw new Error("disk on fire");
    };
    expect(refusalOf(run).code).toBe(RefusalCode.HostMisbehavior);
  });
});

describe("T7, enclave §6.8: messages skipped, repeated, reordered", () => {
  const codeAt = (transaction: number, message: number) =>
    refusalOf(() => chain.exec(transaction, message, [alice.number])).code;

  /** Transactions 1 and 2, with two executes each. */
  function begin(): void {
    const sign = () => {
      const messages = [1, 2].map((n) => chain.executeMessage(alice, probe, set(`k${n}`, "v")).any);
      return alice.sign(chain.chainId, messages);
    };
    chain.begin(chain.build([sign(), sign()]));
  }

  it("runs no message twice, none before its predecessor, none that is not there", () => {
    begin();
    expect(codeAt(1, 1)).toBe(RefusalCode.OutOfOrder);
    expect(logOf(chain.exec(1, 0, [alice.number]))).toBe("ok");
    expect(codeAt(1, 0)).toBe(RefusalCode.AlreadyRun);
    expect(codeAt(2, 0)).toBe(RefusalCode.TransactionOpen);
    expect(logOf(chain.exec(1, 1, [alice.number]))).toBe("ok");
    expect(codeAt(1, 1)).toBe(RefusalCode.AlreadyRun);
    for (const [transaction, message] of [
      [0, 0],
      [1, 2],
      [3, 0],
    ] as const) {
      expect(codeAt(transaction, message)).toBe(RefusalCode.NoSuchMessage);
    }
    chain.call("endTransaction", { transaction: 1, kept: true });
    expect(codeAt(1, 0)).toBe(RefusalCode.AlreadyRun);
    expect(logOf(chain.exec(2, 0, [alice.number]))).toBe("ok");
  });

  it("goes back to no earlier transaction", () => {
    begin();
    chain.exec(2, 0, [alice.number]);
    expect(codeAt(1, 0)).toBe(RefusalCode.OutOfOrder);
    expect(refusalOf(() => chain.call("endTransaction", { transaction: 1, kept: false })).code).toBe(
      RefusalCode.OutOfOrder,
    );
  });

  it("keeps no transaction of which a message failed or did not run", () => {
    begin();
    const end = (kept: boolean) => chain.call("endTransaction", { transaction: 1, kept });
    expect(refusalOf(() => end(true)).code).toBe(RefusalCode.CannotBeKept);
    chain.exec(1, 0, [alice.number]);
    expect(refusalOf(() => end(true)).code).toBe(RefusalCode.CannotBeKept);
    chain.exec(1, 1, [99n]);
    end(false);
    expect(refusalOf(() => end(false)).code).toBe(RefusalCode.AlreadyRun);
  });

  it("ends no block in the middle of a transaction, and nothing outside of one", () => {
    begin();
    chain.exec(1, 0, [alice.number]);
    expect(refusalOf(() => chain.end()).code).toBe(RefusalCode.TransactionOpen);
    chain.call("endTransaction", { transaction: 1, kept: false });
    chain.end();
    expect(codeAt(2, 0)).toBe(RefusalCode.NotInBlock);
    expect(refusalOf(() => chain.end()).code).toBe(RefusalCode.NotInBlock);
  });

  it("begins no other block before this one has ended", () => {
    begin();
    expect(refusalOf(() => chain.begin(chain.build([]))).code).toBe(RefusalCode.WrongState);
  });
});

describe("T6, T8, T9, T14: blocks", () => {
  it("gives the same outcomes when the last block runs again, whatever the host claims in between", () => {
    const message = chain.executeMessage(alice, probe, set("k", "again"));
    const built = chain.build([alice.sign(chain.chainId, [message.any])]);
    const before = new Map(chain.state.store);
    chain.begin(built);
    const first = chain.exec(1, 0, [alice.number]);
    chain.call("endTransaction", { transaction: 1, kept: true });
    chain.end();
    chain.begin(built);
    expect(logOf(chain.exec(1, 0, [5n]))).toBe(UNVERIFIED);
    chain.state.store = before;
    chain.begin(built);
    expect(chain.exec(1, 0, [alice.number])).toEqual(first);
  });

  it("refuses every changed part of a block", () => {
    const built = chain.build([alice.sign(chain.chainId, [chain.executeMessage(alice, probe, set("k", "x")).any])]);
    const code = (block: typeof built) => refusalOf(() => chain.begin(block)).code;
    expect(code({ ...built, transactions: [...built.transactions].reverse() })).toBe(RefusalCode.BlockDataHash);
    expect(code({ ...built, transactions: built.transactions.slice(0, 1) })).toBe(RefusalCode.BlockDataHash);
    const proposer = chain.validators[0]?.address as Uint8Array;
    const { transaction } = chain.call("proposeRandom", { height: chain.height + 1n, proposer });
    const otherRandom = [transaction, ...built.transactions.slice(1)];
    expect(code({ ...built, transactions: otherRandom })).toBe(RefusalCode.BlockDataHash);
    expect(code(chain.build([], { signedChainId: "secretdev-2" }))).toBe(RefusalCode.CommitQuorum);
    expect(code(chain.build([], { commitHeight: 9n }))).toBe(RefusalCode.CommitHeight);
    expect(code(chain.build([], { header: { height: 9n } }))).toBe(RefusalCode.BlockHeight);
    expect(chain.begin(built)).toBe(false);
  });

  it("latches when the validators sign two blocks of one height, also over a restart", () => {
    const one = chain.build([]);
    const other = chain.build([], { header: { consensusHash: new Uint8Array(32) } });
    chain.runBlock(one, []);
    expect(refusalOf(() => chain.begin(other)).code).toBe(RefusalCode.Latched);
    expect(refusalOf(() => chain.begin(one)).code).toBe(RefusalCode.Latched);
    expect(refusalOf(() => chain.query(alice, probe, { noop: {} })).code).toBe(RefusalCode.Latched);
    chain.end();
    chain.restart();
    expect(refusalOf(() => chain.begin(chain.build([], { random: new Uint8Array(64) }))).code).toBe(
      RefusalCode.Latched,
    );
  });

  it("goes on with a block whose random is invalid although it was signed", () => {
    const built = chain.build([], { random: new Uint8Array(64) });
    expect(chain.begin(built)).toBe(false);
    chain.end();
  });

  it("reads no message in a transaction that does not decode", () => {
    const junk = [
      new Uint8Array(0),
      utf8ToBytes("junk"),
      hexToBytes("0a05ffffffffff"),
      new Uint8Array(1000).fill(0x0a),
    ];
    chain.begin(chain.build(junk));
    junk.forEach((_, i) => {
      expect(refusalOf(() => chain.exec(i + 1, 0, [])).code).toBe(RefusalCode.NoSuchMessage);
    });
    chain.end();
  });

  it("takes the gas limit from the signed fee alone", () => {
    const result = chain.execute(alice, probe, { endless_loop: {} }, { gas: 100_000n });
    expect(result.outcome.result).toEqual({ kind: "outOfGas", value: { location: "wasm contract" } });
    expect(result.outcome.gasUsed).toBeGreaterThan(100_000n);
    expect(result.outcome.writes).toEqual([]);
  });
});
