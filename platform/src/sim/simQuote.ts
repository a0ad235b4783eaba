/**
 * Quotes of simulated enclaves: version 3 with certification data of type 5, byte for byte as registration §6.1 and §6.3 have them.
 * @module
 */
import { createHash } from "node:crypto";
import { concatBytes, u16le, u32le, u64le, utf8ToBytes } from "@sotto/common/bytes";
import { SIM_MRENCLAVE_LABEL, SIM_QE_VENDOR, SIM_USER_DATA } from "@sotto/common/simAttestation";
import { toPem } from "./certificates.ts";
import { p256PublicKey, signP256 } from "./deterministicEcdsa.ts";
import { insecureAuthorities } from "./insecureAuthorities.ts";
import { cpuSvn, type SimMachine } from "./simMachine.ts";

/** Bits of ATTRIBUTES.FLAGS (registration §6.1). */
export const SgxFlag = { init: 0x01, debug: 0x02, mode64: 0x04, provisionKey: 0x10 } as const;

/** What a report says of an enclave. */
export type SgxReport = {
  readonly cpuSvn: Uint8Array;
  readonly flags: number;
  readonly mrEnclave: Uint8Array;
  readonly mrSigner: Uint8Array;
  readonly productId: number;
  readonly securityVersion: number;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
};

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHash("sha256")
      .update(concatBytes(...parts))
      .digest(),
  );

/** MRSIGNER of every simulated enclave. */
export const SIM_MRSIGNER: Uint8Array = sha256(utf8ToBytes("sim-mrsigner/v1"));
export const SIM_PRODUCT_ID = 1;
export const SIM_SECURITY_VERSION = 1;

/** Identity of the simulated quoting enclave. */
export const SIM_QE = {
  flags: SgxFlag.init | SgxFlag.mode64 | SgxFlag.provisionKey,
  mrEnclave: sha256(utf8ToBytes("sim-qe-mrenclave/v1")),
  mrSigner: sha256(utf8ToBytes("sim-qe-mrsigner/v1")),
  productId: 1,
  securityVersion: 1,
} as const;

/** XSAVE state: x87, SSE, AVX and AVX-512. */
const XFRM = 0xe7;
const VERSION = 3;
const ECDSA_P256 = 2;
const PCK_CHAIN = 5;
const QE_AUTH_DATA = Uint8Array.from({ length: 32 }, (_, i) => i);

/** MRENCLAVE of a bundle, 32 bytes. */
export function simMrEnclave(bundle: Uint8Array): Uint8Array {
  return sha256(SIM_MRENCLAVE_LABEL, bundle);
}

/** The report of an enclave as every simulated machine makes it: initialised, 64 bits, not to be debugged. */
export function simReport(machine: SimMachine, bundle: Uint8Array, reportData: Uint8Array): SgxReport {
  return {
    cpuSvn: cpuSvn(machine.tcb),
    flags: SgxFlag.init | SgxFlag.mode64,
    mrEnclave: simMrEnclave(bundle),
    mrSigner: SIM_MRSIGNER,
    productId: SIM_PRODUCT_ID,
    securityVersion: SIM_SECURITY_VERSION,
    reportData,
  };
}

/** 384 bytes. */
function encodeReport(report: SgxReport): Uint8Array {
  const body = new Uint8Array(384);
  body.set(report.cpuSvn, 0);
  body.set(u64le(report.flags), 48);
  body.set(u64le(XFRM), 56);
  body.set(report.mrEnclave, 64);
  body.set(report.mrSigner, 128);
  body.set(u16le(report.productId), 256);
  body.set(u16le(report.securityVersion), 258);
  body.set(report.reportData, 320);
  return body;
}

/** The quote that the machine's quoting enclave makes of a report. */
export function makeSimQuote(machine: SimMachine, report: SgxReport): Uint8Array {
  const header = concatBytes(
    u16le(VERSION),
    u16le(ECDSA_P256),
    u32le(0),
    u16le(SIM_QE.securityVersion),
    u16le(machine.tcb.pceSvn),
    SIM_QE_VENDOR,
    SIM_USER_DATA,
  );
  const signed = concatBytes(header, encodeReport(report));
  const attestationKey = p256PublicKey(machine.attestationSecretKey);
  const qeReport = encodeReport({
    ...SIM_QE,
    cpuSvn: cpuSvn(machine.tcb),
    reportData: concatBytes(sha256(attestationKey, QE_AUTH_DATA), new Uint8Array(32)),
  });
  const { pckCa, root } = insecureAuthorities();
  const chain = utf8ToBytes(toPem([machine.pckCertificate, pckCa.certificate, root.certificate]));
  const signatures = concatBytes(
    signP256(machine.attestationSecretKey, signed),
    attestationKey,
    qeReport,
    signP256(machine.pckSecretKey, qeReport),
    u16le(QE_AUTH_DATA.length),
    QE_AUTH_DATA,
    u16le(PCK_CHAIN),
    u32le(chain.length),
    chain,
  );
  return concatBytes(signed, u32le(signatures.length), signatures);
}
