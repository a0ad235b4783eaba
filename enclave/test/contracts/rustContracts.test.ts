/** The contracts in `contracts/wasm`: what the static check learns of them, and a first call. */
import { describe, expect, test } from "vitest";
import { newEngine, openCode, used } from "../engine/testContract.ts";
import { ALICE, BOB, RustContract, rustWasm } from "./rustContract.ts";

const PROBE = ["staking", "stargate"];

describe("contracts §1.2, §1.4, §8, §9: contracts in Rust", () => {
  test.each([
    ["private_token", { api: "v1", features: ["random"], ibc: false }],
    ["snip721", { api: "v1", features: ["random"], ibc: false }],
    ["snip1155", { api: "v1", features: ["random"], ibc: false }],
    ["floats", { api: "v1", features: PROBE, ibc: false }],
    ["probe", { api: "v1", features: PROBE, ibc: false }],
    ["probe_v2", { api: "v1", features: ["random", ...PROBE], ibc: false }],
    ["probe_ibc", { api: "v1", features: PROBE, ibc: true }],
    ["probe_v010", { api: "v0.10", features: ["staking"], ibc: false }],
  ])("%s is what its name says", (name, report) => {
    expect(newEngine().checkCode(rustWasm(name))).toEqual(report);
    const { api, requiresRandom } = openCode(newEngine(), rustWasm(name), name !== "floats");
    expect({ api, requiresRandom }).toEqual({ api: report.api, requiresRandom: report.features.includes("random") });
  });

  test("the contract with floats opens, but not for an instantiate", () => {
    expect(() => openCode(newEngine(), rustWasm("floats"), true)).toThrow();
  });

  test.each([
    ["probe", "probe v1"],
    ["probe_v2", "probe v1, second version"],
    ["probe_v010", "probe v0.10"],
  ])("%s tells which it is", (name, version) => {
    expect(new RustContract(name).query({ version: {} })).toBe(version);
  });
});

describe("contracts §3.2: the private token", () => {
  test("is instantiated, transfers, and tells balances to who has the viewing key", () => {
    const token = new RustContract("private_token");
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

describe("contracts §3.2, §4.1: gas of the probe", () => {
  const probe = new RustContract("probe");

  test("an endless loop runs out of it", () => {
    expect(probe.failure({ endless_loop: {} }, { gasLimit: 100_000_000n })).toBe("execution ran out of gas");
  });

  test("growing memory is paid for although it is refused", () => {
    expect(used(probe.run("execute", { memory_grow: { pages: 1000 } }))).toBeGreaterThan(8_192_000n);
  });

  test("the same call costs the same, whatever ran before on the instance", () => {
    const first = used(probe.run("execute", { compute: { iterations: 1000 } }));
    probe.failure({ recurse_in_memory: { depth: 100 } });
    expect(used(probe.run("execute", { compute: { iterations: 1000 } }))).toBe(first);
  });
});
