/** Queries that contracts make: requests, envelopes, what they see, what they cost, and that nothing can be done with them. */
import { readFileSync } from "node:fs";
import type { OcallRequest, OcallResponse } from "@sotto/boundary/messages";
import { base64ToBytes, bytesToBase64, bytesToHex, bytesToUtf8, EMPTY_BYTES, utf8ToBytes } from "@sotto/common/bytes";
import { ContractInfo } from "@sotto/common/wire/compute";
import { beforeEach, describe, expect, it } from "vitest";
import { type Executed, type Instance, type MessageOptions, TestChain, Wallet } from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const json64 = (value: unknown) => b64(JSON.stringify(value));
const run = (...ops: unknown[]) => ({ run: { ops } });
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });
const get = (key: string) => ({ get: { key: b64(key) } });
const ask = (request: unknown) => ({
  query_chain: { request: typeof request === "string" ? request : JSON.stringify(request) },
});
const send = (...messages: unknown[]) => ({ send: { messages } });
const sub = (msg: unknown, reply_on = "never", id = 1) => ({ id, msg, gas_limit: null, reply_on });

let chain: TestChain;
let alice: Wallet;
let outer: Instance;
let inner: Instance;
let restore: (() => void) | undefined;

/** Requests that reached the host. */
let seen: OcallRequest<"chainQuery">[];
type HostAnswer = OcallResponse<"chainQuery">;

beforeEach(() => {
  if (restore === undefined) {
    chain = TestChain.start();
    alice = new Wallet(1);
    chain.fund(alice.address, 1_000_000n);
    const code = chain.storeCode(PROBE);
    outer = chain.instantiate(alice, code, { noop: {} }, { label: "outer" });
    inner = chain.instantiate(alice, code, { noop: {} }, { label: "inner" });
    restore = chain.snapshot();
  } else restore();
  seen = [];
});

const smart = (contract: Instance, msg: unknown, codeHash = bytesToHex(contract.codeHash)) => ({
  wasm: { smart: { contract_addr: contract.bech32, callback_code_hash: codeHash, msg: json64(msg) } },
});
const wasm = (contract: Instance, msg: unknown) => ({
  wasm: {
    execute: {
      contract_addr: contract.bech32,
      code_hash: bytesToHex(contract.codeHash),
      msg: json64(msg),
      send: [],
    },
  },
});
const exec = (message: unknown, options: MessageOptions = {}) => chain.execute(alice, outer, message, options);
/** The envelope as the contract got it. */
const asked = (request: unknown): string => JSON.parse(chain.query(alice, outer, ask(request)));
const askedWithin = (executed: Executed): string[] => JSON.parse(executed.data as string);
/** What a smart query's callee answered. */
const answerOf = (envelope: string): unknown => JSON.parse(bytesToUtf8(base64ToBytes(JSON.parse(envelope).Ok.Ok)));
const hostAnswers = (answer: HostAnswer["result"], gasUsed = 0n): void => {
  chain.ocalls.chainQuery = (request) => {
    seen.push(request);
    return { result: answer, gasUsed };
  };
};
const ok = (text: string): HostAnswer["result"] => ({ kind: "ok", value: utf8ToBytes(text) });
const genericError = (msg: string): string => JSON.stringify({ Ok: { Err: { generic_err: { msg } } } });

