/** Sub-messages and replies at their edges: what is redacted, what is visible, what no host can send (contracts §6, enclave §7). */
import { readFileSync } from "node:fs";
import { ECALLS } from "@sotto/boundary/messages";
import {
  base64ToBytes,
  bytesToBase64,
  bytesToHex,
  bytesToUtf8,
  concatBytes,
  u64be,
  utf8ToBytes,
} from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import {
  MsgClearAdmin,
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgMigrateContract,
  MsgUpdateAdmin,
} from "@sotto/common/wire/compute";
import { beforeAll, describe, expect, it } from "vitest";
import { assemble } from "./engine/assemble.ts";
import { ALLOCATE } from "./engine/testContract.ts";
import {
  decrypt,
  type ExecOutcome,
  Executed,
  type Instance,
  type MessageOptions,
  TestChain,
  testCrypto,
  Wallet,
} from "./harness.ts";
import { v010Contract } from "./v010Contract.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const COIN = { denom: "uscrt", amount: "1" };

type Network = {
  readonly chain: TestChain;
  readonly alice: Wallet;
  readonly outer: Instance;
  readonly inner: Instance;
};
function network(chainId: string): Network {
  const chain = TestChain.start({ chainId });
  const alice = new Wallet(1);
  chain.fund(alice.address, 1_000_000n);
  const code = chain.storeCode(PROBE);
  const outer = chain.instantiate(alice, code, { noop: {} }, { label: "outer" });
  return { chain, alice, outer, inner: chain.instantiate(alice, code, { noop: {} }, { label: "inner" }) };
}

let development: Network;
let strict: Network;
beforeAll(() => {
  development = network("secretdev-1");
  strict = network("secret-4");
});

const run = (...ops: unknown[]) => ({ run: { ops } });
const sub = (msg: unknown, reply_on = "never", id = 1, gas_limit: number | null = null) => ({
  id,
  msg,
  gas_limit,
  reply_on,
});
/** The output of a v1 contract, past the contract's library. */
const emit = (...messages: unknown[]) => ({
  raw_output: { output: b64(JSON.stringify({ Ok: { messages, attributes: [], events: [] } })) },
});
const wasm = (contract: Instance, msg: unknown) => ({
  wasm: {
    execute: {
      contract_addr: contract.bech32,
      code_hash: bytesToHex(contract.codeHash),
      msg: b64(JSON.stringify(msg)),
      send: [],
    },
  },
});
const exec = ({ chain, alice, outer }: Network, message: unknown, options?: MessageOptions) =>
  chain.execute(alice, outer, message, options ?? {});
function told({ chain, alice, outer }: Network, id: number) {
  const stored = JSON.parse(chain.query(alice, outer, { get: { key: b64(`reply/${id}`) } }));
  return stored === null ? undefined : JSON.parse(bytesToUtf8(base64ToBytes(stored)));
}
const redacted = (codespace: string, code: number) =>
  `the error was redacted (codespace: ${codespace}, code: ${code}). For more info use latest localsecret and reproduce the issue`;

