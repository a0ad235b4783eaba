/**
 * The hash of a block header, which is the block's hash (consensus §2.3).
 * @module
 */
import { BlockId, ConsensusVersion, type Header } from "../wire/header.ts";
import { bytes, field, int64, message, string } from "../wire/message.ts";
import { Timestamp } from "../wire/timestamp.ts";
import { type Hasher, merkleRoot } from "./cometMerkle.ts";

// Single values are leaves as protobuf's wrapper messages, so that zero and empty give an empty leaf input.
const StringValue = message("google.protobuf.StringValue", { value: field(1, string) });
const Int64Value = message("google.protobuf.Int64Value", { value: field(1, int64) });
const BytesValue = message("google.protobuf.BytesValue", { value: field(1, bytes) });

/** 32 bytes; undefined for a header without a validators hash, which is none. */
export function headerHash(crypto: Hasher, header: Header): Uint8Array | undefined {
  return header.validatorsHash.length === 0 ? undefined : merkleRoot(crypto, headerLeaves(header));
}

/** The 14 leaf inputs in field order. */
export function headerLeaves(header: Header): Uint8Array[] {
  return [
    ConsensusVersion.encode(header.version),
    StringValue.encode({ value: header.chainId }),
    Int64Value.encode({ value: header.height }),
    Timestamp.encode(header.time),
    BlockId.encode(header.lastBlockId),
    BytesValue.encode({ value: header.lastCommitHash }),
    BytesValue.encode({ value: header.dataHash }),
    BytesValue.encode({ value: header.validatorsHash }),
    BytesValue.encode({ value: header.nextValidatorsHash }),
    BytesValue.encode({ value: header.consensusHash }),
    BytesValue.encode({ value: header.appHash }),
    BytesValue.encode({ value: header.lastResultsHash }),
    BytesValue.encode({ value: header.evidenceHash }),
    BytesValue.encode({ value: header.proposerAddress }),
  ];
}
