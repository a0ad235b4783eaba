import { describe, expect, it } from "vitest";
import { TCB_STATUSES } from "../../src/evidence/attestation.ts";
import { EvidenceErrorCode as Code } from "../../src/evidence/evidenceError.ts";
import { mergeStatus, relaunchStatus } from "../../src/evidence/tcbLevel.ts";
import type { Verdict } from "../../src/evidence/verifyEvidence.ts";
import {
  type ModuleLevel,
  makeCollateral,
  makeQuote,
  makeTdxCollateral,
  sgxBody,
  type TdFields,
  type TdxLevel,
  tdBody,
  verifySim,
  withDocument,
  withParts,
} from "./forgery.ts";
import { refusal } from "./samples.ts";

const ANY = {
  statuses: new Set<string>(TCB_STATUSES),
  advisories: new Set(["A", "B", "C", "D", "INTEL-SA-00289", "INTEL-SA-00615"]),
};

function verifyTd(
  domain: Partial<TdFields> = {},
  levels?: readonly TdxLevel[],
  modules?: readonly ModuleLevel[],
  version: 4 | 5 = 4,
): Verdict {
  const quote = makeQuote({ version, body: tdBody(domain, version === 4 ? 584 : 648) });
  return verifySim({ quote, collateral: makeTdxCollateral(levels, modules) }, ANY);
}

const found = (verdict: Verdict) =>
  verdict.kind === "attested" ? [verdict.attested.status, ...verdict.attested.advisories] : refusal(verdict);
const level = { code: Code.TcbLevel, step: 10 };

describe("registration §6.2, §6.3: versions of quotes", () => {
  it("attests version 4 of a domain, and version 5 of an enclave and of both kinds of domains", () => {
    expect(verifyTd().kind).toBe("attested");
    expect(verifyTd({}, undefined, undefined, 5).kind).toBe("attested");
    const short = makeQuote({ version: 5, body: tdBody() });
    expect(verifySim({ quote: short, collateral: makeTdxCollateral() }).kind).toBe("attested");
    expect(verifySim({ quote: makeQuote({ version: 5, body: sgxBody() }) }).kind).toBe("attested");
  });

  it("refuses a body in a quote of the other kind, of an unknown type, or of another length than its type has", () => {
    const malformed = { code: Code.Malformed, step: 3 };
    for (const changes of [
      { version: 5, body: tdBody(), tee: 0 },
      { version: 5, body: sgxBody(), tee: 0x81 },
      { version: 5, body: tdBody(), bodyType: 3 },
      { version: 5, body: tdBody(), bodyType: 4 },
      { version: 5, body: tdBody({}, 648), bodyType: 2 },
    ] as const) {
      const quote = makeQuote(changes);
      expect(refusal(verifySim({ quote }))).toEqual(malformed);
    }
  });

  it.each([
    [3, 0x81],
    [4, 0],
    [5, 1],
  ] as const)("refuses version %i of kind %i", (version, tee) => {
    const quote = makeQuote({ version, tee, body: version === 3 ? sgxBody() : tdBody() });
    expect(refusal(verifySim({ quote }))).toEqual({ code: Code.UnsupportedQuote, step: 4 });
  });

  it("refuses collateral for the other kind of enclave", () => {
    const quote = makeQuote({ version: 4, body: tdBody() });
    expect(refusal(verifySim({ quote }))).toEqual({ code: Code.Malformed, step: 1 });
    expect(refusal(verifySim({ collateral: makeTdxCollateral() }))).toEqual({ code: Code.Malformed, step: 1 });
    const relabelled = withParts(makeCollateral(), { tee: "tdx" });
    expect(refusal(verifySim({ quote, collateral: relabelled }))).toEqual({ code: Code.QuotingEnclave, step: 8 });
  });
});

