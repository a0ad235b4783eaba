/** A host that answers each of the enclave's questions with anything: whatever it says, a typed end, nothing sealed, nothing leaked. */
import { readFileSync } from "node:fs";
import { RefusedError } from "@sotto/boundary/calls";
import { decode } from "@sotto/boundary/codec";
import { OCALLS } from "@sotto/boundary/messages";
import { bytesToBase64, bytesToHex, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import { type BuiltBlock, type ExecOutcome, refusalOf, TestChain, Wallet } from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
/** In state, input and result of the message; in no byte that leaves the enclave, in no form. */
const MARKER = "a secret that only the enclave sees";
/** Without an end that depends on the alignment in base64. */
const FORMS = [
  Buffer.from(MARKER).toString("latin1"),
  Buffer.from(bytesToHex(utf8ToBytes(MARKER))).toString("latin1"),
  ...[0, 1, 2].map((shift) => b64("x".repeat(shift) + MARKER).slice(4, -4)),
];

const READ_PROVEN = Object.keys(OCALLS).indexOf("readProven");
const REFUSALS: readonly number[] = [RefusalCode.HostMisbehavior, RefusalCode.BadProof];
/** First byte of the keys of contracts' own entries. */
const CONTRACT_STATE = 3;

/** What is wrong with an answer. */
type Lie =
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "longer"; readonly by: Uint8Array }
  | { readonly kind: "bit"; readonly at: number }
  | { readonly kind: "anything"; readonly bytes: Uint8Array }
  /** The answer to an earlier question, perhaps one of another kind. */
  | { readonly kind: "stale"; readonly at: number }
  | { readonly kind: "oversized" }
  | { readonly kind: "throws" };

const lies: fc.Arbitrary<Lie> = fc.oneof(
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(2_000_000) }),
  fc.record({ kind: fc.constant("longer" as const), by: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ kind: fc.constant("bit" as const), at: fc.nat(16_000_000) }),
  fc.record({ kind: fc.constant("anything" as const), bytes: fc.uint8Array({ maxLength: 80 }) }),
  fc.record({ kind: fc.constant("stale" as const), at: fc.nat(1_000) }),
  fc.constant({ kind: "oversized" as const }),
  fc.constant({ kind: "throws" as const }),
);

function lieAbout(answer: Uint8Array, lie: Lie, before: readonly Uint8Array[]): Uint8Array {
  switch (lie.kind) {
    case "cut":
      return answer.slice(0, lie.at % answer.length);
    case "longer":
      return concatBytes(answer, lie.by);
    case "bit": {
      const changed = answer.slice();
      const at = lie.at % (8 * answer.length);
      changed[at >> 3] = (changed[at >> 3] as number) ^ (1 << (at & 7));
      return changed;
    }
    case "anything":
      return lie.bytes;
    case "stale":
      return before[lie.at % Math.max(before.length, 1)] ?? new Uint8Array(0);
    case "oversized":
      return new Uint8Array(33_554_433);
    case "throws":
      throw new Error("disk on fire");
  }
}

let chain: TestChain;
let alice: Wallet;
let block: BuiltBlock;
let restore: () => void;
let honest: ExecOutcome;
let questions: number;
/** Everything that the enclave said. */
let said: Uint8Array[] = [];
/** Which question gets which lie; none while undefined. */
let attack: { readonly question: number; readonly lie: Lie } | undefined;
let asked: Uint8Array[] = [];
let answers: Uint8Array[] = [];

beforeAll(() => {
  chain = TestChain.start({ chainId: "private-1-sim" });
  alice = new Wallet(1);
  const code = chain.storeCode(PROBE);
  const [caller, callee] = [1, 2].map(() =>
    chain.instantiate(alice, code, { set: { key: b64("k"), value: b64(MARKER) } }),
  ) as [ReturnType<TestChain["instantiate"]>, ReturnType<TestChain["instantiate"]>];
  chain.fund(alice.address, 1_000n);
  const execute = (msg: unknown) => ({
    wasm: {
      execute: {
        contract_addr: callee.bech32,
        code_hash: bytesToHex(callee.codeHash),
        msg: b64(JSON.stringify(msg)),
        send: [],
      },
    },
  });
  const send = { bank: { send: { to_address: alice.bech32, amount: [{ denom: "uscrt", amount: "5" }] } } };
  const ops = [
    { get: { key: b64("k") } },
    { set: { key: b64("new"), value: b64(MARKER) } },
    { query_chain: { request: JSON.stringify({ bank: { balance: { address: alice.bech32, denom: "uscrt" } } }) } },
    { debug: { text: "a print, which is meant to leave" } },
    {
      send: {
        messages: [
          { id: 1, msg: execute({ get: { key: b64("k") } }), gas_limit: null, reply_on: "always" },
          { id: 2, msg: send, gas_limit: null, reply_on: "always" },
          { id: 3, msg: execute({ fail: { text: MARKER } }), gas_limit: 400_000, reply_on: "always" },
        ],
      },
    },
  ];
  const { any } = chain.executeMessage(alice, caller, { run: { ops } }, { funds: [{ denom: "uscrt", amount: "10" }] });
  const signed = alice.sign(chain.chainId, [any]);
  const served = chain.powers.ocall;
  chain.restart({
    ocall: (request) => {
      said.push(request);
      asked.push(request);
      const answer = served(request);
      answers.push(answer);
      return attack?.question === answers.length - 1 ? lieAbout(answer, attack.lie, answers) : answer;
    },
  });
  block = chain.build([signed]);
  restore = chain.snapshot();
  run();
  // The second time, because the code is asked for once alone.
  honest = run();
  questions = answers.length;
});

