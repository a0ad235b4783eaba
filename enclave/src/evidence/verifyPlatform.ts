/**
 * Steps 1 to 10: that a quote was made by genuine hardware, and the state of that hardware (registration §2.8).
 *
 * What it was made about, and whether that suffices, is for a network's policy (`verifyEvidence.ts`) or for a contract to say.
 * @module
 */
import { bytesToHex, concatBytes, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { INTEL_QE_VENDOR, SIM_QE_VENDOR, SIM_USER_DATA } from "@sotto/common/simAttestation";
import type { AttestationPolicy, Collateral } from "./attestation.ts";
import type { Certificate } from "./certificate.ts";
import { requireCurrent, verifyChains, verifyRevocation } from "./chains.ts";
import { type CheckList, formatSeconds } from "./checkList.ts";
import { readJsonCollateral, readPackedCollateral } from "./collateral.ts";
import { EvidenceErrorCode } from "./evidenceError.ts";
import { type Platform, readPckExtension } from "./pckExtension.ts";
import { isKnownQuote, parseQuote, type Quote, type QuoteHeader, readQuoteHeader } from "./quote.ts";
import type { Report } from "./quoteBody.ts";
import { type IsvLevel, type QeIdentity, readQeIdentity, readTcbInfo, type TcbInfo } from "./tcbDocuments.ts";
import { type Evaluation, evaluateTcb, isvLevel } from "./tcbLevel.ts";

const ECDSA_P256 = 2;
const TCB_INFO_VERSION = 3;

export type PlatformInput = {
  readonly quote: Uint8Array;
  /** Packed as in evidence, or JSON as tools have it. */
  readonly collateral: { readonly kind: "packed" | "json"; readonly value: Uint8Array };
  /** Of the verified block; whole seconds since 1970. */
  readonly timeSeconds: number;
  readonly policy: Pick<AttestationPolicy, "roots" | "minimumTcbEvaluationDataNumber">;
  /** Whether the simulated root may count at all: it does on chains whose id says so, if the policy names it. */
  readonly allowSim: boolean;
};

export type VerifiedPlatform = Evaluation & { readonly report: Report; readonly platform: Platform };

/**
 * @param checks gets every check, passed or not
 * @throws {EvidenceError} of the first check that fails
 */
export function verifyPlatform(crypto: Crypto, checks: CheckList, input: PlatformInput): VerifiedPlatform {
  const { timeSeconds, policy, allowSim } = input;
  const collateral = readCollateral(checks, input.collateral);
  const time = { step: 2, name: "time", code: EvidenceErrorCode.OutOfDate };
  checks.expect(time, true, "that of the block, or the one asked for", formatSeconds(timeSeconds));
  const quote = readQuote(checks, input.quote);
  const isSimulated = equalBytes(quote.header.vendorId, SIM_QE_VENDOR);
  requireSameKind(checks, quote.report, collateral);
  const { certificates, report } = quote;
  const roots = policy.roots;
  const chains = verifyChains(crypto, checks, { certificates, collateral, timeSeconds, roots, allowSim, isSimulated });
  verifyRevocation(crypto, checks, chains, collateral, timeSeconds);
  const info = verifyTcbInfo(crypto, checks, collateral, chains.tcbSigning, report, input);
  const identity = verifyQeIdentity(crypto, checks, collateral, chains.qeSigning, input);
  const qe = verifyQuotingEnclave(crypto, checks, quote, chains.pck, identity);
  const isSigned = crypto.p256Verify(quote.signed, quote.signature, quote.attestationKey);
  const signature = { step: 9, name: "signature of the quote", code: EvidenceErrorCode.QuoteSignature };
  checks.expect(signature, isSigned, "by the attestation key", isSigned ? "by it" : "not by it");
  const platform = checks.read(10, "PCK certificate", () => readPckExtension(chains.pck.intel ?? new Uint8Array(0)));
  return { report, platform, ...evaluateTcb(checks, report, platform, info, qe) };
}

function readCollateral(checks: CheckList, { kind, value }: PlatformInput["collateral"]): Collateral {
  return checks.read(1, "collateral", () =>
    kind === "packed" ? readPackedCollateral(value) : readJsonCollateral(value),
  );
}

/** Steps 1, 3 and 4; what the header says comes before what depends on it. */
function readQuote(checks: CheckList, bytes: Uint8Array): Quote {
  const header = checks.read(1, "size of the quote", () => readQuoteHeader(bytes));
  const code = EvidenceErrorCode.UnsupportedQuote;
  const known = "3 for kind 0, 4 for kind 129, 5 for either";
  const version = `${header.version} for kind ${header.tee}`;
  checks.expect({ step: 4, name: "version of the quote", code }, isKnownQuote(header), known, version);
  const { keyType } = header;
  checks.expect({ step: 4, name: "kind of attestation key", code }, keyType === ECDSA_P256, "2", `${keyType}`);
  const vendor = isIntelQe(header) || isSimulatedQe(header);
  const vendors = `${bytesToHex(INTEL_QE_VENDOR)}, or the simulated one with its user data`;
  const found = `${bytesToHex(header.vendorId)}, user data ${bytesToHex(header.userData)}`;
  checks.expect({ step: 4, name: "vendor of the quoting enclave", code }, vendor, vendors, found);
  const quote = checks.read(3, "quote", () => parseQuote(bytes));
  const layout = { step: 3, name: "layout of the quote", code: EvidenceErrorCode.Malformed };
  checks.expect(layout, true, "parts that fill it", `${quote.report.tee}, ${bytes.length} bytes`);
  return quote;
}

const isIntelQe = ({ vendorId }: QuoteHeader): boolean => equalBytes(vendorId, INTEL_QE_VENDOR);

function isSimulatedQe({ vendorId, userData }: QuoteHeader): boolean {
  return equalBytes(vendorId, SIM_QE_VENDOR) && equalBytes(userData, SIM_USER_DATA);
}

function requireSameKind(checks: CheckList, { tee }: Report, collateral: Collateral): void {
  const check = { step: 1, name: "kind of the collateral", code: EvidenceErrorCode.Malformed };
  checks.expect(check, (collateral.tee ?? tee) === tee, tee, collateral.tee ?? "not said");
}

type Issued = Pick<TcbInfo, "issueDate" | "nextUpdate" | "evaluationNumber">;

/** Step 7 for one document: nothing of it is read before its signature was verified. */
function verifyDocument<T extends Issued>(
  crypto: Crypto,
  checks: CheckList,
  signed: { readonly what: string; readonly text: Uint8Array; readonly signature: Uint8Array },
  signer: Certificate,
  { timeSeconds, policy }: PlatformInput,
  read: (text: Uint8Array) => T,
): T {
  const { what, text, signature } = signed;
  const isSigned = crypto.p256Verify(text, signature, signer.publicKey);
  const check = { step: 7, name: `signature of the ${what}`, code: EvidenceErrorCode.CollateralSignature };
  checks.expect(check, isSigned, `by ${signer.commonName}, over exactly this text`, isSigned ? "by it" : "not by it");
  const document = checks.read(7, what, () => read(text));
  const { issueDate, nextUpdate, evaluationNumber } = document;
  requireCurrent(checks, 7, `the ${what}`, timeSeconds, [issueDate, nextUpdate]);
  const minimum = policy.minimumTcbEvaluationDataNumber;
  const number = { step: 7, name: `evaluation number of the ${what}`, code: EvidenceErrorCode.CollateralTooOld };
  checks.expect(number, evaluationNumber >= minimum, `${minimum} or more`, `${evaluationNumber}`);
  return document;
}

function verifyTcbInfo(
  crypto: Crypto,
  checks: CheckList,
  { tcbInfo: text, tcbInfoSignature: signature }: Collateral,
  signer: Certificate,
  { tee }: Report,
  input: PlatformInput,
): TcbInfo {
  const info = verifyDocument(crypto, checks, { what: "TCB info", text, signature }, signer, input, readTcbInfo);
  const check = { step: 10, name: "kind of the TCB info", code: EvidenceErrorCode.TcbLevel };
  const expected = `${tee.toUpperCase()} version ${TCB_INFO_VERSION}`;
  const found = `${info.id} version ${info.version}`;
  checks.demand(check, found === expected, expected, found);
  return info;
}

function verifyQeIdentity(
  crypto: Crypto,
  checks: CheckList,
  { qeIdentity: text, qeIdentitySignature: signature }: Collateral,
  signer: Certificate,
  input: PlatformInput,
): QeIdentity {
  return verifyDocument(crypto, checks, { what: "QE identity", text, signature }, signer, input, readQeIdentity);
}

function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte & (mask[i] as number));
}