describe("contracts §5.7: requests for other modules", () => {
  it.each([
    { bank: { balance: { address: "a", denom: "d" } } },
    { bank: { all_balances: { address: "a" } } },
    { staking: { bonded_denom: {} } },
    { staking: { validators: {} } },
    { staking: { all_validators: {} } },
    { staking: { validator: { address: "a" } } },
    { staking: { all_delegations: { delegator: "d" } } },
    { staking: { delegation: { delegator: "d", validator: "v" } } },
    { staking: { unbonding_delegations: { delegator: "d" } } },
    { dist: { rewards: { delegator: "d" } } },
    { mint: { inflation: {} } },
    { mint: { bonded_ratio: {} } },
    { gov: { proposals: {} } },
    { ibc: { port_id: {} } },
    { ibc: { list_channels: { port_id: null } } },
    { ibc: { channel: { channel_id: "channel-0", port_id: "p" } } },
    { stargate: { path: "/cosmos.bank.v1beta1.Query/Params", data: "AQ==" } },
  ])("hands %j to the host, and its answer to the contract", (request) => {
    hostAnswers(ok('{"any":"<answer>"}'));
    expect(asked(request)).toBe(`{"Ok":{"Ok":"${b64('{"any":"<answer>"}')}"}}`);
    expect(seen.map(({ request }) => bytesToUtf8(request))).toEqual([JSON.stringify(request)]);
    expect(seen[0]?.contract).toEqual(outer.address);
  });

  it("drops members that it does not know, and adds optional ones that are missing", () => {
    hostAnswers(ok("{}"));
    asked('{"ibc": {"channel": {"x": [1e999], "channel_id": "c"}}}');
    expect(bytesToUtf8(seen[0]?.request as Uint8Array)).toBe('{"ibc":{"channel":{"channel_id":"c","port_id":null}}}');
  });

  it("answers what is none with the parser's text and the request", () => {
    const request = '{"bank":{"supply":{}}}';
    const error = "unknown variant `supply`, expected `balance` or `all_balances` at line 1 column 17";
    expect(asked(request)).toBe(JSON.stringify({ Err: { invalid_request: { error, request: b64(request) } } }));
    const old = { wasm: { raw: { contract_addr: "a", key: "" } } };
    expect(asked(old)).toContain("missing field `callback_code_hash` at line 1 column 45");
    expect(seen).toEqual([]);
  });

  it("refuses custom and stargate queries that are not allowed, without the host", () => {
    hostAnswers(ok("{}"));
    const unsupported = (kind: string) => JSON.stringify({ Err: { unsupported_request: { kind } } });
    expect(asked({ custom: { any: [1.5, null] } })).toBe(unsupported("custom"));
    for (const path of [
      "/cosmos.bank.v1beta1.Query/AllBalances",
      "/secret.compute.v1beta1.Query/QuerySecretContract",
      "/cosmos.gov.v1.Query/Params",
      "<&>",
      "x".repeat(100_000),
    ]) {
      expect(asked({ stargate: { path, data: "" } })).toBe(
        unsupported(`query path '${path}' is not allowed from the contract`),
      );
    }
    expect(seen).toEqual([]);
  });

  it("makes envelopes of everything that the host can say", () => {
    const request = { gov: { proposals: {} } };
    hostAnswers({ kind: "failed", value: { log: 'x: "invalid" <address>' } });
    expect(asked(request)).toBe(genericError('x: "invalid" <address>'));
    hostAnswers({ kind: "unsupported", value: { what: "No route to query path '/p'" } });
    expect(asked(request)).toBe(`{"Err":{"unsupported_request":{"kind":"No route to query path '/p'"}}}`);
    // Quirk: no bytes are an answer that the parser does not take.
    hostAnswers({ kind: "ok", value: EMPTY_BYTES });
    expect(asked(request)).toBe(
      '{"Err":{"invalid_response":{"error":"Parsing Go response: expected value at line 1 column 8","response":"eyJPayI6e319"}}}',
    );
  });
});

describe("contracts §2.10: the chain's side gives way", () => {
  it("a panic ends the caller's call, in the chain's words", () => {
    hostAnswers({ kind: "panicked", value: {} });
    const text = "Execution error: Calling external function through FFI: Panic in FFI call";
    expect(chain.query(alice, outer, ask({ ibc: { port_id: {} } }))).toBe(`${text}: query contract failed`);
    const executed = exec(run(set("k", "v"), ask({ ibc: { port_id: {} } })));
    expect(executed).toMatchObject({ code: "compute/3", log: `${text}: execute contract failed` });
    // Of a callee it is an error like any other.
    expect(asked(smart(inner, ask({ ibc: { port_id: {} } })))).toBe(genericError(`${text}: query contract failed`));
  });
});

