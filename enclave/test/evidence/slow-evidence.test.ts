import { describe, expect, it } from "vitest";
import { ADMITTED, flipped, type Sample, verifySample } from "./samples.ts";

/** Every fourth byte, another quarter in each run; `EVIDENCE_OFFSET` repeats one. */
const STRIDE = 4;
const OFFSET = Number(process.env.EVIDENCE_OFFSET ?? Math.floor(Math.random() * STRIDE));
console.log(`evidence: EVIDENCE_OFFSET=${OFFSET}`);

/** For each byte one bit, another one from byte to byte. */
const bitOf = (at: number): number => 1 << ((at * 5) % 8);

describe("registration §2.8: one byte in four", () => {
  it.each(ADMITTED)("of the quote of $name counts", (sample: Sample) => {
    for (let at = OFFSET; at < sample.quote.length; at += STRIDE) {
      if (verifySample(sample, { quote: flipped(sample.quote, at, bitOf(at)) }).kind !== "refused") expect(at).toBe(-1);
    }
  });

  it.each(ADMITTED)("of the collateral of $name counts, but for the case of hex", (sample: Sample) => {
    for (let at = OFFSET; at < sample.packed.length; at += STRIDE) {
      const value = flipped(sample.packed, at, bitOf(at) === 0x20 ? 0x10 : bitOf(at));
      if (verifySample(sample, { collateral: { kind: "packed", value } }).kind !== "refused") expect(at).toBe(-1);
    }
  });
}, 300_000);
