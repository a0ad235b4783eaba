/**
 * Consensus parameters of CometBFT v0.38 (consensus §2.2). Their hash covers two numbers: `merkle/blockHashes.ts`.
 * @module
 */
import { always, field, int32, int64, type MessageOf, message, optional, repeated, string, uint64 } from "./message.ts";

export const Duration = message("google.protobuf.Duration", { seconds: field(1, int64), nanos: field(2, int32) });
export type Duration = MessageOf<typeof Duration>;

export const BlockParams = message("tendermint.types.BlockParams", {
  /** Bytes of an encoded block, or -1: no limit but CometBFT's own of 100 MiB. */
  maxBytes: field(1, int64),
  /** Gas of a block, or -1: no limit. */
  maxGas: field(2, int64),
});
export type BlockParams = MessageOf<typeof BlockParams>;

export const EvidenceParams = message("tendermint.types.EvidenceParams", {
  maxAgeNumBlocks: field(1, int64),
  maxAgeDuration: always(2, Duration),
  maxBytes: field(3, int64),
});
export type EvidenceParams = MessageOf<typeof EvidenceParams>;

export const ValidatorParams = message("tendermint.types.ValidatorParams", {
  publicKeyTypes: repeated(1, string),
});
export type ValidatorParams = MessageOf<typeof ValidatorParams>;

export const VersionParams = message("tendermint.types.VersionParams", { app: field(1, uint64) });
export type VersionParams = MessageOf<typeof VersionParams>;

export const AbciParams = message("tendermint.types.ABCIParams", {
  /** 0: vote extensions are off. */
  voteExtensionsEnableHeight: field(1, int64),
});
export type AbciParams = MessageOf<typeof AbciParams>;

/** A part that is not there is unchanged, where the message is an update. */
export const ConsensusParams = message("tendermint.types.ConsensusParams", {
  block: optional(1, BlockParams),
  evidence: optional(2, EvidenceParams),
  validator: optional(3, ValidatorParams),
  version: optional(4, VersionParams),
  abci: optional(5, AbciParams),
});
export type ConsensusParams = MessageOf<typeof ConsensusParams>;

/** What the header's consensus hash covers. */
export const HashedParams = message("tendermint.types.HashedParams", {
  blockMaxBytes: field(1, int64),
  blockMaxGas: field(2, int64),
});
export type HashedParams = MessageOf<typeof HashedParams>;
