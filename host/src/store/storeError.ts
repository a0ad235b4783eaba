/**
 * Why the store could not answer.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const StoreErrorCode = {
  /** Above the latest height, or pruned. */
  HeightNotAvailable: 1,
  /** The files are there but are not what this program writes. */
  Damaged: 2,
  /** The files could not be opened, read or written. */
  NotUsable: 3,
} as const;
export type StoreErrorCode = (typeof StoreErrorCode)[keyof typeof StoreErrorCode];

export class StoreError extends CodedError<StoreErrorCode> {
  override readonly name = "StoreError";
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super("store", code, message, options);
  }
}