describe("contracts §5.7, enclave §11.1: queries of contracts", () => {
  it("answer with the bytes that the callee returned", () => {
    chain.execute(alice, inner, set("key", "value"));
    expect(asked(smart(inner, get("key")))).toBe(`{"Ok":{"Ok":"${json64(b64("value"))}"}}`);
    expect(asked(smart(inner, { raw_output: { output: b64('{"ok":""}') } }))).toBe('{"Ok":{"Ok":""}}');
  });

  it("answer a v1 error with the parser's text and the error's", () => {
    const error = (text: string) => asked(smart(inner, { fail: { text } }));
    const invalid = (error: string, response: string) =>
      JSON.stringify({ Err: { invalid_response: { error, response: b64(response) } } });
    expect(error("no")).toBe(invalid("expected value at line 1 column 1", "no"));
    expect(error("")).toBe(invalid("EOF while parsing a value at line 1 column 0", ""));
    // Escapes of the JSON string stay, and so does the backslash of a quote at the end (contracts §5.5).
    expect(error('say "hi"')).toBe(invalid("expected value at line 1 column 1", 'say \\"hi\\'));
    expect(error('{"generic_err":{"msg":"x"}}')).toBe(
      invalid("expected value at line 1 column 2", '{\\"generic_err\\":{\\"msg\\":\\"x\\"}}'),
    );
  });

  it.each([
    ['{"Err":{"generic_err":{"msg":"<x>"}}}', '{"generic_err":{"msg":"<x>"}}'],
    ['{"Err":{"underflow":{"subtrahend":"2","minuend":"1"}}}', '{"underflow":{"minuend":"1","subtrahend":"2"}}'],
    ['{"Err":{"parse_err":{"target":"t","msg":"m"}}}', '{"parse_err":{"target":"t","msg":"m"}}'],
    ['{"Err":{"serialize_err":{"source":"s","msg":"m"}}}', '{"serialize_err":{"source":"s","msg":"m"}}'],
    ['{"Err":{"not_found":{"kind":"k"}}}', '{"not_found":{"kind":"k"}}'],
    ['{"Err":{"invalid_base64":{"msg":"m"}}}', '{"invalid_base64":{"msg":"m"}}'],
    ['{"Err":{"invalid_utf8":{"msg":"m"}}}', '{"invalid_utf8":{"msg":"m"}}'],
    ['{"Err":{"null_pointer":{}}}', '{"null_pointer":{}}'],
    ['{"Err":{"unauthorized":{}}}', '{"unauthorized":{}}'],
  ])("answer an error object %s as it is", (output, stdError) => {
    expect(asked(smart(inner, { raw_output: { output: b64(output) } }))).toBe(`{"Ok":{"Err":${stdError}}}`);
  });

  it("answer an error that is another object with the parser's text", () => {
    const output = b64('{"Err":{"my_error":1}}');
    const { error, response } = JSON.parse(asked(smart(inner, { raw_output: { output } }))).Err.invalid_response;
    expect(error).toMatch(/^unknown variant `my_error`, expected one of `generic_err`, .* at line 1 column 11$/);
    expect(response).toBe(b64('{"my_error":1}'));
  });

  it("answer faults of enclave and chain in words", () => {
    const failed = (text: string) => genericError(`Execution error: Enclave: ${text}: query contract failed`);
    expect(asked(smart(inner, { unreachable: {} }))).toBe(failed("the contract panicked"));
    expect(asked(smart(inner, set("k", "v")))).toBe(failed("contract tried to write to storage during a query"));
    expect(asked(smart(inner, { remove: { key: "aw==" } }))).toBe(
      failed("contract tried to write to storage during a query"),
    );
    expect(asked(smart(inner, { noop: {} }, "ab".repeat(32)))).toBe(failed("failed to validate transaction"));
    expect(asked(smart(inner, { raw_output: { output: b64("[]") } }))).toBe(failed("failed to deserialize data"));
    expect(asked(smart(inner, { raw_output: { output: b64("{}") } }))).toBe(
      genericError("query: cannot detect response type: query contract failed"),
    );
    const nobody = { ...inner, bech32: alice.bech32 };
    expect(asked(smart(nobody, {}))).toBe(genericError("contract: not found"));
    expect(asked(smart({ ...inner, bech32: "secret1x" }, {}))).toBe(genericError("secret1x: invalid address"));
  });

  it("trap the caller when the answer is not base64", () => {
    const request = ask(smart(inner, { raw_output: { output: b64('{"Ok":"!"}') } }));
    expect(chain.query(alice, outer, request)).toBe("Execution error: Enclave: unknown error: query contract failed");
    expect(exec(request).log).toBe("Execution error: Enclave: unknown error: execute contract failed");
  });

  it("take hash and message as one text, as they would arrive encrypted (contracts §2.7)", () => {
    const hash = bytesToHex(inner.codeHash);
    const split = (codeHash: string, msg: string) =>
      asked({ wasm: { smart: { contract_addr: inner.bech32, callback_code_hash: codeHash, msg: b64(msg) } } });
    expect(answerOf(split("", `${hash}{"noop":{}}`))).toBeNull();
    expect(answerOf(split(`${hash}{"echo_mess`, 'age":{}}'))).toBe('{"echo_message":{}}');
    expect(answerOf(split(hash.toUpperCase(), '{"noop":{}}'))).toBeNull();
    // Headers for replies are taken off (enclave §3.2).
    expect(answerOf(split(`${hash}REPLY01\0\0\0\0\0\0\0\x01${hash}`, '{"echo_message":{}}'))).toBe(
      '{"echo_message":{}}',
    );
    expect(split("", "")).toContain("failed to validate transaction");
    expect(split(hash.slice(1), '{"noop":{}}')).toContain("failed to validate transaction");
  });

  it("tell a contract by its record, without its admin", () => {
    const admined = chain.instantiate(alice, outer, { noop: {} }, { label: "third", admin: alice.bech32 });
    const info = (contract_addr: string) => asked({ wasm: { contract_info: { contract_addr } } });
    expect(info(admined.bech32)).toBe(
      `{"Ok":{"Ok":"${b64(`{"code_id":1,"creator":"${alice.bech32}","pinned":false}`)}"}}`,
    );
    expect(info(alice.bech32)).toBe(genericError(`${alice.bech32}: invalid address`));
    expect(info("<>")).toBe(genericError("<>: invalid address"));
    const key = `02${bytesToHex(admined.address)}`;
    const record = ContractInfo.decode(chain.state.store.get(key) as Uint8Array);
    chain.state.store.set(key, ContractInfo.encode({ ...record, ibcPortId: "wasm.x" }));
    expect(answerOf(info(admined.bech32))).toMatchObject({ ibc_port: "wasm.x" });
  });

  it("show entries of a store only as they are encrypted", () => {
    chain.execute(alice, inner, set("secret key", "secret value"));
    const prefix = `03${bytesToHex(inner.address)}`;
    const [fullKey, value] = [...chain.state.store].find(([key]) => key.startsWith(prefix)) as [string, Uint8Array];
    const key = fullKey.slice(prefix.length);
    const raw = (key: string) => asked({ wasm: { raw: { contract_addr: inner.bech32, callback_code_hash: "", key } } });
    expect(answerOf(raw(Buffer.from(key, "hex").toString("base64")))).toEqual([
      { Key: key.toUpperCase(), Value: bytesToBase64(value) },
    ]);
    expect(answerOf(raw(b64("secret key")))).toEqual([]);
    expect(answerOf(raw(""))).toEqual([]);
  });
});

