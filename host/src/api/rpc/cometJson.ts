/**
 * Blocks, commits and results in CometBFT's JSON (consensus §2.8, chain §8.1).
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { Commit } from "@sotto/common/wire/commit";
import { type BlockId, Header } from "@sotto/common/wire/header";
import { formatTimestamp } from "@sotto/common/wire/timestamp";
import type { TxResult, ValidatorUpdate } from "../../abci/application.ts";
import type { StoredBlock } from "../backend.ts";
import { toBase64, toUpperHex } from "../json/text.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function base64OrNull(bytes: Uint8Array): string | null {
  return bytes.length === 0 ? null : toBase64(bytes);
}

export function blockIdJson(id: BlockId): Json {
  return {
    hash: toUpperHex(id.hash),
    parts: { total: id.partSetHeader.total, hash: toUpperHex(id.partSetHeader.hash) },
  };
}

export function storedBlockIdJson({ blockId }: StoredBlock): Json {
  return {
    hash: toUpperHex(blockId.hash),
    parts: { total: blockId.partsTotal, hash: toUpperHex(blockId.partsHash) },
  };
}

export function headerJson(header: Header): Json {
  const { block, app } = header.version;
  return {
    version: app === 0n ? { block: String(block) } : { block: String(block), app: String(app) },
    chain_id: header.chainId,
    height: String(header.height),
    time: formatTimestamp(header.time),
    last_block_id: blockIdJson(header.lastBlockId),
    last_commit_hash: toUpperHex(header.lastCommitHash),
    data_hash: toUpperHex(header.dataHash),
    validators_hash: toUpperHex(header.validatorsHash),
    next_validators_hash: toUpperHex(header.nextValidatorsHash),
    consensus_hash: toUpperHex(header.consensusHash),
    app_hash: toUpperHex(header.appHash),
    last_results_hash: toUpperHex(header.lastResultsHash),
    evidence_hash: toUpperHex(header.evidenceHash),
    proposer_address: toUpperHex(header.proposerAddress),
  };
}

export function commitJson(bytes: Uint8Array): Json {
  const commit = Commit.decode(bytes);
  return {
    height: String(commit.height),
    round: commit.round,
    block_id: blockIdJson(commit.blockId),
    signatures: commit.signatures.map((signature) => ({
      block_id_flag: signature.blockIdFlag,
      validator_address: toUpperHex(signature.validatorAddress),
      timestamp: formatTimestamp(signature.timestamp),
      signature: base64OrNull(signature.signature),
    })),
  };
}

/** Of no bytes at the initial height: a commit of height 0. */
const NO_COMMIT: Json = {
  height: "0",
  round: 0,
  block_id: { hash: "", parts: { total: 0, hash: "" } },
  signatures: [],
};

export function blockJson(stored: StoredBlock): Json {
  return {
    header: headerJson(Header.decode(stored.header)),
    data: { txs: stored.transactions.map(toBase64) },
    evidence: { evidence: [] },
    last_commit: stored.lastCommit.length === 0 ? NO_COMMIT : commitJson(stored.lastCommit),
  };
}

export function eventsJson(events: readonly Event[]): readonly Json[] {
  return events.map(({ type, attributes }) => ({
    type,
    attributes: attributes.map(({ key, value }) => ({ key, value, index: true })),
  }));
}

export function txResultJson(result: TxResult): Json {
  return {
    code: result.code,
    data: base64OrNull(result.data),
    log: result.log,
    info: "",
    gas_wanted: String(result.gasWanted),
    gas_used: String(result.gasUsed),
    events: eventsJson(result.events),
    codespace: result.codespace,
  };
}

export function publicKeyJson(key: Uint8Array): Json {
  return { type: "tendermint/PubKeyEd25519", value: toBase64(key) };
}

/** Null for none; a power of 0 removes the validator and is left out. */
export function validatorUpdatesJson(updates: readonly ValidatorUpdate[]): Json {
  if (updates.length === 0) return null;
  return updates.map(({ publicKey, power }) => {
    const key = { Sum: { type: "tendermint.crypto.PublicKey_Ed25519", value: { ed25519: toBase64(publicKey) } } };
    return power === 0n ? { pub_key: key } : { pub_key: key, power: String(power) };
  });
}