describe("contracts §6.4, enclave §7.6, §7.7: failures that replies tell", () => {
  it.each([
    ["custom", { custom: {} }, "compute", 10],
    ["a burn", { bank: { burn: { amount: [COIN] } } }, "compute", 10],
    ["an unknown type", { stargate: { type_url: "/a.b.C", value: "" } }, "sdk", 6],
    ["a packet", { ibc: { send_packet: { channel_id: "c", data: "", timeout: {} } } }, "compute", 17],
    ["a bad address", { bank: { send: { to_address: "x", amount: [COIN] } } }, "sdk", 7],
    ["no coins", { bank: { send: { to_address: "", amount: [{ ...COIN, amount: "99999999999" }] } } }, "sdk", 7],
    ["a vote", { gov: { vote: { proposal_id: 1, vote: "no" } } }, "sdk", 6],
  ])("of other modules are redacted, but on development networks: %s", (_, message, codespace, code) => {
    expect(exec(strict, emit(sub(message, "error", 30))).log).toBe("");
    expect(told(strict, 30)).toEqual({ id: 30, result: { error: redacted(codespace, code) } });
    expect(exec(development, emit(sub(message, "error", 30))).log).toBe("");
    expect(told(development, 30).result.error).not.toContain("redacted");
  });

  it.each([
    ["a trap", (to: Instance) => wasm(to, { unreachable: {} }), "compute", 3],
    ["no contract", (to: Instance) => wasm({ ...to, bech32: strict.alice.bech32 }, {}), "compute", 9],
    ["a wrong code hash", (to: Instance) => wasm({ ...to, codeHash: new Uint8Array(32) }, {}), "compute", 3],
    ["a failure further down", (to: Instance) => wasm(to, emit(sub(wasm(to, { fail: { text: "x" } })))), "compute", 3],
  ])("of contracts are nobody's to catch unless the contract said so itself: %s", (_, message, codespace, code) => {
    for (const replyOn of ["error", "always"]) {
      const executed = exec(strict, emit(sub(message(strict.inner), replyOn, 31)));
      expect([executed.code, executed.log]).toEqual([
        "undefined/1",
        `dispatch: submessages: an sdk error occurred while sending a sub-message: ${redacted(codespace, code)}`,
      ]);
    }
    expect(told(strict, 31)).toBeUndefined();
  });

  it("of a gas limit are redacted for other modules too, and the whole limit is charged", () => {
    const send = (amount: string) => ({
      bank: { send: { to_address: strict.alice.bech32, amount: [{ ...COIN, amount }] } },
    });
    strict.chain.fund(strict.outer.address, 5n);
    expect(exec(strict, emit(sub(send("1"), "always", 32, 1_999))).log).toBe("");
    expect(told(strict, 32)).toEqual({ id: 32, result: { error: redacted("sdk", 11) } });
    expect(exec(strict, emit(sub(send("1"), "always", 33, 2_000))).log).toBe("");
    expect(told(strict, 33)).toEqual({ id: 33, result: { ok: { events: [], data: null } } });
  });

  it("that begin like a contract's own error pass for one (chain §2.11)", () => {
    const text = "encrypted: in clear: execute contract failed";
    const bank = { bank: { send: { to_address: text, amount: [COIN] } } };
    expect(exec(strict, emit(sub(bank, "error", 34))).log).toBe("");
    expect(told(strict, 34)).toEqual({ id: 34, result: { error: "in clear: invalid address" } });
    const call = wasm({ ...strict.inner, bech32: text }, {});
    expect(exec(strict, emit(sub(call, "error", 35))).log).toBe(
      "dispatch: submessages: when sending a reply both InternaReplyEnclaveSig and InternalMsgId are expected to be initialized",
    );
  });
});

describe("contracts §5.1, §4.7, chain §2.17: the position that nested calls see", () => {
  it("is the transaction's plus the depth, and replies are a level deeper than who gets them", () => {
    const { chain, alice, outer, inner } = development;
    const echo = { echo_env: {} };
    const twice = emit(sub(wasm(inner, echo), "always", 40));
    const remember = { on_reply: { id: 41, op: run({ echo_env: {} }) } };
    const messages = [echo, run(remember, { send: { messages: [sub(wasm(outer, twice), "always", 41)] } })];
    const sent = messages.map((message) => chain.executeMessage(alice, outer, message));
    const results = chain.block(...sent.map(({ any }) => [alice, alice.sign(chain.chainId, [any])] as const));
    const indexOf = (data: string) => JSON.parse(data).transaction.index;
    const first = new Executed(results[0]?.outcomes[0] as ExecOutcome, sent[0]?.txKey as Uint8Array);
    expect(indexOf(JSON.parse(first.data as string))).toBe(0);
    // The second transaction, index 1: outer, outer again at depth 1, inner at depth 2; the reply about it at depth 2.
    expect(indexOf(JSON.parse(bytesToUtf8(base64ToBytes(told(development, 40).result.ok.data))))).toBe(3);
    const second = new Executed(results[1]?.outcomes[0] as ExecOutcome, sent[1]?.txKey as Uint8Array);
    expect(indexOf(JSON.parse(second.data as string)[0])).toBe(2);
  });

  it("is no depth: contracts in the hundredth transaction call as others do", () => {
    const { chain, alice, outer, inner } = development;
    const sent = Array.from({ length: 102 }, () =>
      chain.executeMessage(alice, outer, emit(sub(wasm(inner, { noop: {} })))),
    );
    const results = chain.block(...sent.map(({ any }) => [alice, alice.sign(chain.chainId, [any])] as const));
    expect(results.every(({ kept }) => kept)).toBe(true);
  });
});

describe("contracts §6.5, chain §2.10: events", () => {
  const eventsOf = (event: unknown) => ({
    raw_output: { output: b64(JSON.stringify({ Ok: { messages: [], attributes: [], events: [event] } })) },
  });
  const plain = (key: string, value: string) => ({ key, value, encrypted: false });

  it("are trimmed as the chain trims, which is not as JavaScript does", () => {
    const event = {
      type: "\u0085\u3000 kind\t",
      attributes: [plain("\u2029k\u00a0", "\ufeff"), plain("k", "\u0085v")],
    };
    expect(exec(development, eventsOf(event)).events.at(-1)).toBe(
      `wasm-kind contract_address=${development.outer.bech32} k=\ufeff k=v`,
    );
  });

  it.each([
    [{ type: " ab ", attributes: [] }, "Event type too short: 'ab'"],
    [{ type: "kind", attributes: [plain(" ", "v")] }, "Empty attribute key. Value: v"],
    [{ type: "kind", attributes: [plain("k", "\u0085")] }, "Empty attribute value. Key: k"],
    [{ type: "kind", attributes: [plain("_k", "v")] }, "Attribute key starts with reserved prefix _: '_k'"],
  ])("are refused with the whole call: %o", (event, text) => {
    const executed = exec(development, eventsOf(event));
    expect([executed.code, executed.log]).toEqual(["compute/21", `dispatch: ${text}: invalid event`]);
  });

  it("may be short in another alphabet: bytes count", () => {
    expect(exec(development, eventsOf({ type: "éé", attributes: [] })).events.at(-1)).toMatch(/^wasm-éé /);
  });
});

