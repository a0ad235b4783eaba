import { describe, expect, test, vi } from "vitest";
import { Random } from "../../../common/test/support/mutate.ts";
import { fuzzCompiled, fuzzGenerated } from "./wasmFuzz.ts";

vi.setConfig({ testTimeout: 120_000 });

const GENERATED = 1_000;
const COMPILED = 20;

describe("contracts §1.2, §1.3, §1.4: spoiled modules", () => {
  test(`${GENERATED} generated ones are refused with a code, or run as the slow meter runs them`, () => {
    const random = new Random();
    const counts = fuzzGenerated(random, GENERATED);
    console.log(`seed ${random.seed}: ${JSON.stringify(counts)}`);
    expect(counts.opened).toBeGreaterThan(GENERATED / 50);
    expect(counts.opened).toBeLessThan(GENERATED);
  });

  test(`${COMPILED} compiled ones are refused with a code, or opened`, () => {
    const random = new Random();
    console.log(`seed ${random.seed}: ${JSON.stringify(fuzzCompiled(random, COMPILED))}`);
  });
});
