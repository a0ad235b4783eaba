/** What contracts are given from the block: randomness with its counter, the salt of values, position and hash of the transaction. */
import { readFileSync } from "node:fs";
import { INTERFACE_VERSION } from "@sotto/boundary/messages";
import {
  base64ToBytes,
  bytesToBase64,
  bytesToHex,
  bytesToUtf8,
  concatBytes,
  u64be,
  utf8ToBytes,
} from "@sotto/common/bytes";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { Header } from "@sotto/common/wire/header";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { blockSeed } from "../src/block/blockRandom.ts";
import { deriveKeyTree, type KeyTree, PROTOCOL_SALT } from "../src/keys/keyTree.ts";
import { type Code, keysOf, migrate, migrateMessage } from "./adminMessages.ts";
import { renameExport, withMark } from "./engine/patchModule.ts";
import {
  type BuiltBlock,
  countingRandom,
  type ExecOutcome,
  Executed,
  type Instance,
  TestChain,
  testCrypto,
  Wallet,
} from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe_v2.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const json64 = (value: unknown) => b64(JSON.stringify(value));
const run = (...ops: unknown[]) => ({ run: { ops } });
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });
const get = (key: string) => ({ get: { key: b64(key) } });
const send = (...messages: unknown[]) => ({ send: { messages } });
const echo = run({ echo_env: {} }, set("k", "v"));

let chain: TestChain;
let alice: Wallet;
let keys: KeyTree;
let withoutFeature: Code;
let withFeature: Code;
/** Asks for randomness. */
let asking: Instance;
let plain: Instance;
let restore: () => void;

beforeAll(() => {
  chain = TestChain.start();
  const random = countingRandom();
  const bootNonce = random(32);
  expect(chain.call("info", { interfaceVersion: INTERFACE_VERSION }).bootNonce).toEqual(bootNonce);
  keys = deriveKeyTree(testCrypto, [random(32), random(32)]);
  expect(keys.last.ioExchange.publicKey).toEqual(chain.ioKey);
  alice = new Wallet(1);
  withoutFeature = chain.storeCode(renameExport(PROBE, "requires_random", "has_no_random__"));
  withFeature = chain.storeCode(PROBE);
  asking = chain.instantiate(alice, withFeature, { noop: {} }, { admin: alice.bech32 });
  plain = chain.instantiate(alice, withoutFeature, { noop: {} }, { admin: alice.bech32 });
  restore = chain.snapshot();
});

beforeEach(() => restore());

/** What the enclave derives all randomness of a block from, here computed from the network's seeds. */
function seedOf(block: BuiltBlock): Uint8Array {
  const header = Header.decode(block.header);
  const place = {
    chainId: chain.chainId,
    height: header.height,
    lastBlockHash: header.lastBlockId.hash,
    proposer: header.proposerAddress,
  };
  const blockHash = headerHash(testCrypto, header) as Uint8Array;
  return blockSeed(testCrypto, keys, place, { transaction: block.transactions[0], blockHash, oldestSeedId: 2 }).seed;
}

/** `env.block.random` as the protocol defines it. */
function expectedRandom(block: BuiltBlock, contractKey: Uint8Array, counter: number): string {
  const info = concatBytes(u64be(chain.height), contractKey, u64be(BigInt(counter)));
  return bytesToBase64(testCrypto.hkdfSha256(seedOf(block), PROTOCOL_SALT, info, 32));
}

type Env = {
  readonly block: { readonly random?: string };
  readonly transaction: { readonly index: number; readonly hash: string };
};

/** The environment that {@link echo} reports. */
const envOf = (data: string | undefined): Env => JSON.parse(JSON.parse(data as string)[0]);
/** Counter in the salt of the value that {@link echo} writes. */
function saltCounter({ writes }: ExecOutcome): number {
  const value = writes.find(({ key }) => key[0] === 3)?.value as Uint8Array;
  const salt = value.slice(8, 32);
  const view = new DataView(salt.buffer);
  expect([view.getBigUint64(0), view.getBigUint64(8)]).toEqual([chain.timeNs, chain.height]);
  return Number(view.getBigUint64(16));
}

