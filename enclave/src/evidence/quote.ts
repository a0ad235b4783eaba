/**
 * DCAP quotes: version 3 of SGX, versions 4 and 5 of TDX, version 5 of SGX (registration §2.3, §6.1 to §6.3).
 *
 * Every length must end exactly where what contains it ends. Only zeros may follow; they are not part of the quote.
 * @module
 */
import { Reader } from "@sotto/boundary/codec";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { EvidenceError, EvidenceErrorCode } from "./evidenceError.ts";
import { BODIES, type Report, readSgxReport, readTdReport, readU16, SGX_REPORT, type SgxReport } from "./quoteBody.ts";

const MIN_QUOTE = 1_020;
const MAX_QUOTE = 8_192;

const HEADER = 48;
const SGX_TEE = 0;
const TDX_TEE = 0x81;
const PCK_CHAIN = 5;
const QE_REPORT_CERTIFICATION = 6;

export type QuoteHeader = {
  readonly version: number;
  /** 2: ECDSA on P-256. */
  readonly keyType: number;
  readonly tee: number;
  /** 16 bytes. */
  readonly vendorId: Uint8Array;
  /** 20 bytes. */
  readonly userData: Uint8Array;
};

export type Quote = {
  readonly header: QuoteHeader;
  readonly report: Report;
  /** Header and report: what the quote's signature is over. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** x ‖ y */
  readonly attestationKey: Uint8Array;
  readonly qeReport: SgxReport;
  readonly qeReportSignature: Uint8Array;
  readonly qeAuthData: Uint8Array;
  /** PEM: leaf, intermediate, root; may end with a NUL. */
  readonly certificates: Uint8Array;
};

function malformed(what: string): InputError {
  return new InputError(InputErrorCode.Malformed, `quote: ${what}`);
}

/** @throws {InputError} Malformed, if the quote is too short or too long for one */
export function readQuoteHeader(bytes: Uint8Array): QuoteHeader {
  if (bytes.length < MIN_QUOTE || bytes.length > MAX_QUOTE) {
    throw malformed(`expected ${MIN_QUOTE} to ${MAX_QUOTE} bytes, got ${bytes.length}`);
  }
  const reader = new Reader(bytes.subarray(0, HEADER));
  const version = readU16(reader);
  const keyType = readU16(reader);
  const tee = reader.u32();
  reader.view(4); // SVNs of version 3, reserved later
  return { version, keyType, tee, vendorId: reader.view(16), userData: reader.view(20) };
}

/** Whether there is a quote of this version about this kind of enclave. */
export function isKnownQuote({ version, tee }: QuoteHeader): boolean {
  if (version === 3) return tee === SGX_TEE;
  if (version === 4) return tee === TDX_TEE;
  return version === 5 && (tee === SGX_TEE || tee === TDX_TEE);
}

/**
 * @throws {InputError} Malformed
 * @throws {EvidenceError} UnsupportedQuote; TrailingBytes
 */
export function parseQuote(bytes: Uint8Array): Quote {
  const header = readQuoteHeader(bytes);
  if (!isKnownQuote(header)) {
    throw new EvidenceError(
      EvidenceErrorCode.UnsupportedQuote,
      `quote: version ${header.version} of kind ${header.tee} is not known`,
    );
  }
  const reader = new Reader(bytes);
  reader.view(HEADER);
  const report = readReport(reader, header);
  const signed = bytes.subarray(0, bytes.length - reader.left);
  const section = reader.view(reader.u32());
  const trailing = reader.view(reader.left);
  if (trailing.some((byte) => byte !== 0)) {
    throw new EvidenceError(
      EvidenceErrorCode.TrailingBytes,
      `quote: expected zeros alone after the signature section, got others among ${trailing.length} bytes`,
    );
  }
  return { header, report, signed, ...(header.version === 3 ? readSection3(section) : readSection4(section)) };
}

function readReport(reader: Reader, { version, tee }: QuoteHeader): Report {
  let type = version === 3 ? 1 : 2;
  let length: number | undefined;
  if (version === 5) {
    type = readU16(reader);
    length = reader.u32();
  }
  const body = BODIES.get(type);
  if (body === undefined || (length !== undefined && length !== body.length)) {
    throw malformed(`a body of type ${type} and ${length} bytes is not known`);
  }
  if ((body.tee === "tdx") !== (tee === TDX_TEE)) throw malformed(`a body of type ${type} in a quote of kind ${tee}`);
  const report = reader.view(body.length);
  return body.tee === "sgx" ? readSgxReport(report) : readTdReport(report);
}

type Section = Omit<Quote, "header" | "report" | "signed">;

function readSection3(bytes: Uint8Array): Section {
  const reader = new Reader(bytes);
  const signature = reader.view(64);
  const attestationKey = reader.view(64);
  const section = { signature, attestationKey, ...readQeCertification(reader) };
  reader.end();
  return section;
}

/** As version 3, but what the quoting enclave says of the key is certification data itself. */
function readSection4(bytes: Uint8Array): Section {
  const reader = new Reader(bytes);
  const signature = reader.view(64);
  const attestationKey = reader.view(64);
  const inner = new Reader(readCertification(reader, QE_REPORT_CERTIFICATION));
  reader.end();
  const section = { signature, attestationKey, ...readQeCertification(inner) };
  inner.end();
  return section;
}

function readQeCertification(reader: Reader): Omit<Section, "signature" | "attestationKey"> {
  const qeReport = readSgxReport(reader.view(SGX_REPORT));
  const qeReportSignature = reader.view(64);
  const qeAuthData = reader.view(readU16(reader));
  return { qeReport, qeReportSignature, qeAuthData, certificates: readCertification(reader, PCK_CHAIN) };
}

function readCertification(reader: Reader, expected: number): Uint8Array {
  const type = readU16(reader);
  if (type !== expected) throw malformed(`expected certification data of type ${expected}, got ${type}`);
  return reader.view(reader.u32());
}
