import { equalBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeRevocationList } from "../../../platform/src/sim/certificates.ts";
import { insecureAuthorities } from "../../../platform/src/sim/insecureAuthorities.ts";
import { readPackedCollateral } from "../../src/evidence/collateral.ts";
import { EvidenceErrorCode } from "../../src/evidence/evidenceError.ts";
import { parsePolicy } from "../../src/evidence/policy.ts";
import { makeCollateral, NOW, verifySim, withDocument, withParts } from "./forgery.ts";
import { ADMITTED, flipped, policyFor, refusal, type Sample, verifySample } from "./samples.ts";

/** By number: a counterexample is short then. */
const sampleOf = fc.nat(ADMITTED.length - 1);

/** Whether two packed collaterals are the same but for the way in which they write hex. */
function isSameCollateral(a: Uint8Array, b: Uint8Array): boolean {
  try {
    const [one, two] = [readPackedCollateral(a), readPackedCollateral(b)];
    return (Object.keys(one) as (keyof typeof one)[]).every((key) => {
      const [x, y] = [one[key], two[key]];
      return typeof x === "object" && typeof y === "object" ? equalBytes(x, y) : x === y;
    });
  } catch {
    return false;
  }
}

describe("registration §2.8: whatever the bytes", () => {
  it("refuses a quote with any bit flipped, however the policy is made", () => {
    fc.assert(
      fc.property(sampleOf, fc.nat(), fc.nat(7), (index, position, bit) => {
        const sample = ADMITTED[index] as Sample;
        const quote = flipped(sample.quote, position % sample.quote.length, 1 << bit);
        const policy = { ...policyFor(quote), tdx: [...policyFor(sample.quote).tdx, ...policyFor(quote).tdx] };
        expect(refusal(verifySample(sample, { quote, policy }))).toBeDefined();
      }),
      { numRuns: 150 },
    );
  });

  it("refuses packed collateral with any bit flipped, unless it is a letter of hex in the other case", () => {
    fc.assert(
      fc.property(sampleOf, fc.nat(), fc.nat(7), (index, position, bit) => {
        const sample = ADMITTED[index] as Sample;
        const value = flipped(sample.packed, position % sample.packed.length, 1 << bit);
        const refused = refusal(verifySample(sample, { collateral: { kind: "packed", value } }));
        expect(refused !== undefined || isSameCollateral(sample.packed, value)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("never throws: random bytes in the place of anything, at any place, are refused", () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 300 });
    const where = fc.constantFrom("quote", "packed", "json");
    fc.assert(
      fc.property(sampleOf, where, noise, fc.nat(), (index, part, bytes, position) => {
        const sample = ADMITTED[index] as Sample;
        const spoiled = sample[part as "quote"].slice();
        const at = position % (spoiled.length - bytes.length);
        if (equalBytes(spoiled.subarray(at, at + bytes.length), bytes)) return;
        spoiled.set(bytes, at);
        const collateral = { kind: part === "json" ? "json" : "packed", value: spoiled } as const;
        const verdict = verifySample(sample, part === "quote" ? { quote: spoiled } : { collateral });
        expect(verdict.kind === "refused" || part !== "quote").toBe(true);
        if (verdict.kind === "refused") expect(refusal(verdict)?.code).toBe(verdict.error.code);
      }),
      { numRuns: 100 },
    );
  });

  it("never throws: what is not even like evidence is refused", () => {
    const bytes = fc.uint8Array({ maxLength: 2_000 });
    fc.assert(
      fc.property(bytes, bytes, fc.constantFrom("packed", "json"), (quote, value, kind) => {
        const verdict = verifySample(ADMITTED[0] as Sample, { quote, collateral: { kind: kind as "packed", value } });
        expect(refusal(verdict)).toEqual({ code: EvidenceErrorCode.Malformed, step: 1 });
      }),
      { numRuns: 100 },
    );
  });

  it("never throws anything else for a policy that is none", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(() => parsePolicy(text)).toThrow("attestation policy: ");
      }),
      { numRuns: 200 },
    );
  });
});

const isoDate = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

describe("registration §2.8: steps 5 to 7, time", () => {
  it("attests from the latest beginning to the earliest end of all parts, both included, and at no other time", () => {
    const { root, pckCa } = insecureAuthorities();
    const range = fc.tuple(fc.integer({ min: -50, max: 5 }), fc.integer({ min: -5, max: 50 }));
    fc.assert(
      fc.property(range, range, range, range, fc.integer({ min: -60, max: 60 }), (tcb, qe, ca, own, away) => {
        const dates = ([from, until]: readonly [number, number]) => ({
          issueDate: isoDate(NOW + from),
          nextUpdate: isoDate(NOW + until),
        });
        const list = (issuer: typeof root, [from, until]: readonly [number, number]): Uint8Array =>
          makeRevocationList({ issuer, revoked: [], thisUpdate: NOW + from, nextUpdate: NOW + until });
        let collateral = withParts(makeCollateral(), { rootCaCrl: list(root, ca), pckCrl: list(pckCa, own) });
        collateral = withDocument(collateral, "tcbInfo", (info) => ({ ...info, ...dates(tcb) }));
        collateral = withDocument(collateral, "qeIdentity", (identity) => ({ ...identity, ...dates(qe) }));
        const all = [tcb, qe, ca, own];
        const from = Math.max(...all.map(([first]) => first));
        const until = Math.min(...all.map(([, last]) => last));
        for (const at of [from - 1, from, until, until + 1, away]) {
          const verdict = verifySim({ collateral }, {}, { timeSeconds: NOW + at });
          expect(verdict.kind).toBe(at >= from && at <= until ? "attested" : "refused");
          if (verdict.kind === "refused") expect(verdict.error.code).toBe(EvidenceErrorCode.OutOfDate);
        }
      }),
      { numRuns: 12 },
    );
  });

  it("holds certificates to their time too: the simulated ones end with 2049", () => {
    const lastSecond = 2_524_607_999;
    for (const [time, code] of [
      [lastSecond, undefined],
      [lastSecond + 1, EvidenceErrorCode.OutOfDate],
      [1_577_836_799, EvidenceErrorCode.OutOfDate],
    ] as const) {
      const dates = { issued: 1_577_836_000, nextUpdate: lastSecond + 10 };
      const refused = refusal(verifySim({ collateral: makeCollateral(dates) }, {}, { timeSeconds: time }));
      expect(refused?.code).toBe(code);
      if (code !== undefined) expect(refused?.step).toBe(5);
    }
  });
});
