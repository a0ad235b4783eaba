/**
 * `vectors/consensus.json`, loosely typed, and what its tests share.
 * @module
 */
import { readFileSync } from "node:fs";
import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "../../src/bytes.ts";
import type { Hasher } from "../../src/merkle/cometMerkle.ts";
import type { BlockId, Header } from "../../src/wire/header.ts";
import { parseTimestamp } from "../../src/wire/timestamp.ts";

// biome-ignore lint/suspicious/noExplicitAny: the file is data, and each test names the members it reads
export const vectors: any = JSON.parse(
  readFileSync(new URL("../../../vectors/consensus.json", import.meta.url), "utf8"),
);

export const hasher: Hasher = { sha256: (data) => sha256(data) };

export const hex = (text: string): Uint8Array => hexToBytes(text);

type JsonBlockId = { hash: string; parts: { total: number; hash: string } };

export function blockIdOf(json: JsonBlockId): BlockId {
  return { hash: hex(json.hash), partSetHeader: { total: json.parts.total, hash: hex(json.parts.hash) } };
}

/** A header from the JSON of CometBFT's RPC (consensus §2.8). */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function headerOf(json: any): Header {
  return {
    version: { block: BigInt(json.version.block), app: BigInt(json.version.app ?? 0) },
    chainId: json.chain_id,
    height: BigInt(json.height),
    time: parseTimestamp(json.time),
    lastBlockId: blockIdOf(json.last_block_id),
    lastCommitHash: hex(json.last_commit_hash),
    dataHash: hex(json.data_hash),
    validatorsHash: hex(json.validators_hash),
    nextValidatorsHash: hex(json.next_validators_hash),
    consensusHash: hex(json.consensus_hash),
    appHash: hex(json.app_hash),
    lastResultsHash: hex(json.last_results_hash),
    evidenceHash: hex(json.evidence_hash),
    proposerAddress: hex(json.proposer_address),
  };
}
