/**
 * What a quote says, taken at its word: for an enclave's own, and for people.
 * @module
 */
import { concatBytes, EMPTY_BYTES, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { QuoteBody } from "./attestation.ts";
import { readCertificate, readSigned } from "./certificate.ts";
import { machineIdOf, readPckExtension } from "./pckExtension.ts";
import { readPem } from "./pem.ts";
import { parseQuote } from "./quote.ts";
import { quoteBody } from "./quoteBody.ts";

export type DescribedQuote = QuoteBody & {
  /** As in `Attested`; 20 bytes. */
  readonly machineId: Uint8Array;
};

const SELF_PURPOSE = utf8ToBytes("sotto/self/v1");

/** Report data of a quote that admits nobody, 64 bytes. */
export function selfReportData(crypto: Crypto): Uint8Array {
  return concatBytes(crypto.sha256(SELF_PURPOSE), new Uint8Array(32));
}

/**
 * Verifies nothing.
 * @throws {InputError} Malformed
 * @throws {EvidenceError} UnsupportedQuote; TrailingBytes
 */
export function describeQuote(crypto: Crypto, bytes: Uint8Array): DescribedQuote {
  const { report, certificates } = parseQuote(bytes);
  const [leaf = EMPTY_BYTES] = readPem(certificates, "CERTIFICATE");
  const { intel = EMPTY_BYTES } = readCertificate(readSigned(leaf).body);
  const machineId = machineIdOf(crypto, readPckExtension(intel));
  return { ...quoteBody(crypto, report), machineId };
}
