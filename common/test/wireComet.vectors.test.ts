import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, test } from "vitest";
import { base64ToBytes, bytesToHex } from "../src/bytes.ts";
import { Block, Data } from "../src/wire/block.ts";
import { ABSENT_COMMIT_SIG, Commit, CommitSig } from "../src/wire/commit.ts";
import { DeterministicExecTxResult } from "../src/wire/execTxResult.ts";
import { BlockId, Header } from "../src/wire/header.ts";
import { proposalSignBytes, voteExtensionSignBytes, voteSignBytes } from "../src/wire/signBytes.ts";
import { formatTimestamp, parseTimestamp } from "../src/wire/timestamp.ts";
import { SimpleValidator, toConsensusPublicKey } from "../src/wire/validator.ts";
import { SignedMessageType } from "../src/wire/vote.ts";
import { blockIdOf, headerOf, hex, vectors } from "./support/consensusVectors.ts";

const timeOf = (json: { seconds: string | number; nanos: number }) => ({
  seconds: BigInt(json.seconds),
  nanos: json.nanos,
});

describe("sign bytes", () => {
  for (const c of vectors.vote_sign_bytes.cases) {
    test(`of a vote: ${c.desc}`, () => {
      const blockId = c.block_id === null ? BlockId.zero : blockIdOf(c.block_id);
      const vote = { type: c.type, height: BigInt(c.height), round: c.round, blockId, timestamp: timeOf(c) };
      expect(bytesToHex(voteSignBytes(c.chain_id, vote))).toBe(c.sign_bytes);
    });
  }

  test("of a proposal without a proof-of-lock round", () => {
    const c = vectors.proposal_sign_bytes;
    const proposal = {
      height: BigInt(c.height),
      round: c.round,
      polRound: c.pol_round,
      blockId: blockIdOf(c.block_id),
      timestamp: timeOf(c),
    };
    expect(bytesToHex(proposalSignBytes(c.chain_id, proposal))).toBe(c.sign_bytes);
  });

  test("of a vote extension", () => {
    const c = vectors.vote_extension_sign_bytes;
    const vote = { extension: hex(c.extension), height: BigInt(c.height), round: c.round };
    expect(bytesToHex(voteExtensionSignBytes(c.chain_id, vote))).toBe(c.sign_bytes);
  });

  test("of a real chain's commit verify under its validator's key", () => {
    const { height_10: block, validator, chain_id } = vectors.anchors.real_chain;
    const json = block.commit_json;
    const slot = json.signatures[0];
    const signBytes = voteSignBytes(chain_id, {
      type: SignedMessageType.Precommit,
      height: BigInt(json.height),
      round: json.round,
      blockId: blockIdOf(json.block_id),
      timestamp: parseTimestamp(slot.timestamp),
    });
    expect(bytesToHex(signBytes)).toBe(block.vote_sign_bytes);
    expect(ed25519.verify(base64ToBytes(slot.signature), signBytes, hex(validator.pub_key))).toBe(true);
  });
});

describe("encodings", () => {
  for (const name of ["height_1", "height_10"] as const) {
    test(`of a real chain's header and block, ${name}`, () => {
      const { header_json, header_proto, block_proto } = vectors.anchors.real_chain[name];
      expect(bytesToHex(Header.encode(headerOf(header_json)))).toBe(header_proto);
      expect(formatTimestamp(headerOf(header_json).time)).toBe(header_json.time);
      expect(bytesToHex(Header.encode(Block.decodeCanonical(hex(block_proto)).header))).toBe(header_proto);
    });
  }

  for (const block of vectors.embedded_chain.blocks) {
    test(`of header, block and commit at height ${block.height} are canonical`, () => {
      expect(Header.decodeCanonical(hex(block.header_proto)).height).toBe(BigInt(block.height));
      expect(Block.decodeCanonical(hex(block.block_proto)).data.txs.map(bytesToHex)).toEqual(block.txs);
      expect(Commit.decodeCanonical(hex(block.commit_proto)).height).toBe(BigInt(block.height));
    });
  }

  test("of an absent and of present commit slots", () => {
    expect(bytesToHex(CommitSig.encode(ABSENT_COMMIT_SIG))).toBe(vectors.commit_hash.absent_sig);
    for (const slot of vectors.commit_hash.signatures) {
      expect(bytesToHex(CommitSig.encode(CommitSig.decodeCanonical(hex(slot))))).toBe(slot);
    }
  });

  test("of an empty last commit and of the zero block id", () => {
    expect(bytesToHex(Commit.encode(Commit.zero))).toBe("1a021200");
    expect(bytesToHex(BlockId.encode(BlockId.zero))).toBe("1200");
  });

  test("of simple validators, results and data", () => {
    for (const v of vectors.validator_set.validators) {
      const simple = { publicKey: toConsensusPublicKey(hex(v.pub_key)), votingPower: BigInt(v.power) };
      expect(bytesToHex(SimpleValidator.encode(simple))).toBe(v.simple_validator);
    }
    for (const r of vectors.last_results_hash.results) {
      const result = {
        code: r.code,
        data: hex(r.data),
        gasWanted: BigInt(r.gas_wanted),
        gasUsed: BigInt(r.gas_used),
      };
      expect(bytesToHex(DeterministicExecTxResult.encode(result))).toBe(r.encoded);
    }
    expect(bytesToHex(Data.encode({ txs: vectors.data_hash.txs.map(hex) }))).toBe(vectors.data_hash.data_proto);
  });
});
