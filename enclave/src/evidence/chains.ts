/**
 * Steps 5 and 6: certificates down from an accepted root, and what was revoked (registration §2.8, §6.4).
 *
 * Nothing of a certificate or list is read before its signature was verified, but who must have signed it is known by its place.
 * @module
 */
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { ATTESTATION_NAMES, SIM_NAME_PREFIX } from "@sotto/common/simAttestation";
import { SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import type { AttestationPolicy, Collateral } from "./attestation.ts";
import { type Certificate, formatSerial, KeyUsage, readCertificate, readSigned, type Signed } from "./certificate.ts";
import { type CheckList, formatSeconds } from "./checkList.ts";
import { EvidenceErrorCode } from "./evidenceError.ts";
import { readPem } from "./pem.ts";
import { readRevocationList } from "./revocationList.ts";

const CHAINS = 5;
const REVOCATION = 6;
const MAX_CHAIN = 3;

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

/** Whether `time` is within the two, which count. @throws {EvidenceError} OutOfDate */
export function requireCurrent(
  checks: CheckList,
  step: number,
  what: string,
  time: number,
  [from, until]: readonly [number, number],
): void {
  const found = `${formatSeconds(from)} to ${formatSeconds(until)}`;
  const check = { step, name: `validity of ${what}`, code: EvidenceErrorCode.OutOfDate };
  checks.expect(check, from <= time && time <= until, `valid at ${formatSeconds(time)}`, found);
}

/** Verifies certificates; what it needs besides is the same for each. */
class ChainVerifier {
  readonly #crypto: Crypto;
  readonly #checks: CheckList;
  readonly #input: ChainInput;

  constructor(crypto: Crypto, checks: CheckList, input: ChainInput) {
    this.#crypto = crypto;
    this.#checks = checks;
    this.#input = input;
  }

  chain(pem: Uint8Array, what: string, length: number): Uint8Array[] {
    const chain = this.#checks.read(CHAINS, what, () => readPem(pem, "CERTIFICATE", MAX_CHAIN));
    this.#demand(`length of ${what}`, chain.length === length, `${length}`, `${chain.length}`);
    return chain;
  }

  root(der: Uint8Array): Certificate {
    const { roots, allowSim, isSimulated } = this.#input;
    const hash = this.#crypto.sha256(der);
    const isSimRoot = equalBytes(hash, SIM_ROOT_SHA256);
    const accepted = roots.filter((root) => allowSim || !equalBytes(root, SIM_ROOT_SHA256));
    const isAccepted = accepted.some((root) => equalBytes(root, hash)) && isSimRoot === isSimulated;
    const expected = accepted.length === 0 ? "none is accepted" : accepted.map(bytesToHex).join(" or ");
    const check = { step: CHAINS, name: "root certificate", code: EvidenceErrorCode.UntrustedRoot };
    this.#checks.expect(check, isAccepted, expected, bytesToHex(hash) + (isSimRoot ? " (simulated)" : ""));
    const root = this.#checks.read(CHAINS, "root certificate", () => readCertificate(readSigned(der).body));
    this.#requireRole(root, root, [ATTESTATION_NAMES.root], KeyUsage.CertSign | KeyUsage.CrlSign);
    return root;
  }

  /** A certificate below `issuer`, of one of the names. */
  issued(der: Uint8Array, issuer: Certificate, names: readonly string[], usage: number): Certificate {
    const signed = this.#checks.read(CHAINS, names.join(" or "), () => readSigned(der));
    const verified = isSignedBy(this.#crypto, signed, issuer);
    this.#require(`signature of ${names.join(" or ")}`, verified, `by ${issuer.commonName}`, by(verified));
    const certificate = this.#checks.read(CHAINS, names.join(" or "), () => readCertificate(signed.body));
    this.#requireRole(certificate, issuer, names, usage);
    return certificate;
  }

  /** A certificate that another chain has already verified. */
  same(der: Uint8Array, known: Uint8Array, what: string): void {
    this.#demand(what, equalBytes(der, known), "the certificate of the quote's chain", "another certificate");
  }

  #requireRole(found: Certificate, issuer: Certificate, names: readonly string[], usage: number): void {
    const { isSimulated, timeSeconds } = this.#input;
    const expected = isSimulated ? names.map((name) => SIM_NAME_PREFIX + name) : names;
    this.#demand("name of a certificate", expected.includes(found.commonName), expected.join(" or "), found.commonName);
    const what = found.commonName;
    const isNamed = equalBytes(found.issuer, issuer.subject);
    this.#demand(`issuer of ${what}`, isNamed, issuer.commonName, "another name");
    const isCa = (usage & KeyUsage.CertSign) !== 0;
    const kind = (ca: boolean, bits: number): string => `${ca ? "authority" : "leaf"} with key usage ${bits}`;
    const mayDoSo = found.isCa === isCa && (found.keyUsage & usage) === usage;
    this.#demand(`role of ${what}`, mayDoSo, kind(isCa, usage), kind(found.isCa, found.keyUsage));
    requireCurrent(this.#checks, CHAINS, what, timeSeconds, [found.notBefore, found.notAfter]);
  }

  #demand(name: string, passed: boolean, expected: string, found: string): void {
    this.#checks.demand({ step: CHAINS, name, code: EvidenceErrorCode.CertificateChain }, passed, expected, found);
  }

  #require(name: string, passed: boolean, expected: string, found: string): void {
    this.#checks.expect({ step: CHAINS, name, code: EvidenceErrorCode.CertificateChain }, passed, expected, found);
  }
}

