/**
 * Our verdicts beside those of another implementation, `@phala/dcap-qvl` 0.3.9: a library for development alone.
 *
 * It is weaker in ways that registration §6.7 lists. Each of them is expected here, so that every difference is a known one.
 */
import { QuoteVerifier } from "@phala/dcap-qvl";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { INTEL_ROOT_SHA256 } from "@sotto/common/simAttestation";
import { SIM_ROOT_CERTIFICATE, SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import { unpackCollateral } from "@sotto/common/wire/collateral";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extension, makeCertificate, toPem } from "../../../platform/src/sim/certificates.ts";
import { p256PublicKey } from "../../../platform/src/sim/deterministicEcdsa.ts";
import { insecureAuthorities } from "../../../platform/src/sim/insecureAuthorities.ts";
import { readCertificate, readSigned } from "../../src/evidence/certificate.ts";
import { CheckList } from "../../src/evidence/checkList.ts";
import { EvidenceError } from "../../src/evidence/evidenceError.ts";
import { verifyPlatform } from "../../src/evidence/verifyPlatform.ts";
import { testCrypto } from "../harness.ts";
import {
  MACHINE,
  makeCollateral,
  makeQuote,
  makeTdxCollateral,
  NOW,
  sgxBody,
  tdBody,
  withDocument,
  withParts,
} from "./forgery.ts";
import {
  ADMITTED,
  flipped,
  type JsonCollateral,
  NO_LEVEL,
  parseCollateral,
  type Sample,
  SGX,
  TDX_A,
  TDX_B,
  toPacked,
} from "./samples.ts";

/** A status, or why there is none. */
function ours(quote: Uint8Array, packed: Uint8Array, timeSeconds: number): string {
  const policy = { roots: [INTEL_ROOT_SHA256, SIM_ROOT_SHA256], minimumTcbEvaluationDataNumber: 0 };
  const collateral = { kind: "packed", value: packed } as const;
  try {
    return verifyPlatform(new CheckList(testCrypto), { quote, collateral, timeSeconds, policy, allowSim: true }).status;
  } catch (error) {
    if (error instanceof EvidenceError) return "refused";
    throw error;
  }
}

function theirs(
  quote: Uint8Array,
  collateral: JsonCollateral,
  time: number,
  verifier = QuoteVerifier.newProd(),
): string {
  try {
    return verifier.verify(Buffer.from(quote), { ...collateral, pck_certificate_chain: undefined } as never, time)
      .status;
  } catch {
    return "refused";
  }
}

function both(sample: Sample, changes: Partial<JsonCollateral> & { quote?: Uint8Array; time?: number } = {}) {
  const { quote = sample.quote, time = sample.time, ...parts } = changes;
  const collateral = { ...parseCollateral(sample.json), ...parts };
  return {
    ours: ours(quote, toPacked(collateral, sample.tee), time),
    theirs: theirs(quote, collateral, time),
  };
}

/** JSON collateral out of a packed one. */
function fromPacked(packed: Uint8Array): JsonCollateral {
  const { tee: _, ...parts } = unpackCollateral(packed);
  const text = (part: keyof typeof parts): string => new TextDecoder().decode(parts[part]);
  const document = (part: "tcbInfo" | "qeIdentity"): readonly [string, string] => {
    const match = /^\{"[a-zA-Z]+":(.*),"signature":"([0-9a-f]*)"\}$/.exec(text(part)) as RegExpExecArray;
    return [match[1] as string, match[2] as string];
  };
  const [tcbInfo, tcbInfoSignature] = document("tcbInfo");
  const [qeIdentity, qeIdentitySignature] = document("qeIdentity");
  return {
    pck_crl_issuer_chain: text("pckCrlIssuerChain"),
    root_ca_crl: text("rootCaCrl"),
    pck_crl: text("pckCrl"),
    tcb_info_issuer_chain: text("tcbInfoIssuerChain"),
    tcb_info: tcbInfo,
    tcb_info_signature: tcbInfoSignature,
    qe_identity_issuer_chain: text("qeIdentityIssuerChain"),
    qe_identity: qeIdentity,
    qe_identity_signature: qeIdentitySignature,
  };
}

const simVerifier = QuoteVerifier.newWithRootCa(Buffer.from(SIM_ROOT_CERTIFICATE));
/** Of simulated evidence. Their quotes must have authentication data of 32 bytes. */
function bothOfSim(changes: Parameters<typeof makeQuote>[0], packed = makeCollateral()) {
  const quote = makeQuote({ ...changes, qe: { authData: new Uint8Array(32), ...changes?.qe } });
  return { ours: ours(quote, packed, NOW), theirs: theirs(quote, fromPacked(packed), NOW, simVerifier) };
}

const refused = { ours: "refused", theirs: "refused" };