describe("contracts §5.1, chain §2.9: coins of other chains' tokens", () => {
  it("are neither moved nor shown, and then found missing", () => {
    const { chain, alice, outer } = development;
    const denom = "cw20:token";
    chain.fund(alice.address, 10n, denom);
    const executed = exec(development, { noop: {} }, { funds: [{ denom, amount: "5" }] });
    expect(executed.log).toBe(
      "Execution error: Enclave: failed to verify transaction signature: execute contract failed",
    );
    expect(chain.balance(outer.address, denom)).toBe(0n);
  });
});

describe("contracts §4.3, §4.4, §4.5: gas of v0.10 contracts", () => {
  /** Writes ten bytes under a key of three, which is all it does. */
  const WRITER = assemble({
    imports: [["env", "db_write", [["i32", "i32"], []]]],
    memory: [1],
    globals: [["i32", true, 4096]],
    functions: [
      ALLOCATE,
      { name: "deallocate", type: [["i32"], []], code: "" },
      { name: "cosmwasm_vm_version_3", type: [[], []], code: "" },
      ...["init", "handle"].map((name) => ({
        name,
        type: [["i32", "i32"], ["i32"]] as const,
        code: "i32.const 16 i32.const 32 call 0 i32.const 48",
      })),
      { name: "query", type: [["i32"], ["i32"]], code: "local.get 0" },
    ],
    data: [
      [16, Uint8Array.of(64, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0)],
      [32, Uint8Array.of(80, 0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0)],
      [48, Uint8Array.of(96, 0, 0, 0, 31, 0, 0, 0, 31, 0, 0, 0)],
      [64, "cnt"],
      [80, "0123456789"],
      [96, '{"Ok":{"messages":[],"log":[]}}'],
    ],
  });

  it("are by the same rules: two arguments, and what writes cost is given back to handle alone", () => {
    const chain = TestChain.start();
    const alice = new Wallet(1);
    const code = chain.storeCode(WRITER);
    const storedLength = (...key: Uint8Array[]) =>
      BigInt((chain.state.store.get(bytesToHex(concatBytes(...key))) as Uint8Array).length);
    const contract = chain.instantiate(alice, code, {});
    const loading =
      20_000n +
      (100n + 21n + storedLength(Uint8Array.of(2), contract.address)) +
      (100n + 9n + storedLength(Uint8Array.of(1), u64be(code.codeId))) +
      (100n + 9n + 32n) +
      (100n + 21n + storedLength(Uint8Array.of(6), contract.address));
    const flush = 100n + 200n + 5n * (65n + 3n + (56n + 10n));
    // Two allocations of 32 W, four instructions, 2000 W for the write: 2072 W.
    expect(chain.execute(alice, contract, {}).outcome.gasUsed - loading).toBe(flush + 3n);
    const { any } = chain.instantiateMessage(alice, code, {}, { label: "five5" });
    const outcome = chain.block([alice, alice.sign(chain.chainId, [any])])[0]?.outcomes[0] as ExecOutcome;
    const sets = outcome.writes.reduce((sum, { key, value }) => {
      return value === undefined ? sum : sum + 200n + 5n * BigInt(key.length + value.length);
    }, 0n);
    const reads =
      100n +
      6n +
      (100n + 15n + 8n) +
      (100n + 9n + storedLength(Uint8Array.of(1), u64be(code.codeId))) +
      (100n + 9n + 32n);
    // 50000 W more: the flush deletes the key of the old format first.
    expect(outcome.gasUsed).toBe(20_000n + reads + sets + 100n + 53n);
  });
});

