import { utf8ToBytes } from "@sotto/common/bytes";
import { INTEL_QE_VENDOR, INTEL_ROOT_SHA256 } from "@sotto/common/simAttestation";
import { SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import { describe, expect, it } from "vitest";
import { makeCertificate, makeRevocationList, toPem } from "../../../platform/src/sim/certificates.ts";
import { p256PublicKey } from "../../../platform/src/sim/deterministicEcdsa.ts";
import { insecureAuthorities } from "../../../platform/src/sim/insecureAuthorities.ts";
import { TCB_STATUSES } from "../../src/evidence/attestation.ts";
import { EvidenceErrorCode as Code } from "../../src/evidence/evidenceError.ts";
import {
  MACHINE,
  makeCollateral,
  makeQuote,
  NOW,
  PUBLICATION,
  sgxBody,
  verifySim,
  withDocument,
  withParts,
} from "./forgery.ts";
import { refusal } from "./samples.ts";

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const { root, pckCa, tcbSigning } = insecureAuthorities();
const pem = (...certificates: Uint8Array[]): Uint8Array => utf8ToBytes(toPem(certificates));
const pck = { commonName: "Intel SGX PCK Certificate", secretKey: MACHINE.pckSecretKey };

describe("registration §2.7: simulated evidence", () => {
  it("is attested where the policy names its root and the chain allows it", () => {
    const verdict = verifySim({});
    expect(verdict).toMatchObject({ kind: "attested", attested: { status: "UpToDate", advisories: [], productId: 3 } });
  });

  it("is refused by its root where the chain does not allow it, or the policy does not name it", () => {
    const untrusted = { code: Code.UntrustedRoot, step: 5 };
    expect(refusal(verifySim({}, {}, { allowSim: false }))).toEqual(untrusted);
    expect(refusal(verifySim({}, { roots: [INTEL_ROOT_SHA256] }))).toEqual(untrusted);
    expect(refusal(verifySim({}, { roots: [] }))).toEqual(untrusted);
  });

  it("is refused if it says to be of Intel's quoting enclave, or has a vendor or user data that are neither", () => {
    const quote = makeQuote({ vendorId: INTEL_QE_VENDOR });
    expect(refusal(verifySim({ quote }, { roots: [INTEL_ROOT_SHA256, SIM_ROOT_SHA256] }))).toEqual({
      code: Code.UntrustedRoot,
      step: 5,
    });
    for (const changes of [{ vendorId: filled(16, 1) }, { userData: filled(20, 0) }]) {
      expect(refusal(verifySim({ quote: makeQuote(changes) }))).toEqual({ code: Code.UnsupportedQuote, step: 4 });
    }
  });
});

describe("registration §2.8: steps 11 and 12, policy", () => {
  it.each([
    ["a debug enclave", { flags: 0x07 }, Code.Debug],
    ["an enclave that was not initialised", { flags: 0x04 }, Code.Attributes],
    ["32 bits", { flags: 0x01 }, Code.Attributes],
    ["the provisioning key", { flags: 0x15 }, Code.Attributes],
    ["the launch key", { flags: 0x25 }, Code.Attributes],
    ["an unknown attribute", { flags: 0x05 + 2 ** 40 }, Code.Attributes],
    ["an unknown processor feature", { xfrm: 0x1_0000_00e7 }, Code.Attributes],
    ["no SSE", { xfrm: 1 }, Code.Attributes],
    ["another measurement", { mrEnclave: filled(32, 1) }, Code.Measurement],
    ["another signer", { mrSigner: filled(32, 1) }, Code.Signer],
    ["another product", { productId: 4 }, Code.SecurityVersion],
    ["an older security version", { securityVersion: 6 }, Code.SecurityVersion],
  ])("refuses %s", (_, changes, code) => {
    const { sgx } = policyOf();
    expect(refusal(verifySim({ quote: makeQuote({ body: sgxBody(changes) }) }, { sgx }))).toEqual({ code, step: 12 });
  });

  const policyOf = () => ({
    sgx: [
      { measurement: filled(32, 0xee), signer: filled(32, 0x55), productId: 3, minimumSecurityVersion: 7 },
      { measurement: filled(32, 0xaa), signer: undefined, productId: 3, minimumSecurityVersion: 0 },
    ],
  });

  it("accepts a newer security version, key separation, and any signer where none is named", () => {
    const { sgx } = policyOf();
    for (const changes of [
      { securityVersion: 8 },
      { flags: 0x485 },
      { mrEnclave: filled(32, 0xaa), mrSigner: filled(32, 9) },
    ]) {
      expect(verifySim({ quote: makeQuote({ body: sgxBody(changes) }) }, { sgx }).kind).toBe("attested");
    }
  });

  it("lets no two entries together approve what neither does", () => {
    const one = { measurement: filled(32, 0xee), signer: filled(32, 0x55), productId: 9, minimumSecurityVersion: 0 };
    const two = { ...one, signer: filled(32, 0x66), productId: 3 };
    expect(refusal(verifySim({}, { sgx: [one, two] }))).toEqual({ code: Code.SecurityVersion, step: 12 });
  });

  it.each(TCB_STATUSES.filter((status) => !status.startsWith("TDRelaunch")))(
    "admits a platform that is %s exactly where the policy has the status",
    (status) => {
      const collateral = makeCollateral({ levels: [{ tcb: MACHINE.tcb, status, advisories: [] }] });
      expect(verifySim({ collateral }, { statuses: new Set([status]) })).toMatchObject({ attested: { status } });
      const others = new Set<string>(TCB_STATUSES.filter((other) => other !== status));
      expect(refusal(verifySim({ collateral }, { statuses: others }))).toEqual({ code: Code.TcbStatus, step: 11 });
    },
  );

  it("refuses a status that it does not know, also one that only the verifier may give", () => {
    for (const status of ["Fine", "TDRelaunchAdvised"]) {
      const collateral = makeCollateral({ levels: [{ tcb: MACHINE.tcb, status, advisories: [] }] });
      expect(refusal(verifySim({ collateral }))).toEqual({ code: Code.TcbLevel, step: 10 });
    }
  });

  it("refuses advisories that the policy does not have, each by itself", () => {
    const levels = [{ tcb: MACHINE.tcb, status: "UpToDate", advisories: ["A", "B"] }];
    const collateral = makeCollateral({ levels });
    expect(verifySim({ collateral }, { advisories: new Set(["A", "B", "C"]) })).toMatchObject({
      attested: { advisories: ["A", "B"] },
    });
    for (const advisories of [[], ["A"], ["B"]]) {
      const refused = refusal(verifySim({ collateral }, { advisories: new Set(advisories) }));
      expect(refused).toEqual({ code: Code.Advisory, step: 11 });
    }
  });

  it("refuses retired platforms", () => {
    const retiredFmspcs = new Set(["53494D303031"]);
    expect(refusal(verifySim({}, { retiredFmspcs }))).toEqual({ code: Code.RetiredPlatform, step: 11 });
  });

  it("refuses collateral of an evaluation before the chain's, by either document", () => {
    const old = { code: Code.CollateralTooOld, step: 7 };
    const collateral = makeCollateral({ tcbEvaluationDataNumber: 17 });
    expect(verifySim({ collateral }, { minimumTcbEvaluationDataNumber: 17 }).kind).toBe("attested");
    expect(refusal(verifySim({ collateral }, { minimumTcbEvaluationDataNumber: 18 }))).toEqual(old);
    const older = withDocument(collateral, "qeIdentity", (identity) => ({ ...identity, tcbEvaluationDataNumber: 16 }));
    expect(refusal(verifySim({ collateral: older }, { minimumTcbEvaluationDataNumber: 17 }))).toEqual(old);
  });
});

describe("registration §6.4: step 5, chains", () => {
  const chain = (leaf: Uint8Array, ca: Uint8Array) => makeQuote({ chain: [leaf, ca, root.certificate] });
  const broken = { code: Code.CertificateChain, step: 5 };
  const leafBy = (issuer: Parameters<typeof makeCertificate>[0]["issuer"], commonName = pck.commonName) =>
    makeCertificate({
      commonName,
      serial: MACHINE.serial,
      publicKey: p256PublicKey(MACHINE.pckSecretKey),
      isAuthority: false,
      issuer,
    });

  it("refuses a PCK certificate issued by the TCB signing certificate, which is no authority", () => {
    expect(refusal(verifySim({ quote: chain(leafBy(tcbSigning), tcbSigning.certificate) }))).toEqual(broken);
  });

  it("refuses an intermediate that has the right name but is a leaf", () => {
    const fields = { serial: pckCa.serial, publicKey: p256PublicKey(pckCa.secretKey), issuer: root };
    const ca = makeCertificate({ ...fields, commonName: pckCa.commonName, isAuthority: false });
    expect(refusal(verifySim({ quote: chain(leafBy(pckCa), ca) }))).toEqual(broken);
  });

  it("refuses an authority in the place of the leaf, and a leaf of another role", () => {
    const fields = { serial: MACHINE.serial, publicKey: p256PublicKey(MACHINE.pckSecretKey), issuer: pckCa };
    const authority = makeCertificate({ ...fields, commonName: pck.commonName, isAuthority: true });
    expect(refusal(verifySim({ quote: chain(authority, pckCa.certificate) }))).toEqual(broken);
    expect(refusal(verifySim({ quote: chain(leafBy(pckCa, "Intel SGX TCB Signing"), pckCa.certificate) }))).toEqual(
      broken,
    );
  });

  it("refuses a leaf whose issuer's name is not that of the certificate above, though the key is", () => {
    const renamed = { ...pckCa, commonName: "Intel SGX PCK Processor CA" };
    expect(refusal(verifySim({ quote: chain(leafBy(renamed), pckCa.certificate) }))).toEqual(broken);
  });

  it("refuses a leaf that another key signed", () => {
    const stranger = { ...pckCa, secretKey: filled(32, 9) };
    expect(refusal(verifySim({ quote: chain(leafBy(stranger), pckCa.certificate) }))).toEqual(broken);
  });

  it.each([
    ["one too few", [MACHINE.pckCertificate, pckCa.certificate]],
    ["one too many", [MACHINE.pckCertificate, pckCa.certificate, root.certificate, root.certificate]],
    ["none", []],
  ])("refuses %s", (_, certificates) => {
    expect(refusal(verifySim({ quote: makeQuote({ chain: certificates }) }))?.step).toBe(5);
  });

  it("refuses another order", () => {
    const quote = makeQuote({ chain: [pckCa.certificate, MACHINE.pckCertificate, root.certificate] });
    expect(refusal(verifySim({ quote }))).toEqual(broken);
  });

  it("refuses TCB info signed with a PCK key, whether under its own certificate or under the signer's", () => {
    const forged = withDocument(makeCollateral(), "tcbInfo", (info) => info, MACHINE.pckSecretKey);
    expect(refusal(verifySim({ collateral: forged }))).toEqual({ code: Code.CollateralSignature, step: 7 });
    const tcbInfoIssuerChain = pem(MACHINE.pckCertificate, root.certificate);
    expect(refusal(verifySim({ collateral: withParts(forged, { tcbInfoIssuerChain }) }))).toEqual(broken);
  });

  it.each(["pckCrlIssuerChain", "tcbInfoIssuerChain", "qeIdentityIssuerChain"] as const)(
    "refuses a %s that is short, long, or ends in another root",
    (part) => {
      const signer = part === "pckCrlIssuerChain" ? pckCa.certificate : tcbSigning.certificate;
      const other = makeCertificate({
        commonName: root.commonName,
        serial: filled(4, 1),
        publicKey: p256PublicKey(root.secretKey),
        isAuthority: true,
        issuer: root,
      });
      for (const certificates of [
        [signer],
        [signer, root.certificate, root.certificate],
        [signer, other],
        [other, root.certificate],
      ]) {
        const collateral = withParts(makeCollateral(), { [part]: pem(...certificates) });
        expect(refusal(verifySim({ collateral }))).toEqual(broken);
      }
      const garbage = withParts(makeCollateral(), { [part]: utf8ToBytes("-----BEGIN CERTIFICATE-----\n") });
      expect(refusal(verifySim({ collateral: garbage }))).toEqual({ code: Code.Malformed, step: 5 });
    },
  );
});

describe("registration §6.4: step 6, revocation", () => {
  const dates = { thisUpdate: PUBLICATION.issued, nextUpdate: PUBLICATION.nextUpdate };
  const list = (fields: Partial<Parameters<typeof makeRevocationList>[0]>): Uint8Array =>
    makeRevocationList({ issuer: pckCa, revoked: [], ...dates, ...fields });

  it.each([
    ["the platform's certificate", { revokedByPckCa: [filled(3, 1), MACHINE.serial] }],
    ["its intermediate", { revokedByRoot: [pckCa.serial] }],
    ["the signer of TCB info", { revokedByRoot: [filled(3, 1), tcbSigning.serial, filled(3, 2)] }],
  ])("refuses evidence once %s is revoked", (_, changes) => {
    expect(refusal(verifySim({ collateral: makeCollateral(changes) }))).toEqual({ code: Code.Revoked, step: 6 });
  });

  it("does not mind others that were revoked", () => {
    const collateral = makeCollateral({ revokedByRoot: [MACHINE.serial], revokedByPckCa: [pckCa.serial] });
    expect(verifySim({ collateral }).kind).toBe("attested");
  });

  it("refuses lists of a stranger, of the wrong issuer, and under another name", () => {
    const unsigned = { code: Code.CollateralSignature, step: 6 };
    for (const issuer of [
      root,
      { ...pckCa, secretKey: filled(32, 9) },
      { ...pckCa, commonName: "Intel SGX PCK Processor CA" },
    ]) {
      const collateral = withParts(makeCollateral(), { pckCrl: list({ issuer }) });
      expect(refusal(verifySim({ collateral }))).toEqual(unsigned);
    }
    const swapped = withParts(makeCollateral(), { rootCaCrl: list({}), pckCrl: list({ issuer: root }) });
    expect(refusal(verifySim({ collateral: swapped }))).toEqual(unsigned);
  });

  it("refuses empty lists and garbage", () => {
    for (const bytes of ["", "00", "zz", "3000", "-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"]) {
      const collateral = withParts(makeCollateral(), { pckCrl: utf8ToBytes(bytes) });
      expect(refusal(verifySim({ collateral }))?.code).toBe(Code.Malformed);
    }
  });

  it("reads lists as DER, as hex and as PEM", () => {
    const der = list({});
    const text = toPem([der]).replaceAll("CERTIFICATE", "X509 CRL");
    for (const pckCrl of [der, utf8ToBytes(Buffer.from(der).toString("hex").toUpperCase()), utf8ToBytes(text)]) {
      expect(verifySim({ collateral: withParts(makeCollateral(), { pckCrl }) }).kind).toBe("attested");
    }
  });

  it("refuses lists that are not valid yet or any more", () => {
    for (const changes of [{ thisUpdate: NOW + 1 }, { nextUpdate: NOW - 1 }]) {
      const collateral = withParts(makeCollateral(), { pckCrl: list(changes) });
      expect(refusal(verifySim({ collateral }))).toEqual({ code: Code.OutOfDate, step: 6 });
    }
  });
});

describe("registration §2.8: step 8, the quoting enclave", () => {
  it.each([
    ["MRSIGNER", { mrSigner: filled(32, 1) }],
    ["product", { productId: 2 }],
    ["MISCSELECT", { miscSelect: 1 }],
    ["attributes: debug", { flags: 0x17 }],
    ["attributes: no provisioning key", { flags: 0x05 }],
    ["security version below every level", { securityVersion: 0 }],
  ])("refuses one with another %s", (_, qe) => {
    expect(refusal(verifySim({ quote: makeQuote({ qe }) }))).toEqual({ code: Code.QuotingEnclave, step: 8 });
  });

  it("takes authentication data of any length", () => {
    for (const authData of [new Uint8Array(0), filled(64, 1)]) {
      expect(verifySim({ quote: makeQuote({ qe: { authData } }) }).kind).toBe("attested");
    }
  });

  it("refuses the identity of another kind of enclave or of another version", () => {
    for (const changes of [{ id: "TD_QE" }, { version: 3 }]) {
      const collateral = withDocument(makeCollateral(), "qeIdentity", (identity) => ({ ...identity, ...changes }));
      expect(refusal(verifySim({ collateral }))).toEqual({ code: Code.QuotingEnclave, step: 8 });
    }
  });
});

describe("registration §2.8: step 10, the platform", () => {
  it.each([
    ["another FMSPC", { fmspc: "00A067110000" }],
    ["another PCEID", { pceId: "0100" }],
    ["another kind", { id: "TDX", tcbLevels: [] }],
    ["version 2", { version: 2 }],
    ["no level", { tcbLevels: [] }],
  ])("refuses TCB info of %s", (_, changes) => {
    const collateral = withDocument(makeCollateral(), "tcbInfo", (info) => ({ ...info, ...changes }));
    expect(refusal(verifySim({ collateral }))).toEqual({ code: Code.TcbLevel, step: 10 });
  });

  it("passes over members of the documents that it does not know, and refuses those that it misses", () => {
    const more = withDocument(makeCollateral(), "tcbInfo", (info) => ({ ...info, newMember: [1] }));
    expect(verifySim({ collateral: more }).kind).toBe("attested");
    for (const name of ["issueDate", "nextUpdate", "fmspc", "pceId", "tcbEvaluationDataNumber", "tcbLevels", "id"]) {
      const less = withDocument(makeCollateral(), "tcbInfo", (info) => ({ ...info, [name]: undefined }));
      expect(refusal(verifySim({ collateral: less }))).toEqual({ code: Code.Malformed, step: 7 });
    }
  });
});
