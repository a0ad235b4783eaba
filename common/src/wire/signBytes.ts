/**
 * The bytes that validators sign: `uvarint(length) || canonical message` (consensus §2.6).
 *
 * Integers are fixed 64-bit so that the length does not depend on them, except that zero is left out: round 0 is not there.
 * @module
 */
import type { BlockId } from "./header.ts";
import { always, bytes, field, int32, int64, message, optional, sfixed64, string, uint32 } from "./message.ts";
import { lengthDelimited } from "./protobuf.ts";
import { Timestamp } from "./timestamp.ts";
import { SignedMessageType } from "./vote.ts";

const CanonicalPartSetHeader = message("tendermint.types.CanonicalPartSetHeader", {
  total: field(1, uint32),
  hash: field(2, bytes),
});

const CanonicalBlockId = message("tendermint.types.CanonicalBlockID", {
  hash: field(1, bytes),
  partSetHeader: always(2, CanonicalPartSetHeader),
});

const CanonicalVote = message("tendermint.types.CanonicalVote", {
  type: field(1, int32),
  height: field(2, sfixed64),
  round: field(3, sfixed64),
  blockId: optional(4, CanonicalBlockId),
  timestamp: always(5, Timestamp),
  chainId: field(6, string),
});

const CanonicalProposal = message("tendermint.types.CanonicalProposal", {
  type: field(1, int32),
  height: field(2, sfixed64),
  round: field(3, sfixed64),
  polRound: field(4, int64),
  blockId: optional(5, CanonicalBlockId),
  timestamp: always(6, Timestamp),
  chainId: field(7, string),
});

const CanonicalVoteExtension = message("tendermint.types.CanonicalVoteExtension", {
  extension: field(1, bytes),
  height: field(2, sfixed64),
  round: field(3, sfixed64),
  chainId: field(4, string),
});

/** What a vote's signature covers, besides the chain id; address and index are not signed. */
export interface SignedVote {
  readonly type: number;
  readonly height: bigint;
  readonly round: number;
  /** `BlockId.zero` for nil. */
  readonly blockId: BlockId;
  readonly timestamp: Timestamp;
}

/** Sign bytes of a prevote or precommit. A whole {@link Vote} fits as well. */
export function voteSignBytes(chainId: string, vote: SignedVote): Uint8Array {
  const { type, height, timestamp } = vote;
  const blockId = canonicalBlockId(vote.blockId);
  return lengthDelimited(
    CanonicalVote.encode({ type, height, round: BigInt(vote.round), blockId, timestamp, chainId }),
  );
}

export interface SignedProposal extends Omit<SignedVote, "type"> {
  /** -1 if there was none. */
  readonly polRound: number;
}

export function proposalSignBytes(chainId: string, proposal: SignedProposal): Uint8Array {
  return lengthDelimited(
    CanonicalProposal.encode({
      type: SignedMessageType.Proposal,
      height: proposal.height,
      round: BigInt(proposal.round),
      polRound: BigInt(proposal.polRound),
      blockId: canonicalBlockId(proposal.blockId),
      timestamp: proposal.timestamp,
      chainId,
    }),
  );
}

export function voteExtensionSignBytes(
  chainId: string,
  vote: { readonly extension: Uint8Array; readonly height: bigint; readonly round: number },
): Uint8Array {
  const { extension, height } = vote;
  return lengthDelimited(CanonicalVoteExtension.encode({ extension, height, round: BigInt(vote.round), chainId }));
}

/** Undefined for nil, which is left out altogether. */
function canonicalBlockId(blockId: BlockId): BlockId | undefined {
  const { hash, partSetHeader } = blockId;
  return hash.length === 0 && partSetHeader.total === 0 && partSetHeader.hash.length === 0 ? undefined : blockId;
}
