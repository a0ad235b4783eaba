import { describe, expect, test } from "vitest";
import { CONTRACTS, ContractRuns } from "./meterContracts.ts";

describe("contracts §4.1, §4.2, §3.2: compiled contracts under the slow meter", () => {
  test.each(CONTRACTS)(
    "%s: every call ends alike, with the same gas, memory and requests",
    (name) => {
      const runs = new ContractRuns(name);
      runs.runKnown();
      expect(runs.results.some(({ end }) => end === "returned")).toBe(true);
    },
    120_000,
  );
});
