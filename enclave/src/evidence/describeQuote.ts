/**
 * What a quote says, taken at its word: for an enclave's own, and for people.
 * @module
 */
import { EMPTY_BYTES } from "@sotto/common/bytes";
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
