/**
 * Stored blocks as the messages that REST shows (chain §7.16).
 * @module
 */
import { create, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { encodeBech32 } from "@sotto/common/bech32";
import { type Block, BlockSchema } from "../../proto/gen/cosmos/base/tendermint/v1beta1/types_pb.ts";
import { BlockSchema as CometBlockSchema } from "../../proto/gen/tendermint/types/block_pb.ts";
import { BlockIDSchema, CommitSchema, HeaderSchema } from "../../proto/gen/tendermint/types/types_pb.ts";
import type { StoredBlock } from "../backend.ts";

export type BlockMessages = {
  readonly blockId: MessageShape<typeof BlockIDSchema>;
  readonly block: MessageShape<typeof CometBlockSchema>;
};

/** Every transaction is in `block.data.txs`, the random included (consensus §3.7). */
export function toBlockMessages(stored: StoredBlock): BlockMessages {
  return {
    blockId: create(BlockIDSchema, {
      hash: stored.blockId.hash,
      partSetHeader: { total: stored.blockId.partsTotal, hash: stored.blockId.partsHash },
    }),
    block: create(CometBlockSchema, {
      header: fromBinary(HeaderSchema, stored.header),
      data: { txs: [...stored.transactions] },
      // Of no bytes at the initial height: a commit of height 0 without signatures.
      lastCommit: fromBinary(CommitSchema, stored.lastCommit),
    }),
  };
}

/** The SDK's form of the same block: the proposer as text. */
export function toSdkBlock(block: BlockMessages["block"]): Block {
  const { $typeName: _, $unknown: __, ...header } = fromHeader(block);
  return create(BlockSchema, {
    header: { ...header, proposerAddress: encodeBech32("secretvalcons", header.proposerAddress) },
    data: block.data as NonNullable<typeof block.data>,
    lastCommit: block.lastCommit as NonNullable<typeof block.lastCommit>,
  });
}

function fromHeader(block: BlockMessages["block"]): MessageShape<typeof HeaderSchema> {
  if (block.header === undefined) throw new TypeError("a stored block has a header");
  return block.header;
}
