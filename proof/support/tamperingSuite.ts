/**
 * The host as an adversary of the real bundle: each trick is refused with its code, and an honest host can go on afterwards.
 * @module
 */
import { join } from "node:path";
import { RefusedError } from "@sotto/boundary/calls";
import { decode, encode } from "@sotto/boundary/codec";
import { type EcallRequest, LIMITS, OCALLS, type OcallName, REFUSAL } from "@sotto/boundary/messages";
import { parseAddress } from "@sotto/common/address";
import { concatBytes } from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import { MsgExecuteContract, MsgInstantiateContract } from "@sotto/common/wire/compute";
import { Header } from "@sotto/common/wire/header";
import { AuthInfo, decodeTx, TxBody, TxRaw } from "@sotto/common/wire/tx";
import { RefusalCode } from "@sotto/enclave/enclaveError";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../e2e/harness.ts";
import { type Contract, toBase64, type Wallet } from "./client.ts";
import { decodeEcall, encodeAnswer, HostileNode, type Refusal, refusalOf, refused } from "./hostileNode.ts";
import { readWasm, type Transport } from "./lab.ts";

const set = (key: string, value: string) => ({ set: { key: toBase64(key), value: toBase64(value) } });
const get = (key: string) => ({ get: { key: toBase64(key) } });
type Block = EcallRequest<"beginBlock">;

export function describeTampering(transport: Transport): void {
  describe(`a host that cheats, enclave ${transport}`, () => tamperingTests(transport));
}