/** Begins the block, anew if it was begun before, and runs its message. */
function run(): ExecOutcome {
  restore();
  asked = [];
  answers = [];
  chain.begin(block);
  const outcome = chain.exec(1, 0, [alice.number]);
  said.push(...outcome.writes.flatMap(({ key, value = new Uint8Array(0) }) => [key, value]));
  const { result, events } = outcome;
  said.push(result.kind === "ok" ? result.value : utf8ToBytes(JSON.stringify(result.value)));
  said.push(utf8ToBytes(JSON.stringify(events)));
  return outcome;
}

const inText = (outcome: ExecOutcome) =>
  JSON.stringify(outcome, (_, value) =>
    typeof value === "bigint" ? `${value}n` : value instanceof Uint8Array ? bytesToHex(value) : value,
  );

/** Runs with one lie. @returns the outcome, or the refusal that ended the call */
function runAgainst(question: number, lie: Lie): ExecOutcome | RefusedError {
  attack = { question, lie };
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    said.push(utf8ToBytes(error.message));
    return error;
  } finally {
    attack = undefined;
  }
}

describe("a host that lies in one answer", () => {
  it("is asked about storage, funds, branches, messages, queries and prints in the run that is attacked", () => {
    expect(honest.result.kind).toBe("ok");
    expect(questions).toBeGreaterThanOrEqual(12);
    const kinds = new Set(said.filter(({ length }) => length > 0).map(([kind]) => kind));
    expect(kinds.size).toBeGreaterThanOrEqual(6);
  });

  it("ends the call with a typed refusal and the block without a record, or gets the outcome that its word stands for", () => {
    let refused = 0;
    const property = fc.property(fc.nat(questions - 1), lies, (question, lie) => {
      said = [];
      const outcome = runAgainst(question, lie);
      if (outcome instanceof RefusedError) {
        refused++;
        expect(outcome.codespace).toBe("refusal");
        expect(REFUSALS).toContain(outcome.code);
        expect(refusalOf(() => chain.call("endBlock", {})).code).toBe(RefusalCode.NotInBlock);
        expect(refusalOf(() => chain.exec(1, 0, [alice.number])).code).toBe(RefusalCode.NotInBlock);
      } else {
        // Gas is bounded by what was signed, whatever the host says that its part has used.
        expect(outcome.gasUsed).toBeLessThanOrEqual(2_000_000n + 400_000n);
      }
      for (const bytes of said) {
        const text = Buffer.from(bytes).toString("latin1");
        for (const form of FORMS) expect(text.includes(form)).toBe(false);
      }
      expect(inText(run())).toBe(inText(honest));
    });
    fc.assert(property, { numRuns: 200 });
    expect(refused).toBeGreaterThan(50);
  }, 120_000);

  it("cannot pass off as an answer what was cut, lengthened or thrown, whichever question it was", () => {
    const shapes: Lie[] = [
      { kind: "cut", at: 0 },
      { kind: "longer", by: Uint8Array.of(0) },
      { kind: "oversized" },
      { kind: "throws" },
    ];
    for (let question = 0; question < questions; question++) {
      for (const lie of shapes) {
        expect(runAgainst(question, lie), `question ${question}, ${lie.kind}`).toMatchObject({
          codespace: "refusal",
          code: RefusalCode.HostMisbehavior,
        });
      }
    }
  }, 120_000);

  it("cannot change a single bit of a stored value", () => {
    run();
    const values = asked.flatMap((request, question) => {
      if (request[0] !== READ_PROVEN) return [];
      const { key } = decode(OCALLS.readProven.request, request.subarray(1));
      const answer = answers[question] as Uint8Array;
      const { value } = decode(OCALLS.readProven.response, answer.subarray(1));
      return key[0] === CONTRACT_STATE && value !== undefined ? [{ question, answer, value }] : [];
    });
    expect(values.length).toBeGreaterThanOrEqual(2);
    for (const { question, answer, value } of values) {
      for (let at = 8 * (answer.length - value.length); at < 8 * answer.length; at += 41) {
        expect(runAgainst(question, { kind: "bit", at })).toMatchObject({ code: RefusalCode.BadProof });
      }
    }
  }, 120_000);
});
