import { describe, expect, test } from "vitest";
import { type CONTRACTS, ContractRuns } from "./meterContracts.ts";

/** All of them, and more messages of each, are in `slow-meterContracts.test.ts`. */
const SOME: readonly (typeof CONTRACTS)[number][] = ["probe", "probe_v010", "snip1155"];

describe("contracts §4.1, §4.2, §3.2: compiled contracts under the slow meter", () => {
  test.each(SOME)(
    "%s: every call ends alike, with the same gas, memory and requests",
    (name) => {
      const runs = new ContractRuns(name);
      runs.runKnown();
      expect(runs.results.some(({ end }) => end === "returned")).toBe(true);
    },
    120_000,
  );
});
