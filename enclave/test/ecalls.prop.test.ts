/** Whatever bytes come as an ecall: an answer comes back, and nothing that counts has changed. */

import { encode } from "@sotto/boundary/codec";
import { ECALLS, INTERFACE_VERSION } from "@sotto/boundary/messages";
import { concatBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestChain, Wallet } from "./harness.ts";

function stateOf(chain: TestChain) {
  return chain.call("info", { interfaceVersion: INTERFACE_VERSION });
}

describe("ecall", () => {
  it("answers random bytes and keeps its state", () => {
    const chain = TestChain.start();
    chain.block();
    const before = stateOf(chain);
    const kinds = Object.keys(ECALLS).length;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: kinds }), fc.uint8Array({ maxLength: 300 }), (kind, body) => {
        const answer = chain.enclave.ecall(concatBytes(Uint8Array.of(kind), body));
        expect([0, 1]).toContain(answer[0]);
      }),
      { numRuns: 2_000 },
    );
    expect(stateOf(chain)).toEqual(before);
    chain.block();
  });

  it("answers a genuine block that was changed anywhere, and accepts the genuine one afterwards", () => {
    const chain = TestChain.start();
    chain.block();
    const alice = new Wallet(1);
    const built = chain.build([alice.sign(chain.chainId, [])]);
    const kind = Object.keys(ECALLS).indexOf("beginBlock");
    const genuine = concatBytes(Uint8Array.of(kind), encode(ECALLS.beginBlock.request, built));
    const before = stateOf(chain);
    // The last byte only says whether there are more results to ask for.
    const place = fc.record({ at: fc.nat(genuine.length - 3), bit: fc.nat(7) });
    fc.assert(
      fc.property(place, ({ at, bit }) => {
        const changed = genuine.slice();
        (changed[at + 1] as number) ^= 1 << bit;
        expect(chain.enclave.ecall(changed)[0]).toBe(1);
      }),
      { numRuns: 500 },
    );
    expect(stateOf(chain)).toEqual(before);
    expect(chain.begin(built)).toBe(false);
  });
});
