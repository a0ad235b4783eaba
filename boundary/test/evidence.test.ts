import { readFileSync } from "node:fs";
import { concatBytes, EMPTY_BYTES, u32le } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { BoundaryError } from "../src/errors.ts";
import { addOwnerSignature, decodeEvidence, encodeEvidence, encodeUnsignedEvidence } from "../src/evidence.ts";
import { LIMITS } from "../src/messages.ts";

const file = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../vectors/attestation/${name}`, import.meta.url)));
const quote = file("sgx_v3.quote.bin");
const collateral = file("derived_sgx_v3.collateral_packed.bin");
const claims = {
  version: 1,
  purpose: "register",
  nodeKey: new Uint8Array(32).fill(1),
  owner: new Uint8Array(32).fill(2),
  height: 77n,
  blockHash: new Uint8Array(32).fill(3),
};
const ownerSignature = new Uint8Array(64).fill(4);
const whole = encodeEvidence({ quote, collateral, claims, ownerSignature });
const tag = (number: number, value: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of(number), u32le(value.length), value);

describe("registration §2.1: evidence in its tagged form", () => {
  it("reads back what it writes, and begins like the sample with quote and collateral", () => {
    const unsigned = encodeUnsignedEvidence({ quote, collateral, claims });
    expect(decodeEvidence(whole)).toEqual({ quote, collateral, claims, ownerSignature, unsigned });
    expect(addOwnerSignature(unsigned, ownerSignature)).toEqual(whole);
    const sample = file("derived_sgx_v3.combined_tlv.bin");
    expect(whole.subarray(0, sample.length)).toEqual(sample);
  });

  it("refuses every truncation, and bytes after the last part", () => {
    for (let length = 0; length < whole.length; length += length > 4590 && length < 4640 ? 1 : 13) {
      expect(() => decodeEvidence(whole.subarray(0, length))).toThrow(BoundaryError);
    }
    for (let cut = 1; cut < 300; cut++) expect(() => decodeEvidence(whole.subarray(0, -cut))).toThrow(BoundaryError);
    expect(() => decodeEvidence(concatBytes(whole, Uint8Array.of(0)))).toThrow("1 bytes too many");
  });

  const parts = (): Uint8Array[] => {
    const { unsigned } = decodeEvidence(whole);
    const head = unsigned.subarray(0, 5 + quote.length);
    const middle = unsigned.subarray(head.length, head.length + 5 + collateral.length);
    return [head, middle, unsigned.subarray(head.length + middle.length), tag(6, ownerSignature)];
  };
  it("refuses a part twice, in another order, missing, or of an unknown tag", () => {
    const [first, second, third, fourth] = parts() as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    expect(concatBytes(first, second, third, fourth)).toEqual(whole);
    for (const wrong of [
      [first, first, second, third, fourth],
      [first, second, second, third, fourth],
      [second, first, third, fourth],
      [first, second, fourth],
      [first, second, third, fourth, fourth],
      [first, second, tag(4, utf8("token")), third, fourth],
      [first, second, third, tag(9, EMPTY_BYTES), fourth],
    ]) {
      expect(() => decodeEvidence(concatBytes(...wrong))).toThrow(BoundaryError);
    }
  });

  it("refuses the legacy form and parts beyond their limits", () => {
    expect(() => decodeEvidence(file("derived_sgx_v3.combined_legacy.bin"))).toThrow("expected tag 2, got 0");
    const long = { quote: new Uint8Array(LIMITS.quote + 1), collateral, claims, ownerSignature };
    expect(() => decodeEvidence(encodeEvidence(long))).toThrow("quote: at most 8192 bytes, got 8193");
    const tooLong = { quote, collateral: new Uint8Array(LIMITS.evidence), claims, ownerSignature };
    expect(() => decodeEvidence(encodeEvidence(tooLong))).toThrow("evidence: at most 65536 bytes");
  });

  it("refuses claims of another version, and a signature of another length", () => {
    const other = encodeEvidence({ quote, collateral, claims: { ...claims, version: 2 }, ownerSignature });
    expect(() => decodeEvidence(other)).toThrow("unknown version 2 of the claims");
    const short = encodeEvidence({ quote, collateral, claims, ownerSignature: ownerSignature.subarray(1) });
    expect(() => decodeEvidence(short)).toThrow("a signature of 63 bytes");
  });
});

function utf8(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