describe("registration §6.7: beside another implementation", () => {
  it("agrees on the samples", () => {
    expect(both(SGX)).toEqual({
      ours: "ConfigurationAndSWHardeningNeeded",
      theirs: "ConfigurationAndSWHardeningNeeded",
    });
    for (const sample of [TDX_A, TDX_B]) expect(both(sample)).toEqual({ ours: "UpToDate", theirs: "UpToDate" });
    expect(both(NO_LEVEL)).toEqual(refused);
  });

  it("agrees on simulated evidence, of each status", () => {
    for (const status of ["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "OutOfDate"]) {
      const collateral = makeCollateral({ levels: [{ tcb: MACHINE.tcb, status, advisories: ["X"] }] });
      expect(bothOfSim({}, collateral)).toEqual({ ours: status, theirs: status });
    }
  });

  it("refuses any bit flipped, as the other does but for certificates that it passes over", () => {
    const parts = ["quote", "tcb_info", "qe_identity", "tcb_info_signature", "qe_identity_signature"] as const;
    fc.assert(
      fc.property(fc.nat(2), fc.constantFrom(...parts), fc.nat(), fc.nat(6), (index, part, position, bit) => {
        const sample = ADMITTED[index] as Sample;
        const bytes = part === "quote" ? sample.quote : utf8ToBytes(parseCollateral(sample.json)[part]);
        const end = sample.tee === "tdx" && part === "quote" ? bytes.length - 70 : bytes.length;
        const at = position % end;
        const changed = flipped(bytes, at, 1 << bit);
        const text = new TextDecoder().decode(changed);
        // Hex in the other case is the same signature.
        if (part.endsWith("signature") && !/^[0-9a-f]+$/.test(text)) return;
        const verdicts = both(sample, part === "quote" ? { quote: changed } : { [part]: text });
        expect(verdicts.ours).toBe("refused");
        if (verdicts.theirs !== "refused") expect([part, at > 1_050]).toEqual(["quote", true]);
      }),
      { numRuns: 60 },
    );
  });

  it("agrees on both ends of the windows that TCB info or QE identity bound", () => {
    for (const sample of ADMITTED) {
      expect(both(sample, { time: sample.window[0] }).theirs).toBe(both(sample).ours);
      expect(both(sample, { time: sample.window[0] - 1 })).toEqual(refused);
    }
    expect(both(SGX, { time: SGX.window[1] + 1 })).toEqual(refused);
  });
});

describe("registration §6.7: known differences, which are holes of the other", () => {
  it("1: revocation lists unsigned, garbage, a stranger's, or out of date", () => {
    const { root_ca_crl, pck_crl } = parseCollateral(TDX_A.json);
    for (const list of ["", "00", bytesToHex(flipped(hexToBytes(pck_crl), 100)), root_ca_crl]) {
      expect(both(TDX_A, { pck_crl: list })).toEqual({ ours: "refused", theirs: "UpToDate" });
    }
    for (const sample of [TDX_A, TDX_B]) {
      const time = sample.window[1] + 1;
      expect(both(sample, { time })).toEqual({ ours: "refused", theirs: "UpToDate" });
    }
  });

  it("2: issuers that are no authorities, and any chain to the root for TCB info", () => {
    const { root, tcbSigning } = insecureAuthorities();
    const publicKey = p256PublicKey(MACHINE.pckSecretKey);
    const intel = readCertificate(readSigned(MACHINE.pckCertificate).body).intel as Uint8Array;
    const extensions = [extension("1.2.840.113741.1.13.1", intel)];
    const fields = { commonName: "Intel SGX PCK Certificate", serial: MACHINE.serial, publicKey, isAuthority: false };
    const leaf = makeCertificate({ ...fields, issuer: tcbSigning, extensions });
    const chain = [leaf, tcbSigning.certificate, root.certificate];
    expect(bothOfSim({ chain })).toEqual({ ours: "refused", theirs: "UpToDate" });
    const forged = withDocument(makeCollateral(), "tcbInfo", (info) => info, MACHINE.pckSecretKey);
    const direct = makeCertificate({ ...fields, issuer: root });
    const issuerChain = { tcbInfoIssuerChain: utf8ToBytes(toPem([direct, root.certificate])) };
    expect(bothOfSim({}, withParts(forged, issuerChain))).toEqual({ ours: "refused", theirs: "UpToDate" });
  });

  it("3: another vendor of the quoting enclave, and another PCEID", () => {
    expect(bothOfSim({ vendorId: new Uint8Array(16) })).toEqual({ ours: "refused", theirs: "UpToDate" });
    const other = withDocument(makeCollateral(), "tcbInfo", (info) => ({ ...info, pceId: "0100" }));
    expect(bothOfSim({}, other)).toEqual({ ours: "refused", theirs: "UpToDate" });
  });

  it("4: the identity of a TDX module", () => {
    const modules = [{ svn: 9, status: "UpToDate" }];
    const old = makeTdxCollateral([{ tdx: [0, 0, 3], status: "UpToDate" }], modules);
    expect(bothOfSim({ version: 4, body: tdBody() }, old)).toEqual({ ours: "refused", theirs: "UpToDate" });
    const outdated = makeTdxCollateral(undefined, [{ svn: 5, status: "OutOfDate" }]);
    expect(bothOfSim({ version: 4, body: tdBody() }, outdated)).toEqual({ ours: "OutOfDate", theirs: "UpToDate" });
  });

  it("7: bytes after the signature section", () => {
    const quote = flipped(TDX_A.quote, TDX_A.quote.length - 1);
    expect(both(TDX_A, { quote })).toEqual({ ours: "refused", theirs: "UpToDate" });
  });

  it("8: authentication data of another length than 32, which is right, is refused by the other", () => {
    expect(bothOfSim({ qe: { authData: new Uint8Array(8) } })).toEqual({ ours: "UpToDate", theirs: "refused" });
  });

  it("none: debug enclaves, which both can tell; here it is a matter of policy", () => {
    expect(bothOfSim({ body: sgxBody({ flags: 0x07 }) })).toEqual({ ours: "UpToDate", theirs: "refused" });
  });
});