/** Executes each message in a transaction of its own, all in one block. */
function inOneBlock(calls: readonly (readonly [Instance, unknown])[], gas?: bigint) {
  const messages = calls.map(([contract, message]) => chain.executeMessage(alice, contract, message));
  const txs = messages.map(({ any }) => alice.sign(chain.chainId, [any], gas === undefined ? {} : { gas }));
  const block = chain.build(txs);
  const results = chain.runBlock(
    block,
    txs.map(() => alice),
  );
  const executed = results.map(
    ({ outcomes }, i) => new Executed(outcomes[0] as ExecOutcome, messages[i]?.txKey as Uint8Array),
  );
  return { block, executed, txs };
}

describe("contracts §2.9, enclave §9.1, §9.3: randomness and its counter", () => {
  it.each([
    ["R, R, R", [0, 1, 2], [1, 2, 3]],
    ["N, R, N", [undefined, 0, undefined], [0, 1, 2]],
    ["R, N, R", [0, undefined, 2], [1, 2, 3]],
    ["N, N, R", [undefined, undefined, 1], [0, 1, 2]],
  ])("count the calls of a block: %s", (kinds, counters, salts) => {
    const contracts = kinds.split(", ").map((kind) => (kind === "R" ? asking : plain));
    const { block, executed } = inOneBlock(contracts.map((contract) => [contract, echo] as const));
    const key = keysOf(chain, asking).ogContractKey;
    expect(executed.map(({ data }) => envOf(data).block.random)).toEqual(
      counters.map((counter) => (counter === undefined ? undefined : expectedRandom(block, key, counter))),
    );
    expect(executed.map(({ outcome }) => saltCounter(outcome))).toEqual(salts);
  });

  it("start anew with each block, and differ from block to block", () => {
    const [first, second] = [inOneBlock([[asking, echo]]), inOneBlock([[asking, echo]])];
    const random = [first, second].map(({ executed }) => envOf(executed[0]?.data).block.random);
    expect(random[0]).not.toBe(random[1]);
    expect(random[1]).toBe(expectedRandom(second.block, keysOf(chain, asking).ogContractKey, 0));
    expect(saltCounter(second.executed[0]?.outcome as ExecOutcome)).toBe(1);
  });

  it("count calls whose code fails, and not those that fail before", () => {
    const wrongHash = { ...asking, codeHash: new Uint8Array(32) };
    const { executed } = inOneBlock([
      [asking, { fail: { text: "no" } }],
      [asking, { panic: { message: "x" } }],
      [wrongHash, { noop: {} }],
      [asking, echo],
    ]);
    expect(executed.map(({ ok }) => ok)).toEqual([false, false, false, true]);
    expect(saltCounter(executed[3]?.outcome as ExecOutcome)).toBe(3);
  });

  it("do not count queries, and show each of them one zero byte", () => {
    const smart = {
      wasm: {
        smart: {
          contract_addr: asking.bech32,
          callback_code_hash: bytesToHex(asking.codeHash),
          msg: json64({ echo_env: {} }),
        },
      },
    };
    const message = run({ echo_env: {} }, set("k", "v"), { query_chain: { request: JSON.stringify(smart) } });
    const { executed } = inOneBlock([
      [asking, message],
      [asking, echo],
    ]);
    expect(executed.map(({ outcome }) => saltCounter(outcome))).toEqual([1, 2]);
    const [, , answer] = JSON.parse(executed[0]?.data as string);
    const env = JSON.parse(JSON.parse(bytesToUtf8(base64ToBytes(JSON.parse(answer).Ok.Ok))));
    expect(env.block.random).toBe("AA==");
    for (const contract of [asking, plain]) {
      expect(JSON.parse(JSON.parse(chain.query(alice, contract, { echo_env: {} }))).block.random).toBe("AA==");
    }
  });

  it("reach instantiate with the key that it makes", () => {
    const { any, txKey } = chain.instantiateMessage(alice, withFeature, echo, { label: "born" });
    const tx = alice.sign(chain.chainId, [any]);
    const block = chain.build([tx]);
    const [result] = chain.runBlock(block, [alice]);
    const outcome = result?.outcomes[0] as ExecOutcome;
    const found = outcome.events.find(({ type }) => type === "instantiate")?.attributes;
    const bech32 = found?.find(({ key }) => key === "contract_address")?.value as string;
    expect(saltCounter(outcome)).toBe(1);
    const key = outcome.writes.find(({ key }) => key[0] === 6)?.key.slice(1) as Uint8Array;
    const random = expectedRandom(block, keysOf(chain, { ...asking, address: key, bech32 }).ogContractKey, 0);
    // The response's first field is the address, its second the data.
    const response = outcome.result.kind === "ok" ? outcome.result.value : new Uint8Array(0);
    const data = response.slice(2 + bech32.length + 2);
    const envelope = testCrypto.aesSivDecrypt(txKey, [new Uint8Array(0)], data.length > 200 ? data.slice(1) : data);
    expect(envOf(bytesToUtf8(base64ToBytes(bytesToUtf8(envelope as Uint8Array)))).block.random).toBe(random);
  });

  it("reach migrate, and all calls after it, with the new key", () => {
    const code = chain.storeCode(withMark(PROBE, "second"));
    const { any, txKey } = migrateMessage(chain, alice, asking, { code, message: echo });
    const block = chain.build([alice.sign(chain.chainId, [any])]);
    const [result] = chain.runBlock(block, [alice]);
    const { ogContractKey, currentContractKey } = keysOf(chain, asking);
    const migrated = new Executed(result?.outcomes[0] as ExecOutcome, txKey);
    expect(envOf(migrated.data).block.random).toBe(expectedRandom(block, currentContractKey, 0));
    const after = inOneBlock([[{ ...asking, ...code }, echo]]);
    const { random } = envOf(after.executed[0]?.data).block;
    expect(random).toBe(expectedRandom(after.block, currentContractKey, 0));
    expect(random).not.toBe(expectedRandom(after.block, ogContractKey, 0));
  });

  it("come and go with the feature of the code", () => {
    const { contract, data } = migrate(chain, alice, plain, { code: withFeature, message: echo });
    expect(envOf(data()).block.random).toMatch(/^[\w+/]{43}=$/);
    const back = migrate(chain, alice, contract, { code: withoutFeature, message: echo });
    expect(envOf(back.data()).block).not.toHaveProperty("random");
  });

  it("reach the calls of a tree one after the other, replies included", () => {
    const message = (contract: Instance, msg: unknown) => ({
      wasm: {
        execute: {
          contract_addr: contract.bech32,
          code_hash: bytesToHex(contract.codeHash),
          msg: json64(msg),
          send: [],
        },
      },
    });
    const child = { id: 7, msg: message(plain, { noop: {} }), gas_limit: null, reply_on: "always" };
    const { block, executed } = inOneBlock([
      [asking, run({ on_reply: { id: 7, op: { echo_env: {} } } }, send(child))],
      [asking, echo],
    ]);
    // Execute, execute of the other, reply: 0 to 2; then the next transaction.
    const key = keysOf(chain, asking).ogContractKey;
    const reply: Env = JSON.parse(JSON.parse(executed[0]?.data as string));
    expect(reply.block.random).toBe(expectedRandom(block, key, 2));
    expect(envOf(executed[1]?.data).block.random).toBe(expectedRandom(block, key, 3));
  });
});

