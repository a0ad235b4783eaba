/**
 * Steps 1 to 10: that a quote was made by genuine hardware, and the state of that hardware (registration §2.8).
 *
 * What it was made about, and whether that suffices, is for a network's policy (`verifyEvidence.ts`) or for a contract to say.
 * @module
 */
import { bytesToHex, concatBytes, EMPTY_BYTES, equalBytes } from "@sotto/common/bytes";
import { INTEL_QE_VENDOR, SIM_QE_VENDOR, SIM_USER_DATA } from "@sotto/common/simAttestation";
import type { AttestationPolicy } from "./attestation.ts";
import type { Certificate } from "./certificate.ts";
import { verifyChains, verifyRevocation } from "./chains.ts";
import { type CheckList, formatSeconds } from "./checkList.ts";
import { readJsonCollateral, readPackedCollateral } from "./collateral.ts";
import { EvidenceErrorCode as Code } from "./evidenceError.ts";
import { type Platform, readPckExtension } from "./pckExtension.ts";
import { isKnownQuote, parseQuote, type Quote, readQuoteHeader } from "./quote.ts";
import { masked, type Report } from "./quoteBody.ts";
import { type IsvLevel, type QeIdentity, readQeIdentity, readTcbInfo, type TcbInfo } from "./tcbDocuments.ts";
import { type Evaluation, evaluateTcb, isvLevel } from "./tcbLevel.ts";

const ECDSA_P256 = 2;

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
export function verifyPlatform(checks: CheckList, input: PlatformInput): VerifiedPlatform {
  const { timeSeconds, policy, allowSim } = input;
  const { kind, value } = input.collateral;
  const read = kind === "packed" ? readPackedCollateral : readJsonCollateral;
  const collateral = checks.at(1, Code.Malformed).read("collateral", () => read(value));
  checks.at(2, Code.OutOfDate).expect("time", true, "that of the block, or as asked for", formatSeconds(timeSeconds));
  const quote = readQuote(checks, input.quote);
  const { certificates, report } = quote;
  const said = collateral.tee ?? report.tee;
  checks.at(1, Code.Malformed).expect("kind of the collateral", said === report.tee, report.tee, said);
  const isSimulated = equalBytes(quote.header.vendorId, SIM_QE_VENDOR);
  const { roots } = policy;
  const chains = verifyChains(checks, { certificates, collateral, timeSeconds, roots, allowSim, isSimulated });
  verifyRevocation(checks, chains, collateral, timeSeconds);
  const { tcbInfo, tcbInfoSignature, qeIdentity, qeIdentitySignature } = collateral;
  const { tcbSigning, qeSigning } = chains;
  const info = verifyDocument(checks, input, "TCB info", tcbInfo, tcbInfoSignature, tcbSigning, readTcbInfo);
  const identity = verifyDocument(
    checks,
    input,
    "QE identity",
    qeIdentity,
    qeIdentitySignature,
    qeSigning,
    readQeIdentity,
  );
  const qe = verifyQuotingEnclave(checks, quote, chains.pck, identity);
  checks
    .at(9, Code.QuoteSignature)
    .signed("quote", "attestation key", quote.attestationKey, quote.signed, quote.signature);
  const { intel = EMPTY_BYTES } = chains.pck;
  const platform = checks.at(10, Code.TcbLevel).read("PCK certificate", () => readPckExtension(intel));
  return { report, platform, ...evaluateTcb(checks, report, { platform, info, qe }) };
}

/** Steps 1, 3 and 4; what the header says comes before what depends on it. */
function readQuote(checks: CheckList, bytes: Uint8Array): Quote {
  const header = checks.at(1, Code.Malformed).read("size of the quote", () => readQuoteHeader(bytes));
  const check = checks.at(4, Code.UnsupportedQuote);
  const known = "3 for kind 0, 4 for kind 129, 5 for either";
  check.expect("version of the quote", isKnownQuote(header), known, `${header.version} for kind ${header.tee}`);
  check.expect("kind of attestation key", header.keyType === ECDSA_P256, `${ECDSA_P256}`, `${header.keyType}`);
  const isIntel = equalBytes(header.vendorId, INTEL_QE_VENDOR);
  const isSimulated = equalBytes(header.vendorId, SIM_QE_VENDOR) && equalBytes(header.userData, SIM_USER_DATA);
  const vendors = `${bytesToHex(INTEL_QE_VENDOR)}, or the simulated one with its user data`;
  const found = `${bytesToHex(header.vendorId)}, user data ${bytesToHex(header.userData)}`;
  check.expect("vendor of the quoting enclave", isIntel || isSimulated, vendors, found);
  const layout = checks.at(3, Code.Malformed);
  const quote = layout.read("layout of the quote", () => parseQuote(bytes));
  layout.expect("layout of the quote", true, "parts that fill it", `${quote.report.tee}, ${bytes.length} bytes`);
  return quote;
}

/** Step 7 for one document: nothing of it is read before its signature was verified. */
function verifyDocument<T extends TcbInfo | QeIdentity>(
  checks: CheckList,
  { timeSeconds, policy }: PlatformInput,
  what: string,
  text: Uint8Array,
  signature: Uint8Array,
  signer: Certificate,
  read: (text: Uint8Array) => T,
): T {
  const check = checks.at(7, Code.CollateralSignature);
  check.signed(what, `${signer.commonName}, over exactly this text`, signer.publicKey, text, signature);
  const document = check.read(what, () => read(text));
  const { issueDate, nextUpdate, evaluationNumber } = document;
  check.current(what, timeSeconds, issueDate, nextUpdate);
  const minimum = policy.minimumTcbEvaluationDataNumber;
  const [isNew, expected] = [evaluationNumber >= minimum, `${minimum} or more`];
  checks
    .at(7, Code.CollateralTooOld)
    .expect(`evaluation number of the ${what}`, isNew, expected, `${evaluationNumber}`);
  return document;
}

/** Step 8: the quoting enclave is Intel's, is the one of this key, and how current it is. */
function verifyQuotingEnclave(checks: CheckList, quote: Quote, pck: Certificate, identity: QeIdentity): IsvLevel {
  const { qeReport, qeReportSignature, qeAuthData, attestationKey, report } = quote;
  const check = checks.at(8, Code.QuotingEnclave);
  check.signed("QE report", "PCK", pck.publicKey, qeReport.bytes, qeReportSignature);
  const { crypto } = checks;
  const binding = concatBytes(crypto.sha256(concatBytes(attestationKey, qeAuthData)), new Uint8Array(32));
  check.equal("attestation key in the QE report", binding, qeReport.reportData);
  const versions = report.tee === "sgx" ? ["QE version 2"] : ["TD_QE version 2", "TD_QE version 3"];
  const kind = `${identity.id} version ${identity.version}`;
  check.demand("kind of the QE identity", versions.includes(kind), versions.join(" or "), kind);
  check.equal("QE MISCSELECT", identity.miscSelect, masked(qeReport.miscSelect, identity.miscSelectMask));
  check.equal("QE ATTRIBUTES", identity.attributes, masked(qeReport.attributes, identity.attributesMask));
  check.equal("QE MRSIGNER", identity.mrSigner, qeReport.mrSigner);
  const { isvProdId, isvSvn } = qeReport;
  check.expect("QE ISVPRODID", isvProdId === identity.isvProdId, `${identity.isvProdId}`, `${isvProdId}`);
  const level = isvLevel(identity.levels, isvSvn);
  check.expect("QE level", level !== undefined, "a level that it reaches", `ISVSVN ${isvSvn}`);
  return level as IsvLevel;
}