describe("contracts §6.2: what a query sees", () => {
  const queries = (...requests: unknown[]) => requests.map(ask);

  it("not the writes of the call that asks, but its removals; also of the contract itself", () => {
    exec(run(set("removed", "1"), set("written", "old")));
    const executed = exec(
      run(
        { remove: { key: b64("removed") } },
        set("written", "new"),
        set("fresh", "new"),
        ...queries(smart(outer, get("removed")), smart(outer, get("written")), smart(outer, get("fresh"))),
      ),
    );
    expect(askedWithin(executed).slice(3).map(answerOf)).toEqual([null, b64("old"), null]);
  });

  it("what earlier messages of the transaction did", () => {
    const first = chain.executeMessage(alice, outer, set("m", "1"));
    const second = chain.executeMessage(alice, inner, ask(smart(outer, get("m"))));
    const [result] = chain.block([alice, alice.sign(chain.chainId, [first.any, second.any])]);
    expect(result?.kept).toBe(true);
  });

  it("what sub-messages did, in a reply and in later messages", () => {
    const executed = exec(
      run(
        set("own", "caller"),
        {
          on_reply: { id: 7, op: run(set("unseen", "1"), ask(smart(inner, get("s"))), ask(smart(outer, get("own")))) },
        },
        send(sub(wasm(inner, set("s", "from sub")), "success", 7)),
      ),
    );
    // The outcomes of the reply are its data.
    expect(askedWithin(executed).slice(1).map(answerOf)).toEqual([b64("from sub"), b64("caller")]);
  });

  it("nothing of a sub-message that was rolled back", () => {
    const failing = wasm(inner, run(set("s", "gone"), { fail: { text: "no" } }));
    const executed = exec(
      run({ on_reply: { id: 8, op: run(ask(smart(inner, get("s")))) } }, send(sub(failing, "error", 8))),
    );
    expect(askedWithin(executed).map(answerOf)).toEqual([null]);
  });

  it("funds that came with the call", () => {
    const request = { bank: { balance: { address: outer.bech32, denom: "uscrt" } } };
    const executed = exec(run(ask(request)), { funds: [{ denom: "uscrt", amount: "17" }] });
    expect(askedWithin(executed).map(answerOf)).toEqual([{ amount: { denom: "uscrt", amount: "17" } }]);
  });

  it("contracts that the message has made, also through the host's services", () => {
    const create = {
      wasm: {
        instantiate: {
          admin: null,
          code_id: 1,
          code_hash: bytesToHex(outer.codeHash),
          msg: json64({ noop: {} }),
          send: [],
          label: "made just now",
          callback_sig: null,
        },
      },
    };
    hostAnswers({ kind: "ok", value: Uint8Array.of(1) });
    const stargate = { stargate: { path: "/secret.compute.v1beta1.Query/AddressByLabel", data: "" } };
    const bank = { bank: { all_balances: { address: "a" } } };
    const executed = exec(
      run({ on_reply: { id: 9, op: run(set("k", "v"), ...queries(stargate, bank)) } }, send(sub(create, "success", 9))),
    );
    expect(executed.log).toBe("");
    const [live, limited] = seen;
    const label = `07${bytesToHex(utf8ToBytes("made just now"))}`;
    expect(live?.pending.map(({ key }) => bytesToHex(key))).toContain(label);
    expect(live?.pending.every(({ key }) => key[0] !== 3)).toBe(true);
    expect(limited?.pending).toEqual([]);
  });

  it("the transaction and the block of its caller", () => {
    const executed = exec(run(ask(smart(inner, { echo_env: {} }))));
    const env = JSON.parse(askedWithin(executed).map(answerOf)[0] as string);
    expect(env.block.height).toBe(Number(chain.height));
    expect(env.transaction.index).toBe(0);
    expect(env.contract.address).toBe(inner.bech32);
  });
});

