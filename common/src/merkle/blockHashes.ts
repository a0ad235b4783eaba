/**
 * The hashes that a header holds besides that of the validators, and the part set of a block (consensus §2.4).
 * @module
 */
import { CommitSig } from "../wire/commit.ts";
import { type BlockParams, HashedParams } from "../wire/consensusParams.ts";
import { DeterministicExecTxResult } from "../wire/execTxResult.ts";
import type { PartSetHeader } from "../wire/header.ts";
import { type Hasher, merkleRoot } from "./cometMerkle.ts";

/** Bytes of a block part; the last one may be shorter. */
export const BLOCK_PART_SIZE = 65_536;

/** Hash of the transactions: each is hashed, and its hash is a leaf. */
export function dataHash(crypto: Hasher, txs: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(
    crypto,
    txs.map((tx) => crypto.sha256(tx)),
  );
}

/** Hash of a commit's slots, absent ones included; of no slots at the initial height. */
export function commitHash(crypto: Hasher, signatures: readonly CommitSig[]): Uint8Array {
  return merkleRoot(
    crypto,
    signatures.map((signature) => CommitSig.encode(signature)),
  );
}

/** @param evidence encoded evidence messages */
export function evidenceHash(crypto: Hasher, evidence: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(crypto, evidence);
}

/** Covers the two limits of a block and no other parameter. */
export function consensusParamsHash(crypto: Hasher, block: BlockParams): Uint8Array {
  return crypto.sha256(HashedParams.encode({ blockMaxBytes: block.maxBytes, blockMaxGas: block.maxGas }));
}

/** Goes into the header of the next block. Fields beyond the deterministic ones are not looked at. */
export function resultsHash(crypto: Hasher, results: readonly DeterministicExecTxResult[]): Uint8Array {
  return merkleRoot(
    crypto,
    results.map((result) => DeterministicExecTxResult.encode(result)),
  );
}

/** @param block an encoded block, or whatever else is sent in parts; not empty */
export function partSetHeader(crypto: Hasher, block: Uint8Array): PartSetHeader {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < block.length; at += BLOCK_PART_SIZE) parts.push(block.subarray(at, at + BLOCK_PART_SIZE));
  return { total: parts.length, hash: merkleRoot(crypto, parts) };
}
