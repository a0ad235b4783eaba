/** Contract calls and their trees: messages, replies, rollback, funds, queries, events, gas. */
import { readFileSync } from "node:fs";
import { base64ToBytes, bytesToBase64, bytesToHex, bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import { beforeAll, describe, expect, it } from "vitest";
import { type ExecOutcome, Executed, type Instance, type MessageOptions, TestChain, Wallet } from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const json64 = (value: unknown) => b64(JSON.stringify(value));
const run = (...ops: unknown[]) => ({ run: { ops } });
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });
const get = (key: string) => ({ get: { key: b64(key) } });

let chain: TestChain;
let alice: Wallet;
let outer: Instance;
let inner: Instance;

beforeAll(() => {
  chain = TestChain.start();
  alice = new Wallet(1);
  chain.fund(alice.address, 1_000_000n);
  const code = chain.storeCode(PROBE);
  outer = chain.instantiate(alice, code, { noop: {} }, { label: "outer", admin: alice.bech32 });
  inner = chain.instantiate(alice, code, { noop: {} }, { label: "inner" });
});

const exec = (message: unknown, options: MessageOptions = {}) => chain.execute(alice, outer, message, options);
const wasm = (contract: Instance, msg: unknown, send: unknown[] = []) => ({
  wasm: {
    execute: { contract_addr: contract.bech32, code_hash: bytesToHex(contract.codeHash), msg: json64(msg), send },
  },
});
const sub = (msg: unknown, reply_on = "never", { id = 1, gas_limit = null as number | null } = {}) => ({
  id,
  msg,
  gas_limit,
  reply_on,
});
const send = (...messages: unknown[]) => ({ send: { messages } });
/** What the outer contract was told in its reply. */
const told = (id: number) => {
  const stored = JSON.parse(chain.query(alice, outer, get(`reply/${id}`)));
  return stored === null ? null : JSON.parse(bytesToUtf8(base64ToBytes(stored)));
};
const bank = (to: string, amount: string) => ({
  bank: { send: { to_address: to, amount: [{ denom: "uscrt", amount }] } },
});

describe("contracts §5.1, enclave §10.3: environment", () => {
  it("tells height, time, address, code hash, position and hash of the transaction", () => {
    const env = JSON.parse(JSON.parse(exec({ echo_env: {} }).data as string));
    expect(Object.keys(env)).toEqual(["block", "contract", "transaction"]);
    expect(env.block).toMatchObject({
      height: Number(chain.height),
      time: chain.timeNs.toString(),
      chain_id: "secretdev-1",
    });
    expect(env.contract).toEqual({ address: outer.bech32, code_hash: bytesToHex(outer.codeHash) });
    expect(env.transaction.index).toBe(0);
    expect(env.transaction.hash).toMatch(/^[0-9A-F]{64}$/);
  });

  it("counts admitted transactions only", () => {
    const messages = [0, 1, 2].map(() => chain.executeMessage(alice, outer, { echo_env: {} }));
    const txs = messages.map(({ any }) => alice.sign(chain.chainId, [any]));
    chain.begin(chain.build(txs));
    const indices = [2, 3].map((position) => {
      const { outcomes } = chain.runTransaction(position, txs[position - 1] as Uint8Array, [alice.number]);
      const { data } = new Executed(outcomes[0] as ExecOutcome, messages[position - 1]?.txKey as Uint8Array);
      return JSON.parse(JSON.parse(data as string)).transaction.index;
    });
    chain.end();
    expect(indices).toEqual([0, 1]);
  });

  it("shows sender and funds", () => {
    const executed = exec({ echo_info: {} }, { funds: [{ denom: "uscrt", amount: "5" }] });
    const info = `{"sender":"${alice.bech32}","funds":[{"denom":"uscrt","amount":"5"}]}`;
    expect(JSON.parse(executed.data as string)).toBe(info);
    expect(chain.balance(outer.address)).toBe(5n);
  });

  it("shows one zero byte as random in queries, and no transaction", () => {
    const env = JSON.parse(JSON.parse(chain.query(alice, outer, { echo_env: {} })));
    expect(env.block.random).toBe("AA==");
    expect(env.transaction).toBeNull();
  });
});

