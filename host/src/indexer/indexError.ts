/**
 * Why a search could not be made.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const IndexErrorCode = {
  /** The query is not in the event query language (chain §8.4); the message says where. */
  BadQuery: 1,
} as const;
export type IndexErrorCode = (typeof IndexErrorCode)[keyof typeof IndexErrorCode];

export class IndexError extends CodedError<IndexErrorCode> {
  override readonly name = "IndexError";
  constructor(code: IndexErrorCode, message: string, options?: ErrorOptions) {
    super("index", code, message, options);
  }
}
