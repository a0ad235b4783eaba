/** v0.10 contracts, alone and together with v1 ones (contracts §7). */
import { readFileSync } from "node:fs";
import { base64ToBytes, bytesToBase64, bytesToHex, bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import { MsgInstantiateContractResponse } from "@sotto/common/wire/compute";
import { beforeAll, describe, expect, it } from "vitest";
import { migrate, runAlone, updateAdminMessage } from "./adminMessages.ts";
import { decryptData, type Executed, type Instance, type MessageOptions, TestChain, Wallet } from "./harness.ts";
import { v010Contract } from "./v010Contract.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const bytes = (value: unknown) => utf8ToBytes(typeof value === "string" ? value : JSON.stringify(value));
const base64 = (value: unknown) => bytesToBase64(bytes(value));

let chain: TestChain;
let alice: Wallet;
let old: Instance;
let printing: Instance;
let outer: Instance;
let inner: Instance;

beforeAll(() => {
  chain = TestChain.start();
  alice = new Wallet(1);
  chain.fund(alice.address, 1_000_000n);
  old = chain.instantiate(alice, chain.storeCode(v010Contract()), ok());
  printing = chain.instantiate(alice, chain.storeCode(v010Contract({ prints: true })), ok());
  const code = chain.storeCode(PROBE);
  outer = chain.instantiate(alice, code, { noop: {} });
  inner = chain.instantiate(alice, code, { noop: {} });
});

/** A v0.10 result. */
function ok(parts: { messages?: unknown[]; log?: unknown[]; data?: string | null } = {}) {
  return { Ok: { messages: [], log: [], ...parts } };
}
const err = (msg: string) => ({ Err: { generic_err: { msg } } });
const exec = (contract: Instance, message: unknown, options: MessageOptions = {}): Executed =>
  chain.execute(alice, contract, typeof message === "string" ? bytes(message) : message, options);
const call = (hashName: string, contract: Instance, msg: unknown, send: unknown[] = []) => ({
  wasm: {
    execute: { contract_addr: contract.bech32, [hashName]: bytesToHex(contract.codeHash), msg: base64(msg), send },
  },
});
/** A message as a v1 contract writes it, and as a v0.10 one does. */
const v1Call = (contract: Instance, msg: unknown) => call("code_hash", contract, msg);
const v010Call = (contract: Instance, msg: unknown) => call("callback_code_hash", contract, msg);
const sub = (msg: unknown, reply_on = "never", id = 1) => ({ id, msg, gas_limit: null, reply_on });
const send = (...messages: unknown[]) => ({ send: { messages } });
const run = (...ops: unknown[]) => ({ run: { ops } });
const data = (text: string | null) => ({ set_data: { data: text === null ? null : b64(text) } });
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });
const onReply = (id: number, op: unknown) => ({ on_reply: { id, op } });
const stored = (contract: Instance, key: string) => {
  const value = JSON.parse(chain.query(alice, contract, { get: { key: b64(key) } }));
  return value === null ? null : bytesToUtf8(base64ToBytes(value));
};
const told = (contract: Instance, id: number) => {
  const reply = stored(contract, `reply/${id}`);
  return reply === null ? null : JSON.parse(reply);
};
const wrote = (contract: Instance, key: string) => chain.query(alice, contract, bytes(`R${key}`)) === "1";

describe("contracts §5.1, §3.1, enclave §10.2: the environment of a v0.10 contract", () => {
  const env = (contract: Instance, sender: string, funds: string) =>
    `{"block":{"height":${chain.height},"time":${chain.timeNs / 1_000_000_000n},"chain_id":"secretdev-1"},` +
    `"message":{"sender":"${sender}","sent_funds":[${funds}]},"contract":{"address":"${contract.bech32}"},` +
    `"contract_key":null,"contract_code_hash":"${bytesToHex(contract.codeHash)}","transaction":null}`;

  it("is one argument with the message's info inside, in whole seconds", () => {
    exec(printing, ok(), { funds: [{ denom: "uscrt", amount: "7" }] });
    expect(chain.prints.at(-1)).toBe(env(printing, alice.bech32, '{"denom":"uscrt","amount":"7"}'));
    const created = chain.instantiate(alice, printing, ok());
    expect(chain.prints.at(-1)).toBe(env(created, alice.bech32, ""));
  });

  it("names the calling contract as sender", () => {
    exec(outer, send(sub(v1Call(printing, ok()))));
    expect(chain.prints.at(-1)).toBe(env(printing, outer.bech32, ""));
  });
});

