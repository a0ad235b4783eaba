/**
 * Trees of calls, generated: what stays, in which order, and what is said of failures (contracts §6.3 to §6.5), against an oracle
 * that knows nothing but those rules.
 */
import { readFileSync } from "node:fs";
import { base64ToBytes, bytesToBase64, bytesToHex, bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { decrypt, type Executed, type Instance, TestChain, Wallet } from "./harness.ts";
import { v010Contract } from "./v010Contract.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
/** S that an endless loop gets: enough to begin it. */
const LOOP_LIMIT = 40_000;
const RICH = "1000000000000";

type ReplyOn = "never" | "success" | "error" | "always";
/** What a contract does with a reply: says nothing, returns data, or fails. */
type Reaction = "nothing" | "data" | "fail";
type Call = {
  readonly kind: "call";
  readonly api: "v1" | "v0.10";
  readonly ends: "ok" | "err" | "trap" | "loop";
  readonly poor: boolean;
  readonly data: boolean;
  readonly children: readonly Child[];
};
type Bank = { readonly kind: "bank"; readonly ends: "ok" | "err" };
type Child = {
  readonly target: Call | Bank;
  readonly replyOn: ReplyOn;
  readonly reaction: Reaction;
  readonly limit: "none" | "high";
};

/** How deep and how wide a tree is at most. */
type Size = { readonly levels: number; readonly width: number };

/** An endless loop needs a limit of its own, which only v1 contracts set. */
function calls(size: Size, mayLoop: boolean): fc.Arbitrary<Call> {
  const bad = fc.constantFrom<Call["ends"]>("err", "trap", ...(mayLoop ? (["loop"] as const) : []));
  const ends = fc.oneof({ weight: 8, arbitrary: fc.constant("ok" as const) }, { weight: 3, arbitrary: bad });
  return fc.constantFrom<Call["api"]>("v1", "v1", "v0.10").chain((api) =>
    fc.record({
      kind: fc.constant("call" as const),
      api: fc.constant(api),
      ends,
      poor: fc.nat(19).map((n) => n === 0),
      data: fc.boolean(),
      children: size.levels === 1 ? fc.constant([]) : fc.array(childOf(api, size), { maxLength: size.width }),
    }),
  );
}

function childOf(api: Call["api"], { levels, width }: Size): fc.Arbitrary<Child> {
  const bank = fc.record({ kind: fc.constant("bank" as const), ends: fc.constantFrom<Bank["ends"]>("ok", "err") });
  const below = calls({ levels: levels - 1, width }, api === "v1");
  const replyOn = fc.constantFrom<ReplyOn>("never", "success", "error", "always", "always");
  return fc.record({
    target: fc.oneof({ weight: 5, arbitrary: below }, { weight: 1, arbitrary: bank }),
    replyOn: api === "v1" ? replyOn : fc.constant("never" as const),
    reaction: fc.constantFrom<Reaction>("nothing", "nothing", "data", "data", "fail"),
    limit: fc.constantFrom<Child["limit"]>("none", "high"),
  });
}

// ---- the oracle

/** `own`: the contract itself said it, to the one who called it. */
class Failed extends Error {
  readonly code: string;
  readonly own: string | undefined;
  constructor(code: string, text: string, own?: string) {
    super(text);
    this.code = code;
    this.own = own;
  }
  in(prefix: string): Failed {
    return new Failed(this.code, prefix + this.message);
  }
}

type Told = { readonly error: string } | { readonly ok: readonly string[]; readonly data: string | null };
/** `lost`: the data is not addressed to whoever waits for it. */
type Done = { readonly data: string | null; readonly lost: boolean };

/** An error that only the user can read; one that is addressed to a contract says so. */
function encrypted(text: string, waiting: number): string {
  return `encrypted${waiting > 0 ? " for a contract" : ""}(${text})`;
}

/** Names of calls are their paths: `0` at the top, then the position among the messages. */
class Oracle {
  events: string[] = [];
  /** Names of calls that are committed, and replies by the names of the messages they are about. */
  wrote = new Set<string>();
  told = new Map<string, Told>();

  /** Runs `work`; a failure leaves nothing behind. */
  attempt<T>(work: () => T): T {
    const before = { events: this.events, wrote: this.wrote, told: this.told };
    this.events = [...before.events];
    this.wrote = new Set(before.wrote);
    this.told = new Map(before.told);
    try {
      return work();
    } catch (error) {
      Object.assign(this, before);
      throw error;
    }
  }

  /** @param waiting how many contracts wait for a reply that this one knows of */
  call(call: Call, name: string, waiting: number): Done {
    if (call.poor && name !== "0") throw new Failed("sdk/5", "insufficient funds");
    if (call.ends === "loop") throw new Failed("sdk/11", "SubMsg hit gas limit: out of gas");
    if (call.ends === "trap") {
      throw new Failed("compute/3", "Execution error: Enclave: the contract panicked: execute contract failed");
    }
    if (call.ends === "err") {
      const own = call.api === "v1" ? `no ${name}` : `{"generic_err":{"msg":"no ${name}"}}`;
      throw new Failed("compute/3", `${encrypted(own, waiting)}: execute contract failed`, own);
    }
    this.wrote.add(name);
    if (call.api === "v1") this.events.push(`execute ${call.api}`);
    this.events.push(`wasm ${name}`);
    let done: Done = { data: call.data ? `data ${name}` : null, lost: false };
    for (const [i, child] of call.children.entries()) {
      try {
        done = this.child(call.api, child, `${name}${i}`, waiting) ?? done;
      } catch (error) {
        throw error instanceof Failed ? error.in("dispatch: submessages: ") : error;
      }
    }
    return done;
  }

  /** One message and its reply; what the reply returned, if anything. */
  child(api: Call["api"], { target, replyOn, reaction }: Child, name: string, waiting: number): Done | undefined {
    const known = api === "v0.10" ? 0 : waiting + (replyOn === "never" ? 0 : 1);
    const first = this.events.length;
    let told: Told;
    let lost = target.kind === "bank";
    try {
      const done = this.attempt(() => this.target(target, name, known));
      if (replyOn !== "always" && replyOn !== "success") return undefined;
      if (done.lost) throw new Failed("undefined/1", "cannot serialize v1 DataWithInternalReplyInfo into json: …");
      told = { ok: target.kind === "bank" ? [] : this.events.slice(first), data: done.data };
      lost ||= target.kind === "call" && target.api === "v0.10";
    } catch (failure) {
      if (!(failure instanceof Failed) || failure.message.startsWith("cannot serialize")) throw failure;
      if (replyOn !== "always" && replyOn !== "error") throw failure;
      if (target.kind === "call" && failure.own === undefined) {
        throw new Failed("undefined/1", `an sdk error occurred while sending a sub-message: ${failure.message}`);
      }
      told = { error: failure.own ?? failure.message };
    }
    if (reaction === "fail")
      throw new Failed("compute/19", `${encrypted(`late ${name}`, lost ? 0 : waiting)}: reply to contract failed`);
    this.told.set(name, told);
    this.events.push("reply v1", "wasm ");
    return reaction === "data" ? { data: `reply ${name}`, lost } : undefined;
  }

  target(target: Call | Bank, name: string, waiting: number): Done {
    if (target.kind === "call") return this.call(target, name, waiting);
    if (target.ends === "err") throw new Failed("sdk/5", "insufficient funds");
    this.events.push("transfer");
    return { data: null, lost: false };
  }
}

// ---- the same tree as messages

type Contracts = Readonly<Record<Call["api"], Instance>>;

/** Names are padded to the length of keys of the v0.10 contract. */
const keyOf = (name: string) => name.padEnd(8, "_");
/** Ids of replies, which are numbers. */
const idOf = (name: string) => Number(`1${name}`);

function messageOf(contracts: Contracts, call: Call, name: string): Uint8Array {
  const attribute = { key: "name", value: name };
  const messages = call.children.map((child, i) => subMessageOf(contracts, call.api, child, `${name}${i}`));
  if (call.api === "v0.10") {
    const result = {
      Ok: { messages, log: [{ ...attribute, encrypted: false }], data: call.data ? b64(`data ${name}`) : null },
    };
    const failure = { Err: { generic_err: { msg: `no ${name}` } } };
    const output = { ok: JSON.stringify(result), err: JSON.stringify(failure), trap: "T", loop: "L" }[call.ends];
    return utf8ToBytes(`W${keyOf(name)}${output}`);
  }
  const set = { set: { key: b64(keyOf(name)), value: b64("1") } };
  const last = {
    ok: { set_data: { data: call.data ? b64(`data ${name}`) : null } },
    err: { fail: { text: `no ${name}` } },
    trap: { panic: { message: "x" } },
    loop: { endless_loop: {} },
  }[call.ends];
  const replies = call.children.map((child, i) => reactionOf(child, `${name}${i}`));
  const ops = [set, { attribute: { ...attribute, plaintext: true } }, ...replies, { send: { messages } }, last];
  return utf8ToBytes(JSON.stringify({ run: { ops } }));
}

function reactionOf({ reaction }: Child, name: string): unknown {
  const op = {
    nothing: { noop: {} },
    data: { set_data: { data: b64(`reply ${name}`) } },
    fail: { fail: { text: `late ${name}` } },
  }[reaction];
  return { on_reply: { id: idOf(name), op } };
}

function subMessageOf(
  contracts: Contracts,
  api: Call["api"],
  { target, replyOn, limit }: Child,
  name: string,
): unknown {
  const coins = (amount: string) => [{ denom: "uscrt", amount }];
  let msg: unknown;
  let gas_limit = limit === "none" ? null : 100_000_000;
  const from = contracts[api].bech32;
  if (target.kind === "bank") {
    const send = { to_address: contracts.v1.bech32, amount: coins(target.ends === "ok" ? "1" : RICH) };
    msg = { bank: { send: api === "v1" ? send : { from_address: from, ...send } } };
  } else {
    const { bech32: contract_addr, codeHash } = contracts[target.api];
    const hash = { [api === "v1" ? "code_hash" : "callback_code_hash"]: bytesToHex(codeHash) };
    const input = bytesToBase64(messageOf(contracts, target, name));
    msg = { wasm: { execute: { contract_addr, ...hash, msg: input, send: target.poor ? coins(RICH) : [] } } };
    if (target.ends === "loop") gas_limit = LOOP_LIMIT;
  }
  return api === "v1" ? { id: idOf(name), msg, gas_limit, reply_on: replyOn } : msg;
}

// ---- what really happened

/** With the ciphertexts opened, for whoever they are addressed to. */
function clearLog({ log, txKey }: Executed): string {
  return log
    .replace(/encrypted: ([A-Za-z0-9+/=]+)/g, (_, text) => {
      const clear = decrypt(txKey, base64ToBytes(text));
      return encrypted(clear.replace(/^[0-9a-f]{64}/, ""), clear.length - clear.replace(/^[0-9a-f]{64}/, "").length);
    })
    .replace(/spendable balance \S+ is smaller than \S+: /g, "")
    .replace(/(cannot serialize v1 DataWithInternalReplyInfo into json: )[a-z ]+/, "$1…");
}

function eventText(
  contracts: Contracts,
  { type, attributes }: { type: string; attributes: readonly Attribute[] },
): string {
  const value = (name: string) => attributes.find(({ key }) => key === name)?.value ?? "";
  if (type === "wasm") return `wasm ${value("name")}`;
  if (type === "transfer") return type;
  const contract = value("contract_address");
  return `${type} ${contract === contracts.v1.bech32 ? "v1" : "v0.10"}`;
}
type Attribute = { readonly key: string; readonly value: string };

function namesOf(call: Call, name: string): { calls: [string, Call["api"]][]; messages: string[] } {
  const below = call.children.map(({ target }, i) =>
    target.kind === "call" ? namesOf(target, `${name}${i}`) : { calls: [], messages: [] },
  );
  return {
    calls: [[name, call.api], ...below.flatMap(({ calls }) => calls)],
    messages: [...call.children.map((_, i) => `${name}${i}`), ...below.flatMap(({ messages }) => messages)],
  };
}

describe("contracts §6.3, §6.4, §6.5, §7, enclave §7.7: trees of calls", () => {
  let chain: TestChain;
  let alice: Wallet;
  let contracts: Contracts;
  let restore: () => void;

  beforeAll(() => {
    chain = TestChain.start();
    alice = new Wallet(1);
    const v1 = chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} });
    const v010 = chain.instantiate(
      alice,
      chain.storeCode(v010Contract()),
      utf8ToBytes('{"Ok":{"messages":[],"log":[]}}'),
    );
    contracts = { v1, "v0.10": v010 };
    for (const { address } of [v1, v010]) chain.fund(address, 1_000n);
    restore = chain.snapshot();
  });

  const query = (contract: Instance, message: unknown) => JSON.parse(chain.query(alice, contract, message));
  const isWritten = (name: string, api: Call["api"]): boolean => {
    if (api === "v0.10") return query(contracts[api], utf8ToBytes(`R${keyOf(name)}`)) === 1;
    return query(contracts[api], { get: { key: b64(keyOf(name)) } }) !== null;
  };
  const toldTo = (name: string): Told | undefined => {
    const stored = query(contracts.v1, { get: { key: b64(`reply/${idOf(name)}`) } });
    if (stored === null) return undefined;
    const { id, result } = JSON.parse(bytesToUtf8(base64ToBytes(stored)));
    expect(id).toBe(idOf(name));
    if (result.error !== undefined) return { error: clearLog({ log: result.error } as Executed) };
    const { events, data } = result.ok;
    for (const { attributes } of events) {
      const keys = attributes.map(({ key }: Attribute) => key);
      expect(keys).toEqual([...keys].sort());
    }
    const shown = events.map((event: Parameters<typeof eventText>[1]) => eventText(contracts, event));
    return { ok: shown, data: data === null ? null : bytesToUtf8(base64ToBytes(data)) };
  };

  it("keep, show and tell what the rules say", () => {
    const trees = fc.oneof(calls({ levels: 3, width: 3 }, false), calls({ levels: 4, width: 1 }, false));
    const top = trees.filter(({ poor, children, ends }) => !poor && ends === "ok" && children.length > 0);
    fc.assert(
      fc.property(top, (call) => {
        restore();
        const oracle = new Oracle();
        let expected: Done | Failed;
        try {
          expected = oracle.attempt(() => oracle.call(call, "0", 0));
        } catch (error) {
          if (!(error instanceof Failed)) throw error;
          expected = error;
        }
        const executed = chain.execute(alice, contracts[call.api], messageOf(contracts, call, "0"), {
          gas: 50_000_000n,
        });

        if (expected instanceof Failed) {
          expect({ log: clearLog(executed), code: executed.code }).toEqual({
            log: expected.message,
            code: expected.code,
          });
        } else {
          expect({ log: executed.log, data: executed.data ?? null }).toEqual({ log: "", data: expected.data });
          const [message, ...events] = executed.outcome.events;
          expect(message?.type).toBe("message");
          expect(events.map((event) => eventText(contracts, event))).toEqual(oracle.events);
        }
        const names = namesOf(call, "0");
        for (const [name, api] of names.calls) expect(isWritten(name, api), name).toBe(oracle.wrote.has(name));
        for (const name of names.messages) expect(toldTo(name), name).toEqual(oracle.told.get(name));
      }),
      { numRuns: 100 },
    );
  }, 300_000);
});
