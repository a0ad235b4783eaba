/**
 * CometBFT's JSON back into wire messages: the inverse of `api/rpc/cometJson.ts` (consensus §2.8).
 *
 * Whether what it says is true is for others to find out; here it only has to have its shape.
 * @module
 */
import { Commit, type CommitSig } from "@sotto/common/wire/commit";
import type { BlockId, Header } from "@sotto/common/wire/header";
import type { JsonReader } from "./jsonReader.ts";

export type CometBlock = {
  readonly blockId: BlockId;
  readonly header: Header;
  readonly transactions: readonly Uint8Array[];
  readonly evidenceCount: number;
  /** `Commit.zero` at the initial height. */
  readonly lastCommit: Commit;
};

export type CometValidator = {
  readonly address: Uint8Array;
  /** ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly power: bigint;
};

function parseBlockId(json: JsonReader): BlockId {
  const parts = json.member("parts");
  return {
    hash: json.member("hash").hex(),
    partSetHeader: { total: parts.member("total").uint31(), hash: parts.member("hash").hex() },
  };
}

export function parseHeader(json: JsonReader): Header {
  const version = json.member("version");
  const app = version.member("app");
  const hex = (name: string): Uint8Array => json.member(name).hex();
  return {
    // Left out when 0.
    version: { block: version.member("block").int64(), app: app.isNull ? 0n : app.int64() },
    chainId: json.member("chain_id").text(),
    height: json.member("height").int64(),
    time: json.member("time").time(),
    lastBlockId: parseBlockId(json.member("last_block_id")),
    lastCommitHash: hex("last_commit_hash"),
    dataHash: hex("data_hash"),
    validatorsHash: hex("validators_hash"),
    nextValidatorsHash: hex("next_validators_hash"),
    consensusHash: hex("consensus_hash"),
    appHash: hex("app_hash"),
    lastResultsHash: hex("last_results_hash"),
    evidenceHash: hex("evidence_hash"),
    proposerAddress: hex("proposer_address"),
  };
}

function parseCommitSig(json: JsonReader): CommitSig {
  return {
    blockIdFlag: json.member("block_id_flag").uint31(),
    validatorAddress: json.member("validator_address").hex(),
    timestamp: json.member("timestamp").time(),
    signature: json.member("signature").base64(),
  };
}

export function parseCommit(json: JsonReader): Commit {
  if (json.isNull) return Commit.zero;
  return {
    height: json.member("height").int64(),
    round: json.member("round").uint31(),
    blockId: parseBlockId(json.member("block_id")),
    signatures: json.member("signatures").list().map(parseCommitSig),
  };
}

/** Result of `block`. */
export function parseBlock(json: JsonReader): CometBlock {
  const block = json.member("block");
  return {
    blockId: parseBlockId(json.member("block_id")),
    header: parseHeader(block.member("header")),
    transactions: block
      .member("data")
      .member("txs")
      .list()
      .map((tx) => tx.base64()),
    evidenceCount: block.member("evidence").member("evidence").list().length,
    lastCommit: parseCommit(block.member("last_commit")),
  };
}

/** Result of `commit`. */
export function parseSignedHeader(json: JsonReader): { readonly header: Header; readonly commit: Commit } {
  const signed = json.member("signed_header");
  return { header: parseHeader(signed.member("header")), commit: parseCommit(signed.member("commit")) };
}

/** Result of `validators`: one page. */
export function parseValidators(json: JsonReader): {
  readonly validators: readonly CometValidator[];
  readonly total: number;
} {
  return {
    validators: json.member("validators").list().map(parseValidator),
    total: json.member("total").count(),
  };
}

/** Keys of other types are refused (consensus §3.4). */
function parseValidator(json: JsonReader): CometValidator {
  const key = json.member("pub_key");
  const type = key.member("type");
  if (type.text() !== "tendermint/PubKeyEd25519") type.fail("an ed25519 key");
  const publicKey = key.member("value").base64();
  if (publicKey.length !== 32) key.member("value").fail("32 bytes in base64");
  const power = json.member("voting_power").int64();
  if (power < 0n) json.member("voting_power").fail("a power from 0 on");
  return { address: json.member("address").hex(), publicKey, power };
}
