/**
 * Why a block could not be made or executed.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const ConsensusErrorCode = {
  /** The block store lacks a block or its results. */
  MissingBlock: 1,
  /** A block of this height, or a later one, was signed before. */
  AlreadySigned: 2,
  /** The application refused what it had proposed itself. */
  ProposalRefused: 3,
  /** The application asked for another validator set. */
  ValidatorsChanged: 4,
  /** A block of a peer is not the one that comes next; nothing was kept of it. */
  PeerLied: 5,
  /** The network decided another outcome of a block than this node computed. */
  OutcomeDiffers: 6,
} as const;
export type ConsensusErrorCode = (typeof ConsensusErrorCode)[keyof typeof ConsensusErrorCode];

export class ConsensusError extends CodedError<ConsensusErrorCode> {
  override readonly name = "ConsensusError";
  constructor(code: ConsensusErrorCode, message: string, options?: ErrorOptions) {
    super("consensus", code, message, options);
  }
}
