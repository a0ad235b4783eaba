import { bytesToHex } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { EvidenceErrorCode } from "../../src/evidence/evidenceError.ts";
import { ADMITTED, NO_LEVEL, policyFor, readSample, refusal, SGX, TDX_A, TDX_B, verifySample } from "./samples.ts";

const EXPECTED = {
  sgx_v3: {
    status: "ConfigurationAndSWHardeningNeeded",
    advisories: ["INTEL-SA-00289", "INTEL-SA-00615"],
    measurement: "33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb",
  },
  tdx_v4_a: {
    status: "UpToDate",
    advisories: [],
    measurement: "32d384ab814017847417482b4306bc14633269f708673249f8f343124b9803ce",
  },
  tdx_v4_b: { status: "UpToDate", advisories: [], measurement: undefined },
} as const;

describe("registration §6.7: real evidence", () => {
  it.each(ADMITTED)("$name is attested, with the status and the advisories that are known of it", (sample) => {
    const verdict = verifySample(sample);
    if (verdict.kind !== "attested") throw verdict.error;
    const { status, advisories, measurement } = EXPECTED[sample.name as keyof typeof EXPECTED];
    expect(verdict.attested).toMatchObject({ status, advisories, tee: sample.tee, debug: false });
    if (measurement !== undefined) expect(bytesToHex(verdict.attested.measurement)).toBe(measurement);
    expect(verdict.attested.machineId).toHaveLength(20);
  });

  it.each(ADMITTED)("$name verifies exactly inside its window", (sample) => {
    const [from, until] = sample.window;
    for (const timeSeconds of [from, sample.time, until]) {
      expect(verifySample(sample, { timeSeconds }).kind).toBe("attested");
    }
    for (const timeSeconds of [from - 1, until + 1, 0, 2 ** 53, Number.MAX_VALUE]) {
      expect(refusal(verifySample(sample, { timeSeconds }))?.code).toBe(EvidenceErrorCode.OutOfDate);
    }
  });

  it("refuses tdx_v5_nolevel by its level alone, inside of its window", () => {
    const level = { code: EvidenceErrorCode.TcbLevel, step: 10 };
    const [from, until] = NO_LEVEL.window;
    for (const timeSeconds of [from, NO_LEVEL.time, until]) {
      expect(refusal(verifySample(NO_LEVEL, { timeSeconds }))).toEqual(level);
    }
    for (const timeSeconds of [from - 1, until + 1]) {
      expect(refusal(verifySample(NO_LEVEL, { timeSeconds }))?.code).toBe(EvidenceErrorCode.OutOfDate);
    }
  });

  it.each(ADMITTED)("$name verifies from the JSON form of its collateral as well", (sample) => {
    const verdict = verifySample(sample, { collateral: { kind: "json", value: sample.json } });
    expect(verdict).toEqual({ ...verifySample(sample), checks: verdict.checks });
  });

  it("reads the packed form as the other implementation wrote it", () => {
    expect(SGX.packed).toEqual(readSample("derived_sgx_v3.collateral_packed.bin"));
  });

  it("tells machines apart whatever their level is", () => {
    const ids = ADMITTED.map((sample) => {
      const verdict = verifySample(sample);
      return verdict.kind === "attested" ? bytesToHex(verdict.attested.machineId) : "";
    });
    expect(ids).toEqual([
      "8d8d0ab9c700b9375502c20ac3bb4d7cd66ee0c5",
      "529233e5f382fa4e82a3758f9c2f12d92b90eb4b",
      ids[2],
    ]);
    expect(new Set(ids).size).toBe(3);
  });

  it("lists few enough checks for the boundary, each with what was expected and found", () => {
    for (const sample of [SGX, TDX_A, TDX_B, NO_LEVEL]) {
      const { checks } = verifySample(sample);
      expect(checks.length).toBeLessThanOrEqual(52);
      for (const check of checks) {
        expect(check.expected.length * check.found.length * check.name.length).toBeGreaterThan(0);
        expect(check.name.length).toBeLessThan(100);
      }
      expect(checks.map(({ step }) => step)).toEqual(checks.map(({ step }) => step).sort((a, b) => a - b));
    }
  });

  it("is refused under a policy that approves nothing, and says what it found all the same", () => {
    const verdict = verifySample(TDX_A, { policy: policyFor(TDX_A.quote, { tdx: [] }) });
    expect(refusal(verdict)).toEqual({ code: EvidenceErrorCode.Measurement, step: 12 });
    expect(verdict).toMatchObject({ platform: { status: "UpToDate" } });
  });
});
