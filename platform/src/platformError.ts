/**
 * What goes wrong around an enclave rather than in it: its secret, its bundle, its start.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const PlatformErrorCode = {
  /** The machine secret cannot be read, created, or is not 32 bytes. */
  MachineSecret: 1,
  /** The bundle is not text, does not compile, or has no `makeEnclave`. */
  BadBundle: 2,
  /** An exception left the enclave's entry function; the answer to that call is this refusal. */
  EnclaveFailed: 3,
  /** The enclave's process could not be started. */
  StartFailed: 4,
  /** The platform's collateral is missing or not readable. */
  NoCollateral: 5,
  /** The platform did not give a quote. */
  NoQuote: 6,
  /** The platform did not give its sealing key. */
  NoSealingKey: 7,
} as const;
export type PlatformErrorCode = (typeof PlatformErrorCode)[keyof typeof PlatformErrorCode];

export class PlatformError extends CodedError<PlatformErrorCode> {
  override readonly name = "PlatformError";
  constructor(code: PlatformErrorCode, message: string, options?: ErrorOptions) {
    super("platform", code, message, options);
  }
}