describe("contracts §4.7, §5.1, enclave §10.1, chain §2.17: position and hash of the transaction", () => {
  it("are the same for 150 contract transactions in one block, none of which fails for its place", () => {
    const { executed, txs } = inOneBlock(Array.from({ length: 150 }, () => [plain, echo] as const));
    expect(executed.map(({ code }) => code)).toEqual(executed.map(() => "ok"));
    expect(executed.map(({ data }) => envOf(data).transaction)).toEqual(
      txs.map((tx, index) => ({ index, hash: bytesToHex(testCrypto.sha256(tx)).toUpperCase() })),
    );
    expect(saltCounter(executed[149]?.outcome as ExecOutcome)).toBe(149);
  });

  it("show the depth on top of the position to nested calls and replies, at any place in the block", () => {
    const execute = (msg: unknown) => ({
      wasm: {
        execute: { contract_addr: plain.bech32, code_hash: bytesToHex(plain.codeHash), msg: json64(msg), send: [] },
      },
    });
    const child = (msg: unknown) => ({ id: 7, msg: execute(msg), gas_limit: null, reply_on: "always" });
    const nested = run(
      { on_reply: { id: 7, op: { echo_env: {} } } },
      send(child(run({ on_reply: { id: 7, op: { echo_env: {} } } }, send(child({ echo_env: {} }))))),
    );
    const first = Array.from({ length: 120 }, () => [plain, { noop: {} }] as const);
    const { executed } = inOneBlock([...first, [asking, nested]]);
    const last = executed[120] as Executed;
    expect(last.code).toBe("ok");
    const reply: Env = JSON.parse(JSON.parse(last.data as string));
    expect(reply.transaction.index).toBe(121);
    // What `plain` was told by the innermost call, and said in its own reply.
    const told = (contract: Instance) => {
      const stored = JSON.parse(chain.query(alice, contract, get("reply/7")));
      const { data } = JSON.parse(bytesToUtf8(base64ToBytes(stored))).result.ok;
      return JSON.parse(JSON.parse(bytesToUtf8(base64ToBytes(data)))).transaction.index;
    };
    expect([told(plain), told(asking)]).toEqual([122, 122]);
  });

  it("leave 100 levels of calls to the last transaction of a full block", () => {
    const execute = (msg: unknown) => ({
      wasm: {
        execute: { contract_addr: plain.bech32, code_hash: bytesToHex(plain.codeHash), msg: json64(msg), send: [] },
      },
    });
    const again = send({ id: 99, msg: execute({ noop: {} }), gas_limit: null, reply_on: "always" });
    const deep = run({ on_reply: { id: 99, op: again } }, again);
    const first = Array.from({ length: 110 }, () => [plain, { noop: {} }] as const);
    const { executed } = inOneBlock([...first, [asking, deep]], 100_000_000n);
    expect(executed[110]?.log).toContain("max call depth exceeded");
    expect(executed[110]?.log.split("reply to contract failed").length).toBe(100);
  });
});