describe("contracts §4.6, §2.7: depth", () => {
  const nest = (n: number, last: unknown): unknown => (n === 0 ? last : smart(outer, ask(nest(n - 1, last))));
  const unwrap = (envelope: string): string => {
    const { Ok } = JSON.parse(envelope);
    return Ok?.Ok === undefined ? envelope : unwrap(JSON.parse(bytesToUtf8(base64ToBytes(Ok.Ok))));
  };

  it.each([
    ["a query", { custom: {} }],
    ["what is no query", "{"],
  ])("is told before %s is looked at, and costs nothing", (_, last) => {
    const deepest = (n: number) => unwrap(asked(nest(n, last)));
    expect(deepest(8)).toMatch(/unsupported_request|invalid_request/);
    expect(deepest(9)).toBe('{"Err":{"exceeded_recursion_limit":{}}}');
    expect(unwrap(askedWithin(exec(run(ask(nest(9, last)))))[0] as string)).toBe(
      '{"Err":{"exceeded_recursion_limit":{}}}',
    );
  });
});

describe("contracts §4.3, §4.6, §4.8: gas of queries", () => {
  const GAS = 500_000n;

  it("gives a query what the caller has left, and charges what it used, also of one that fails", () => {
    hostAnswers(ok("{}"), 5_000n);
    exec(run(ask({ bank: { all_balances: { address: "a" } } })), { gas: GAS });
    const [limited] = seen;
    expect(limited?.gasLimit).toBeLessThan(GAS - 20_000n);
    expect(limited?.gasLimit).toBeGreaterThan(GAS - 40_000n);
    const cost = (...ops: unknown[]) => exec(run({ gas_evaporate: { amount: 50_000 } }, ...ops)).outcome.gasUsed;
    const burn = { gas_evaporate: { amount: 30_000 } };
    const base = cost();
    for (const failing of [burn, run(burn, { fail: { text: "x" } }), run(burn, { unreachable: {} })]) {
      const more = cost(ask(smart(inner, failing))) - base;
      // 20,000 for the callee and what it burned; less a little, since queries lower the caller's own bill (§4.3).
      expect(more).toBeGreaterThan(49_000n);
      expect(more).toBeLessThan(53_000n);
    }
  });

  it("charges a callee whose answer traps the caller", () => {
    const burn = run({ gas_evaporate: { amount: 300_000 } }, { raw_output: { output: b64('{"Ok":"!"}') } });
    const { outcome } = exec(ask(smart(inner, burn)));
    expect(outcome.gasUsed).toBeGreaterThan(320_000n);
  });

  it("ends the caller when it runs out inside, whatever the caller thinks of it", () => {
    const endless = ask(smart(inner, { endless_loop: {} }));
    expect(exec(endless, { gas: GAS }).outcome.result.kind).toBe("outOfGas");
    const deep = ask(smart(outer, endless));
    expect(exec(run(set("k", "v"), deep), { gas: GAS }).outcome.result.kind).toBe("outOfGas");
    expect(chain.query(alice, outer, endless, GAS)).toMatch(/^out of gas: /);
    hostAnswers({ kind: "outOfGas", value: { location: "ReadFlat" } }, GAS);
    expect(chain.query(alice, outer, ask({ bank: { all_balances: { address: "a" } } }))).toBe(
      "Out of gas: query contract failed",
    );
  });

  it("runs queries of other kinds on the caller's own meter", () => {
    hostAnswers(ok("{}"), 5_000n);
    exec(run({ gas_evaporate: { amount: 100_000 } }, ask({ gov: { proposals: {} } })), { gas: GAS });
    // Gas that the caller has burned in wasm is not on the chain's meter yet.
    expect(seen[0]?.gasLimit).toBeGreaterThan(GAS - 30_000n);
    hostAnswers({ kind: "outOfGas", value: { location: "ReadFlat" } }, GAS);
    expect(exec(run(ask({ gov: { proposals: {} } })), { gas: GAS }).outcome.result).toEqual({
      kind: "outOfGas",
      value: { location: "ReadFlat" },
    });
  });
});

