import { readFileSync } from "node:fs";
import { encodeBech32 } from "@sotto/common/bech32";
import { base64ToBytes, bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import { describe, expect, test } from "vitest";
import type { ContractModule, EngineOutcome, EntryPoint } from "../../src/engine/engine.ts";
import { call, errorText, newEngine, openCode, storeImports, type TestStore, used } from "./testContract.ts";

const [ALICE, BOB, CONTRACT] = [1, 2, 3].map((n) => encodeBech32("secret", new Uint8Array(20).fill(n)));
const json = (value: unknown): Uint8Array => utf8ToBytes(JSON.stringify(value));
const ENV = json({
  block: { height: 12, time: "1580310600000000001", chain_id: "secretdev-1", random: `${"A".repeat(43)}=` },
  transaction: null,
  contract: { address: CONTRACT, code_hash: "a".repeat(64) },
});

function load(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../../contracts/wasm/${name}.wasm`, import.meta.url)));
}

class Contract {
  readonly engine = newEngine();
  readonly store: TestStore = new Map();
  readonly module: ContractModule;

  constructor(name: string) {
    const code = load(name);
    this.engine.checkCode(code);
    this.module = openCode(this.engine, code, true);
  }

  run(entry: EntryPoint, message: unknown, sender = ALICE, gasLimit = 10_000_000_000n): EngineOutcome {
    const info = json({ sender, funds: [] });
    return this.engine.run(
      this.module,
      call(entry, { env: ENV, info, msg: json(message), gasLimit, imports: storeImports(this.store) }),
    );
  }

  /** What the contract answered, as JSON. */
  answer(entry: EntryPoint, message: unknown, sender = ALICE): Record<string, unknown> {
    const outcome = this.run(entry, message, sender);
    expect(errorText(outcome)).toBeUndefined();
    return JSON.parse(bytesToUtf8((outcome.result as { output: Uint8Array }).output)) as Record<string, unknown>;
  }

  query(message: unknown): unknown {
    const { Ok } = this.answer("query", message) as { Ok: string };
    return JSON.parse(bytesToUtf8(base64ToBytes(Ok)).trim());
  }
}

describe("the private token", () => {
  test("is instantiated, transfers, and tells balances to who has the viewing key", () => {
    const token = new Contract("private_token");
    expect(token.module).toMatchObject({ api: "v1", requiresRandom: true });
    const instantiated = token.answer("instantiate", {
      name: "Token",
      symbol: "TOK",
      decimals: 6,
      admin: ALICE,
      initial_balances: [{ address: ALICE, amount: "1000" }],
      prng_seed: "AAAA",
      config: {},
    });
    expect(instantiated).toHaveProperty("Ok");
    for (const user of [ALICE, BOB])
      expect(token.answer("execute", { set_viewing_key: { key: "key" } }, user)).toHaveProperty("Ok");
    expect(token.answer("execute", { transfer: { recipient: BOB, amount: "10" } })).toHaveProperty("Ok");
    expect(token.answer("execute", { transfer: { recipient: ALICE, amount: "11" } }, BOB)).toHaveProperty("Err");
    expect(token.query({ balance: { address: ALICE, key: "key" } })).toEqual({ balance: { amount: "990" } });
    expect(token.query({ balance: { address: BOB, key: "key" } })).toEqual({ balance: { amount: "10" } });
    expect(token.query({ balance: { address: BOB, key: "other" } })).toHaveProperty("viewing_key_error");
  });
});

describe("the probe", () => {
  const probe = new Contract("probe");
  const end = (operation: unknown, gasLimit?: bigint): string | undefined =>
    errorText(probe.run("execute", operation, ALICE, gasLimit));
  probe.answer("instantiate", { noop: {} });

  test.each([
    ["a panic", { panic: { message: "no" } }, "the contract panicked"],
    ["unreachable", { unreachable: {} }, "the contract panicked"],
    ["division by zero", { divide: { dividend: 1, divisor: 0 } }, "the contract tried to divide by zero"],
    ["remainder by zero", { remainder: { dividend: 1, divisor: 0 } }, "the contract tried to divide by zero"],
    ["overflow of a division", { divide: { dividend: -2147483648, divisor: -1 } }, "the contract panicked"],
    [
      "a table index that does not exist",
      { call_indirect: { index: 1_000_000 } },
      "the contract tried to access a nonexistent resource",
    ],
    [
      "a wrong signature",
      { call_wrong_signature: {} },
      "the contract tried to call a function but expected an incorrect function signature",
    ],
    ["memory outside", { read_memory: { address: 4294967295 } }, "the contract tried to access memory out of bounds"],
    ["recursion", { recurse: { depth: 4294967295 } }, "the contract has run out of space on the stack"],
  ])("%s", (_, operation, text) => {
    expect(end(operation)).toBe(text);
  });

  test("an endless loop runs out of gas", () => {
    expect(end({ endless_loop: {} }, 100_000_000n)).toBe("execution ran out of gas");
  });

  test("memory grows to 192 pages", () => {
    expect(probe.answer("execute", { memory_grow_until_refused: {} })).toHaveProperty("Ok");
    expect(used(probe.run("execute", { memory_grow: { pages: 1000 } }))).toBeGreaterThan(8_192_000n);
  });

  test("the same call costs the same, whatever ran before on the instance", () => {
    const first = used(probe.run("execute", { compute: { iterations: 1000 } }));
    end({ recurse_in_memory: { depth: 100 } });
    expect(used(probe.run("execute", { compute: { iterations: 1000 } }))).toBe(first);
  });
});