describe("contracts §2.8, §4.9: evaporate and check_gas", () => {
  const gas = (message: unknown) => chain.execute(alice, plain, message, { gas: 9_000_000n }).outcome.gasUsed;
  const evaporate = (amount: number) => gas({ gas_evaporate: { amount } });

  it("climb as the ladder of the protocol does", () => {
    // Texts of one length, so that only the import makes a difference.
    const ladder = [1_000, 1_001, 1_193, 9_999].map((amount) => evaporate(amount));
    const first = ladder[0] as bigint;
    expect(ladder.map((used) => used - first)).toEqual([0n, 1n, 193n, 8_999n]);
  });

  it("take 8 S at least", () => {
    const ladder = [1, 7, 8, 9].map((amount) => evaporate(amount));
    const first = ladder[0] as bigint;
    expect(ladder.map((used) => used - first)).toEqual([0n, 0n, 0n, 1n]);
  });

  it("run out of gas beyond 2^31, whatever there is", () => {
    const { log } = chain.execute(alice, plain, { gas_evaporate: { amount: 0x8000_0000 } }, { gas: 9_000_000n });
    expect(log).toBe("out of gas: wasm contract");
  });

  it("show a call its own gas, in which storage does not appear", () => {
    const checked = (...ops: unknown[]) => {
      const { data } = chain.execute(alice, plain, run(...ops, { check_gas: {} }), { gas: 9_000_000n });
      return JSON.parse(data as string).at(-1) as number;
    };
    const base = checked({ gas_evaporate: { amount: 8_000 } });
    expect(checked({ gas_evaporate: { amount: 9_000 } }) - base).toBe(1_000);
    expect(chain.execute(alice, plain, set("k", "v")).code).toBe("ok");
    // 1000 W for the read and a little work; its 234 S on the chain's meter are not seen.
    expect(checked(get("k")) - checked({ noop: {} })).toBeLessThan(40);
  });
});

describe("contracts §5.5, enclave §3.2: plaintext attributes", () => {
  it("stay as they are, beside encrypted ones, in attributes and in events", () => {
    const attribute = (key: string, plaintext?: boolean) => ({
      attribute: { key, value: `value of ${key}`, ...(plaintext === undefined ? {} : { plaintext }) },
    });
    const event = {
      event: {
        type: "seen",
        attributes: [
          { key: "open", value: "1", encrypted: false },
          { key: "closed", value: "2", encrypted: true },
        ],
      },
    };
    const executed = chain.execute(
      alice,
      plain,
      run(attribute("a", true), attribute("b", false), attribute("c"), attribute("d", true), event),
    );
    const raw = executed.outcome.events.flatMap(({ attributes }) => attributes.map(({ key }) => key));
    expect(raw.filter((key) => /^(a|b|c|d|open|closed)$/.test(key))).toEqual(["a", "d", "open"]);
    expect(executed.events.slice(2)).toEqual([
      `wasm contract_address=${plain.bech32} a=value of a b=value of b c=value of c d=value of d`,
      `wasm-seen contract_address=${plain.bech32} open=1 closed=2`,
    ]);
  });
});
