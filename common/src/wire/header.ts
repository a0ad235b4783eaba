/**
 * Block headers and block ids (consensus §2.2). Their hashes: `merkle/headerHash.ts`.
 * @module
 */
import { always, bytes, field, int64, type MessageOf, message, string, uint32, uint64 } from "./message.ts";
import { Timestamp } from "./timestamp.ts";

/** The block protocol version that this project produces and accepts (consensus §2.7 V2). */
export const BLOCK_PROTOCOL_VERSION = 11n;

export const ConsensusVersion = message("tendermint.version.Consensus", {
  block: field(1, uint64),
  app: field(2, uint64),
});
export type ConsensusVersion = MessageOf<typeof ConsensusVersion>;

export const PartSetHeader = message("tendermint.types.PartSetHeader", {
  total: field(1, uint32),
  /** 32 bytes, or empty in the zero block id. */
  hash: field(2, bytes),
});
export type PartSetHeader = MessageOf<typeof PartSetHeader>;

export const BlockId = message("tendermint.types.BlockID", {
  /** 32 bytes, or empty in the zero block id. */
  hash: field(1, bytes),
  partSetHeader: always(2, PartSetHeader),
});
export type BlockId = MessageOf<typeof BlockId>;

export const Header = message("tendermint.types.Header", {
  version: always(1, ConsensusVersion),
  chainId: field(2, string),
  height: field(3, int64),
  time: always(4, Timestamp),
  /** The block before; `BlockId.zero` at the initial height. */
  lastBlockId: always(5, BlockId),
  lastCommitHash: field(6, bytes),
  dataHash: field(7, bytes),
  validatorsHash: field(8, bytes),
  nextValidatorsHash: field(9, bytes),
  consensusHash: field(10, bytes),
  /** Outcome of the block before, as are the results (consensus §2.4). */
  appHash: field(11, bytes),
  lastResultsHash: field(12, bytes),
  evidenceHash: field(13, bytes),
  /** 20 bytes. */
  proposerAddress: field(14, bytes),
});
export type Header = MessageOf<typeof Header>;