const by = (verified: boolean): string => (verified ? "by it" : "not by it");

function isSignedBy(crypto: Crypto, { body, signature }: Signed, issuer: Certificate): boolean {
  return crypto.p256Verify(body, signature, issuer.publicKey);
}

/**
 * Step 5.
 * @throws {EvidenceError} Malformed, CertificateChain, UntrustedRoot, OutOfDate
 */
export function verifyChains(crypto: Crypto, checks: CheckList, input: ChainInput): Chains {
  const verifier = new ChainVerifier(crypto, checks, input);
  const { collateral } = input;
  const names = ATTESTATION_NAMES;
  type Three = [Uint8Array, Uint8Array, Uint8Array];
  const [leafDer, caDer, rootDer] = verifier.chain(input.certificates, "PCK chain", 3) as Three;
  const root = verifier.root(rootDer);
  const authority = KeyUsage.CertSign | KeyUsage.CrlSign;
  const pckCa = verifier.issued(caDer, root, [names.processorCa, names.platformCa], authority);
  const pck = verifier.issued(leafDer, pckCa, [names.pck], KeyUsage.DigitalSignature);
  const [crlCa, crlRoot] = verifier.chain(collateral.pckCrlIssuerChain, "PCK CRL issuer chain", 2) as Three;
  verifier.same(crlCa, caDer, "issuer of the PCK CRL");
  verifier.same(crlRoot, rootDer, "root of the PCK CRL");
  const signer = (pem: Uint8Array, what: string): Certificate => {
    const [signerDer, signerRoot] = verifier.chain(pem, `${what} issuer chain`, 2) as Three;
    verifier.same(signerRoot, rootDer, `root of the ${what}`);
    return verifier.issued(signerDer, root, [names.tcbSigning], KeyUsage.DigitalSignature);
  };
  const tcbSigning = signer(collateral.tcbInfoIssuerChain, "TCB info");
  const isSame = equalBytes(collateral.qeIdentityIssuerChain, collateral.tcbInfoIssuerChain);
  const qeSigning = isSame ? tcbSigning : signer(collateral.qeIdentityIssuerChain, "QE identity");
  return { root, pckCa, pck, tcbSigning, qeSigning };
}

/**
 * Step 6.
 * @throws {EvidenceError} Malformed, CollateralSignature, OutOfDate, Revoked
 */
export function verifyRevocation(
  crypto: Crypto,
  checks: CheckList,
  { root, pckCa, pck, tcbSigning, qeSigning }: Chains,
  { rootCaCrl, pckCrl }: Collateral,
  time: number,
): void {
  const verify = (der: Uint8Array, what: string, issuer: Certificate, subjects: readonly Certificate[]): void => {
    const check = (name: string, code: EvidenceErrorCode) => ({ step: REVOCATION, name: `${name} ${what}`, code });
    const signed = checks.read(REVOCATION, what, () => readSigned(der));
    const isSigned = isSignedBy(crypto, signed, issuer);
    const signature = check("signature of the", EvidenceErrorCode.CollateralSignature);
    checks.expect(signature, isSigned, `by ${issuer.commonName}`, by(isSigned));
    const list = checks.read(REVOCATION, what, () => readRevocationList(signed.body));
    const isNamed = equalBytes(list.issuer, issuer.subject);
    checks.demand(check("issuer of the", EvidenceErrorCode.CollateralSignature), isNamed, issuer.commonName, "another");
    requireCurrent(checks, REVOCATION, `the ${what}`, time, [list.thisUpdate, list.nextUpdate]);
    for (const subject of subjects) {
      const isRevoked = list.revoked.has(bytesToHex(subject.serial));
      const revoked = check(`${subject.commonName} in the`, EvidenceErrorCode.Revoked);
      checks.expect(revoked, !isRevoked, "not listed", `${formatSerial(subject)} ${isRevoked ? "" : "not "}listed`);
    }
  };
  verify(rootCaCrl, "root CRL", root, [pckCa, tcbSigning, ...(qeSigning === tcbSigning ? [] : [qeSigning])]);
  verify(pckCrl, "PCK CRL", pckCa, [pck]);
}
