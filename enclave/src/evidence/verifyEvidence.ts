/**
 * Verifies evidence against a network's policy: steps 1 to 12 of registration §2.8, and who the machine is.
 *
 * Steps 13 and 14 need what the chain knows besides (binding, allow list, age, duplicates) and are made by the registration.
 * @module
 */
import type { EvidenceCheck } from "@sotto/boundary/messages";
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { ApprovedEnclave, AttestationPolicy, Attested, QuoteBody } from "./attestation.ts";
import { CheckList } from "./checkList.ts";
import { EvidenceErrorCode as Code, EvidenceError } from "./evidenceError.ts";
import { formatFmspc, machineIdOf } from "./pckExtension.ts";
import { quoteBody, readFlags, SgxFlag, type SgxReport, type TdReport } from "./quoteBody.ts";
import { type PlatformInput, type VerifiedPlatform, verifyPlatform } from "./verifyPlatform.ts";

export type EvidenceInput = Omit<PlatformInput, "policy"> & { readonly policy: AttestationPolicy };

/** Every check that came to pass, in order; the last one made is the one that failed, if any. */
export type Verdict = { readonly checks: readonly EvidenceCheck[] } & (
  | { readonly kind: "attested"; readonly attested: Attested }
  | {
      readonly kind: "refused";
      readonly error: EvidenceError;
      /** What was found of the platform, if it was a policy that refused. */
      readonly platform: VerifiedPlatform | undefined;
    }
);

/** Never throws for what is in the evidence: what is wrong with it is in the verdict. */
export function verifyEvidence(crypto: Crypto, input: EvidenceInput): Verdict {
  const list = new CheckList(crypto);
  let platform: VerifiedPlatform | undefined;
  try {
    platform = verifyPlatform(list, input);
    const attested = admit(list, platform, input.policy);
    return { kind: "attested", attested, checks: list.checks };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { kind: "refused", error, platform, checks: list.checks };
  }
}

function admit(checks: CheckList, found: VerifiedPlatform, policy: AttestationPolicy): Attested {
  const { report, platform, status, advisories } = found;
  requirePlatform(checks, found, policy);
  const body = quoteBody(checks.crypto, report);
  checks.at(12, Code.Debug).expect("debug mode", !body.debug, "off", body.debug ? "on" : "off");
  if (report.tee === "sgx") requireSgxAttributes(checks, report);
  else requireTdAttributes(checks, report);
  requireApproved(checks, body, policy[body.tee]);
  return { ...body, status, advisories, machineId: machineIdOf(checks.crypto, platform) };
}

/** Step 11. */
function requirePlatform(checks: CheckList, found: VerifiedPlatform, policy: AttestationPolicy): void {
  const { status, advisories, platform } = found;
  const statuses = [...policy.statuses].join(", ");
  checks.at(11, Code.TcbStatus).expect("status", policy.statuses.has(status), `one of ${statuses}`, status);
  const isAllowed = advisories.every((id) => policy.advisories.has(id));
  const allowed = policy.advisories.size === 0 ? "none" : `none but ${[...policy.advisories].join(", ")}`;
  checks.at(11, Code.Advisory).expect("advisories", isAllowed, allowed, advisories.join(", ") || "none");
  const fmspc = formatFmspc(platform);
  const isRetired = policy.retiredFmspcs.has(fmspc);
  checks.at(11, Code.RetiredPlatform).expect("FMSPC in use", !isRetired, "one that is not retired", fmspc);
}

/** INIT, MODE64, CET, KSS, AEX notification: what an enclave may have and no more. */
const SGX_FLAGS = SgxFlag.Init | SgxFlag.Mode64 | (1n << 6n) | (1n << 7n) | (1n << 10n);
const SGX_FLAGS_NEEDED = SgxFlag.Init | SgxFlag.Mode64;
/** x87 and SSE, which all have; AVX, AVX-512, PKRU and AMX, which they may have. */
const XFRM_NEEDED = 0x3n;
const XFRM = XFRM_NEEDED | 0x4n | 0xe0n | 0x200n | 0x60000n;
/** SEPT_VE_DISABLE must be there; PKS, KL and PERFMON may be. Bit 29, migratable, may not. */
const TD_NEEDED = 1n << 28n;
const TD_ATTRIBUTES = TD_NEEDED | (1n << 30n) | (1n << 31n) | (1n << 63n);

/** Step 12: whether there are all bits that are needed and none but those that are allowed. */
function requireBits(checks: CheckList, name: string, bits: bigint, needed: bigint, allowed: bigint): void {
  const passed = (bits & needed) === needed && (bits & ~allowed) === 0n;
  const expected = `bits ${needed.toString(16)}, none but ${allowed.toString(16)}`;
  checks.at(12, Code.Attributes).expect(name, passed, expected, bits.toString(16));
}

function requireSgxAttributes(checks: CheckList, { flags, xfrm }: SgxReport): void {
  requireBits(checks, "ATTRIBUTES", flags, SGX_FLAGS_NEEDED, SGX_FLAGS);
  requireBits(checks, "XFRM", xfrm, XFRM_NEEDED, XFRM);
}

/** Of features that a domain may use, XFAM, the measurement takes care. */
function requireTdAttributes(checks: CheckList, { tdAttributes, now }: TdReport): void {
  requireBits(checks, "TDATTRIBUTES", readFlags(tdAttributes), TD_NEEDED, TD_ATTRIBUTES);
  if (now !== undefined) checks.at(12, Code.Attributes).equal("MRSERVICETD", new Uint8Array(48), now.mrServiceTd);
}

/** One approved enclave must fit in all that the policy says of it. */
function requireApproved(checks: CheckList, body: QuoteBody, approved: readonly ApprovedEnclave[]): void {
  const { productId, securityVersion } = body;
  const names = (list: readonly ApprovedEnclave[], of: (one: ApprovedEnclave) => string): string =>
    [...new Set(list.map(of))].join(" or ") || "none is approved";
  const measured = approved.filter(({ measurement }) => equalBytes(measurement, body.measurement));
  const measurements = names(approved, (one) => bytesToHex(one.measurement));
  const found = bytesToHex(body.measurement);
  checks.at(12, Code.Measurement).expect("measurement", measured.length > 0, measurements, found);
  const signed = measured.filter(({ signer }) => signer === undefined || equalBytes(signer, body.signer));
  const signers = names(measured, ({ signer }) => (signer === undefined ? "any" : bytesToHex(signer)));
  checks.at(12, Code.Signer).expect("signer", signed.length > 0, signers, bytesToHex(body.signer));
  const fits = signed.some((one) => one.productId === productId && one.minimumSecurityVersion <= securityVersion);
  const versions = names(signed, (one) => `product ${one.productId} from version ${one.minimumSecurityVersion}`);
  const version = `product ${productId} version ${securityVersion}`;
  checks.at(12, Code.SecurityVersion).expect("product and security version", fits, versions, version);
}