describe("contracts §5.2, §6.5, §7, enclave §3.1: what a v0.10 contract returns", () => {
  it("is logged in `wasm` alone, encrypted unless the contract says otherwise", () => {
    const log = [
      { key: "hidden", value: "x" },
      { key: "open", value: "y", encrypted: false },
      { key: "contract_address", value: "dropped", encrypted: false },
    ];
    const executed = exec(old, ok({ log, data: b64("result") }));
    expect(executed.events).toEqual([
      `message module=compute sender=${alice.bech32} contract_address=${old.bech32}`,
      `wasm contract_address=${old.bech32} hidden=x open=y`,
    ]);
    expect(JSON.stringify(executed.outcome.events)).not.toContain("hidden");
    expect(executed.data).toBe("result");
  });

  it("makes no `instantiate` event either, and init has data", () => {
    const { any, txKey } = chain.instantiateMessage(alice, old, ok({ data: b64("born") }));
    const [result] = chain.block([alice, alice.sign(chain.chainId, [any])]);
    const outcome = result?.outcomes[0];
    if (outcome?.result.kind !== "ok") throw new Error("init failed");
    expect(outcome.events.map(({ type }) => type)).toEqual(["wasm", "message"]);
    const { data: ciphertext } = MsgInstantiateContractResponse.decode(outcome.result.value);
    expect(decryptData(txKey, ciphertext)).toBe("born");
  });

  it.each([
    [{ generic_err: { msg: "no" } }, '{"generic_err":{"msg":"no"}}'],
    [{ parse_err: { target: "t", msg: "m" } }, '{"parse_err":{"msg":"m","target":"t"}}'],
    [{ unauthorized: {} }, '{"unauthorized":{}}'],
    [{ underflow: { minuend: "1", subtrahend: "2" } }, '{"underflow":{"minuend":"1","subtrahend":"2"}}'],
  ])("may be an error object, whose members are sorted: %o", (error, text) => {
    const executed = exec(old, { Err: error });
    expect([executed.code, executed.error]).toEqual(["compute/3", text]);
    expect(chain.query(alice, old, { Err: error })).toBe(`error: ${text}`);
  });

  it("answers queries, which get the message alone", () => {
    expect(chain.query(alice, old, { Ok: b64("answer") })).toBe("answer");
    expect(chain.query(alice, old, { ok: b64("answer") })).toBe("answer");
  });

  it("decides by its shape which version the contract has (contracts §5.2)", () => {
    const asOld = exec(outer, { raw_output: { output: base64(ok({ log: [{ key: "k", value: "v" }] })) } });
    expect(asOld.events.map((event) => event.split(" ")[0])).toEqual(["message", "wasm"]);
    const asNew = exec(old, { Ok: { messages: [], attributes: [], events: [{ type: "kind", attributes: [] }] } });
    expect(asNew.events.map((event) => event.split(" ")[0])).toEqual(["message", "execute", "wasm", "wasm-kind"]);
  });

  it.each([
    ["query", { Ok: "MQ==" }, "handle: cannot detect response type (v0.10 or v1)"],
    ["channel open", {}, "cannot detect response type"],
    ["upstream error", { error: "text" }, "cannot detect response type"],
    ["version", { Ok: { version: "v", other: 1 } }, "cannot detect response type"],
  ])("is refused when it is a result of a %s", (_, output, text) => {
    expect(exec(old, output).log).toBe(`${text}: execute contract failed`);
  });

  it("is refused as a query's answer when it is a result", () => {
    expect(chain.query(alice, old, ok())).toBe("query: cannot detect response type: query contract failed");
    const { any } = chain.instantiateMessage(alice, old, {});
    const outcome = chain.block([alice, alice.sign(chain.chainId, [any])])[0]?.outcomes[0];
    expect(outcome?.result.value).toMatchObject({
      code: 2,
      log: "instantiate: cannot detect response type (v0.10 or v1): instantiate contract failed",
    });
  });
});

