import { bytesToHex, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import { SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import { describe, expect, it } from "vitest";
import { makeAttestationCalls } from "../../src/ecalls/attestation.ts";
import { RefusalError } from "../../src/enclaveError.ts";
import { verifyContractQuote } from "../../src/evidence/contractQuotes.ts";
import { formatPolicy } from "../../src/evidence/policy.ts";
import { testCrypto } from "../harness.ts";
import { MACHINE, makeCollateral, makeQuote, NOW, sgxBody } from "./forgery.ts";
import { policyFor, SGX, TDX_A, TDX_B } from "./samples.ts";

const calls = makeAttestationCalls(testCrypto, (reportData) => makeQuote({ body: sgxBody({ reportData }) }));

describe("registration §2.8: the ecalls", () => {
  it("describe the enclave by a quote whose report data is for nothing else", () => {
    const self = calls.describeSelf({});
    const reportData = concatBytes(testCrypto.sha256(utf8ToBytes("sotto/self/v1")), new Uint8Array(32));
    expect(bytesToHex(self.quote.subarray(368, 432))).toBe(bytesToHex(reportData));
    const machineId = testCrypto.sha256(concatBytes(MACHINE.ppid, new Uint8Array(2))).subarray(0, 20);
    expect(self).toMatchObject({ tee: { kind: "sgx" }, productId: 3, securityVersion: 7, debug: false, machineId });
    expect(bytesToHex(self.measurement)).toBe("ee".repeat(32));
    expect(bytesToHex(self.signer)).toBe("55".repeat(32));
  });

  it("say why where the platform gives no quote, or something else", () => {
    const off = makeAttestationCalls(testCrypto, () => {
      throw new Error("no device");
    });
    expect(() => off.describeSelf({})).toThrow("the platform gave no quote: no device");
    for (const bytes of [new Uint8Array(0), new Uint8Array(2_000).fill(1), makeQuote({ chain: [] })]) {
      const other = makeAttestationCalls(testCrypto, () => bytes);
      expect(() => other.describeSelf({})).toThrow("the platform gave what is no quote");
    }
  });

  const verify = ({ quote, json, packed, time }: typeof SGX, policy?: string, kind: "json" | "packed" = "packed") =>
    calls.verifyEvidence({
      quote,
      collateral: { kind, value: kind === "json" ? json : packed },
      time: BigInt(time),
      policy: policy === undefined ? undefined : utf8ToBytes(policy),
    });

  it("verify evidence by a policy, with every check", () => {
    for (const sample of [SGX, TDX_A]) {
      const answer = verify(sample, formatPolicy(policyFor(sample.quote)), "json");
      expect(answer.admitted).toBe(true);
      expect(answer.checks.every(({ passed }) => passed)).toBe(true);
    }
  });

  it("admit nobody without a policy, but say what they found", () => {
    expect(verify(TDX_A)).toMatchObject({ admitted: false, status: "UpToDate", advisories: [] });
    const answer = verify(SGX);
    expect(answer).toMatchObject({ admitted: false, status: "ConfigurationAndSWHardeningNeeded" });
    expect(answer.checks.filter(({ passed }) => !passed)).toMatchObject([{ step: 11, name: "status" }]);
  });

  it("take the simulated root where the policy names it", () => {
    const quote = makeQuote();
    const request = { quote, collateral: { kind: "packed", value: makeCollateral() }, time: BigInt(NOW) } as const;
    const policy = utf8ToBytes(formatPolicy(policyFor(quote, { roots: [SIM_ROOT_SHA256] })));
    expect(calls.verifyEvidence({ ...request, policy }).admitted).toBe(true);
    expect(calls.verifyEvidence({ ...request, policy: undefined })).toMatchObject({ admitted: false, status: "" });
  });

  it("refuse a policy that is none, with what is wrong in it", () => {
    expect(() => verify(SGX, "{}")).toThrow(RefusalError);
    expect(() => verify(SGX, "{}")).toThrow("attestation policy: roots: expected a list");
  });
});

describe("contracts §2.6: quotes for contracts", () => {
  const chain = (timeSeconds: number, chainId = "secret-4") => ({ chainId, timeSeconds });
  const verify = (sample: typeof SGX, time = sample.time) =>
    verifyContractQuote(testCrypto, chain(time), sample.quote, sample.packed);

  it("accepts real evidence of up-to-date platforms at the time of the block, and only then", () => {
    expect(verify(TDX_A)).toBe("upToDate");
    expect(verify(TDX_B)).toBe("upToDate");
    expect(verify(TDX_A, TDX_A.window[1] + 1)).toBe("refused");
  });

  it("refuses every status but the two best", () => {
    expect(verify(SGX)).toBe("refused");
    const status = (name: string) =>
      makeCollateral({ levels: [{ tcb: MACHINE.tcb, status: name, advisories: ["ANY"] }] });
    const of = (name: string) =>
      verifyContractQuote(testCrypto, chain(NOW, "private-1-sim"), makeQuote(), status(name));
    expect(["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "OutOfDate", "Revoked"].map(of)).toEqual([
      "upToDate",
      "hardeningNeeded",
      "refused",
      "refused",
      "refused",
    ]);
  });

  it("leaves what the quote is about to the contract, a debug enclave too", () => {
    const quote = makeQuote({ body: sgxBody({ flags: 0x07 }) });
    expect(verifyContractQuote(testCrypto, chain(NOW, "private-1-sim"), quote, makeCollateral())).toBe("upToDate");
  });

  it("accepts the simulated root on chains alone whose id ends in -sim", () => {
    for (const id of ["secret-4", "secretdev-1", "sim", "-sim-1"]) {
      expect(verifyContractQuote(testCrypto, chain(NOW, id), makeQuote(), makeCollateral())).toBe("refused");
    }
  });

  it("refuses anything else", () => {
    const noise = new Uint8Array(2_000).fill(1);
    expect(verifyContractQuote(testCrypto, chain(NOW), noise, SGX.packed)).toBe("refused");
    expect(verifyContractQuote(testCrypto, chain(NOW), SGX.quote, noise)).toBe("refused");
    expect(verifyContractQuote(testCrypto, chain(NOW), noise, new Uint8Array(0))).toBe("refused");
  });
});