describe("enclave §2.2, §7.3, §7.4: a client that says somebody waits", () => {
  const HASH = "ab".repeat(32);
  const header = (id: bigint) => concatBytes(utf8ToBytes("REPLY01"), u64be(id), utf8ToBytes(HASH));
  const ask = (contract: Instance, message: unknown) => {
    const { chain, alice } = development;
    const json = utf8ToBytes(JSON.stringify(message));
    const { any, txKey } = chain.executeMessage(alice, contract, concatBytes(header(7n), header(9n), json));
    const outcome = chain.block([alice, alice.sign(chain.chainId, [any])])[0]?.outcomes[0] as ExecOutcome;
    return { outcome, txKey };
  };
  const infoOf = (contract: Instance, message: unknown) => {
    const { outcome, txKey } = ask(contract, message);
    if (outcome.result.kind !== "ok") throw new Error("failed");
    const info = JSON.parse(bytesToUtf8(MsgExecuteContractResponse.decode(outcome.result.value).data));
    const open = (text: string) => decrypt(txKey, base64ToBytes(text));
    expect(base64ToBytes(info.internal_reply_enclave_sig)).toHaveLength(32);
    return { id: open(info.internal_msg_id), data: info.data === undefined ? undefined : open(info.data) };
  };

  it("is answered as if somebody did", () => {
    const { outer } = development;
    const next = bytesToUtf8(header(9n));
    expect(infoOf(outer, { set_data: { data: b64("x") } })).toEqual({ id: `${HASH}${next}7`, data: HASH + b64("x") });
    expect(infoOf(outer, { set_data: { data: null } })).toEqual({ id: `${HASH}${next}7`, data: undefined });
    const { outcome, txKey } = ask(outer, { fail: { text: "no" } });
    expect(new Executed(outcome, txKey).error).toBe(`${HASH}no`);
  });

  it("by a v0.10 contract with the nearest alone", () => {
    const { chain, alice } = development;
    const result = (data: string | null) => ({ Ok: { messages: [], log: [], data } });
    const old = chain.instantiate(alice, chain.storeCode(v010Contract()), result(null));
    expect(infoOf(old, result(b64("x")))).toEqual({ id: `${HASH}7`, data: HASH + b64("x") });
  });
});

describe("consensus §5: T12, forged and repeated callbacks; T13, replies that a host makes", () => {
  /** The tag that the protocol gives a message from contract to contract (enclave §6.7), for any secret that might be guessed. */
  const tags = (message: Uint8Array) =>
    [new Uint8Array(32), new Uint8Array(32).fill(5)].map((secret) =>
      testCrypto.sha256(concatBytes(secret, message, utf8ToBytes("[]"))),
    );

  it("no message of a transaction is believed for its callback signature, whoever it names", () => {
    const { chain, alice, outer, inner } = development;
    const { bytes: input } = alice.encrypt(chain.ioKey, chain.plaintext(outer.codeHash, { noop: {} }));
    for (const callbackSig of tags(input.subarray(64))) {
      for (const sender of [alice, inner]) {
        const { address: contract, bech32, codeId } = outer;
        const from = sender.bech32;
        const anys = [
          packAny(MsgExecuteContract, {
            ...MsgExecuteContract.zero,
            sender: sender.address,
            contract,
            msg: input,
            callbackSig,
          }),
          packAny(MsgInstantiateContract, {
            ...MsgInstantiateContract.zero,
            sender: sender.address,
            codeId,
            label: "forged",
            initMsg: input,
            callbackSig,
          }),
          packAny(MsgMigrateContract, {
            ...MsgMigrateContract.zero,
            sender: from,
            contract: bech32,
            codeId,
            msg: input,
            callbackSig,
          }),
          packAny(MsgUpdateAdmin, {
            ...MsgUpdateAdmin.zero,
            sender: from,
            contract: bech32,
            newAdmin: inner.bech32,
            callbackSig,
          }),
          packAny(MsgClearAdmin, { ...MsgClearAdmin.zero, sender: from, contract: bech32, callbackSig }),
        ];
        for (const any of anys) {
          const outcome = chain.block([alice, alice.sign(chain.chainId, [any])])[0]?.outcomes[0] as ExecOutcome;
          expect([any.typeUrl, outcome.result.kind, outcome.writes]).toEqual([any.typeUrl, "failed", []]);
        }
      }
    }
  });

  it("nothing that a host can ask for carries a reply, a sender, funds or an environment (enclave §6.9)", () => {
    expect(Object.keys(ECALLS).filter((name) => /reply|handle|callback|ibc|sudo/i.test(name))).toEqual([]);
    const fields = /\b(callback|reply|sender|funds|env|depth|handleType)\b/i;
    for (const [name, { request }] of Object.entries(ECALLS)) expect(request.shape, name).not.toMatch(fields);
  });

  it("a reply as an input is a message like any other", () => {
    const { chain, alice, outer } = development;
    const reply = { id: 1, result: { ok: { events: [], data: null } } };
    const executed = chain.execute(alice, outer, reply);
    expect(executed.code).toBe("compute/3");
    expect(told(development, 1)).toBeUndefined();
  });
});