describe("contracts §7: a v0.10 contract calls", () => {
  it("a v1 contract, with the user's key and itself as sender", () => {
    const message = run(set("from old", "1"), { echo_info: {} });
    const executed = exec(old, ok({ messages: [v010Call(inner, message)] }));
    expect(executed.ok).toBe(true);
    expect(stored(inner, "from old")).toBe("1");
    const asked = run({ attribute: { key: "who", value: "v1", plaintext: true } });
    const events = exec(old, ok({ messages: [v010Call(inner, asked)] })).events;
    expect(events).toEqual([
      `message module=compute sender=${alice.bech32} contract_address=${old.bech32}`,
      `wasm contract_address=${old.bech32}`,
      `execute contract_address=${inner.bech32}`,
      `wasm contract_address=${inner.bech32} who=v1`,
    ]);
  });

  it("and every failure fails it", () => {
    const executed = exec(
      old,
      `Wundone00${JSON.stringify(ok({ messages: [v010Call(inner, { fail: { text: "deep" } })] }))}`,
    );
    expect(executed.log).toMatch(/^dispatch: submessages: encrypted: .*: execute contract failed$/);
    expect(executed.error).toBe("deep");
    expect(wrote(old, "undone00")).toBe(false);
  });

  it("new contracts of both versions, a missing label being an empty one", () => {
    const create = (code: Instance, msg: unknown, label?: string) => ({
      wasm: {
        instantiate: {
          code_id: Number(code.codeId),
          callback_code_hash: bytesToHex(code.codeHash),
          msg: base64(msg),
          send: [],
          ...(label === undefined ? {} : { label }),
        },
      },
    });
    const created = exec(
      old,
      ok({ messages: [create(outer, { noop: {} }, "by old 1"), create(old, ok(), "by old 2")] }),
    );
    expect(created.events.map((event) => event.split(" ")[0])).toEqual([
      "message",
      "wasm",
      "instantiate",
      "wasm",
      "wasm",
    ]);
    expect(exec(old, ok({ messages: [create(old, ok())] })).log).toBe(
      "dispatch: submessages: failed basic validation for message type *types.MsgInstantiateContract: is required: empty",
    );
  });

  it("nobody who would know who waits for it: the chain of callers is lost", () => {
    const message = ok({ messages: [v010Call(inner, { fail: { text: "deep" } })] });
    expect(exec(outer, send(sub(v1Call(old, message), "success"))).error).toBe("deep");
    const kept = send(sub(v1Call(inner, { fail: { text: "deep" } }), "never"));
    const through = send(sub(v1Call(inner, kept), "success"));
    expect(exec(outer, through).error).toBe(`${bytesToHex(outer.codeHash)}deep`);
  });
});

describe("contracts §7: a v1 contract calls a v0.10 one", () => {
  it("and gets its data in the reply", () => {
    exec(outer, send(sub(v1Call(old, ok({ data: b64("from old") })), "always", 1)));
    const { result } = told(outer, 1);
    expect(result.ok.data).toBe(b64("from old"));
    expect(result.ok.events.map(({ type }: { type: string }) => type)).toEqual(["wasm"]);
    exec(outer, send(sub(v1Call(old, ok()), "success", 2)));
    expect(told(outer, 2).result.ok.data).toBeNull();
  });

  it("and gets its error as JSON text", () => {
    expect(exec(outer, send(sub(v1Call(old, err('say "x"')), "error", 3))).ok).toBe(true);
    expect(told(outer, 3).result).toEqual({ error: '{"generic_err":{"msg":"say \\"x\\""}}' });
  });

  it("and gets the reply of the one in the middle", () => {
    const message = ok({ data: b64("middle"), messages: [v010Call(inner, run(set("third", "1"), data("third")))] });
    exec(outer, send(sub(v1Call(old, message), "success", 4)));
    expect(told(outer, 4).result.ok.data).toBe(b64("middle"));
    expect(stored(inner, "third")).toBe("1");
  });

  /** X waits for A, which waits for `callee` and says `reply` when it is answered. */
  const chained = (callee: unknown, reply: unknown, replyOn = "always") =>
    exec(
      outer,
      send(sub(v1Call(inner, run(onReply(21, reply), send(sub(callee, replyOn, 21)), data("of A"))), "success", 20)),
    );
  const LOST = "cannot serialize v1 DataWithInternalReplyInfo into json";

  it("and its own caller gets what it said before, not what it says in the reply", () => {
    expect(chained(v1Call(old, ok()), data(null)).ok).toBe(true);
    expect(told(outer, 20).result.ok.data).toBe(b64("of A"));
    const executed = chained(v1Call(old, ok()), data("of the reply"));
    expect(executed.code).toBe("undefined/1");
    expect(executed.log).toContain(`dispatch: submessages: ${LOST}`);
  });

  it("unless the v0.10 contract fails, or the callee is a v1 one", () => {
    expect(chained(v1Call(old, err("no")), data("after an error")).ok).toBe(true);
    expect(told(outer, 20).result.ok.data).toBe(b64("after an error"));
    expect(chained(v1Call(printing, { Ok: { messages: [], attributes: [], events: [] } }), data("shape")).ok).toBe(
      true,
    );
    expect(told(outer, 20).result.ok.data).toBe(b64("shape"));
  });

  it("and a reply about a message to no contract is lost alike (contracts §6.4, enclave §7.6)", () => {
    const bank = { bank: { send: { to_address: alice.bech32, amount: [] } } };
    expect(chained(bank, data(null)).ok).toBe(true);
    expect(told(outer, 20).result.ok.data).toBe(b64("of A"));
    expect(chained(bank, data("")).log).toContain(`dispatch: submessages: ${LOST}`);
  });

  it("and queries it", () => {
    const smart = {
      wasm: {
        smart: {
          contract_addr: old.bech32,
          callback_code_hash: bytesToHex(old.codeHash),
          msg: base64({ Ok: b64("asked") }),
        },
      },
    };
    const answer = JSON.parse(
      JSON.parse(chain.query(alice, outer, { query_chain: { request: JSON.stringify(smart) } })),
    );
    expect(bytesToUtf8(base64ToBytes(answer.Ok.Ok))).toBe("asked");
  });
});

