/**
 * The real evidence of vectors/attestation, and what is known of it.
 */
import { readFileSync } from "node:fs";
import { utf8ToBytes } from "@sotto/common/bytes";
import { INTEL_ROOT_SHA256 } from "@sotto/common/simAttestation";
import { packCollateral } from "@sotto/common/wire/collateral";
import type { ApprovedEnclave, AttestationPolicy } from "../../src/evidence/attestation.ts";
import { parseQuote } from "../../src/evidence/quote.ts";
import { quoteBody } from "../../src/evidence/quoteBody.ts";
import { type EvidenceInput, type Verdict, verifyEvidence } from "../../src/evidence/verifyEvidence.ts";
import { testCrypto } from "../harness.ts";

export function readSample(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../../vectors/attestation/${name}`, import.meta.url)));
}

export type JsonCollateral = {
  readonly pck_crl_issuer_chain: string;
  readonly root_ca_crl: string;
  readonly pck_crl: string;
  readonly tcb_info_issuer_chain: string;
  readonly tcb_info: string;
  readonly tcb_info_signature: string;
  readonly qe_identity_issuer_chain: string;
  readonly qe_identity: string;
  readonly qe_identity_signature: string;
};

export function parseCollateral(json: Uint8Array): JsonCollateral {
  return JSON.parse(new TextDecoder().decode(json)) as JsonCollateral;
}

/** The packed form of JSON collateral, revocation lists as hex. */
export function toPacked(collateral: JsonCollateral, tee: "sgx" | "tdx"): Uint8Array {
  const wrapped = (name: string, text: string, signature: string): Uint8Array =>
    utf8ToBytes(`{"${name}":${text},"signature":"${signature}"}`);
  return packCollateral({
    tee,
    pckCrlIssuerChain: utf8ToBytes(collateral.pck_crl_issuer_chain),
    rootCaCrl: utf8ToBytes(collateral.root_ca_crl),
    pckCrl: utf8ToBytes(collateral.pck_crl),
    tcbInfoIssuerChain: utf8ToBytes(collateral.tcb_info_issuer_chain),
    tcbInfo: wrapped("tcbInfo", collateral.tcb_info, collateral.tcb_info_signature),
    qeIdentityIssuerChain: utf8ToBytes(collateral.qe_identity_issuer_chain),
    qeIdentity: wrapped("enclaveIdentity", collateral.qe_identity, collateral.qe_identity_signature),
  });
}

type Sample = {
  readonly name: string;
  readonly tee: "sgx" | "tdx";
  readonly quote: Uint8Array;
  readonly json: Uint8Array;
  readonly packed: Uint8Array;
  /** Where all of it is valid, both ends included; seconds since 1970. */
  readonly window: readonly [number, number];
  readonly time: number;
};

function sample(name: string, tee: "sgx" | "tdx", window: readonly [number, number], time: number): Sample {
  const json = readSample(`${name}.collateral.json`);
  const packed = toPacked(parseCollateral(json), tee);
  return { name, tee, quote: readSample(`${name}.quote.bin`), json, packed, window, time };
}

export const SGX = sample("sgx_v3", "sgx", [1_750_330_571, 1_752_919_278], 1_751_624_924);
export const TDX_A = sample("tdx_v4_a", "tdx", [1_750_329_147, 1_752_919_235], 1_751_624_655);
export const TDX_B = sample("tdx_v4_b", "tdx", [1_756_798_919, 1_759_388_631], 1_758_000_000);
export const NO_LEVEL = sample("tdx_v5_nolevel", "tdx", [1_771_412_331, 1_774_003_275], 1_772_707_833);
export const ADMITTED = [SGX, TDX_A, TDX_B];
export type { Sample };

/** What an entry of a policy says of the enclave in a quote; nothing if it is no quote. */
function approvedIn(quote: Uint8Array): { readonly tee?: "sgx" | "tdx"; readonly list: ApprovedEnclave[] } {
  try {
    const { tee, measurement, signer, productId, securityVersion } = quoteBody(testCrypto, parseQuote(quote).report);
    return { tee, list: [{ measurement, signer, productId, minimumSecurityVersion: securityVersion }] };
  } catch {
    return { list: [] };
  }
}

/** A policy that admits just this quote's enclave, with every advisory that the samples have. */
export function policyFor(quote: Uint8Array, changes: Partial<AttestationPolicy> = {}): AttestationPolicy {
  const { tee, list } = approvedIn(quote);
  return {
    roots: [INTEL_ROOT_SHA256],
    statuses: new Set(["UpToDate", "SWHardeningNeeded", "ConfigurationAndSWHardeningNeeded"]),
    advisories: new Set(["INTEL-SA-00289", "INTEL-SA-00615"]),
    minimumTcbEvaluationDataNumber: 0,
    retiredFmspcs: new Set(),
    sgx: tee === "sgx" ? list : [],
    tdx: tee === "tdx" ? list : [],
    machines: "any",
    maxEvidenceAge: 100,
    reattestEvery: 0,
    executionOrder: "proposed",
    authority: "secret1authority",
    ...changes,
  };
}

/** Verifies a sample at its time under a policy that admits what its quote says, but for the changes. */
export function verifySample(sample: Sample, changes: Partial<EvidenceInput> = {}): Verdict {
  const collateral = { kind: "packed", value: sample.packed } as const;
  const { quote = sample.quote } = changes;
  const { time: timeSeconds } = sample;
  const input = { collateral, timeSeconds, policy: policyFor(quote), allowSim: false, ...changes, quote };
  return verifyEvidence(testCrypto, input);
}

/** Code and step of a refusal; undefined if it was none. */
export function refusal(verdict: Verdict): { readonly code: number; readonly step: number } | undefined {
  if (verdict.kind === "attested") return undefined;
  const failed = verdict.checks.filter(({ passed }) => !passed);
  if (failed.length !== 1) throw new Error(`${failed.length} checks failed`);
  return { code: verdict.error.code, step: failed[0]?.step ?? 0 };
}

export function flipped(bytes: Uint8Array, at: number, mask = 1): Uint8Array {
  const out = bytes.slice();
  (out[at] as number) ^= mask;
  return out;
}
