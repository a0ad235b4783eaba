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
import { EvidenceError, EvidenceErrorCode } from "./evidenceError.ts";
import { formatFmspc, machineIdOf } from "./pckExtension.ts";
import { quoteBody, type Report, readFlags, SgxFlag, type SgxReport, type TdReport } from "./quoteBody.ts";
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
  const list = new CheckList();
  let platform: VerifiedPlatform | undefined;
  try {
    platform = verifyPlatform(crypto, list, input);
    const attested = admit(crypto, list, platform, input.policy);
    return { kind: "attested", attested, checks: list.checks };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { kind: "refused", error, platform, checks: list.checks };
  }
}

function admit(crypto: Crypto, checks: CheckList, found: VerifiedPlatform, policy: AttestationPolicy): Attested {
  const { report, platform, status, advisories } = found;
  requirePlatform(checks, found, policy);
  const body = quoteBody(crypto, report);
  requireAttributes(checks, report, body);
  requireApproved(checks, body, policy[body.tee]);
  return { ...body, status, advisories, machineId: machineIdOf(crypto, platform) };
}

/** Step 11. */
function requirePlatform(
  checks: CheckList,
  { status, advisories, platform }: VerifiedPlatform,
  policy: AttestationPolicy,
): void {
  const statuses = [...policy.statuses].join(", ");
  const statusCheck = { step: 11, name: "status of the platform", code: EvidenceErrorCode.TcbStatus };
  checks.expect(statusCheck, policy.statuses.has(status), `one of ${statuses}`, status);
  const advisoryCheck = { step: 11, name: "advisories", code: EvidenceErrorCode.Advisory };
  const open = advisories.filter((id) => !policy.advisories.has(id));
  const allowed = ["none", ...policy.advisories].join(", ");
  checks.expect(advisoryCheck, open.length === 0, `none but ${allowed}`, advisories.join(", ") || "none");
  const fmspc = formatFmspc(platform);
  const retired = { step: 11, name: "FMSPC", code: EvidenceErrorCode.RetiredPlatform };
  checks.expect(retired, !policy.retiredFmspcs.has(fmspc), "one that is not retired", fmspc);
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

/** Step 12 but for the measurement. */
function requireAttributes(checks: CheckList, report: Report, { debug }: QuoteBody): void {
  const mode = { step: 12, name: "debug mode", code: EvidenceErrorCode.Debug };
  checks.expect(mode, !debug, "off", debug ? "on" : "off");
  if (report.tee === "sgx") requireSgxAttributes(checks, report);
  else requireTdAttributes(checks, report);
}

/** Whether there are all bits that are needed and none but those that are allowed. */
function requireBits(
  checks: CheckList,
  name: string,
  bits: bigint,
  { needed, allowed }: { readonly needed: bigint; readonly allowed: bigint },
): void {
  const passed = (bits & needed) === needed && (bits & ~allowed) === 0n;
  const expected = `bits ${needed.toString(16)}, none but ${allowed.toString(16)}`;
  checks.expect({ step: 12, name, code: EvidenceErrorCode.Attributes }, passed, expected, bits.toString(16));
}

function requireSgxAttributes(checks: CheckList, { flags, xfrm }: SgxReport): void {
  requireBits(checks, "ATTRIBUTES", flags, { needed: SGX_FLAGS_NEEDED, allowed: SGX_FLAGS });
  requireBits(checks, "XFRM", xfrm, { needed: XFRM_NEEDED, allowed: XFRM });
}

/** Of features a domain may use, XFAM, the measurement takes care. */
function requireTdAttributes(checks: CheckList, { tdAttributes, now }: TdReport): void {
  requireBits(checks, "TDATTRIBUTES", readFlags(tdAttributes), { needed: TD_NEEDED, allowed: TD_ATTRIBUTES });
  const service = now?.mrServiceTd ?? new Uint8Array(48);
  const check = { step: 12, name: "MRSERVICETD", code: EvidenceErrorCode.Attributes };
  checks.expectEqual(check, new Uint8Array(service.length), service);
}

/** One approved enclave must fit in all that the policy says of it. */
function requireApproved(checks: CheckList, body: QuoteBody, approved: readonly ApprovedEnclave[]): void {
  const names = (list: readonly ApprovedEnclave[], of: (one: ApprovedEnclave) => string): string =>
    [...new Set(list.map(of))].join(" or ") || "none is approved";
  const measured = approved.filter(({ measurement }) => equalBytes(measurement, body.measurement));
  const measurement = { step: 12, name: "measurement", code: EvidenceErrorCode.Measurement };
  const measurements = names(approved, (one) => bytesToHex(one.measurement));
  checks.expect(measurement, measured.length > 0, measurements, bytesToHex(body.measurement));
  const signed = measured.filter(({ signer }) => signer === undefined || equalBytes(signer, body.signer));
  const signer = { step: 12, name: "signer", code: EvidenceErrorCode.Signer };
  const signers = names(measured, (one) => (one.signer === undefined ? "any" : bytesToHex(one.signer)));
  checks.expect(signer, signed.length > 0, signers, bytesToHex(body.signer));
  const versioned = signed.some(
    ({ productId, minimumSecurityVersion }) =>
      productId === body.productId && minimumSecurityVersion <= body.securityVersion,
  );
  const version = { step: 12, name: "product and security version", code: EvidenceErrorCode.SecurityVersion };
  const versions = names(signed, (one) => `product ${one.productId} from version ${one.minimumSecurityVersion}`);
  checks.expect(version, versioned, versions, `product ${body.productId} version ${body.securityVersion}`);
}