/** Step 8: the quoting enclave is Intel's, is the one of this key, and how current it is. */
function verifyQuotingEnclave(
  crypto: Crypto,
  checks: CheckList,
  { qeReport, qeReportSignature, qeAuthData, attestationKey, report }: Quote,
  pck: Certificate,
  identity: QeIdentity,
): IsvLevel {
  const check = (name: string) => ({ step: 8, name, code: EvidenceErrorCode.QuotingEnclave });
  const isSigned = crypto.p256Verify(qeReport.bytes, qeReportSignature, pck.publicKey);
  checks.expect(check("signature of the QE report"), isSigned, "by the PCK", isSigned ? "by it" : "not by it");
  const binding = concatBytes(crypto.sha256(concatBytes(attestationKey, qeAuthData)), new Uint8Array(32));
  checks.expectEqual(check("attestation key in the QE report"), binding, qeReport.reportData);
  const versions = report.tee === "sgx" ? ["QE version 2"] : ["TD_QE version 2", "TD_QE version 3"];
  const kind = `${identity.id} version ${identity.version}`;
  checks.demand(check("kind of the QE identity"), versions.includes(kind), versions.join(" or "), kind);
  const { miscSelect, miscSelectMask, attributes, attributesMask, mrSigner, isvProdId } = identity;
  checks.expectEqual(check("QE MISCSELECT"), miscSelect, masked(qeReport.miscSelect, miscSelectMask));
  checks.expectEqual(check("QE ATTRIBUTES"), attributes, masked(qeReport.attributes, attributesMask));
  checks.expectEqual(check("QE MRSIGNER"), mrSigner, qeReport.mrSigner);
  checks.expect(check("QE ISVPRODID"), qeReport.isvProdId === isvProdId, `${isvProdId}`, `${qeReport.isvProdId}`);
  const level = isvLevel(identity.levels, qeReport.isvSvn);
  checks.expect(check("QE level"), level !== undefined, "a level that it reaches", `ISVSVN ${qeReport.isvSvn}`);
  return level as IsvLevel;
}