describe("contracts §5.5, §6.5, enclave §3.2: events and data", () => {
  it("come in the order of the chain, encrypted unless the contract says otherwise", () => {
    const executed = exec(
      run(
        { attribute: { key: "secret key", value: "secret value" } },
        { attribute: { key: "open", value: "yes", plaintext: true } },
        { attribute: { key: "contract_address", value: "dropped", plaintext: true } },
        { event: { type: " kind ", attributes: [{ key: "k", value: "v", encrypted: true }] } },
      ),
    );
    const address = outer.bech32;
    expect(executed.events).toEqual([
      `message module=compute sender=${alice.bech32} contract_address=${address}`,
      `execute contract_address=${address}`,
      `wasm contract_address=${address} secret key=secret value open=yes`,
      `wasm-kind contract_address=${address} k=v`,
    ]);
    expect(JSON.stringify(executed.outcome.events)).not.toContain("secret value");
  });

  it.each([
    [{ type: "ab", attributes: [] }, "dispatch: Event type too short: 'ab': invalid event"],
    [
      { type: "kind", attributes: [{ key: " ", value: "v", encrypted: false }] },
      "dispatch: Empty attribute key. Value: v: invalid event",
    ],
    [
      { type: "kind", attributes: [{ key: "k", value: "", encrypted: false }] },
      "dispatch: Empty attribute value. Key: k: invalid event",
    ],
    [
      { type: "kind", attributes: [{ key: "_k", value: "v", encrypted: false }] },
      "dispatch: Attribute key starts with reserved prefix _: '_k': invalid event",
    ],
  ])("refuses the event %o", (event, log) => {
    const executed = exec({ event });
    expect([executed.code, executed.log]).toEqual(["compute/21", log]);
  });

  it("keeps empty data apart from none", () => {
    expect(exec({ set_data: { data: null } }).data).toBeUndefined();
    expect(exec({ set_data: { data: "" } }).data).toBe("");
  });
});

describe("contracts §5.8, enclave §3.4, §12.2: errors", () => {
  it.each([
    [{ panic: { message: "x" } }, "the contract panicked"],
    [{ divide: { dividend: 1, divisor: 0 } }, "the contract tried to divide by zero"],
    [{ recurse: { depth: 10_000_000 } }, "the contract has run out of space on the stack"],
    [{ raw_output: { output: b64("no json") } }, "failed to deserialize data"],
  ])("%o becomes a clear text", (message, text) => {
    const executed = exec(message);
    expect([executed.code, executed.log]).toEqual([
      "compute/3",
      `Execution error: Enclave: ${text}: execute contract failed`,
    ]);
  });

  it("fails a call whose key is too long for the boundary, and no block", () => {
    const value = b64("v");
    expect(exec({ set_long_key: { length: 20_000, value } }).code).toBe("ok");
    expect(exec({ get_long_key: { length: 20_000 } }).data).toBe(JSON.stringify(value));
    const text =
      "Execution error: Enclave: calling a function in the contract failed for an unexpected reason: execute contract failed";
    expect(exec({ get_long_key: { length: 3_000_000 } }, { gas: 9_000_000n }).log).toBe(text);
    expect(exec({ noop: {} }).code).toBe("ok");
  });

  it("refuses outputs of the wrong shape as the chain does (contracts §5.2, enclave §3.1)", () => {
    expect(exec({ raw_output: { output: b64('{"Ok":"QQ=="}') } }).log).toBe(
      "handle: cannot detect response type (v0.10 or v1): execute contract failed",
    );
    expect(exec({ raw_output: { output: b64("{}") } }).log).toBe(
      "cannot detect response type: execute contract failed",
    );
  });

  it("says when there is no contract, no code, or the label is taken (contracts §6.1)", () => {
    const nobody = { ...outer, address: new Uint8Array(20).fill(3) };
    expect(chain.execute(alice, nobody, { noop: {} }).log).toBe("contract: not found");
    expect(() => chain.instantiate(alice, { codeId: 99n, codeHash: outer.codeHash }, { noop: {} })).toThrow(
      "code: not found",
    );
    const code = { codeId: outer.codeId, codeHash: outer.codeHash };
    expect(() => chain.instantiate(alice, code, { noop: {} }, { label: "outer" })).toThrow(
      "outer: contract account already exists",
    );
  });

  it("writes nothing when a contract fails after writing (contracts §3.2)", () => {
    const failed = exec(run(set("lost", "1"), { fail: { text: "no" } }));
    expect(failed.outcome.writes).toEqual([]);
    expect(chain.query(alice, outer, get("lost"))).toBe("null");
  });
});

