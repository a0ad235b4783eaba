/**
 * Commits: the signatures that decided a block, one slot for each validator of the set (consensus §2.2).
 * @module
 */
import { EMPTY_BYTES } from "../bytes.ts";
import { BlockId } from "./header.ts";
import { always, bytes, field, int32, int64, type MessageOf, message, repeated } from "./message.ts";
import { Timestamp, ZERO_TIME } from "./timestamp.ts";

/** What the validator of a slot voted for; only `Commit` counts towards the quorum (consensus §2.7 V7). */
export const BlockIdFlag = { Absent: 1, Commit: 2, Nil: 3 } as const;
export type BlockIdFlag = (typeof BlockIdFlag)[keyof typeof BlockIdFlag];

export const CommitSig = message("tendermint.types.CommitSig", {
  /** One of {@link BlockIdFlag}, if the commit is well formed. */
  blockIdFlag: field(1, int32),
  /** 20 bytes, or empty if absent. */
  validatorAddress: field(2, bytes),
  timestamp: always(3, Timestamp),
  /** 64 bytes, or empty if absent. */
  signature: field(4, bytes),
});
export type CommitSig = MessageOf<typeof CommitSig>;

/** The slot of a validator whose vote was not seen. */
export const ABSENT_COMMIT_SIG: CommitSig = {
  blockIdFlag: BlockIdFlag.Absent,
  validatorAddress: EMPTY_BYTES,
  timestamp: ZERO_TIME,
  signature: EMPTY_BYTES,
};

export const Commit = message("tendermint.types.Commit", {
  height: field(1, int64),
  round: field(2, int32),
  blockId: always(3, BlockId),
  signatures: repeated(4, CommitSig),
});
export type Commit = MessageOf<typeof Commit>;
