/**
 * Rows of the threat table of consensus §5 that a host could act out at the boundary, as tests that take the enclave as an argument:
 * the sources themselves, or the bundle behind a transport.
 */

import { readFileSync } from "node:fs";
import type { OcallRequest, OcallResponse } from "@sotto/boundary/messages";
import { INTERFACE_VERSION } from "@sotto/boundary/messages";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { BaseAccount } from "@sotto/common/wire/account";
import { Any, packAny } from "@sotto/common/wire/any";
import { MsgExecuteContract, MsgUpdateAdmin } from "@sotto/common/wire/compute";
import { TxMsgData } from "@sotto/common/wire/execTxResult";
import { Header } from "@sotto/common/wire/header";
import { nanosToTimestamp } from "@sotto/common/wire/timestamp";
import { beforeEach, describe, expect, it } from "vitest";
import { QUERIES_PER_BLOCK } from "../src/ecalls/queryBudget.ts";
import { RefusalCode } from "../src/enclaveError.ts";
import {
  type BuiltBlock,
  type ChainOptions,
  type ExecOutcome,
  Executed,
  type Instance,
  refusalOf,
  TestChain,
  testCrypto,
  Wallet,
} from "./harness.ts";

type ProvenRequest = OcallRequest<"readProven">;
type ProvenAnswer = OcallResponse<"readProven">;

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe_v2.wasm", import.meta.url)));
const OTHER = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const set = (key: string, value: string) => ({ run: { ops: [{ set: { key: b64(key), value: b64(value) } }] } });
const b64 = (text: string) => Buffer.from(text).toString("base64");
const bigint = (_: string, value: unknown) =>
  typeof value === "bigint" ? `${value}n` : value instanceof Uint8Array ? bytesToHex(value) : value;

