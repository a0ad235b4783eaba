import { encode } from "@sotto/boundary/codec";
import { ECALLS } from "@sotto/boundary/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outcomeSize } from "../src/execution/runMessage.ts";

const text = fc.string({ unit: "binary", maxLength: 8 });
const bytes = fc.uint8Array({ maxLength: 8 });
const event = fc.record({ type: text, attributes: fc.array(fc.record({ key: text, value: text }), { maxLength: 5 }) });
const write = fc.record({
  store: fc.constantFrom("compute", "register"),
  key: bytes,
  value: fc.option(bytes, { nil: undefined }),
});

describe("enclave §11.6: an outcome that would not cross to the host", () => {
  it("is never larger than it is taken for, whatever it consists of", () => {
    const response = ECALLS.execMessage.response;
    const empty = { result: { kind: "ok", value: new Uint8Array(0) }, gasUsed: 0n, finalized: false } as const;
    const frame = encode(response, { ...empty, events: [], writes: [] }).length;
    const parts = [bytes, fc.array(event), fc.array(write)] as const;
    const property = fc.property(...parts, (value, events, writes) => {
      const outcome = { ...empty, result: { kind: "ok", value }, events, writes } as const;
      const size = outcomeSize({ response: value, events }, writes);
      expect(encode(response, outcome).length - frame).toBeLessThanOrEqual(size);
    });
    fc.assert(property, { numRuns: 200 });
  });
});
