/**
 * Ecalls about evidence that admit nobody: what this enclave is, and what is to be thought of any evidence (registration §2.8).
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { CodedError } from "@sotto/common/errors";
import { INTEL_ROOT_SHA256 } from "@sotto/common/simAttestation";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { AttestationPolicy } from "../evidence/attestation.ts";
import { type DescribedQuote, describeQuote, selfReportData } from "../evidence/describeQuote.ts";
import { EvidenceError } from "../evidence/evidenceError.ts";
import { parsePolicy } from "../evidence/policy.ts";
import { type Verdict, verifyEvidence } from "../evidence/verifyEvidence.ts";
import type { EnclavePowers } from "../powers.ts";
import { requestQuote } from "../registration/ownMachine.ts";

/** Without a policy: Intel's root, statuses as the protocol has them, and no enclave approved. */
const NO_ONE: AttestationPolicy = {
  roots: [INTEL_ROOT_SHA256],
  statuses: new Set(["UpToDate", "SWHardeningNeeded"]),
  advisories: new Set(),
  minimumTcbEvaluationDataNumber: 0,
  retiredFmspcs: new Set(),
  sgx: [],
  tdx: [],
  machines: "listed",
  maxEvidenceAge: 0,
  reattestEvery: 0,
  executionOrder: "proposed",
  authority: "",
};

type AttestationCalls = Pick<EcallHandlers, "describeSelf" | "verifyEvidence">;

export function makeAttestationCalls(crypto: Crypto, takeQuote: EnclavePowers["quote"]): AttestationCalls {
  return {
    describeSelf: () => {
      const quote = requestQuote(takeQuote, selfReportData(crypto));
      const { tee, reportData: _, ...described } = describeOwn(crypto, quote);
      return { quote, tee: { kind: tee, value: {} }, ...described };
    },

    // A policy that accepts the simulated root says so itself; on a chain the chain's id must agree (registration §2.7).
    verifyEvidence: ({ quote, collateral, time, policy }) => {
      const timeSeconds = Number(time);
      const input = { quote, collateral, timeSeconds, policy: readPolicy(policy), allowSim: true };
      return answer(verifyEvidence(crypto, input));
    },
  };
}

/** @throws {RefusalError} NoQuote, if the platform gave something else */
function describeOwn(crypto: Crypto, quote: Uint8Array): DescribedQuote {
  try {
    return describeQuote(crypto, quote);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new RefusalError(RefusalCode.NoQuote, `the platform gave what is no quote: ${error.message}`);
  }
}

function readPolicy(bytes: Uint8Array | undefined): AttestationPolicy {
  if (bytes === undefined) return NO_ONE;
  try {
    return parsePolicy(bytes);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new RefusalError(RefusalCode.MalformedRequest, error.message);
  }
}

function answer(verdict: Verdict): ReturnType<AttestationCalls["verifyEvidence"]> {
  const { checks } = verdict;
  const found = verdict.kind === "attested" ? verdict.attested : verdict.platform;
  const status = found?.status ?? "";
  return { admitted: verdict.kind === "attested", status, advisories: found?.advisories ?? [], checks };
}