describe("registration §6.2: step 12, trust domains", () => {
  it.each([
    ["debug", { tdAttributes: (1n << 28n) | 1n }, Code.Debug],
    ["a bit that must be zero", { tdAttributes: (1n << 28n) | 2n }, Code.Attributes],
    ["no SEPT_VE_DISABLE", { tdAttributes: 0n }, Code.Attributes],
    ["migratable", { tdAttributes: (1n << 28n) | (1n << 29n) }, Code.Attributes],
    ["an unknown attribute", { tdAttributes: (1n << 28n) | (1n << 40n) }, Code.Attributes],
  ])("refuses %s", (_, domain, code) => {
    expect(refusal(verifyTd(domain))).toEqual({ code, step: 12 });
  });

  it("accepts PKS, KL and PERFMON", () => {
    expect(verifyTd({ tdAttributes: (1n << 28n) | (1n << 30n) | (1n << 31n) | (1n << 63n) }).kind).toBe("attested");
  });

  it("refuses a service domain", () => {
    const verdict = verifyTd({ mrServiceTd: new Uint8Array(48).fill(1) }, undefined, undefined, 5);
    expect(refusal(verdict)).toEqual({ code: Code.Attributes, step: 12 });
  });

  it("measures registers and attributes: another MRTD is another enclave", () => {
    const approved = verifyTd();
    if (approved.kind !== "attested") throw approved.error;
    const { measurement, signer, productId } = approved.attested;
    const tdx = [{ measurement, signer, productId, minimumSecurityVersion: 0 }];
    const quote = makeQuote({ version: 4, body: tdBody({ mrTd: new Uint8Array(48).fill(1) }) });
    const verdict = verifySim({ quote, collateral: makeTdxCollateral() }, { tdx });
    expect(refusal(verdict)).toEqual({ code: Code.Measurement, step: 12 });
  });
});

