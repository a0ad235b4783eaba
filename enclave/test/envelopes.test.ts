import { describe, expect, test } from "vitest";
import { Random } from "../../common/test/support/mutate.ts";
import { fuzzEnvelopes } from "./envelopeFuzz.ts";

const INPUTS = 20_000;

describe("contracts §5.2, §5.7: spoiled outputs and query requests", () => {
  test(`${INPUTS} of them are read, or refused in the words of the spec`, () => {
    const random = new Random();
    console.log(`seed ${random.seed}`);
    // The test says little unless many are still good.
    expect(fuzzEnvelopes(random, INPUTS)).toBeGreaterThan(INPUTS / 50);
  });
});