/** @param options what the enclave is */
export function testThreats(name: string, options: ChainOptions): void {
  describe(`consensus §5: threats, ${name}`, () => {
    let chain: TestChain;
    let alice: Wallet;
    let probe: Instance;
    /** Other code. */
    let others: ReturnType<TestChain["storeCode"]>;

    beforeEach(() => {
      chain = TestChain.start(options);
      alice = new Wallet(1);
      const code = chain.storeCode(PROBE);
      others = chain.storeCode(OTHER);
      probe = chain.instantiate(alice, code, { noop: {} });
    });

    const message = (value: string, wallet = alice) => chain.executeMessage(wallet, probe, set("k", value)).any;
    const signed = (...values: string[]) =>
      alice.sign(
        chain.chainId,
        values.map((value) => message(value)),
      );
    const codeOf = (call: () => unknown) => refusalOf(call).code;

    /** Runs a block of alice's transactions and says everything that came out of it. */
    function outcome(built: BuiltBlock, count = built.transactions.length - 1): string {
      return JSON.stringify(
        chain.runBlock(
          built,
          Array.from({ length: count }, () => alice),
        ),
        bigint,
      );
    }

    it("T4: a state and a record put back to an older copy run again to the same bytes, and to nothing else", () => {
      const { sealed } = chain;
      const putBack = chain.saveState();
      const at = { height: chain.height, lastHash: chain.lastHash, timeNs: chain.timeNs };
      const blocks = ["1", "2", "3"].map((value) => {
        const built = chain.build([signed(value)]);
        return { built, said: outcome(built, 1) };
      });
      const newest = chain.sealed;
      // Both.
      putBack();
      chain.sealed = sealed;
      chain.restart();
      for (const { built, said } of blocks) expect(outcome(built, 1)).toBe(said);
      // The host's state alone: the newest record goes back.
      putBack();
      chain.sealed = newest;
      chain.restart();
      chain.call("rewind", { headers: blocks.map(({ built }) => built.header).reverse() });
      Object.assign(chain, at);
      for (const { built, said } of blocks) expect(outcome(built, 1)).toBe(said);
      // Another block of the same key at a height that the record has.
      chain.restart();
      const third = blocks[2] as (typeof blocks)[number];
      const forged = { ...Header.decode(third.built.header), time: nanosToTimestamp(chain.timeNs + 1n) };
      expect(
        codeOf(() =>
          chain.call("beginBlock", {
            ...third.built,
            header: Header.encode(forged),
            commit: chain.encodedCommit(forged),
          }),
        ),
      ).toBe(RefusalCode.Latched);
    });

    it("T5: nothing executes outside of a verified block", () => {
      const entries = () => [
        () => chain.exec(1, 0, [alice.number]),
        () => chain.call("endTransaction", { transaction: 1, kept: true }),
        () => chain.call("endBlock", {}),
      ];
      const expectNone = (code: number) => {
        for (const entry of entries()) expect(codeOf(entry)).toBe(code);
      };
      expectNone(RefusalCode.NotInBlock);
      chain.restart();
      expectNone(RefusalCode.NotInBlock);
      chain.enclave = new TestChain(options).enclave;
      expectNone(RefusalCode.WrongState);
    });

    it("T5: a message that is in no block is simulated on development networks alone", () => {
      const strict = TestChain.start({ ...options, chainId: "secret-4" });
      const request = { transaction: signed("1"), message: 0, gasUsed: 0n };
      expect(codeOf(() => strict.call("simulateMessage", request))).toBe(RefusalCode.SimulationNotAllowed);
    });

    it("T6: a block that is begun again runs from its beginning to the same bytes, whatever ran of it", () => {
      const putBack = chain.saveState();
      const built = chain.build([signed("1", "2"), signed("3")]);
      const { height, lastHash, timeNs } = chain;
      const said = outcome(built, 2);
      for (const stop of [0, 1, 2]) {
        putBack();
        chain.begin(built);
        for (let i = 0; i < stop; i++) chain.apply(chain.exec(1, i, [alice.number]));
        // Again, and another seed, time or order has no place to be told.
        putBack();
        Object.assign(chain, { height, lastHash, timeNs });
        expect(outcome(built, 2)).toBe(said);
      }
    });

    it("T7: messages run in order and once; what is skipped is refused at the end of its transaction", () => {
      chain.begin(chain.build([signed("1", "2"), signed("3")]));
      expect(codeOf(() => chain.exec(1, 1, [alice.number]))).toBe(RefusalCode.OutOfOrder);
      chain.exec(1, 0, [alice.number]);
      expect(codeOf(() => chain.exec(1, 0, [alice.number]))).toBe(RefusalCode.AlreadyRun);
      expect(codeOf(() => chain.exec(2, 0, [alice.number]))).toBe(RefusalCode.TransactionOpen);
      expect(codeOf(() => chain.call("endBlock", {}))).toBe(RefusalCode.TransactionOpen);
      expect(codeOf(() => chain.call("endTransaction", { transaction: 1, kept: true }))).toBe(RefusalCode.CannotBeKept);
      chain.call("endTransaction", { transaction: 1, kept: false });
      expect(codeOf(() => chain.exec(1, 1, [alice.number]))).toBe(RefusalCode.AlreadyRun);
      chain.exec(2, 0, [alice.number]);
      expect(codeOf(() => chain.call("endTransaction", { transaction: 1, kept: false }))).not.toBe(0);
    });

    it("T7: a transaction that the host leaves out is seen in the next header, and nothing runs any more", () => {
      const built = chain.build([signed("1"), signed("2")]);
      const putBack = chain.saveState();
      const { sealed } = chain;
      outcome(built, 2);
      const honest = chain.lastResults;
      // The same block, of which this host leaves out the first transaction.
      putBack();
      chain.sealed = sealed;
      chain.restart();
      chain.begin(built);
      const { outcomes } = chain.runTransaction(2, built.transactions[2] as Uint8Array, [alice.number]);
      expect(outcomes[0]?.result.kind).toBe("ok");
      chain.end();
      const next = chain.build([], { lastResults: honest });
      const refusal = refusalOf(() => chain.begin(next));
      expect(refusal.code).toBe(RefusalCode.Diverged);
      expect(refusal.message).toContain("transaction 1 has code 0 and was not kept here");
      expect(codeOf(() => chain.begin(chain.build([])))).toBe(RefusalCode.Diverged);
    });

    it("T7: an answer that differs from the network's is seen in the next header", () => {
      chain.block([alice, signed("1")]);
      const [random, , ...rest] = chain.lastResults as [Uint8Array, Uint8Array, ...Uint8Array[]];
      const data = TxMsgData.encode({ msgResponses: [{ typeUrl: "/any", value: utf8ToBytes("another") }] });
      const lied = chain.build([], { lastResults: [random, chain.result(0, data), ...rest] });
      const refusal = refusalOf(() => chain.begin(lied));
      expect(refusal).toMatchObject({ code: RefusalCode.Diverged });
      expect(refusal.message).toContain("message 0 of transaction 1");
    });

    it("T8: of two randoms for one height only the one in the block counts, and nothing else tells a random", () => {
      const proposer = chain.validators[0]?.address as Uint8Array;
      const height = chain.height + 1n;
      const mint = () => chain.call("proposeRandom", { height, proposer }).transaction;
      const [one, two] = [mint(), mint()];
      expect(one).not.toEqual(two);
      const built = chain.build([], { random: one });
      const swapped = { ...built, transactions: [two, ...built.transactions.slice(1)] };
      expect(codeOf(() => chain.begin(swapped))).toBe(RefusalCode.BlockDataHash);
      chain.runBlock(built, []);
      const { transaction, message: position, signers } = { transaction: 1, message: 0, signers: [] };
      // Further members of a request do not cross: the codec knows none.
      const withRandom = { transaction, message: position, signers, random: one };
      chain.begin(chain.build([signed("1")]));
      expect(chain.call("execMessage", withRandom as never).result.kind).toBe("failed");
    });

    it("T9: an empty message opens no door for a transaction that is not in the block", () => {
      const old = signed("old");
      chain.block([alice, old]);
      const empty = alice.sign(chain.chainId, [{ typeUrl: message("x").typeUrl, value: new Uint8Array(0) }]);
      chain.begin(chain.build([empty]));
      // The call has a place for positions and none for bytes; what is at the place is empty and fails.
      expect(chain.exec(1, 0, [alice.number]).result.kind).toBe("failed");
      expect(codeOf(() => chain.exec(2, 0, [alice.number]))).toBe(RefusalCode.NoSuchMessage);
      expect(codeOf(() => chain.exec(1, 1, [alice.number]))).toBe(RefusalCode.NoSuchMessage);
    });

    it("T9: an old transaction that a proposer puts into a block again does not run, whatever the host says", () => {
      const first = signed("first");
      const old = signed("old");
      // What the network's ante chain writes in the block that they are in.
      const record = { ...BaseAccount.zero, address: alice.bech32, sequence: alice.sequence };
      const account = Any.encode({ typeUrl: BaseAccount.typeUrl, value: BaseAccount.encode(record) });
      const built = chain.build([first, old]);
      chain.state.acc.set(`01${bytesToHex(alice.address)}`, account);
      chain.runBlock(built, [alice, alice]);
      const next = signed("next");
      chain.begin(chain.build([old, next]));
      expect(codeOf(() => chain.exec(1, 0, [alice.number]))).toBe(RefusalCode.UsedSequence);
      // That block has no result here; without it, and with an honest host, things go on.
      expect(codeOf(() => chain.exec(2, 0, [alice.number]))).toBe(RefusalCode.NotInBlock);
      chain.begin(chain.build([old, next]));
      expect(chain.exec(2, 0, [alice.number]).result.kind).toBe("ok");
    });

    it("T9: nor does one that is in the block twice", () => {
      const twice = signed("twice");
      chain.begin(chain.build([twice, twice]));
      expect(chain.exec(1, 0, [alice.number]).result.kind).toBe("ok");
      chain.call("endTransaction", { transaction: 1, kept: false });
      expect(codeOf(() => chain.exec(2, 0, [alice.number]))).toBe(RefusalCode.UsedSequence);
    });

    it("T10: a chain of other keys, of another id or from another beginning is refused", () => {
      const stranger = TestChain.start({ ...options, validatorSeed: new Uint8Array(32).fill(3) });
      expect(codeOf(() => chain.begin(stranger.build([])))).toBe(RefusalCode.ValidatorsHash);
      const honest = chain.build([]);
      const header = Header.decode(honest.header);
      const theirs = { ...honest, commit: stranger.encodedCommit(header) };
      expect([RefusalCode.CommitAddress, RefusalCode.CommitQuorum] as number[]).toContain(
        codeOf(() => chain.begin(theirs)),
      );
      expect(codeOf(() => chain.begin({ ...theirs, validators: stranger.validators }))).toBe(
        RefusalCode.ValidatorsHash,
      );
      const otherId = chain.build([], { header: { chainId: "secretdev-2" }, signedChainId: "secretdev-2" });
      expect(codeOf(() => chain.begin(otherId))).toBe(RefusalCode.BlockChainId);
      const otherPast = chain.build([], {
        header: { lastBlockId: { hash: new Uint8Array(32), partSetHeader: { total: 1, hash: new Uint8Array(32) } } },
      });
      expect(codeOf(() => chain.begin(otherPast))).toBe(RefusalCode.BlockLastId);
    });

    /** Runs a message on a cold enclave whose reads are answered so, then honestly. */
    function runAgainst(
      lie: (request: ProvenRequest, honest: (request: ProvenRequest) => ProvenAnswer) => ProvenAnswer,
    ) {
      const { readProven } = chain.ocalls;
      const built = chain.build([signed("lied to")]);
      chain.restart();
      chain.ocalls.readProven = (request) => lie(request, readProven);
      chain.begin(built);
      const code = codeOf(() => chain.exec(1, 0, [alice.number]));
      expect(codeOf(() => chain.exec(1, 0, [alice.number]))).toBe(RefusalCode.NotInBlock);
      expect(codeOf(() => chain.end())).toBe(RefusalCode.NotInBlock);
      chain.ocalls.readProven = readProven;
      expect(chain.begin(built)).toBe(true);
      expect(chain.exec(1, 0, [alice.number]).result.kind).toBe("ok");
      return code;
    }

    it("T1: state of an earlier block ends the message without an outcome", () => {
      const old = chain.committed.current;
      chain.runBlock(chain.build([signed("1")]), [alice]);
      const code = runAgainst((request, honest) => {
        const { current } = chain.committed;
        chain.committed.current = old;
        const answer = honest(request);
        chain.committed.current = current;
        return answer;
      });
      expect(code).toBe(RefusalCode.BadProof);
    });

    it("T2: what is there cannot be hidden", () => {
      expect(runAgainst((request, honest) => ({ ...honest(request), value: undefined }))).toBe(RefusalCode.BadProof);
    });

    it("T2: nor can the whole store", () => {
      expect(runAgainst(() => ({ pages: [], value: undefined }))).toBe(RefusalCode.BadProof);
    });

    it("T3: a value of another key is refused", () => {
      const counter = [...chain.state.store.keys()].find((name) => name.startsWith("04")) as string;
      const key = hexToBytes(counter);
      const code = runAgainst((request, honest) => {
        const { value } = honest({ ...request, key });
        return { ...honest(request), value };
      });
      expect(code).toBe(RefusalCode.BadProof);
    });

    it("T12: no callback tag stands in for a signature, whatever it is a tag of", () => {
      const mallory = new Wallet(9);
      const { any } = chain.executeMessage(alice, probe, set("k", "theirs"));
      const execute = MsgExecuteContract.decode(any.value);
      const admin = { ...MsgUpdateAdmin.zero, sender: alice.bech32, newAdmin: mallory.bech32, contract: probe.bech32 };
      const tags = [
        new Uint8Array(0),
        new Uint8Array(32),
        testCrypto.sha256(execute.msg),
        testCrypto.sha256(any.value),
      ];
      for (const callbackSig of tags) {
        const messages = [
          packAny(MsgExecuteContract, { ...execute, callbackSig }),
          packAny(MsgUpdateAdmin, { ...admin, callbackSig }),
        ];
        for (const message of messages) {
          const [result] = chain.block([mallory, mallory.sign(chain.chainId, [message])]);
          expect(result?.outcomes[0]).toMatchObject({ result: { kind: "failed" }, writes: [] });
        }
      }
    });

    it("T14: a host that runs a message has no say in what it runs with", () => {
      const putBack = chain.saveState();
      const built = chain.build([signed("1")]);
      const at = { height: chain.height, lastHash: chain.lastHash, timeNs: chain.timeNs };
      const said = outcome(built, 1);
      const own = { accountNumber: alice.number, signBytes: undefined };
      for (const signers of [
        [],
        [{ ...own, accountNumber: 99n }],
        [{ ...own, signBytes: utf8ToBytes("{}") }],
        [own, own],
      ]) {
        putBack();
        Object.assign(chain, at);
        chain.begin(built);
        const result = chain.call("execMessage", { transaction: 1, message: 0, signers });
        const same = JSON.stringify([{ outcomes: [result], kept: true }], bigint) === said;
        if (!same) expect(result).toMatchObject({ result: { kind: "failed" }, writes: [] });
      }
    });

    it("T15: a lie about another module's state is believed for a block, and ends with the next header", () => {
      const balance = { bank: { balance: { address: alice.bech32, denom: "uscrt" } } };
      const ask = { run: { ops: [{ query_chain: { request: JSON.stringify(balance) } }] } };
      const putBack = chain.saveState();
      const { sealed } = chain;
      const at = { height: chain.height, lastHash: chain.lastHash, timeNs: chain.timeNs };
      const built = chain.build([alice.sign(chain.chainId, [chain.executeMessage(alice, probe, ask).any])]);
      const honest = outcome(built, 1);
      const network = chain.lastResults;
      putBack();
      Object.assign(chain, at, { sealed });
      chain.restart();
      const { chainQuery } = chain.ocalls;
      const lie = utf8ToBytes(JSON.stringify({ amount: { denom: "uscrt", amount: "123456789" } }));
      chain.ocalls.chainQuery = () => ({ result: { kind: "ok", value: lie }, gasUsed: 1_000n });
      expect(outcome(built, 1)).not.toBe(honest);
      chain.ocalls.chainQuery = chainQuery;
      expect(codeOf(() => chain.begin(chain.build([], { lastResults: network })))).toBe(RefusalCode.Diverged);
      expect(codeOf(() => chain.begin(built))).toBe(RefusalCode.Diverged);
    });

    it("T25: the wire format binds an input to code, but neither to a contract of that code nor to a height", () => {
      const { any, txKey } = chain.executeMessage(alice, probe, set("k", "twice"));
      const execute = MsgExecuteContract.decode(any.value);
      const code = { codeId: probe.codeId, codeHash: probe.codeHash };
      const second = chain.instantiate(alice, code, { noop: {} });
      const other = chain.instantiate(alice, others, { noop: {} });
      const send = (contract: Instance) => {
        const message = packAny(MsgExecuteContract, { ...execute, contract: contract.address });
        return chain.block([alice, alice.sign(chain.chainId, [message])])[0]?.outcomes[0] as ExecOutcome;
      };
      const answers = [send(probe), send(probe), send(second)].map((one) => new Executed(one, txKey));
      // The same key opens all three answers: a client that cares must put contract and purpose into its message.
      expect(answers.map(({ ok, data }) => ({ ok, data }))).toEqual(
        Array(3).fill({ ok: true, data: answers[0]?.data }),
      );
      expect(send(other).result.kind).toBe("failed");
    });

    it("T20: after a rollback no query is answered before the enclave has seen this start in a block of the last height", () => {
      const putBack = chain.saveState();
      const blocks = ["1", "2"].map((value) => {
        const built = chain.build([signed(value)]);
        outcome(built, 1);
        return built;
      });
      chain.restart();
      const encrypted = alice.encrypt(
        chain.ioKey,
        chain.plaintext(probe.codeHash, { run: { ops: [{ get: { key: b64("k") } }] } }),
      );
      const request = { contract: probe.address, query: encrypted.bytes, gasLimit: 10_000_000n, past: undefined };
      const ask = () => chain.call("query", request);
      expect(codeOf(ask)).toBe(RefusalCode.NotFresh);
      chain.call("rewind", { headers: blocks.map(({ header }) => header).reverse() });
      putBack();
      for (const built of blocks) {
        outcome(built, 1);
        expect(codeOf(ask)).toBe(RefusalCode.NotFresh);
      }
      const last = chain.build([]);
      chain.runBlock(last, []);
      expect(ask().result.kind).toBe("ok");
      // Gone back, a fresh enclave does not answer from the past either.
      chain.call("rewind", { headers: [last.header] });
      expect(codeOf(ask)).toBe(RefusalCode.Behind);
      expect(chain.begin(last)).toBe(true);
      expect(codeOf(ask)).toBe(RefusalCode.Behind);
      chain.end();
      expect(ask().result.kind).toBe("ok");
    });

    it("T20: contract queries of past heights are for development networks", () => {
      const strict = TestChain.start({ ...options, chainId: "secret-4" });
      strict.freshen();
      const past = { height: 1n, timeNs: 1n };
      const request = { contract: probe.address, query: new Uint8Array(100), gasLimit: 1_000_000n, past };
      expect(codeOf(() => strict.call("query", request))).toBe(RefusalCode.PastNotAllowed);
    });

    it("T21: a contract answers so many queries in a block, and not one more in a machine that gets no blocks", () => {
      const strict = TestChain.start({ ...options, chainId: "secret-4" });
      strict.freshen();
      const query = new Uint8Array(100);
      const ask = (contract: Uint8Array) =>
        strict.call("query", { contract, query, gasLimit: 1_000_000n, past: undefined });
      const [one, other] = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)];
      for (let i = 0; i < QUERIES_PER_BLOCK; i++) ask(one);
      expect(codeOf(() => ask(one))).toBe(RefusalCode.QueryBudget);
      expect(ask(other).result.kind).toBe("failed");
      const built = strict.build([]);
      strict.runBlock(built, []);
      for (let i = 0; i < QUERIES_PER_BLOCK; i++) ask(one);
      // The last block once more is no new one.
      strict.runBlock(built, []);
      expect(codeOf(() => ask(one))).toBe(RefusalCode.QueryBudget);
    }, 60_000);

    it("T31: whatever bytes are in a block, it begins, and what does not decode does not run", () => {
      const rubbish = [new Uint8Array(0), Uint8Array.of(0), new Uint8Array(1_000).fill(0xff), utf8ToBytes("{}")];
      const built = chain.build([...rubbish, signed("1")]);
      chain.begin(built);
      for (const i of [1, 2, 3, 4])
        expect(codeOf(() => chain.exec(i, 0, [alice.number]))).toBe(RefusalCode.NoSuchMessage);
      expect(chain.runTransaction(5, built.transactions[5] as Uint8Array, [alice.number]).kept).toBe(true);
      chain.end();
    });

    it("T31: a block whose transaction 0 is missing or none runs like any other", () => {
      for (const random of [new Uint8Array(0), new Uint8Array(64), new Uint8Array(64).fill(255)]) {
        const proposer = chain.validators[0]?.address as Uint8Array;
        const check = { height: chain.height + 1n, proposer, transaction: random };
        expect(chain.call("checkProposal", check).accepted).toBe(false);
        const built = chain.build([signed("1")], { random });
        expect(outcome(built, 1)).toContain('"kept":true');
      }
      // Not even that one: the block has no transactions at all.
      chain.runBlock(chain.build([], { noTransactions: true }), []);
      chain.block();
    });

    it("T33: an enclave that only its host talks to answers no query, whatever the host says", () => {
      chain.restart();
      const request = { contract: probe.address, query: new Uint8Array(100), gasLimit: 1_000_000n, past: undefined };
      const ask = () => chain.call("query", request);
      const { bootNonce, fresh } = chain.call("info", { interfaceVersion: INTERFACE_VERSION });
      expect(fresh).toBe(false);
      const boot = (memo: string) => chain.memoTransaction(memo);
      const nonce = bytesToHex(bootNonce);
      const none = [nonce, `sotto-boot:${nonce.toUpperCase()}`, `sotto-boot:${nonce} `, `sotto-boot:${nonce.slice(2)}`];
      for (const memo of none) {
        chain.runBlock(chain.build([boot(memo)], { withoutBoot: true }), []);
        expect(codeOf(ask)).toBe(RefusalCode.NotFresh);
      }
      // In a header that was accepted, and not in a block that was begun.
      const unseen = chain.build([]);
      chain.call("acceptHeaders", {
        blocks: [unseen].map(({ header, commit, validators }) => ({ header, commit, validators })),
      });
      expect(codeOf(ask)).toBe(RefusalCode.NotFresh);
      // In a block that is not signed.
      chain.call("rewind", { headers: [unseen.header] });
      const unsigned = { ...unseen, transactions: [...unseen.transactions, boot(`sotto-boot:${nonce}`)] };
      expect(codeOf(() => chain.begin(unsigned))).toBe(RefusalCode.BlockDataHash);
      expect(codeOf(ask)).toBe(RefusalCode.NotFresh);
      chain.runBlock(unseen, []);
      expect(ask().result.kind).toBe("failed");
      expect(chain.call("info", { interfaceVersion: INTERFACE_VERSION })).toMatchObject({ bootNonce, fresh: true });
    });
  });
}
