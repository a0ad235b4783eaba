import { describe, expect, test } from "vitest";
import { CONTRACTS, compareContract } from "./meterContracts.ts";

describe("contracts §4.1, §4.2, §3.2: compiled contracts under the slow meter", () => {
  test.each(CONTRACTS)("%s: every call ends alike, with the same gas, memory and requests", (name) => {
    const results = compareContract(name);
    console.log(`${name}: ${results.length} calls, ${new Set(results.map(({ end }) => end)).size} ways to end`);
    expect(results.some(({ end }) => end === "returned")).toBe(true);
  });
});
