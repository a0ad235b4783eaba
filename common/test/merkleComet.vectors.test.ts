import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { bytesToHex, concatBytes, EMPTY_BYTES, utf8ToBytes } from "../src/bytes.ts";
import {
  commitHash,
  consensusParamsHash,
  dataHash,
  evidenceHash,
  partSetHeader,
  resultsHash,
} from "../src/merkle/blockHashes.ts";
import { isMerkleProof, merkleProof, merkleRoot } from "../src/merkle/cometMerkle.ts";
import { headerHash, headerLeaves } from "../src/merkle/headerHash.ts";
import { appHash, storeItem, storeProof } from "../src/merkle/multistore.ts";
import { compareValidators, validatorAddress, validatorsHash } from "../src/merkle/validatorsHash.ts";
import { Block } from "../src/wire/block.ts";
import { BlockIdFlag, Commit, CommitSig } from "../src/wire/commit.ts";
import { BlockId, Header } from "../src/wire/header.ts";
import { voteSignBytes } from "../src/wire/signBytes.ts";
import { parseTimestamp } from "../src/wire/timestamp.ts";
import { toConsensusPublicKey } from "../src/wire/validator.ts";
import { SignedMessageType } from "../src/wire/vote.ts";
import { blockIdOf, hasher, headerOf, hex, vectors } from "./support/consensusVectors.ts";

describe("the Merkle tree", () => {
  for (const c of vectors.merkle.cases) {
    test(`has the known root over ${c.n} items, and proves each of them and nothing else`, () => {
      const items: Uint8Array[] = c.items.map(hex);
      const root = merkleRoot(hasher, items);
      expect(bytesToHex(root)).toBe(c.root);
      items.forEach((item, index) => {
        const proof = merkleProof(hasher, items, index);
        expect(isMerkleProof(hasher, root, item, proof)).toBe(true);
        expect(isMerkleProof(hasher, root, utf8ToBytes("other"), proof)).toBe(false);
        expect(isMerkleProof(hasher, root, item, { ...proof, index: index + 1 })).toBe(false);
        expect(isMerkleProof(hasher, root, item, { ...proof, aunts: [...proof.aunts, root] })).toBe(false);
      });
    });
  }

  test("gives the known proof", () => {
    const { n, index, leaf_hash, aunts_bottom_up, root } = vectors.merkle.proof;
    const { items } = vectors.merkle.cases.find((c: { n: number }) => c.n === n);
    const proof = merkleProof(hasher, items.map(hex), index);
    expect(proof).toEqual({ total: n, index, leafHash: hex(leaf_hash), aunts: aunts_bottom_up.map(hex) });
    expect(isMerkleProof(hasher, hex(root), hex(items[index]), proof)).toBe(true);
  });
});

describe("header hashes", () => {
  test("are CometBFT's own for its unit test", () => {
    const { fields, hash, leaves } = vectors.anchors.header_hash_unit;
    const named = (name: string) => sha256(utf8ToBytes(name));
    const header: Header = {
      version: { block: BigInt(fields.version.block), app: BigInt(fields.version.app) },
      chainId: fields.chain_id,
      height: BigInt(fields.height),
      time: parseTimestamp(fields.time),
      lastBlockId: blockIdOf(fields.last_block_id),
      lastCommitHash: named("last_commit_hash"),
      dataHash: named("data_hash"),
      validatorsHash: named("validators_hash"),
      nextValidatorsHash: named("next_validators_hash"),
      consensusHash: named("consensus_hash"),
      appHash: named("app_hash"),
      lastResultsHash: named("last_results_hash"),
      evidenceHash: named("evidence_hash"),
      proposerAddress: named("proposer_address").slice(0, 20),
    };
    expect(headerLeaves(header).map(bytesToHex)).toEqual(leaves);
    expect(bytesToHex(headerHash(hasher, header) ?? EMPTY_BYTES)).toBe(hash);
    expect(headerHash(hasher, { ...header, validatorsHash: EMPTY_BYTES })).toBeUndefined();
  });

  for (const name of ["height_1", "height_10"] as const) {
    test(`and part sets are those of a real chain, ${name}`, () => {
      const { header_json, block_proto, block_id } = vectors.anchors.real_chain[name];
      const header = headerOf(header_json);
      expect(bytesToHex(headerHash(hasher, header) ?? EMPTY_BYTES)).toBe(block_id.hash.toLowerCase());
      expect(partSetHeader(hasher, hex(block_proto))).toEqual(blockIdOf(block_id).partSetHeader);
      const block = Block.decodeCanonical(hex(block_proto));
      expect(dataHash(hasher, block.data.txs)).toEqual(header.dataHash);
      expect(evidenceHash(hasher, block.evidence.evidence)).toEqual(header.evidenceHash);
      expect(commitHash(hasher, block.lastCommit?.signatures ?? [])).toEqual(header.lastCommitHash);
    });
  }
});