describe("contracts §6.3, §6.4, enclave §7.7: messages between contracts", () => {
  it("run in order and see what came before", () => {
    const executed = exec(
      send(sub(wasm(inner, set("a", "1"))), sub(wasm(inner, run(set("b", "2"), { echo_info: {} })))),
    );
    expect(executed.code).toBe("ok");
    expect(chain.query(alice, inner, get("a"))).toBe(JSON.stringify(b64("1")));
    expect(chain.query(alice, inner, get("b"))).toBe(JSON.stringify(b64("2")));
  });

  it("come from the contract, at its depth", () => {
    exec(send(sub(wasm(inner, run({ echo_info: {} }, { echo_env: {} })), "always", { id: 3 })));
    const reply = told(3);
    const [info, env] = JSON.parse(bytesToUtf8(base64ToBytes(reply.result.ok.data)));
    expect(JSON.parse(info)).toEqual({ sender: outer.bech32, funds: [] });
    expect(JSON.parse(env).transaction.index).toBe(1);
  });

  it("fail the sender with nested texts, and the error is addressed to whoever waits", () => {
    const failing = exec(send(sub(wasm(inner, { fail: { text: "deep" } }))));
    expect(failing.log).toMatch(/^dispatch: submessages: encrypted: .*: execute contract failed$/);
    expect(failing.error).toBe("deep");
    const waiting = exec(send(sub(wasm(inner, { fail: { text: "deep" } }), "success")));
    expect(waiting.error).toBe(`${bytesToHex(outer.codeHash)}deep`);
  });

  it("undo a failed one and tell the sender what it said", () => {
    const message = run(set("undone", "1"), { fail: { text: 'say "hi"' } });
    expect(exec(run(set("kept", "1"), send(sub(wasm(inner, message), "error", { id: 4 })))).code).toBe("ok");
    expect(told(4)).toEqual({ id: 4, result: { error: 'say \\"hi\\' } });
    expect(chain.query(alice, inner, get("undone"))).toBe("null");
    expect(chain.query(alice, outer, get("kept"))).toBe(JSON.stringify(b64("1")));
  });

  it("reply with events sorted by key, and the data of a reply replaces that of the call (contracts §5.6, enclave §7.5)", () => {
    const op = { set_data: { data: b64("from reply") } };
    const attributes = [
      { attribute: { key: "zz", value: "1", plaintext: true } },
      { attribute: { key: "aa", value: "2", plaintext: true } },
    ];
    const message = send(sub(wasm(inner, run(...attributes)), "success", { id: 5 }));
    const executed = exec(run({ on_reply: { id: 5, op } }, message));
    expect(executed.data).toBe("from reply");
    const { ok } = told(5).result;
    expect(ok.events.map(({ type }: { type: string }) => type)).toEqual(["execute", "wasm"]);
    expect(ok.events[1].attributes.map(({ key }: { key: string }) => key)).toEqual(["aa", "contract_address", "zz"]);
    expect(executed.events.at(-2)).toBe(`reply contract_address=${outer.bech32}`);
  });

  it("cannot catch what is not the contract's own error", () => {
    const executed = exec(send(sub(wasm(inner, { panic: { message: "x" } }), "error")));
    expect([executed.code, executed.log]).toEqual([
      "undefined/1",
      "dispatch: submessages: an sdk error occurred while sending a sub-message: " +
        "Execution error: Enclave: the contract panicked: execute contract failed",
    ]);
  });

  it("fail with the reply that fails", () => {
    const executed = exec(
      run(
        { on_reply: { id: 6, op: { fail: { text: "late" } } } },
        send(sub(wasm(inner, { noop: {} }), "always", { id: 6 })),
      ),
    );
    expect(executed.code).toBe("compute/19");
    expect(executed.log).toMatch(/^dispatch: submessages: encrypted: .*: reply to contract failed$/);
    expect(executed.error).toBe("late");
  });

  it("flatten failures of what a reply sends", () => {
    const op = send(sub(wasm(inner, { fail: { text: "lower" } })));
    const executed = exec(run({ on_reply: { id: 7, op } }, send(sub(wasm(inner, { noop: {} }), "always", { id: 7 }))));
    expect(executed.log).toMatch(
      /^dispatch: submessages: submessages: encrypted: .*: execute contract failed: reply to contract failed$/,
    );
  });

  it("may carry the receiver's code hash in the message itself, as the bytes on the way do not tell (enclave §7.2)", () => {
    const split = (at: number) => {
      const { wasm: message } = wasm(inner, {});
      const hash = message.execute.code_hash;
      const msg = b64(hash.slice(at) + JSON.stringify(set("split", String(at))));
      return exec(send(sub({ wasm: { execute: { ...message.execute, code_hash: hash.slice(0, at), msg } } })));
    };
    for (const at of [0, 63]) expect(split(at).log).toBe("");
    expect(JSON.parse(chain.query(alice, inner, get("split")))).toBe(b64("63"));
  });

  it("refuse a wrong code hash and an address that is none", () => {
    const wrong = { ...inner, codeHash: new Uint8Array(32) };
    expect(exec(send(sub(wasm(wrong, { noop: {} })))).log).toContain("failed to validate transaction");
    const message = { wasm: { execute: { ...wasm(inner, {}).wasm.execute, contract_addr: "nobody" } } };
    expect(exec(send(sub(message))).log).toBe("dispatch: submessages: nobody: invalid address");
  });

  it("stop at a gas limit, of which all is charged", () => {
    const limited = (gas_limit: number) => exec(send(sub(wasm(inner, { endless_loop: {} }), "never", { gas_limit })));
    const [less, more] = [limited(100_000), limited(300_000)] as const;
    expect(less.log).toBe("dispatch: submessages: SubMsg hit gas limit: out of gas");
    expect(less.code).toBe("sdk/11");
    expect(more.outcome.gasUsed - less.outcome.gasUsed).toBe(200_000n);
  });

  it("end with the whole transaction when its gas runs out below", () => {
    const executed = exec(send(sub(wasm(inner, { endless_loop: {} }), "always")), { gas: 200_000n });
    expect(executed.outcome.result.kind).toBe("outOfGas");
  });

  it("go no deeper than a hundred calls (contracts §4.7)", () => {
    // Each reply sends the message again, one call deeper.
    const again = send(sub(wasm(inner, { noop: {} }), "always", { id: 99 }));
    const executed = exec(run({ on_reply: { id: 99, op: again } }, again), { gas: 100_000_000n });
    expect(executed.code).toBe("compute/19");
    expect(executed.log).toContain("dispatch: max call depth exceeded: reply to contract failed");
    expect(executed.log.split("reply to contract failed").length - 1).toBe(99);
  });

  it("instantiate, and leave no trace of a failure", () => {
    const create = (label: string, msg: unknown) => ({
      wasm: {
        instantiate: {
          admin: null,
          code_id: Number(outer.codeId),
          code_hash: bytesToHex(outer.codeHash),
          msg: json64(msg),
          send: [],
          label,
        },
      },
    });
    const executed = exec(send(sub(create("child", set("born", "1")), "success", { id: 8 })));
    expect(executed.code).toBe("ok");
    const { events } = told(8).result.ok;
    const found = events.find(({ type }: { type: string }) => type === "instantiate");
    const bech32 = found.attributes.find(({ key }: { key: string }) => key === "contract_address").value;
    expect(bech32).toMatch(/^secret1/);
    const counters = () => bytesToHex(chain.state.store.get("046c617374436f6e74726163744964") as Uint8Array);
    const before = counters();
    expect(exec(send(sub(create("failed child", { fail: { text: "no" } }), "error", { id: 9 }))).code).toBe("ok");
    expect(told(9).result.error).toBe("no");
    expect(counters()).toBe(before);
    expect(exec(send(sub(create("child", { noop: {} })))).log).toContain("child: contract account already exists");
  });

  it("stop after finalize_tx, for the rest of the transaction (contracts §6.6, enclave §11.2)", () => {
    const first = chain.executeMessage(
      alice,
      outer,
      send(sub({ finalize_tx: {} }), sub(wasm(inner, set("never", "1")))),
    );
    const second = chain.executeMessage(alice, outer, { noop: {} });
    chain.begin(chain.build([alice.sign(chain.chainId, [first.any, second.any])]));
    const ended = chain.exec(1, 0, [alice.number]);
    expect([ended.result.kind, ended.finalized]).toEqual(["ok", true]);
    // An honest host would not even ask.
    const executed = new Executed(chain.exec(1, 1, [alice.number]), second.txKey);
    chain.call("endTransaction", { transaction: 1, kept: false });
    chain.end();
    expect([executed.code, executed.log]).toEqual(["sdk/40404", "Cannot send messages after last tx marker was set"]);
  });
});

