/**
 * What a quote is about: the report of an SGX enclave or of a trust domain (registration §6.1, §6.2). Views of the bytes.
 * @module
 */
import { Reader } from "@sotto/boundary/codec";
import { concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { QuoteBody } from "./attestation.ts";

export const SGX_REPORT = 384;
const TD_REPORT_10 = 584;
const TD_REPORT_15 = 648;

/** Of `SgxReport.flags`. */
export const SgxFlag = {
  Init: 1n << 0n,
  Debug: 1n << 1n,
  Mode64: 1n << 2n,
  ProvisionKey: 1n << 4n,
  InitTokenKey: 1n << 5n,
};
const TD_DEBUG = 1n;

export type SgxReport = {
  readonly tee: "sgx";
  /** The whole report: what a quoting enclave's own signature is over. */
  readonly bytes: Uint8Array;
  readonly miscSelect: Uint8Array;
  /** Flags and XFRM, 16 bytes. */
  readonly attributes: Uint8Array;
  readonly flags: bigint;
  readonly xfrm: bigint;
  readonly mrEnclave: Uint8Array;
  readonly mrSigner: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly reportData: Uint8Array;
};

export type TdReport = {
  readonly tee: "tdx";
  /** At the launch of the domain. */
  readonly teeTcbSvn: Uint8Array;
  readonly mrSignerSeam: Uint8Array;
  readonly seamAttributes: Uint8Array;
  readonly tdAttributes: Uint8Array;
  readonly xfam: Uint8Array;
  readonly mrTd: Uint8Array;
  readonly mrConfigId: Uint8Array;
  readonly rtmrs: Uint8Array;
  readonly reportData: Uint8Array;
  /** Of TD 1.5 alone. */
  readonly now:
    | {
        /** As the platform is now, after updates that the domain lived through. */
        readonly teeTcbSvn: Uint8Array;
        readonly mrServiceTd: Uint8Array;
      }
    | undefined;
};

export type Report = SgxReport | TdReport;

/** Kinds of bodies as version 5 names them, with their lengths. */
export const BODIES: ReadonlyMap<number, { readonly tee: "sgx" | "tdx"; readonly length: number }> = new Map([
  [1, { tee: "sgx", length: SGX_REPORT }],
  [2, { tee: "tdx", length: TD_REPORT_10 }],
  [3, { tee: "tdx", length: TD_REPORT_15 }],
]);

export function readU16(reader: Reader): number {
  return reader.u8() | (reader.u8() << 8);
}

/** Each byte of `bytes` and its byte of `mask`. */
export function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte & (mask[i] as number));
}

/** A little-endian number. */
export function readFlags(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** @param bytes 384 */
export function readSgxReport(bytes: Uint8Array): SgxReport {
  const reader = new Reader(bytes);
  reader.view(16); // CPUSVN: the certificate's components count (registration §6.4)
  const miscSelect = reader.view(4);
  reader.view(28);
  const attributes = reader.view(16);
  const mrEnclave = reader.view(32);
  reader.view(32);
  const mrSigner = reader.view(32);
  reader.view(96);
  const isvProdId = readU16(reader);
  const isvSvn = readU16(reader);
  reader.view(60);
  const reportData = reader.view(64);
  reader.end();
  const flags = readFlags(attributes.subarray(0, 8));
  const xfrm = readFlags(attributes.subarray(8));
  return { tee: "sgx", bytes, miscSelect, attributes, flags, xfrm, mrEnclave, mrSigner, isvProdId, isvSvn, reportData };
}

/** @param bytes 584 of TD 1.0, or 648 of TD 1.5 */
export function readTdReport(bytes: Uint8Array): TdReport {
  const reader = new Reader(bytes);
  const teeTcbSvn = reader.view(16);
  reader.view(48); // MRSEAM: the module is judged by its identity (registration §6.5)
  const mrSignerSeam = reader.view(48);
  const seamAttributes = reader.view(8);
  const tdAttributes = reader.view(8);
  const xfam = reader.view(8);
  const mrTd = reader.view(48);
  const mrConfigId = reader.view(48);
  reader.view(96); // MROWNER, MROWNERCONFIG: the host's to choose
  const rtmrs = reader.view(192);
  const reportData = reader.view(64);
  const isLong = bytes.length === TD_REPORT_15;
  const now = isLong ? { teeTcbSvn: reader.view(16), mrServiceTd: reader.view(48) } : undefined;
  reader.end();
  const measured = { tdAttributes, xfam, mrTd, mrConfigId, rtmrs };
  return { tee: "tdx", teeTcbSvn, mrSignerSeam, seamAttributes, ...measured, reportData, now };
}

/** What networks approve of a domain: registers and attributes in one hash (registration §5.5). */
function tdMeasurement(crypto: Crypto, { mrTd, rtmrs, tdAttributes, xfam, mrConfigId }: TdReport): Uint8Array {
  return crypto.sha256(concatBytes(utf8ToBytes("tdx-measurement/v1"), mrTd, rtmrs, tdAttributes, xfam, mrConfigId));
}

/** A report as policies see it. */
export function quoteBody(crypto: Crypto, report: Report): QuoteBody {
  const { tee, reportData } = report;
  if (tee === "sgx") {
    const { mrEnclave: measurement, mrSigner: signer, isvProdId: productId, isvSvn: securityVersion, flags } = report;
    const debug = (flags & SgxFlag.Debug) !== 0n;
    return { tee, measurement, signer, productId, securityVersion, debug, reportData };
  }
  const debug = (readFlags(report.tdAttributes) & TD_DEBUG) !== 0n;
  const measurement = tdMeasurement(crypto, report);
  return { tee, measurement, signer: new Uint8Array(32), productId: 0, securityVersion: 0, debug, reportData };
}
