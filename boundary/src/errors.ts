/**
 * Errors of the boundary itself: the other side talks nonsense, or speaks another version.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const BoundaryErrorCode = {
  /** Bytes that are no message, or more bytes than one. */
  Malformed: 1,
  /** A length above its limit. */
  TooLong: 2,
  /** The other side has another `INTERFACE_VERSION`. */
  VersionMismatch: 3,
  /** The transport is closed or its other end died. */
  Disconnected: 4,
} as const;
export type BoundaryErrorCode = (typeof BoundaryErrorCode)[keyof typeof BoundaryErrorCode];

export class BoundaryError extends CodedError<BoundaryErrorCode> {
  override readonly name = "BoundaryError";
  constructor(code: BoundaryErrorCode, message: string, options?: ErrorOptions) {
    super("boundary", code, message, options);
  }
}