describe("contracts §5.3, §5.4, enclave §7.6: messages to other modules", () => {
  it("move coins, and a failure is told in the reply", () => {
    chain.fund(outer.address, 100n);
    const before = chain.balance(inner.address);
    expect(exec(send(sub(bank(inner.bech32, "40"), "always", { id: 10 }))).code).toBe("ok");
    expect(chain.balance(inner.address) - before).toBe(40n);
    expect(told(10)).toEqual({ id: 10, result: { ok: { events: [], data: null } } });
    expect(exec(send(sub(bank(inner.bech32, "4000000000"), "error", { id: 11 }))).code).toBe("ok");
    expect(told(11).result.error).toContain("insufficient funds");
  });

  it("are undone with the scope that sent them", () => {
    chain.fund(inner.address, 50n);
    const before = [chain.balance(inner.address), chain.balance(outer.address)];
    const message = send(sub(bank(outer.bech32, "50")), sub(wasm(inner, { fail: { text: "undo" } })));
    const middle = wasm(inner, message);
    const executed = exec(send(sub(middle, "error", { id: 12 })));
    expect(executed.code).toBe("undefined/1");
    expect([chain.balance(inner.address), chain.balance(outer.address)]).toEqual(before);
  });

  it("redact errors on networks that are not for development", () => {
    const strict = TestChain.start({ chainId: "secret-4" });
    const bob = new Wallet(2);
    const contract = strict.instantiate(bob, strict.storeCode(PROBE), { noop: {} });
    strict.execute(bob, contract, send(sub(bank(bob.bech32, "4"), "error", { id: 1 })));
    const reply = JSON.parse(bytesToUtf8(base64ToBytes(JSON.parse(strict.query(bob, contract, get("reply/1"))))));
    expect(reply.result.error).toBe(
      "the error was redacted (codespace: sdk, code: 5). For more info use latest localsecret and reproduce the issue",
    );
    strict.execute(bob, contract, { debug: { text: "hidden" } });
    expect(strict.prints).toEqual([]);
  });

  it.each([
    [{ custom: {} }, "Custom variant not supported: invalid CosmosMsg from the contract"],
    [{ bank: { burn: { amount: [] } } }, "Unknown variant of Bank: invalid CosmosMsg from the contract"],
    [
      { distribution: { set_withdraw_address: { address: "a" } } },
      "/cosmos.distribution.v1beta1.MsgSetWithdrawAddress: unknown request",
    ],
  ])("that nobody handles fail as the chain says: %o", (message, log) => {
    expect(exec(send(sub(message))).log).toMatch(new RegExp(`(${log}|failed to deserialize data)`));
  });
});

