/**
 * What this version of the enclave does not run: the one place that says so.
 *
 * v0.10 contracts, migration and admin messages.
 * @module
 */
import { EnclaveError, EnclaveErrorCode } from "./enclaveError.ts";

/** `function not implemented` (enclave §12.1). */
export function notImplemented(): EnclaveError {
  return new EnclaveError(EnclaveErrorCode.NotImplemented);
}
