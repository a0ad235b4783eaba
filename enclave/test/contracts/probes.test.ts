/** The probes of both versions together, through the enclave: messages, replies, queries, migration, outputs of great size. */
import { base64ToBytes, bytesToHex, bytesToUtf8 } from "@sotto/common/bytes";
import { beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../adminMessages.ts";
import { type Instance, TestChain, Wallet } from "../harness.ts";
import { b64, rustWasm } from "./rustContract.ts";

let chain: TestChain;
let alice: Wallet;
let v1: Instance;
let v010: Instance;

const exec = (contract: Instance, message: unknown) => chain.execute(alice, contract, message, { gas: 9_000_000n });
const stored = (contract: Instance, key: string): string | null => {
  const value = JSON.parse(chain.query(alice, contract, { get: { key: b64(key) } }));
  return value === null ? null : bytesToUtf8(base64ToBytes(value));
};
const set = (value: string) => ({ set: { key: b64("told"), value: b64(value) } });
const itself = (contract: Instance, times: number) => ({
  contract_addr: contract.bech32,
  code_hash: bytesToHex(contract.codeHash),
  times,
});
const message = (contract: Instance, msg: unknown, hash: "code_hash" | "callback_code_hash") => ({
  wasm: {
    execute: {
      contract_addr: contract.bech32,
      [hash]: bytesToHex(contract.codeHash),
      msg: b64(JSON.stringify(msg)),
      send: [],
    },
  },
});
const fromV010 = (to: Instance, msg: unknown) => ({ send_raw: { messages: [message(to, msg, "callback_code_hash")] } });
const fromV1 = (to: Instance, msg: unknown, reply_on: string) => ({
  send_raw: { messages: [{ id: 7, msg: message(to, msg, "code_hash"), gas_limit: null, reply_on }] },
});

beforeAll(() => {
  chain = TestChain.start();
  alice = new Wallet(1);
  v1 = chain.instantiate(alice, chain.storeCode(rustWasm("probe")), { noop: {} }, { admin: alice.bech32 });
  v010 = chain.instantiate(alice, chain.storeCode(rustWasm("probe_v010")), { noop: {} });
});

describe("contracts §7: probes of both versions", () => {
  it("execute each other", () => {
    expect(exec(v010, fromV010(v1, set("by v0.10"))).code).toBe("ok");
    expect(stored(v1, "told")).toBe("by v0.10");
    expect(exec(v1, fromV1(v010, set("by v1"), "never")).code).toBe("ok");
    expect(stored(v010, "told")).toBe("by v1");
  });

  it("tell a v1 contract in its reply what the v0.10 one answered", () => {
    expect(exec(v1, fromV1(v010, { set_data: { data: b64("data") } }, "always")).code).toBe("ok");
    expect(JSON.parse(stored(v1, "reply/7") as string)).toMatchObject({ id: 7, result: { ok: { data: b64("data") } } });
    const error = { underflow: { minuend: "1", subtrahend: "2" } };
    expect(exec(v1, fromV1(v010, { fail_with: { error } }, "always")).code).toBe("ok");
    const { result } = JSON.parse(stored(v1, "reply/7") as string);
    expect(JSON.parse(result.error)).toEqual(error);
  });

  it("fail with what the other one failed", () => {
    const failed = exec(v010, fromV010(v1, { fail: { text: "no" } }));
    expect([failed.code, failed.error]).toEqual(["compute/3", "no"]);
  });
});

describe("contracts §4.6, §4.7: a probe that calls itself", () => {
  it.each([["v1"], ["v0.10"]])("is stopped at message depth 100 (%s)", (version) => {
    const contract = version === "v1" ? v1 : v010;
    expect(exec(contract, { execute_again: itself(contract, 20) }).code).toBe("ok");
    const endless = exec(contract, { execute_again: itself(contract, 1000) });
    expect(endless.log.endsWith("max call depth exceeded")).toBe(true);
  });

  it.each([["v1"], ["v0.10"]])("is stopped at query depth 10 (%s)", (version) => {
    const contract = version === "v1" ? v1 : v010;
    let answer = JSON.parse(chain.query(alice, contract, { query_again: itself(contract, 1000) }));
    let depth = 1;
    for (let parsed = JSON.parse(answer); parsed.Ok !== undefined; parsed = JSON.parse(answer)) {
      answer = JSON.parse(bytesToUtf8(base64ToBytes(parsed.Ok.Ok)));
      depth += 1;
    }
    expect([depth, answer]).toEqual([10, '{"Err":{"exceeded_recursion_limit":{}}}']);
  });
});

describe("contracts §3.1, §6.8: a probe and its second version", () => {
  it("keeps its state, and asks for random from then on", () => {
    const contract = chain.instantiate(alice, { codeId: v1.codeId, codeHash: v1.codeHash }, set("kept"), {
      admin: alice.bech32,
    });
    const random = (instance: Instance) =>
      JSON.parse(JSON.parse(exec(instance, { echo_env: {} }).data as string)).block.random;
    expect(random(contract)).toBeUndefined();
    const migrated = migrate(chain, alice, contract, {
      code: chain.storeCode(rustWasm("probe_v2")),
      message: { version: {} },
    });
    expect(migrated.data()).toBe('"probe v1, second version"');
    expect(stored(migrated.contract, "told")).toBe("kept");
    expect(random(migrated.contract)).toMatch(/^[\w+/]{43}=$/);
  });
});

describe("contracts §5.2, §6.3: outputs of great size", () => {
  const output = (field: string, body: string, count: number) => {
    const [head, tail] = `{"Ok":{"messages":[],"attributes":[],"events":[],"data":null}}`
      .replace(`"${field}":[`, `"${field}":[${body}|`)
      .split("|") as [string, string];
    return { raw_output_of: { head, body: `,${body}`, count: count - 1, tail } };
  };
  const attribute = JSON.stringify({ key: "k", value: "x".repeat(1000), encrypted: false });

  it("end in an answer, and the next call runs", () => {
    for (const [field, body, count] of [
      ["attributes", attribute, 10_000],
      ["messages", JSON.stringify({ id: 0, msg: { custom: {} }, gas_limit: null, reply_on: "never" }), 100_000],
    ] as const) {
      const { outcome } = exec(v1, output(field, body, count));
      expect(["ok", "failed", "outOfGas"]).toContain(outcome.result.kind);
      expect(exec(v1, { noop: {} }).code).toBe("ok");
    }
  });

  it("of small size arrive whole", () => {
    const { events } = exec(v1, output("attributes", attribute, 3));
    expect(events.find((event) => event.startsWith("wasm "))?.match(/k=x{1000}/g)).toHaveLength(3);
  });
});
