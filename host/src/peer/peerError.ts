/**
 * What goes wrong with another node that this one asks.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const PeerErrorCode = {
  /** No connection, no answer in time, or the connection broke off. */
  Unreachable: 1,
  /** An answer that is no JSON, or does not have the shape or the content that it must have. */
  Nonsense: 2,
  /** The peer answered with an error of its own. */
  Refused: 3,
  /** A node of another network. */
  WrongNetwork: 4,
  /** A longer answer than is taken; a smaller question may have one. */
  TooLong: 5,
} as const;
export type PeerErrorCode = (typeof PeerErrorCode)[keyof typeof PeerErrorCode];

export class PeerError extends CodedError<PeerErrorCode> {
  override readonly name = "PeerError";
  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super("peer", code, message, options);
  }
}
