import { describe, expect, test } from "vitest";
import { CONTRACTS, ContractRuns } from "./meterContracts.ts";

describe("contracts §4.1, §4.2, §3.2: every execute message of compiled contracts under the slow meter", () => {
  test.each(CONTRACTS)("%s: the messages that it names end alike, with the same gas, memory and requests", (name) => {
    const runs = new ContractRuns(name);
    runs.runKnown();
    runs.runNamed();
    console.log(`${name}: ${runs.results.length} calls`);
    expect(runs.results.some(({ end }) => end === "returned")).toBe(true);
  });
});
