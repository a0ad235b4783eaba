/**
 * Quotes of this enclave, and who its machine is by one of them: asked for once, and only where it matters (registration §7 O).
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { describeQuote, selfReportData } from "../evidence/describeQuote.ts";
import type { EnclavePowers } from "../powers.ts";

/** @throws {RefusalError} NoQuote */
export function requestQuote(quote: EnclavePowers["quote"], reportData: Uint8Array): Uint8Array {
  try {
    return quote(reportData);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it said nothing more";
    throw new RefusalError(RefusalCode.NoQuote, `the platform gave no quote: ${reason}`, { cause: error });
  }
}

/** @returns gives the machine id, 20 bytes; throws {RefusalError} NoQuote */
export function makeOwnMachine(crypto: Crypto, quote: EnclavePowers["quote"]): () => Uint8Array {
  let machineId: Uint8Array | undefined;
  return () => {
    machineId ??= describeQuote(crypto, requestQuote(quote, selfReportData(crypto))).machineId;
    return machineId;
  };
}