describe("contracts §6.2: a query changes nothing", () => {
  /** State of all contracts, to compare. */
  const entries = () =>
    [...chain.state.store].filter(([key]) => key.startsWith("03")).map(([key, value]) => `${key} ${bytesToHex(value)}`);
  const writers = [set("k", "v"), { remove: { key: b64("kept") } }, { set_many: { prefix: "", count: 5, size: 5 } }];
  const paths = (writer: unknown) => [
    smart(inner, writer),
    smart(outer, writer),
    smart(outer, ask(smart(inner, writer))),
    smart(inner, run(ask(smart(outer, ask(smart(inner, writer)))), { noop: {} })),
    { stargate: { path: "/secret.compute.v1beta1.Query/QuerySecretContract", data: "" } },
    { stargate: { path: "/secret.compute.v1beta1.MsgExecuteContract", data: "" } },
  ];

  it("from outside, in executes, in replies, however deep", () => {
    chain.execute(alice, inner, set("kept", "1"));
    exec(set("kept", "1"));
    const before = entries();
    for (const writer of writers) {
      for (const request of paths(writer)) {
        asked(request);
        expect(exec(run(ask(request))).ok).toBe(true);
        const replying = run(send(sub(wasm(inner, ask(request)), "success", 3)));
        expect(exec(replying).ok).toBe(true);
      }
    }
    const reply = entries().filter((entry) => !before.includes(entry));
    // What the caller keeps of its replies is its own.
    expect(reply.every((entry) => entry.startsWith(`03${bytesToHex(outer.address)}`))).toBe(true);
    expect(entries().filter((entry) => entry.startsWith(`03${bytesToHex(inner.address)}`))).toEqual(
      before.filter((entry) => entry.startsWith(`03${bytesToHex(inner.address)}`)),
    );
  });

  it("nor sends messages: a response with some is no answer", () => {
    const output = b64(JSON.stringify({ Ok: { messages: [], attributes: [], events: [], data: null } }));
    expect(asked(smart(inner, { raw_output: { output } }))).toBe(
      genericError("query: cannot detect response type: query contract failed"),
    );
  });
});

