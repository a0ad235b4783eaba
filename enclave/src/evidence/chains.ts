/**
 * Steps 5 and 6: certificates down from an accepted root, and what was revoked (registration §2.8, §6.4).
 *
 * Nothing of a certificate or list is read before its signature was verified, but who must have signed it is known by its place.
 * @module
 */
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import { ATTESTATION_NAMES, SIM_NAME_PREFIX } from "@sotto/common/simAttestation";
import { SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import type { AttestationPolicy, Collateral } from "./attestation.ts";
import { type Certificate, KeyUsage, readCertificate, readSigned } from "./certificate.ts";
import type { CheckList } from "./checkList.ts";
import { EvidenceErrorCode } from "./evidenceError.ts";
import { readPem } from "./pem.ts";
import { readRevocationList } from "./revocationList.ts";

const CHAINS = 5;
const REVOCATION = 6;
const AUTHORITY = KeyUsage.CertSign | KeyUsage.CrlSign;

export type Chains = {
  readonly root: Certificate;
  readonly pckCa: Certificate;
  readonly pck: Certificate;
  /** Who signs the TCB info, and who the QE identity; as a rule the same. */
  readonly tcbSigning: Certificate;
  readonly qeSigning: Certificate;
};

export type ChainInput = {
  /** The certificates of the quote. */
  readonly certificates: Uint8Array;
  readonly collateral: Collateral;
  readonly timeSeconds: number;
  readonly roots: AttestationPolicy["roots"];
  readonly allowSim: boolean;
  /** The quote's vendor is the simulated one. */
  readonly isSimulated: boolean;
};

function readChain(checks: CheckList, pem: Uint8Array, what: string, length: number): Uint8Array[] {
  const check = checks.at(CHAINS, EvidenceErrorCode.CertificateChain);
  const chain = check.read(what, () => readPem(pem, "CERTIFICATE"));
  check.demand(`length of the ${what}`, chain.length === length, `${length}`, `${chain.length}`);
  return chain;
}

/** The root that all chains end in: one of those that are accepted, and simulated exactly where the quote is. */
function verifyRoot(checks: CheckList, der: Uint8Array, input: ChainInput): Certificate {
  const hash = checks.crypto.sha256(der);
  const isSimRoot = equalBytes(hash, SIM_ROOT_SHA256);
  const accepted = input.roots.filter((root) => input.allowSim || !equalBytes(root, SIM_ROOT_SHA256));
  const isAccepted = accepted.some((root) => equalBytes(root, hash)) && isSimRoot === input.isSimulated;
  const expected = accepted.map(bytesToHex).join(" or ") || "none: no root is accepted";
  const found = bytesToHex(hash) + (isSimRoot ? " (simulated)" : "");
  checks.at(CHAINS, EvidenceErrorCode.UntrustedRoot).expect("root certificate", isAccepted, expected, found);
  const check = checks.at(CHAINS, EvidenceErrorCode.CertificateChain);
  const root = check.read("root certificate", () => readCertificate(readSigned(der).body));
  requireRole(checks, root, root, [ATTESTATION_NAMES.root], AUTHORITY, input);
  return root;
}

/** A certificate that `issuer` must have signed, of one of the names. */
function verifyIssued(
  checks: CheckList,
  der: Uint8Array,
  issuer: Certificate,
  names: readonly string[],
  usage: number,
  input: ChainInput,
): Certificate {
  const check = checks.at(CHAINS, EvidenceErrorCode.CertificateChain);
  const what = names.join(" or ");
  const { body, signature } = check.read(what, () => readSigned(der));
  check.signed(what, issuer.commonName, issuer.publicKey, body, signature);
  const certificate = check.read(what, () => readCertificate(body));
  requireRole(checks, certificate, issuer, names, usage, input);
  return certificate;
}

function requireRole(
  checks: CheckList,
  found: Certificate,
  issuer: Certificate,
  names: readonly string[],
  usage: number,
  { isSimulated, timeSeconds }: ChainInput,
): void {
  const check = checks.at(CHAINS, EvidenceErrorCode.CertificateChain);
  const what = found.commonName;
  const expected = isSimulated ? names.map((name) => SIM_NAME_PREFIX + name) : names;
  check.demand("name of a certificate", expected.includes(what), expected.join(" or "), what);
  check.demand(`issuer of the ${what}`, equalBytes(found.issuer, issuer.subject), issuer.commonName, "another name");
  const isCa = (usage & KeyUsage.CertSign) !== 0;
  const mayDoSo = found.isCa === isCa && (found.keyUsage & usage) === usage;
  const role = (ca: boolean, bits: number): string => `${ca ? "authority" : "leaf"} with key usage ${bits}`;
  check.demand(`role of the ${what}`, mayDoSo, role(isCa, usage), role(found.isCa, found.keyUsage));
  check.current(what, timeSeconds, found.notBefore, found.notAfter);
}

/**
 * Step 5.
 * @throws {EvidenceError} Malformed, CertificateChain, UntrustedRoot, OutOfDate
 */
export function verifyChains(checks: CheckList, input: ChainInput): Chains {
  const { collateral } = input;
  const names = ATTESTATION_NAMES;
  type Three = [Uint8Array, Uint8Array, Uint8Array];
  const [leafDer, caDer, rootDer] = readChain(checks, input.certificates, "PCK chain", 3) as Three;
  const root = verifyRoot(checks, rootDer, input);
  const pckCa = verifyIssued(checks, caDer, root, [names.processorCa, names.platformCa], AUTHORITY, input);
  const pck = verifyIssued(checks, leafDer, pckCa, [names.pck], KeyUsage.DigitalSignature, input);
  const same = (what: string, known: Uint8Array, found: Uint8Array): void => {
    const check = checks.at(CHAINS, EvidenceErrorCode.CertificateChain);
    check.demand(what, equalBytes(known, found), "the certificate in the quote", "another certificate");
  };
  const [crlCa, crlRoot] = readChain(checks, collateral.pckCrlIssuerChain, "PCK CRL issuer chain", 2) as Three;
  same("issuer of the PCK CRL", caDer, crlCa);
  same("root of the PCK CRL", rootDer, crlRoot);
  const signer = (pem: Uint8Array, what: string): Certificate => {
    const [signerDer, signerRoot] = readChain(checks, pem, `${what} issuer chain`, 2) as Three;
    same(`root of the ${what}`, rootDer, signerRoot);
    return verifyIssued(checks, signerDer, root, [names.tcbSigning], KeyUsage.DigitalSignature, input);
  };
  const tcbSigning = signer(collateral.tcbInfoIssuerChain, "TCB info");
  const isSame = equalBytes(collateral.qeIdentityIssuerChain, collateral.tcbInfoIssuerChain);
  const qeSigning = isSame ? tcbSigning : signer(collateral.qeIdentityIssuerChain, "QE identity");
  return { root, pckCa, pck, tcbSigning, qeSigning };
}

/** None of the subjects is in the issuer's list. */
function requireUnrevoked(
  checks: CheckList,
  der: Uint8Array,
  what: string,
  time: number,
  issuer: Certificate,
  ...subjects: readonly Certificate[]
): void {
  const check = checks.at(REVOCATION, EvidenceErrorCode.CollateralSignature);
  const { body, signature } = check.read(what, () => readSigned(der));
  check.signed(what, issuer.commonName, issuer.publicKey, body, signature);
  const list = check.read(what, () => readRevocationList(body));
  check.demand(`issuer of the ${what}`, equalBytes(list.issuer, issuer.subject), issuer.commonName, "another name");
  check.current(what, time, list.thisUpdate, list.nextUpdate);
  for (const { commonName, serial } of new Set(subjects)) {
    const isRevoked = list.revoked.has(bytesToHex(serial));
    const found = `${bytesToHex(serial).toUpperCase()} ${isRevoked ? "" : "not "}listed`;
    checks
      .at(REVOCATION, EvidenceErrorCode.Revoked)
      .expect(`${commonName} in the ${what}`, !isRevoked, "not listed", found);
  }
}

/**
 * Step 6.
 * @throws {EvidenceError} Malformed, CollateralSignature, OutOfDate, Revoked
 */
export function verifyRevocation(checks: CheckList, chains: Chains, collateral: Collateral, time: number): void {
  const { root, pckCa, pck, tcbSigning, qeSigning } = chains;
  requireUnrevoked(checks, collateral.rootCaCrl, "root CRL", time, root, pckCa, tcbSigning, qeSigning);
  requireUnrevoked(checks, collateral.pckCrl, "PCK CRL", time, pckCa, pck);
}