describe("contracts §6.4, §6.8, §7, chain §2.11: contracts that change their version", () => {
  const migrateTo = (contract: Instance, code: Instance, message: unknown) =>
    migrate(chain, alice, contract, { code, message: typeof message === "string" ? bytes(message) : message });

  it("show v0.10 code who migrated it, and events of the migration alone", () => {
    const contract = chain.instantiate(alice, outer, { noop: {} }, { admin: alice.bech32 });
    const migrated = migrateTo(contract, printing, ok({ log: [{ key: "k", value: "v" }], data: b64("moved") }));
    expect(migrated.data()).toBe("moved");
    expect(chain.prints.at(-1)).toContain(`"message":{"sender":"${alice.bech32}","sent_funds":[]}`);
    expect(migrated.outcome.events.map(({ type }) => type)).toEqual(["message", "migrate", "wasm"]);
    const refused = migrateTo(
      contract,
      printing,
      ok({ messages: [{ wasm: { clear_admin: { contract_addr: "c" } } }] }),
    );
    expect(refused.log).toMatch(
      /^couldn't convert v0.10 messages to v1 messages: exactly one message type is supported: /,
    );
    expect(migrateTo(contract, printing, {}).log).toBe(
      "migrate: cannot detect response type (v0.10 or v1): migrate contract failed",
    );
  });

  it("get no reply under v0.10 code: what it says is refused", () => {
    const contract = chain.instantiate(alice, outer, { noop: {} }, { admin: alice.bech32 });
    runAlone(chain, alice, updateAdminMessage(alice, contract, contract.bech32));
    const toOld = {
      wasm: {
        migrate: {
          contract_addr: contract.bech32,
          code_hash: bytesToHex(old.codeHash),
          code_id: Number(old.codeId),
          msg: base64(ok()),
        },
      },
    };
    const nothing = { bank: { send: { to_address: alice.bech32, amount: [] } } };
    const executed = exec(contract, send(sub(toOld), sub(nothing, "success", 2)));
    expect([executed.code, executed.log]).toEqual([
      "compute/19",
      "dispatch: submessages: response of reply should always be a CosmWasm v1 response type: reply to contract failed",
    ]);
  });
});

describe("contracts §5.3, §5.4, enclave §7.2: messages that v0.10 contracts cannot send", () => {
  const REFUSED = "couldn't convert v0.10 messages to v1 messages";
  const first = () => v010Call(old, 'Wfirst000{"Ok":{"messages":[],"log":[]}}');
  const wasm = (kind: string) => ({
    wasm: {
      [kind]: { contract_addr: "secret1x", callback_code_hash: "", code_id: 1, msg: "", admin: "a" },
    },
  });

  it.each([
    ["migrate", wasm("migrate")],
    ["update_admin", wasm("update_admin")],
    ["clear_admin", wasm("clear_admin")],
  ])("%s is refused, with all others of the result", (_, message) => {
    const executed = exec(old, ok({ messages: [message] }));
    expect(executed.log).toMatch(new RegExp(`^${REFUSED}: exactly one message type is supported: `));
    expect(executed.code).toBe("undefined/1");
    expect(exec(outer, send(sub(v1Call(old, ok({ messages: [first(), message] })), "never"))).ok).toBe(false);
    expect(wrote(old, "first000")).toBe(false);
  });

  it("coins of somebody else are refused, with all others of the result", () => {
    const bank = (from: string) => ({
      bank: { send: { from_address: from, to_address: alice.bech32, amount: [{ denom: "uscrt", amount: "1" }] } },
    });
    const executed = exec(old, ok({ messages: [first(), bank(outer.bech32)] }));
    expect(executed.log).toBe(
      `${REFUSED}: contract doesn't have permission to send funds from another account (using BankMsg)`,
    );
    expect(wrote(old, "first000")).toBe(false);
    chain.fund(old.address, 5n);
    expect(exec(old, ok({ messages: [first(), bank(old.bech32)] })).ok).toBe(true);
    expect(wrote(old, "first000")).toBe(true);
  });

  it("messages of v1 alone are not understood", () => {
    for (const message of [{ finalize_tx: {} }, { distribution: {} }, { stargate: { type_url: "/x", value: "" } }]) {
      expect(exec(old, ok({ messages: [message] })).log).toContain("failed to deserialize data");
    }
  });
});
