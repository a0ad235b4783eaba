import { createHash, createPublicKey, verify, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { SIM_QE_VENDOR, SIM_USER_DATA } from "@sotto/common/simAttestation";
import { SIM_ROOT_CERTIFICATE, SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import { unpackCollateral } from "@sotto/common/wire/collateral";
import { afterAll, describe, expect, it } from "vitest";
import { makePowers } from "../src/powers.ts";
import { p256PublicKey, signP256 } from "../src/sim/deterministicEcdsa.ts";
import { insecureAuthorities, makeInsecureRootCertificate } from "../src/sim/insecureAuthorities.ts";
import { simMachinePowers } from "../src/sim/simMachinePowers.ts";
import { SIM_MRSIGNER } from "../src/sim/simQuote.ts";
import { makeSimPlatform } from "../src/sim.ts";

const folder = mkdtempSync(join(tmpdir(), "sotto-sim-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = new Uint8Array(32).fill(7);
const BUNDLE = utf8ToBytes("exports.makeEnclave = () => ({});");
const REPORT_DATA = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);
const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHash("sha256")
      .update(concatBytes(...parts))
      .digest(),
  );
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function verifyP256(point: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(point.subarray(0, 32)).toString("base64url");
  const y = Buffer.from(point.subarray(32)).toString("base64url");
  const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  return verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
}

const certificates = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map((each) => new X509Certificate(each));

describe("registration §2.7: the simulated authorities", () => {
  it("sign as RFC 6979 A.2.5 does", () => {
    const secret = hexToBytes("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    const sign = (message: string): string => bytesToHex(signP256(secret, utf8ToBytes(message)));
    expect(sign("sample")).toBe(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
    expect(sign("test")).toBe(
      "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    );
    expect(verifyP256(p256PublicKey(secret), utf8ToBytes("sample"), signP256(secret, utf8ToBytes("sample")))).toBe(
      true,
    );
  });

  it("have a root that anybody can make again, byte for byte", () => {
    expect(makeInsecureRootCertificate()).toEqual(SIM_ROOT_CERTIFICATE);
    expect(sha256(SIM_ROOT_CERTIFICATE)).toEqual(SIM_ROOT_SHA256);
  });

  it("have the names of real ones with a warning in front, and chain to the root", () => {
    const { root, pckCa, tcbSigning } = insecureAuthorities();
    const rootKey = new X509Certificate(root.certificate).publicKey;
    const [ca, tcb, self] = [pckCa, tcbSigning, root].map(({ certificate }) => new X509Certificate(certificate));
    expect(ca?.subject).toContain("CN=SIM INSECURE Intel SGX PCK Platform CA");
    expect(tcb?.subject).toContain("CN=SIM INSECURE Intel SGX TCB Signing");
    expect(self?.subject).toContain("CN=SIM INSECURE Intel SGX Root CA");
    for (const each of [ca, tcb, self]) expect(each?.verify(rootKey)).toBe(true);
    expect([ca?.ca, tcb?.ca, self?.ca]).toEqual([true, false, true]);
  });
});

describe("registration §2.7, §6.1, §6.3: quotes of simulated enclaves", () => {
  const powers = makePowers(sha256(BUNDLE), simMachinePowers(SECRET, BUNDLE), () => new Uint8Array(0));
  const quote = powers.quote(REPORT_DATA);
  const view = new DataView(quote.buffer);

  it("have the header, the measurements and the flags of a production enclave, and the report data", () => {
    expect([view.getUint16(0, true), view.getUint16(2, true), view.getUint32(4, true)]).toEqual([3, 2, 0]);
    expect(quote.slice(12, 28)).toEqual(SIM_QE_VENDOR);
    expect(quote.slice(28, 48)).toEqual(SIM_USER_DATA);
    expect(view.getBigUint64(96, true)).toBe(5n);
    expect(quote.slice(112, 144)).toEqual(sha256(utf8ToBytes("sim-mrenclave/v1"), BUNDLE));
    expect(quote.slice(176, 208)).toEqual(SIM_MRSIGNER);
    expect(quote.slice(368, 432)).toEqual(REPORT_DATA);
  });

  it("are signed by the attestation key, which the quoting enclave's report binds, which the PCK certificate signs", () => {
    expect(view.getUint32(432, true)).toBe(quote.length - 436);
    const attestationKey = quote.slice(500, 564);
    const qeReport = quote.slice(564, 948);
    expect(verifyP256(attestationKey, quote.slice(0, 432), quote.slice(436, 500))).toBe(true);
    const authentication = quote.slice(1014, 1046);
    expect(view.getUint16(1012, true)).toBe(32);
    expect(qeReport.slice(320, 384)).toEqual(concatBytes(sha256(attestationKey, authentication), new Uint8Array(32)));
    expect([view.getUint16(1046, true), view.getUint32(1048, true)]).toEqual([5, quote.length - 1052]);
    const [pck, ca, root] = certificates(text(quote.slice(1052)));
    expect(pck?.verify(ca?.publicKey as never) && ca?.verify(root?.publicKey as never)).toBe(true);
    expect(new Uint8Array(root?.raw as Uint8Array)).toEqual(SIM_ROOT_CERTIFICATE);
    const signature = { key: pck?.publicKey as never, dsaEncoding: "ieee-p1363" } as const;
    expect(verify("sha256", qeReport, signature, quote.slice(948, 1012))).toBe(true);
  });

  it("are the same for the same machine, bundle and report data, and for nothing else", () => {
    const other = new Uint8Array(32).fill(8);
    expect(simMachinePowers(SECRET, BUNDLE).quote(REPORT_DATA)).toEqual(quote);
    expect(simMachinePowers(other, BUNDLE).quote(REPORT_DATA).slice(1052)).not.toEqual(quote.slice(1052));
    expect(simMachinePowers(SECRET, utf8ToBytes("other")).quote(REPORT_DATA).slice(112, 144)).not.toEqual(
      quote.slice(112, 144),
    );
  });

  it.each([0, 63, 65])("are not made of %i bytes of report data", (length) => {
    expect(() => powers.quote(new Uint8Array(length))).toThrow(
      expect.objectContaining({ codespace: "platform", message: `report data: expected 64 bytes, got ${length}` }),
    );
  });
});

describe("registration §2.2, §6.6: collateral of simulated machines", () => {
  const platform = makeSimPlatform({ machineSecretFile: join(folder, "insecure-machine") });
  const noon = Date.UTC(2026, 10, 25, 12) / 1000;

  it("is valid from the day before for thirty days, and the same for the whole day", () => {
    const parts = unpackCollateral(platform.collateral(noon));
    expect(parts.tee).toBe("sgx");
    for (const document of [parts.tcbInfo, parts.qeIdentity]) {
      expect(text(document)).toContain('"issueDate":"2026-11-24T00:00:00Z","nextUpdate":"2026-12-24T00:00:00Z"');
    }
    expect(platform.collateral(noon + 43_199)).toEqual(platform.collateral(noon));
    expect(platform.collateral(noon + 43_200)).not.toEqual(platform.collateral(noon));
  });

  it("holds documents that are signed exactly as they stand", () => {
    const parts = unpackCollateral(platform.collateral(noon));
    const [signer, root] = certificates(text(parts.tcbInfoIssuerChain));
    expect(new Uint8Array(root?.raw as Uint8Array)).toEqual(SIM_ROOT_CERTIFICATE);
    for (const document of [parts.tcbInfo, parts.qeIdentity]) {
      const [, body = "", signature = ""] = /^\{"\w+":(.*),"signature":"([0-9a-f]{128})"\}$/.exec(text(document)) ?? [];
      const key = { key: signer?.publicKey as never, dsaEncoding: "ieee-p1363" } as const;
      expect(verify("sha256", utf8ToBytes(body), key, hexToBytes(signature))).toBe(true);
    }
  });
});