describe("contracts §4.6, §4.8: hostile queries", () => {
  it("that ask themselves for ever end by depth or gas", () => {
    // Each level asks its own contract twice, so that only gas and depth stop it.
    const twice = (n: number): unknown =>
      n === 0 ? { endless_loop: {} } : run(ask(smart(outer, twice(n - 1))), ask(smart(outer, twice(n - 1))));
    const before = process.cpuUsage();
    expect(chain.query(alice, outer, twice(4))).toMatch(/ut of gas/);
    const breadth = (n: number): unknown =>
      n === 0 ? { noop: {} } : run(...Array(2).fill(ask(smart(outer, breadth(n - 1)))));
    expect(chain.query(alice, outer, breadth(6))).not.toBe("");
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(60);
  });

  it("with huge requests and huge answers end in an answer or a known text", () => {
    const junk = "x".repeat(200_000);
    const answer = asked(`{"bank":{"${junk}":{}}}`);
    expect(JSON.parse(answer).Err.invalid_request.error).toHaveLength(
      `unknown variant \`${junk}\`, expected \`balance\` or \`all_balances\` at line 1 column 200011`.length,
    );
    for (const length of [100_000, 1_000_000, 3_000_000, 100_000_000]) {
      const text = chain.query(alice, outer, ask(smart(inner, { large_outcome: { length } })));
      expect(text.slice(0, 200)).toMatch(/^"\{|failed to allocate memory|the contract panicked|ut of gas/);
    }
  });
});
