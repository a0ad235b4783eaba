/**
 * Votes and proposals as messages (consensus §2.2). What is signed of them: `signBytes.ts`.
 * @module
 */
import { BlockId } from "./header.ts";
import { always, bytes, field, int32, int64, type MessageOf, message } from "./message.ts";
import { Timestamp } from "./timestamp.ts";

export const SignedMessageType = { Prevote: 1, Precommit: 2, Proposal: 32 } as const;
export type SignedMessageType = (typeof SignedMessageType)[keyof typeof SignedMessageType];

export const Vote = message("tendermint.types.Vote", {
  /** Prevote or precommit. */
  type: field(1, int32),
  height: field(2, int64),
  round: field(3, int32),
  /** `BlockId.zero` for nil. */
  blockId: always(4, BlockId),
  timestamp: always(5, Timestamp),
  validatorAddress: field(6, bytes),
  validatorIndex: field(7, int32),
  signature: field(8, bytes),
  extension: field(9, bytes),
  extensionSignature: field(10, bytes),
});
export type Vote = MessageOf<typeof Vote>;

export const Proposal = message("tendermint.types.Proposal", {
  type: field(1, int32),
  height: field(2, int64),
  round: field(3, int32),
  /** Round of the proof-of-lock, or -1. */
  polRound: field(4, int32),
  blockId: always(5, BlockId),
  timestamp: always(6, Timestamp),
  signature: field(7, bytes),
});
export type Proposal = MessageOf<typeof Proposal>;
