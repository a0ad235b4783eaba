import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mutate, Random } from "../../common/test/support/mutate.ts";
import { encode } from "../src/codec.ts";
import { arbitraryOf, CODECS, checkInput } from "./support/shapeValues.ts";

const INPUTS = 500_000;
const SAMPLES = 50;

describe("consensus §3.5: the boundary codec, many messages", () => {
  const each = Math.ceil(INPUTS / CODECS.length);

  it(`takes of ${INPUTS} spoiled messages only those that it would write itself, and refuses the others with a code`, () => {
    const random = new Random();
    console.log(`seed ${random.seed}`);
    let taken = 0;
    for (const [, codec] of CODECS) {
      const samples = fc
        .sample(arbitraryOf(codec.shape), { seed: random.seed, numRuns: SAMPLES })
        .map((value) => encode(codec, value));
      for (let i = 0; i < each; i++) if (checkInput(codec, mutate(random, random.pick(samples)))) taken++;
    }
    expect(taken).toBeGreaterThan(INPUTS / 20);
  });
});