describe("registration §6.5: levels", () => {
  it("takes the first level that all components reach, whatever the order of the document", () => {
    const levels = [
      { tdx: [0, 0, 1], status: "OutOfDate" },
      { tdx: [0, 0, 4], status: "UpToDate" },
      { tdx: [0, 0, 2], status: "ConfigurationNeeded" },
    ];
    expect(found(verifyTd({ tcbSvn: [5, 1, 4] }, levels))).toEqual(["UpToDate"]);
    expect(found(verifyTd({ tcbSvn: [5, 1, 3] }, levels))).toEqual(["ConfigurationNeeded"]);
    expect(found(verifyTd({ tcbSvn: [5, 1, 1] }, levels))).toEqual(["OutOfDate"]);
    expect(found(verifyTd({ tcbSvn: [5, 1, 0] }, levels))).toEqual(level);
  });

  it("asks for every component of the certificate and for its PCESVN", () => {
    expect(found(verifyTd({}, [{ sgx: 2, tdx: [], pceSvn: 2, status: "UpToDate" }]))).toEqual(["UpToDate"]);
    expect(found(verifyTd({}, [{ sgx: 3, tdx: [], status: "UpToDate" }]))).toEqual(level);
    expect(found(verifyTd({}, [{ tdx: [], pceSvn: 3, status: "UpToDate" }]))).toEqual(level);
  });

  it("skips the first two components of a domain where the module has a version, and only there", () => {
    const levels = [{ tdx: [9, 9, 3], status: "UpToDate" }];
    expect(found(verifyTd({ tcbSvn: [5, 1, 3] }, levels))).toEqual(["UpToDate"]);
    expect(found(verifyTd({ tcbSvn: [5, 0, 3] }, levels))).toEqual(level);
    expect(found(verifyTd({ tcbSvn: [9, 0, 3] }, [{ tdx: [9, 0, 3], status: "UpToDate" }]))).toEqual(["UpToDate"]);
  });

  it("judges the module by the identity of its version", () => {
    const modules = [
      { svn: 3, status: "OutOfDate", advisories: ["B"] },
      { svn: 5, status: "UpToDate", advisories: ["C"] },
    ];
    const levels = [{ tdx: [], status: "UpToDate", advisories: ["A", "B"] }];
    expect(found(verifyTd({ tcbSvn: [6, 1] }, levels, modules))).toEqual(["UpToDate", "A", "B", "C"]);
    expect(found(verifyTd({ tcbSvn: [4, 1] }, levels, modules))).toEqual(["OutOfDate", "A", "B"]);
    expect(found(verifyTd({ tcbSvn: [2, 1] }, levels, modules))).toEqual(level);
    expect(found(verifyTd({ tcbSvn: [6, 2] }, levels, modules))).toEqual(level);
    expect(found(verifyTd({ tcbSvn: [6, 0x1b] }, levels, modules))).toEqual(level);
  });

  it("refuses a module of another signer or with other attributes", () => {
    const collateral = makeTdxCollateral();
    for (const domain of [{ mrSignerSeam: new Uint8Array(48).fill(1) }, { seamAttributes: 1n }]) {
      for (const tcbSvn of [
        [5, 1, 3],
        [5, 0, 3],
      ]) {
        expect(refusal(verifyTd({ ...domain, tcbSvn }))).toEqual(level);
      }
    }
    const masked = withDocument(collateral, "tcbInfo", (info) => ({
      ...info,
      tdxModuleIdentities: (info.tdxModuleIdentities as object[]).map((one) => ({
        ...one,
        attributes: "0300000000000000",
        attributesMask: "0100000000000000",
      })),
    }));
    const quote = (seamAttributes: bigint) => makeQuote({ version: 4, body: tdBody({ seamAttributes }) });
    expect(verifySim({ quote: quote(1n), collateral: masked }).kind).toBe("attested");
    for (const bits of [0n, 3n]) expect(refusal(verifySim({ quote: quote(bits), collateral: masked }))).toEqual(level);
  });

  it("counts the quoting enclave's level in", () => {
    const collateral = withDocument(makeTdxCollateral(), "qeIdentity", (identity) => ({
      ...identity,
      tcbLevels: [
        { tcb: { isvsvn: 1 }, tcbStatus: "OutOfDate", advisoryIDs: ["D"] },
        { tcb: { isvsvn: 2 }, tcbStatus: "UpToDate" },
      ],
    }));
    const quote = (securityVersion: number) => makeQuote({ version: 4, body: tdBody(), qe: { securityVersion } });
    expect(found(verifySim({ quote: quote(1), collateral }, ANY))).toEqual(["OutOfDate", "D"]);
    expect(found(verifySim({ quote: quote(2), collateral }, ANY))).toEqual(["UpToDate"]);
  });

  it("merges statuses as Intel does", () => {
    const table = Object.fromEntries(TCB_STATUSES.map((status) => [status, mergeStatus(status, "OutOfDate")]));
    expect(table).toEqual({
      UpToDate: "OutOfDate",
      SWHardeningNeeded: "OutOfDate",
      ConfigurationNeeded: "OutOfDateConfigurationNeeded",
      ConfigurationAndSWHardeningNeeded: "OutOfDateConfigurationNeeded",
      TDRelaunchAdvised: "TDRelaunchAdvised",
      TDRelaunchAdvisedConfigurationNeeded: "TDRelaunchAdvisedConfigurationNeeded",
      OutOfDate: "OutOfDate",
      OutOfDateConfigurationNeeded: "OutOfDateConfigurationNeeded",
      Revoked: "Revoked",
    });
    for (const status of TCB_STATUSES) {
      expect(mergeStatus(status, "UpToDate")).toBe(status);
      expect(mergeStatus(status, "Revoked")).toBe("Revoked");
      expect(mergeStatus("Revoked", status)).toBe("Revoked");
    }
    expect(mergeStatus("UpToDate", "SWHardeningNeeded")).toBe("SWHardeningNeeded");
  });

  it("advises a relaunch where only the launch was out of date", () => {
    const levels = [
      { tdx: [0, 0, 3], status: "UpToDate" },
      { tdx: [0, 0, 2], status: "ConfigurationNeeded" },
      { tdx: [0, 0, 0], status: "OutOfDate", advisories: ["A"] },
    ];
    const v5 = (launch: number[], now: number[]) =>
      found(verifyTd({ tcbSvn: launch, tcbSvn2: now }, levels, undefined, 5));
    expect(v5([5, 1, 0], [5, 1, 3])).toEqual(["TDRelaunchAdvised", "A"]);
    expect(v5([5, 1, 0], [5, 1, 2])).toEqual(["TDRelaunchAdvisedConfigurationNeeded", "A"]);
    expect(v5([5, 1, 0], [5, 1, 1])).toEqual(["OutOfDate", "A"]);
    expect(v5([5, 1, 3], [5, 1, 0])).toEqual(["UpToDate"]);
    expect(v5([5, 1, 2], [5, 1, 3])).toEqual(["ConfigurationNeeded"]);
    expect(found(verifyTd({ tcbSvn: [5, 1, 0] }, levels))).toEqual(["OutOfDate", "A"]);
  });

  it("advises no relaunch for what is not out of date, and none by what is", () => {
    for (const status of TCB_STATUSES) {
      expect(relaunchStatus(status, "OutOfDate")).toBe(status);
      expect(relaunchStatus(status, "Revoked")).toBe(status);
      if (!status.startsWith("OutOfDate")) expect(relaunchStatus(status, "UpToDate")).toBe(status);
    }
  });

  it("keeps within the checks that cross the boundary at its longest", () => {
    const levels = [
      { tdx: [0, 0, 3], status: "UpToDate" },
      { tdx: [0, 0, 0], status: "OutOfDate" },
    ];
    const verdict = verifyTd({ tcbSvn: [5, 1, 0], tcbSvn2: [5, 1, 3] }, levels, undefined, 5);
    expect(verdict.checks.length).toBeLessThanOrEqual(58);
  });
});