describe("contracts §5.7, §6.2, enclave §11.1: queries by contracts", () => {
  const ask = (request: unknown) => ({ query_chain: { request: JSON.stringify(request) } });
  const smart = (contract: Instance, msg: unknown) => ({
    wasm: {
      smart: { contract_addr: contract.bech32, callback_code_hash: bytesToHex(contract.codeHash), msg: json64(msg) },
    },
  });
  const asked = (request: unknown) => JSON.parse(JSON.parse(chain.query(alice, outer, ask(request))));

  it("reach other contracts inside", () => {
    chain.execute(alice, inner, set("seen", "yes"));
    const { Ok } = asked(smart(inner, get("seen")));
    expect(bytesToUtf8(base64ToBytes(Ok.Ok))).toBe(JSON.stringify(b64("yes")));
  });

  it("tell errors of contracts and of the chain apart", () => {
    expect(asked(smart(inner, { fail: { text: "no" } }))).toEqual({
      Err: { invalid_response: { error: "expected value at line 1 column 1", response: b64("no") } },
    });
    const nobody = { ...inner, codeHash: new Uint8Array(32) };
    expect(asked(smart(nobody, { noop: {} })).Ok.Err.generic_err.msg).toBe(
      "Execution error: Enclave: failed to validate transaction: query contract failed",
    );
    expect(asked({ custom: {} })).toEqual({ Err: { unsupported_request: { kind: "custom" } } });
    expect(asked({ bank: { supply: {} } }).Err.invalid_request.request).toBe(json64({ bank: { supply: {} } }));
  });

  it("ask the host about other modules", () => {
    const { Ok } = asked({ bank: { balance: { address: alice.bech32, denom: "uscrt" } } });
    expect(JSON.parse(bytesToUtf8(base64ToBytes(Ok.Ok))).amount.amount).toBe(chain.balance(alice.address).toString());
  });

  it("know contracts by their record", () => {
    const { Ok } = asked({ wasm: { contract_info: { contract_addr: inner.bech32 } } });
    expect(JSON.parse(bytesToUtf8(base64ToBytes(Ok.Ok)))).toEqual({ code_id: 1, creator: alice.bech32, pinned: false });
  });

  it("go ten deep and no deeper (contracts §2.7, §4.6)", () => {
    const nest = (n: number): unknown => (n === 0 ? ask({ custom: {} }) : ask(smart(outer, nest(n - 1))));
    const deepest = (n: number) => chain.query(alice, outer, nest(n));
    const unwrap = (text: string): string => {
      const answer = JSON.parse(JSON.parse(text));
      return answer.Ok?.Ok === undefined ? JSON.stringify(answer) : unwrap(bytesToUtf8(base64ToBytes(answer.Ok.Ok)));
    };
    expect(unwrap(deepest(8))).toBe('{"Err":{"unsupported_request":{"kind":"custom"}}}');
    expect(unwrap(deepest(9))).toBe('{"Err":{"exceeded_recursion_limit":{}}}');
  });

  it("see removals of the running call, but not its writes", () => {
    exec(run(set("removed", "1"), set("written", "old")));
    const executed = exec(
      run(
        { remove: { key: b64("removed") } },
        set("written", "new"),
        ask(smart(outer, get("removed"))),
        ask(smart(outer, get("written"))),
      ),
    );
    const [, , removed, written] = JSON.parse(executed.data as string);
    const answer = (text: string) => JSON.parse(bytesToUtf8(base64ToBytes(JSON.parse(text).Ok.Ok)));
    expect(answer(removed)).toBeNull();
    expect(answer(written)).toBe(b64("old"));
  });

  it("cannot write", () => {
    expect(chain.query(alice, outer, set("x", "y"))).toContain("contract tried to write to storage during a query");
  });

  it("are refused unencrypted, and from the past on networks that are not for development", () => {
    const query = utf8ToBytes(JSON.stringify(get("k")).padEnd(90));
    const request = { contract: outer.address, query, gasLimit: 1_000_000n, past: undefined };
    const { result } = chain.call("query", request);
    expect(result).toMatchObject({
      value: { log: "Execution error: Enclave: failed to decrypt data: query contract failed" },
    });
    const past = { height: 1n, timeNs: 5n };
    expect(chain.call("query", { ...request, past }).result.kind).toBe("failed");
    const strict = TestChain.start({ chainId: "secret-4" });
    strict.freshen();
    expect(() => strict.call("query", { ...request, past })).toThrow("development networks only");
  });

  it("end when their gas does (contracts §4.6)", () => {
    const looped = chain.query(alice, outer, { endless_loop: {} }, 100_000n);
    expect(looped).toBe("out of gas: wasm contract");
  });
});

describe("prints", () => {
  it("reach the host on development networks", () => {
    exec({ debug: { text: "hello" } });
    expect(chain.prints.at(-1)).toContain("hello");
  });
});