describe("hashes of a header's parts", () => {
  test("validator set: addresses, order and root", () => {
    const { validators, hash } = vectors.validator_set;
    // biome-ignore lint/suspicious/noExplicitAny: vector data
    const set = validators.map((v: any) => {
      const publicKey = toConsensusPublicKey(hex(v.pub_key));
      const address = validatorAddress(hasher, publicKey);
      expect(bytesToHex(address)).toBe(v.address);
      return { publicKey, address, votingPower: BigInt(v.power) };
    });
    expect([...set].reverse().sort(compareValidators)).toEqual(set);
    expect(bytesToHex(validatorsHash(hasher, set))).toBe(hash);
  });

  test("validator set of a real chain", () => {
    const { validator, validators_hash } = vectors.anchors.real_chain;
    const publicKey = toConsensusPublicKey(hex(validator.pub_key));
    expect(bytesToHex(validatorAddress(hasher, publicKey))).toBe(validator.address);
    expect(bytesToHex(validatorsHash(hasher, [{ publicKey, votingPower: BigInt(validator.power) }]))).toBe(
      validators_hash,
    );
  });

  test("consensus parameters", () => {
    for (const c of vectors.consensus_params_hash.cases) {
      const block = { maxBytes: BigInt(c.block_max_bytes), maxGas: BigInt(c.block_max_gas) };
      expect(bytesToHex(consensusParamsHash(hasher, block))).toBe(c.hash);
    }
  });

  test("results", () => {
    const { results, hash, empty } = vectors.last_results_hash;
    expect(bytesToHex(resultsHash(hasher, results.map(resultOf)))).toBe(hash);
    expect(bytesToHex(resultsHash(hasher, []))).toBe(empty);
  });

  test("transactions", () => {
    const { txs, hash, empty, single_tx } = vectors.data_hash;
    expect(bytesToHex(dataHash(hasher, txs.map(hex)))).toBe(hash);
    expect(bytesToHex(dataHash(hasher, []))).toBe(empty);
    expect(bytesToHex(dataHash(hasher, [hex(single_tx.tx)]))).toBe(single_tx.hash);
  });

  test("commit slots", () => {
    const { signatures, hash, empty } = vectors.commit_hash;
    const slots = signatures.map((slot: string) => CommitSig.decode(hex(slot)));
    expect(bytesToHex(commitHash(hasher, slots))).toBe(hash);
    expect(bytesToHex(commitHash(hasher, []))).toBe(empty);
  });

  test("part set of 200,000 bytes", () => {
    const data = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) & 255);
    const { total, hash } = vectors.part_set;
    expect(partSetHeader(hasher, data)).toEqual({ total, hash: hex(hash) });
  });
});

test("the app hash is the multistore's, and proves each store's root", () => {
  const { stores: json, app_hash } = vectors.iavl_and_multistore.multistore;
  const stores = Object.entries(json as Record<string, string>).map(([name, root]) => ({ name, root: hex(root) }));
  expect(bytesToHex(appHash(hasher, [...stores].reverse()))).toBe(app_hash);
  for (const store of stores) {
    const proof = storeProof(hasher, stores, store.name);
    expect(isMerkleProof(hasher, hex(app_hash), storeItem(hasher, store), proof)).toBe(true);
  }
});

test("three blocks of the embedded engine can be rebuilt byte for byte", () => {
  const chain = vectors.embedded_chain;
  const seed = hex(chain.validator.seed);
  const publicKey = toConsensusPublicKey(hex(chain.validator.pub_key));
  const proposerAddress = validatorAddress(hasher, publicKey);
  const set = validatorsHash(hasher, [{ publicKey, votingPower: BigInt(chain.validator.power) }]);
  expect(bytesToHex(set)).toBe(chain.validators_hash);
  let appHash = sha256(utf8ToBytes("genesis app state"));
  let lastBlockId = BlockId.zero;
  let lastCommit = Commit.zero;
  let lastResultsHash = resultsHash(hasher, []);
  let time = parseTimestamp(chain.genesis_time);
  for (const expected of chain.blocks) {
    const txs = expected.txs.map(hex);
    const header: Header = {
      version: { block: 11n, app: 0n },
      chainId: chain.chain_id,
      height: BigInt(expected.height),
      time,
      lastBlockId,
      lastCommitHash: commitHash(hasher, lastCommit.signatures),
      dataHash: dataHash(hasher, txs),
      validatorsHash: set,
      nextValidatorsHash: set,
      consensusHash: hex(chain.consensus_hash),
      appHash,
      lastResultsHash,
      evidenceHash: evidenceHash(hasher, []),
      proposerAddress,
    };
    const block = Block.encode({ header, data: { txs }, evidence: { evidence: [] }, lastCommit });
    const blockId = { hash: headerHash(hasher, header) as Uint8Array, partSetHeader: partSetHeader(hasher, block) };
    expect(headerLeaves(header).map(bytesToHex)).toEqual(expected.header_leaves);
    expect(bytesToHex(Header.encode(header))).toBe(expected.header_proto);
    expect(bytesToHex(block)).toBe(expected.block_proto);
    expect(bytesToHex(blockId.hash)).toBe(expected.block_hash);
    expect(bytesToHex(blockId.partSetHeader.hash)).toBe(expected.part_set_header.hash);

    const timestamp = { seconds: BigInt(expected.precommit.seconds), nanos: expected.precommit.nanos };
    const type = SignedMessageType.Precommit;
    const signBytes = voteSignBytes(chain.chain_id, { type, height: header.height, round: 0, blockId, timestamp });
    expect(bytesToHex(signBytes)).toBe(expected.precommit.sign_bytes);
    const signature = ed25519.sign(signBytes, seed);
    expect(bytesToHex(signature)).toBe(expected.precommit.signature);
    lastCommit = {
      height: header.height,
      round: 0,
      blockId,
      signatures: [{ blockIdFlag: BlockIdFlag.Commit, validatorAddress: proposerAddress, timestamp, signature }],
    };
    expect(bytesToHex(Commit.encode(lastCommit))).toBe(expected.commit_proto);

    lastResultsHash = resultsHash(hasher, expected.results.map(resultOf));
    expect(bytesToHex(lastResultsHash)).toBe(expected.results_hash_for_next_header);
    appHash = sha256(concatBytes(appHash, blockId.hash));
    lastBlockId = blockId;
    time = timestamp;
  }
});

function resultOf(json: { code: number; data: string; gas_wanted: number; gas_used: number }) {
  return {
    code: json.code,
    data: hex(json.data),
    gasWanted: BigInt(json.gas_wanted),
    gasUsed: BigInt(json.gas_used),
  };
}