function tamperingTests(transport: Transport): void {
  let node: HostileNode;
  let alice: Wallet;
  let probe: Contract;

  beforeEach(() => {
    node = new HostileNode(join(temporaryFolder(), "home"), transport);
    alice = node.wallet("a");
    probe = node.deployProbe(alice, set("k", "v"));
  });

  afterEach(() => node.close());

  const sign = (message: unknown) => alice.sign([alice.execute(probe, message).any]);

  /** Presents other blocks before the honest one. @returns what each came to, by name */
  function present(others: (honest: Block) => Record<string, Partial<Block>>): Record<string, Refusal | "accepted"> {
    const outcomes: Record<string, Refusal | "accepted"> = {};
    node.tricks.beforeEcall = (name, request) => {
      if (name !== "beginBlock") return;
      const honest = decodeEcall("beginBlock", request);
      for (const [trick, change] of Object.entries(others(honest))) {
        outcomes[trick] = refusalOf(() => node.direct("beginBlock", { ...honest, ...change }));
      }
    };
    const results = node.run(sign(set("k", "1")), sign(set("k", "2")));
    expect(results.map(({ code, log }) => ({ code, log }))).toEqual([
      { code: 0, log: "" },
      { code: 0, log: "" },
    ]);
    node.tricks = {};
    expect(node.run(sign(get("k")))[0]?.code).toBe(0);
    return outcomes;
  }

  it("presents a header, commit, validator set or transactions that are not the block's", () => {
    const header = (block: Block, change: Partial<Header>) =>
      Header.encode({ ...Header.decode(block.header), ...change });
    const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
    let _before: Block | undefined;
    const outcomes = present((block) => {
      const [random, one, two] = block.transactions as [Uint8Array, Uint8Array, Uint8Array];
      const [validator] = block.validators as [Block["validators"][number]];
      const decoded = Header.decode(block.header);
      _before ??= block;
      return {
        "header cut off": { header: block.header.slice(0, -1) },
        "header with a tail": { header: concatBytes(block.header, Uint8Array.of(0)) },
        "another chain": { header: header(block, { chainId: "secretdev-2" }) },
        "a later height": { header: header(block, { height: decoded.height + 1n }) },
        "another block before it": {
          header: header(block, { lastBlockId: { ...decoded.lastBlockId, hash: new Uint8Array(32) } }),
        },
        "another app hash": { header: header(block, { appHash: new Uint8Array(32) }) },
        "another time": { header: header(block, { time: { ...decoded.time, seconds: decoded.time.seconds + 1n } }) },
        "another block version": { header: header(block, { version: { block: 10n, app: 0n } }) },
        "a commit cut off": { commit: block.commit.slice(0, -1) },
        "a changed signature": { commit: flipped(block.commit, block.commit.length - 1) },
        "no commit": { commit: new Uint8Array(0) },
        "no validators": { validators: [] },
        "a validator twice": { validators: [validator, validator] },
        "a validator with other power": { validators: [{ ...validator, power: validator.power + 1n }] },
        "a validator with another key": { validators: [{ ...validator, publicKey: new Uint8Array(32).fill(3) }] },
        "a transaction left out": { transactions: [random, one] },
        "a transaction added": { transactions: [random, one, two, two] },
        "transactions in another order": { transactions: [random, two, one] },
        "the random not first": { transactions: [one, random, two] },
        "another random": { transactions: [flipped(random, 60), one, two] },
        "no transactions": { transactions: [] },
      };
    });
    expect(outcomes).toEqual({
      "header cut off": refused(RefusalCode.BlockMalformed),
      "header with a tail": refused(RefusalCode.BlockMalformed),
      "another chain": refused(RefusalCode.BlockChainId),
      "a later height": refused(RefusalCode.BlockHeight),
      "another block before it": refused(RefusalCode.BlockLastId),
      "another app hash": refused(RefusalCode.CommitBlockId),
      "another time": refused(RefusalCode.CommitBlockId),
      "another block version": refused(RefusalCode.BlockVersion),
      "a commit cut off": refused(RefusalCode.BlockMalformed),
      "a changed signature": refused(RefusalCode.CommitQuorum),
      "no commit": refused(RefusalCode.BlockMalformed),
      "no validators": refused(RefusalCode.ValidatorsHash),
      "a validator twice": refused(RefusalCode.ValidatorOrder),
      "a validator with other power": refused(RefusalCode.ValidatorsHash),
      "a validator with another key": refused(RefusalCode.ValidatorAddress),
      "a transaction left out": refused(RefusalCode.BlockDataHash),
      "a transaction added": refused(RefusalCode.BlockDataHash),
      "transactions in another order": refused(RefusalCode.BlockDataHash),
      "the random not first": refused(RefusalCode.BlockDataHash),
      "another random": refused(RefusalCode.BlockDataHash),
      "no transactions": refused(RefusalCode.BlockDataHash),
    });
  });

  it("presents an older block", () => {
    const seen: Block[] = [];
    node.tricks.beforeEcall = (name, request) => {
      if (name === "beginBlock") seen.push(decodeEcall("beginBlock", request));
    };
    node.run(sign(set("k", "1")));
    node.run(sign(set("k", "2")));
    expect(refusalOf(() => node.direct("beginBlock", seen[0] as Block))).toEqual(refused(RefusalCode.BlockHeight));
  });

  it("runs messages twice, out of order, or such as are not there", () => {
    const outcomes: (Refusal | "accepted")[] = [];
    const attempt = (transaction: number, message: number) =>
      outcomes.push(
        refusalOf(() =>
          node.direct("execMessage", { transaction, message, signers: [{ accountNumber: 1n, signBytes: undefined }] }),
        ),
      );
    let turn = 0;
    node.tricks.beforeEcall = (name) => {
      if (name === "execMessage" && turn === 0)
        for (const [t, m] of [
          [1, 1],
          [0, 0],
          [9, 0],
          [1, 9],
        ] as const)
          attempt(t, m);
      if (name === "endTransaction" && turn === 2) {
        outcomes.push(refusalOf(() => node.direct("endBlock", {})));
        attempt(2, 0);
      }
    };
    node.tricks.afterEcall = (name) => {
      if (name === "execMessage") attempt(1, turn++ === 0 ? 0 : 1);
    };
    const [result] = node.run(
      alice.sign([alice.execute(probe, set("a", "1")).any, alice.execute(probe, get("a")).any]),
    );
    expect(result?.code).toBe(0);
    const { OutOfOrder, NoSuchMessage, AlreadyRun, TransactionOpen } = RefusalCode;
    expect(outcomes).toEqual(
      [
        OutOfOrder,
        NoSuchMessage,
        NoSuchMessage,
        NoSuchMessage,
        AlreadyRun,
        AlreadyRun,
        TransactionOpen,
        NoSuchMessage,
      ].map(refused),
    );
  });

  it("puts transactions into a block that are not what was signed, and runs them", () => {
    const other = node.instantiate(alice, probe, { noop: {} });
    const mallory = node.wallet("b");
    const execute = (change: (message: MsgExecuteContract) => Partial<MsgExecuteContract>): Uint8Array => {
      const { any } = alice.execute(probe, set("k", "stolen"), { funds: [{ denom: "uscrt", amount: "1" }] });
      const { raw, body } = decodeTx(alice.sign([any]));
      const message = MsgExecuteContract.decode(any.value);
      const messages = [packAny(MsgExecuteContract, { ...message, ...change(message) })];
      return TxRaw.encode({ ...raw, bodyBytes: TxBody.encode({ ...body, messages }) });
    };
    const instantiate = (change: Partial<MsgInstantiateContract>): Uint8Array => {
      const { any } = alice.instantiate(probe, { noop: {} }, { label: "signed" });
      const { raw, body } = decodeTx(alice.sign([any]));
      const messages = [packAny(MsgInstantiateContract, { ...MsgInstantiateContract.decode(any.value), ...change })];
      return TxRaw.encode({ ...raw, bodyBytes: TxBody.encode({ ...body, messages }) });
    };
    const fee = (): Uint8Array => {
      const { raw, authInfo } = decodeTx(sign(set("k", "stolen")));
      const honest = authInfo.fee as NonNullable<typeof authInfo.fee>;
      const authInfoBytes = AuthInfo.encode({ ...authInfo, fee: { ...honest, gasLimit: 9_000_000n } });
      return TxRaw.encode({ ...raw, authInfoBytes });
    };
    const memo = (): Uint8Array => {
      const { raw, body } = decodeTx(sign(set("k", "stolen")));
      return TxRaw.encode({ ...raw, bodyBytes: TxBody.encode({ ...body, memo: "another" }) });
    };
    const flip = (at: number) => (message: MsgExecuteContract) => ({
      msg: message.msg.map((byte, i) => (i === at ? byte ^ 4 : byte)),
    });
    const tampered: Record<string, Uint8Array> = {
      sender: execute(() => ({ sender: mallory.bytes })),
      funds: execute(() => ({ sentFunds: [{ denom: "uscrt", amount: "2" }] })),
      "no funds": execute(() => ({ sentFunds: [] })),
      contract: execute(() => ({ contract: parseAddress(other) })),
      "callback signature": execute(() => ({ callbackSig: new Uint8Array(32) })),
      nonce: execute(flip(0)),
      "user key": execute(flip(32)),
      ciphertext: execute(flip(100)),
      label: instantiate({ label: "another" }),
      admin: instantiate({ admin: mallory.address }),
      "code id": instantiate({ codeId: 99n }),
      "gas limit": fee(),
      memo: memo(),
    };
    const outcomes: Record<string, string> = {};
    node.tricks.beforeEcall = (name) => {
      if (name !== "endBlock") return;
      for (const [i, trick] of Object.keys(tampered).entries()) {
        const request = {
          transaction: i + 1,
          message: 0,
          signers: [{ accountNumber: alice.number, signBytes: undefined }],
        };
        const { result, writes } = node.direct("execMessage", request);
        outcomes[trick] = result.kind === "failed" ? `${result.value.codespace}/${result.value.code}` : result.kind;
        expect(writes).toEqual([]);
        node.direct("endTransaction", { transaction: i + 1, kept: false });
      }
    };
    const results = node.run(...Object.values(tampered));
    // The host's own ante chain admits none of them either.
    expect(results.filter(({ code }) => code === 0)).toEqual([]);
    expect(outcomes).toEqual({
      sender: "compute/16",
      funds: "compute/3",
      "no funds": "compute/3",
      contract: "compute/3",
      "callback signature": "compute/3",
      nonce: "compute/3",
      "user key": "compute/3",
      ciphertext: "compute/3",
      label: "compute/2",
      admin: "compute/2",
      "code id": "compute/9",
      "gas limit": "compute/3",
      memo: "compute/3",
    });
    alice.sequence -= BigInt(Object.keys(tampered).length);
    node.tricks = {};
    expect(node.run(sign(get("k")))[0]?.code).toBe(0);
  });

  describe("that answers the enclave's questions with", () => {
    /** Makes the enclave ask everything that it can ask of a host. */
    const asking = () =>
      alice.sign([
        alice.execute(
          probe,
          {
            run: {
              ops: [
                get("k"),
                {
                  query_chain: {
                    request: JSON.stringify({ bank: { balance: { address: alice.address, denom: "uscrt" } } }),
                  },
                },
                {
                  send: {
                    messages: [
                      {
                        id: 1,
                        msg: {
                          bank: { send: { to_address: alice.address, amount: [{ denom: "uscrt", amount: "1" }] } },
                        },
                        gas_limit: null,
                        reply_on: "always",
                      },
                    ],
                  },
                },
              ],
            },
          },
          { funds: [{ denom: "uscrt", amount: "5" }] },
        ).any,
      ]);

    type Answer = (name: OcallName, honest: Uint8Array) => Uint8Array;

    /** Cheats once, at the nth question of an execution. @returns where it cheated and what came of it; undefined past the last */
    function cheatAt(nth: number, answer: Answer): { name: OcallName; outcome: string } | undefined {
      let asked = 0;
      let name: OcallName | undefined;
      let running = false;
      node.forgetState();
      node.tricks.beforeEcall = (ecallName) => {
        running = ecallName === "execMessage";
      };
      node.tricks.answerOcall = (ocallName, _, honest) => {
        if (!running || asked++ !== nth) return honest;
        name = ocallName;
        return answer(ocallName, honest);
      };
      let outcome: string;
      try {
        const [result] = node.run(asking());
        outcome = result?.code === 0 ? "ok" : `${result?.codespace}/${result?.code}`;
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        outcome = `${error.codespace}/${error.code}`;
        node.startOver();
      }
      node.tricks = {};
      return name === undefined ? undefined : { name, outcome };
    }

    /** Every question once; the enclave must neither go on as if nothing had happened nor be lost. */
    function cheatEverywhere(answer: Answer, allowed: RegExp): void {
      const names = new Set<OcallName>();
      for (let nth = 0; ; nth++) {
        const cheated = cheatAt(nth, answer);
        if (cheated === undefined) break;
        names.add(cheated.name);
        expect(cheated.outcome, `${cheated.name}, question ${nth}`).toMatch(allowed);
      }
      expect([...names].sort()).toEqual(["branch", "chainQuery", "moveFunds", "readProven", "runMessage"]);
      expect(node.run(asking())[0]).toMatchObject({ code: 0 });
    }

    const BAD: Record<string, Answer> = {
      nothing: () => new Uint8Array(0),
      noise: () => Uint8Array.from({ length: 40 }, (_, i) => (i * 97 + 3) & 0xff),
      "half an answer": (_, honest) => (honest.length > 1 ? honest.slice(0, -1) : Uint8Array.of(7)),
      "an answer with a tail": (_, honest) => concatBytes(honest, Uint8Array.of(1)),
      "a refusal": () => concatBytes(Uint8Array.of(1), encode(REFUSAL, { codespace: "sdk", code: 7, message: "no" })),
    };

    it.each(Object.keys(BAD))("%s", (what) => {
      const answer = BAD[what] as Answer;
      // Code that the enclave has loaded is not asked for again: a new enclave asks, once.
      node.close();
      node = new HostileNode(node.home, transport);
      node.tricks.answerOcall = (name, _, honest) => (name === "readCode" ? answer(name, honest) : honest);
      expect(refusalOf(() => node.run(asking()))).toEqual(refused(RefusalCode.HostMisbehavior));
      node.startOver();
      cheatEverywhere(answer, /^refusal\/50$/);
    });

    it("more than a frame holds: the call ends in the host, and the enclave can go on", () => {
      node.tricks.answerOcall = () => new Uint8Array(LIMITS.frame + 1);
      expect(() => node.run(asking())).toThrow(/at most 33554432 bytes/);
      node.startOver();
      expect(node.run(asking())[0]).toMatchObject({ code: 0 });
    });

    it("nothing because the host itself fails: the call ends with the host's error", () => {
      node.tricks.answerOcall = () => {
        throw new RangeError("disk on fire");
      };
      expect(() => node.run(asking())).toThrow("disk on fire");
      node.startOver();
      expect(node.run(asking())[0]).toMatchObject({ code: 0 });
    });

    it("a length that its field does not allow", () => {
      // No pages, and an option that is there, of four gigabytes.
      const tooLong = Uint8Array.of(0, 0, 0, 0, 0, 1, 255, 255, 255, 255);
      node.close();
      node = new HostileNode(node.home, transport);
      node.tricks.answerOcall = (name, _, honest) => (name === "readProven" ? tooLong : honest);
      expect(refusalOf(() => node.run(asking()))).toEqual(refused(RefusalCode.HostMisbehavior));
      node.startOver();
      expect(node.run(asking())[0]).toMatchObject({ code: 0 });
    });
  });

  describe("that answers reads of state with", () => {
    const isState = (key: Uint8Array, contract: string) =>
      key[0] === 3 && Buffer.from(key.subarray(1, 21)).equals(Buffer.from(parseAddress(contract)));

    /** Runs a read of `k` with another value under it. */
    function readWith(replace: (honest: Uint8Array) => Uint8Array): Refusal | "accepted" {
      node.close();
      node = new HostileNode(node.home, transport);
      node.tricks.answerOcall = (name, asked, honest) => {
        if (name !== "readProven") return honest;
        const { key } = decode(OCALLS.readProven.request, asked.subarray(1));
        const { pages, value } = decode(OCALLS.readProven.response, honest.subarray(1));
        if (value === undefined || !isState(key, probe.address)) return honest;
        return encodeAnswer("readProven", { pages, value: replace(value) });
      };
      const outcome = refusalOf(() => {
        const [result] = node.run(sign(get("k")));
        if (result?.code !== 0) throw new Error(result?.log);
      });
      node.startOver();
      expect(node.run(sign(get("k")))[0]).toMatchObject({ code: 0 });
      return outcome;
    }

    function stateOf(contract: string): Uint8Array[] {
      const view = node.store.latest();
      const rows = [...view.iterate("compute", { start: Uint8Array.of(3), end: Uint8Array.of(4) })];
      view.release();
      return rows.filter(([key]) => isState(key, contract)).map(([, value]) => value);
    }

    it("another key's value, another contract's, or a changed one", () => {
      node.run(sign(set("another key", "another value")));
      const other = node.instantiate(alice, probe, set("k", "theirs"));
      const mine = stateOf(probe.address).map((value) => Buffer.from(value));
      const theirs = stateOf(other)[0] as Uint8Array;
      expect(mine.length).toBe(2);
      const another = (honest: Uint8Array) => new Uint8Array(mine.find((value) => !value.equals(honest)) as Buffer);
      const tricks: Record<string, (honest: Uint8Array) => Uint8Array> = {
        "another key's": another,
        "another contract's": () => theirs,
        empty: () => new Uint8Array(0),
        "cut off": (honest) => honest.slice(0, -1),
        "with a tail": (honest) => concatBytes(honest, Uint8Array.of(1, 0)),
        "a flipped salt": (honest) => honest.map((byte, i) => (i === 10 ? byte ^ 1 : byte)),
        "a flipped ciphertext": (honest) => honest.map((byte, i) => (i === honest.length - 1 ? byte ^ 1 : byte)),
      };
      for (const [trick, replace] of Object.entries(tricks)) {
        expect(readWith(replace), trick).toEqual(refused(RefusalCode.BadProof));
      }
    });

    it("another contract's key, or other code", () => {
      const other = node.instantiate(alice, probe, { noop: {} });
      const view = node.store.latest();
      const theirKey = view.get("compute", concatBytes(Uint8Array.of(6), parseAddress(other))) as Uint8Array;
      view.release();
      const run = (answer: (name: OcallName, asked: Uint8Array, honest: Uint8Array) => Uint8Array) => {
        node.close();
        node = new HostileNode(node.home, transport);
        node.tricks.answerOcall = answer;
        try {
          const [result] = node.run(sign(get("k")));
          return `${result?.codespace}/${result?.code}: ${result?.log}`;
        } catch (error) {
          if (!(error instanceof RefusedError)) throw error;
          node.startOver();
          return `${error.codespace}/${error.code}`;
        }
      };
      const key = run((name, asked, honest) => {
        if (name !== "readProven") return honest;
        const isKey = decode(OCALLS.readProven.request, asked.subarray(1)).key[0] === 6;
        const { pages } = decode(OCALLS.readProven.response, honest.subarray(1));
        return isKey ? encodeAnswer("readProven", { pages, value: theirKey }) : honest;
      });
      expect(key).toBe("refusal/51");
      const code = run((name, _, honest) =>
        name === "readCode" ? encodeAnswer("readCode", { code: readWasm("private_token") }) : honest,
      );
      expect(code).toBe("refusal/50");
      node.tricks = {};
      expect(node.run(sign(get("k")))[0]).toMatchObject({ code: 0 });
    });
  });
}
