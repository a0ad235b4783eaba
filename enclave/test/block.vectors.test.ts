import { readFileSync } from "node:fs";
import type { Validator } from "@sotto/boundary/messages";
import { bytesToHex, hexToBytes as hex } from "@sotto/common/bytes";
import { dataHash } from "@sotto/common/merkle/blockHashes";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { validatorsHash } from "@sotto/common/merkle/validatorsHash";
import { BlockIdFlag, Commit } from "@sotto/common/wire/commit";
import { Header } from "@sotto/common/wire/header";
import { voteSignBytes } from "@sotto/common/wire/signBytes";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import { describe, expect, it } from "vitest";
import { blockSeed, openRandomTransaction } from "../src/block/blockRandom.ts";
import { type PresentedBlock, type Trust, verifyBlock } from "../src/block/verifyBlock.ts";
import { RefusalCode, RefusalError } from "../src/enclaveError.ts";
import { deriveKeyTree, deriveSeedKeys } from "../src/keys/keyTree.ts";
import type { AcceptedBlock } from "../src/keys/trustedRecord.ts";
import { testCrypto as crypto } from "./harness.ts";

const vectors = JSON.parse(readFileSync(new URL("../../vectors/consensus.json", import.meta.url), "utf8"));
const { embedded_chain: chain, design_random: design } = vectors;
const seed = hex(chain.validator.seed);
const validator: Validator = {
  address: hex(chain.validator.address),
  publicKey: hex(chain.validator.pub_key),
  power: BigInt(chain.validator.power),
};

type VectorBlock = {
  height: number;
  txs: string[];
  header_proto: string;
  commit_proto: string;
  block_hash: string;
  [key: string]: unknown;
};
const blocks: VectorBlock[] = chain.blocks;
const presented = (block: VectorBlock): PresentedBlock => ({
  header: hex(block.header_proto),
  commit: hex(block.commit_proto),
  validators: [validator],
  transactions: block.txs.map(hex),
});
const anchor = {
  initialHeight: 1n,
  genesisTimeNs: 1_735_689_600_000_000_000n,
  validatorsHash: hex(chain.validators_hash),
  genesisHash: new Uint8Array(32),
  appHash: Header.decode(hex((blocks[0] as VectorBlock).header_proto)).appHash,
};
const trustAfter = (last: AcceptedBlock | undefined): Trust => ({ chainId: chain.chain_id, anchor, last });

/** The record after the first `count` blocks of the vector. */
function accepted(count: number): AcceptedBlock | undefined {
  let last: AcceptedBlock | undefined;
  for (const block of blocks.slice(0, count)) last = verifyBlock(crypto, trustAfter(last), presented(block)).accepted;
  return last;
}

function codeOf(trust: Trust, block: PresentedBlock): number {
  try {
    verifyBlock(crypto, trust, block);
  } catch (error) {
    if (error instanceof RefusalError) return error.code;
    throw error;
  }
  return 0;
}

const second = presented(blocks[1] as VectorBlock);
const header = Header.decode(second.header);
const commit = Commit.decode(second.commit);

/** A block with other header fields, signed anew by the validators given. */
function resign(
  changes: Partial<Header>,
  {
    chainId = chain.chain_id,
    transactions = second.transactions,
    signers = [{ seed, validator }],
    set = [validator],
  } = {},
): PresentedBlock {
  const changed = { ...header, ...changes };
  const blockId = { hash: headerHash(crypto, changed) as Uint8Array, partSetHeader: commit.blockId.partSetHeader };
  const timestamp = commit.signatures[0]?.timestamp ?? header.time;
  const { height } = changed;
  const signBytes = voteSignBytes(chainId, { type: 2, height, round: 0, blockId, timestamp });
  const signatures = set.map((slot) => {
    const signer = signers.find(({ validator: v }) => v === slot);
    return signer === undefined
      ? {
          blockIdFlag: BlockIdFlag.Absent,
          validatorAddress: new Uint8Array(0),
          timestamp,
          signature: new Uint8Array(0),
        }
      : {
          blockIdFlag: BlockIdFlag.Commit,
          validatorAddress: slot.address,
          timestamp,
          signature: crypto.ed25519Sign(signBytes, signer.seed),
        };
  });
  return {
    header: Header.encode(changed),
    commit: Commit.encode({ height, round: 0, blockId, signatures }),
    validators: set,
    transactions,
  };
}

describe("the embedded chain", () => {
  it("verifies block after block from the genesis anchor", () => {
    const last = accepted(3);
    expect(last?.height).toBe(3n);
    expect(bytesToHex(last?.hash as Uint8Array)).toBe(blocks[2]?.block_hash);
  });

  it("runs the last block again, and gives nothing new", () => {
    const last = accepted(2);
    const again = verifyBlock(crypto, trustAfter(last), second);
    expect(again.rerun).toBe(true);
    expect(again.accepted).toEqual(last);
  });
});

describe("negative block cases of the vectors", () => {
  const before = trustAfter(accepted(1));
  const cases: Record<string, () => readonly [Trust, PresentedBlock, number]> = {
    'commit over another chain id: sign the precommit with chain_id "secretdev-2"': () => [
      before,
      resign({}, { chainId: "secretdev-2" }),
      RefusalCode.CommitQuorum,
    ],
    "commit.height 3 with the signature of height 2": () => [
      before,
      { ...second, commit: Commit.encode({ ...commit, height: 3n }) },
      RefusalCode.CommitHeight,
    ],
    "drop the last transaction": () => [
      before,
      { ...second, transactions: second.transactions.slice(0, -1) },
      RefusalCode.BlockDataHash,
    ],
    "swap two transactions": () => {
      const [zero, one, two] = second.transactions as [Uint8Array, Uint8Array, Uint8Array];
      return [before, { ...second, transactions: [zero, two, one] }, RefusalCode.BlockDataHash];
    },
    "swap the pseudo tx of height 3 in (same proposer, other height)": () => {
      const other = hex((blocks[2] as VectorBlock).txs[0] as string);
      return [before, { ...second, transactions: [other, ...second.transactions.slice(1)] }, RefusalCode.BlockDataHash];
    },
    "header.app_hash changed and header re-hashed, commit of the original": () => [
      before,
      { ...second, header: Header.encode({ ...header, appHash: new Uint8Array(32).fill(1) }) },
      RefusalCode.CommitBlockId,
    ],
    "validators list with power 9 instead of 10": () => [
      before,
      { ...second, validators: [{ ...validator, power: 9n }] },
      RefusalCode.ValidatorsHash,
    ],
    "validators list with the right keys and another address field": () => [
      before,
      { ...second, validators: [{ ...validator, address: new Uint8Array(20) }] },
      RefusalCode.ValidatorAddress,
    ],
    "one signature repeated for two validator indices": () => {
      const { trust, block } = fourValidators(3);
      const changed = Commit.decode(block.commit);
      const [first, , ...rest] = changed.signatures;
      const repeated = Commit.encode({ ...changed, signatures: [first, first, ...rest] as never });
      return [trust, { ...block, commit: repeated }, RefusalCode.CommitAddress];
    },
    "tally exactly 2/3 (4 validators of power 1,1,1 signed 2 of 3)": () => {
      const { trust, block } = fourValidators(2, 3);
      return [trust, block, RefusalCode.CommitQuorum];
    },
    "block 2 again after block 3": () => [trustAfter(accepted(3)), second, RefusalCode.BlockHeight],
    "block 2 again, identical, before block 3": () => [trustAfter(accepted(2)), second, 0],
    "another block at height 2 with a valid commit (equivocation)": () => [
      trustAfter(accepted(2)),
      resign({ appHash: new Uint8Array(32).fill(1) }),
      RefusalCode.Latched,
    ],
    "block 3 with last_block_id of another block 2": () => {
      const third = Header.decode(hex((blocks[2] as VectorBlock).header_proto));
      const lastBlockId = { ...third.lastBlockId, hash: new Uint8Array(32).fill(1) };
      const transactions = (blocks[2] as VectorBlock).txs.map(hex);
      return [trustAfter(accepted(2)), resign({ ...third, lastBlockId }, { transactions }), RefusalCode.BlockLastId];
    },
  };

  it("has a test for each", () => {
    const named = vectors.negative_block_cases.cases.map(({ change }: { change: string }) => change);
    expect(Object.keys(cases).sort()).toEqual([...named].sort());
  });

  it.each(Object.entries(cases))("%s", (_, make) => {
    const [trust, block, expected] = make();
    expect(codeOf(trust, block)).toBe(expected);
  });

  it("refuses an open random of another height even if the header names it", () => {
    const other = hex((blocks[2] as VectorBlock).txs[0] as string);
    const keys = deriveKeyTree(crypto, [new Uint8Array(32), hex(design.key_seed)]);
    const place = {
      chainId: chain.chain_id,
      height: 2n,
      lastBlockHash: header.lastBlockId.hash,
      proposer: header.proposerAddress,
    };
    expect(openRandomTransaction(crypto, keys, place, { transaction: other, oldestSeedId: 2 })).toBeUndefined();
  });
});

/** Block 2 under a set of validators of power 1, of which the first `signing` sign. */
function fourValidators(signing: number, size = 4): { trust: Trust; block: PresentedBlock } {
  const all = Array.from({ length: size }, (_, i) => {
    const own = crypto.sha256(Uint8Array.of(i));
    const publicKey = crypto.ed25519PublicKey(own);
    return { seed: own, validator: { address: crypto.sha256(publicKey).slice(0, 20), publicKey, power: 1n } };
  }).sort((a, b) => (bytesToHex(a.validator.address) < bytesToHex(b.validator.address) ? -1 : 1));
  const set = all.map(({ validator: v }) => v);
  const root = validatorsHash(
    crypto,
    set.map(({ publicKey, power }) => ({ publicKey: toConsensusPublicKey(publicKey), votingPower: power })),
  );
  const last = { ...(accepted(1) as AcceptedBlock), nextValidatorsHash: root };
  const block = resign({ validatorsHash: root, nextValidatorsHash: root }, { signers: all.slice(0, signing), set });
  return { trust: trustAfter(last), block };
}

describe("other refusals", () => {
  const before = trustAfter(accepted(1));

  it("accepts three of four validators", () => {
    const { trust, block } = fourValidators(3);
    expect(codeOf(trust, block)).toBe(0);
  });

  it("gives each remaining step its own code", () => {
    expect(codeOf(before, { ...second, header: second.header.slice(1) })).toBe(RefusalCode.BlockMalformed);
    expect(codeOf(before, { ...second, commit: new Uint8Array(0) })).toBe(RefusalCode.BlockMalformed);
    expect(codeOf(before, resign({ version: { block: 12n, app: 0n } }))).toBe(RefusalCode.BlockVersion);
    expect(codeOf(before, resign({ chainId: "secretdev-2" }))).toBe(RefusalCode.BlockChainId);
    expect(codeOf(before, resign({ height: 3n }))).toBe(RefusalCode.BlockHeight);
    expect(codeOf(before, resign({ time: { seconds: 1n, nanos: 0 } }))).toBe(RefusalCode.BlockTime);
    expect(codeOf(before, { ...second, validators: [] })).toBe(RefusalCode.ValidatorsHash);
    expect(codeOf(before, { ...second, validators: [validator, validator] })).toBe(RefusalCode.ValidatorOrder);
    expect(codeOf(before, { ...second, commit: Commit.encode({ ...commit, signatures: [] }) })).toBe(
      RefusalCode.CommitSize,
    );
  });

  it("holds the first block against the genesis anchor", () => {
    const first = presented(blocks[0] as VectorBlock);
    const trust = trustAfter(undefined);
    expect(codeOf(trust, first)).toBe(0);
    expect(codeOf({ ...trust, anchor: { ...anchor, appHash: new Uint8Array(32) } }, first)).toBe(
      RefusalCode.BlockAppHash,
    );
    expect(codeOf({ ...trust, anchor: { ...anchor, genesisTimeNs: 1n } }, first)).toBe(RefusalCode.BlockTime);
    expect(codeOf({ ...trust, anchor: { ...anchor, validatorsHash: new Uint8Array(32) } }, first)).toBe(
      RefusalCode.ValidatorsHash,
    );
    expect(codeOf({ ...trust, anchor: { ...anchor, initialHeight: 2n } }, first)).toBe(RefusalCode.BlockHeight);
    expect(codeOf(trust, second)).toBe(RefusalCode.BlockHeight);
  });

  it("counts no signature with any bit changed", () => {
    for (let i = 0; i < 64; i++) {
      const [slot] = commit.signatures as [(typeof commit.signatures)[0]];
      const signature = slot.signature.slice();
      (signature[i] as number) ^= 0x10;
      const changed = Commit.encode({ ...commit, signatures: [{ ...slot, signature }] });
      expect(codeOf(before, { ...second, commit: changed })).toBe(RefusalCode.CommitQuorum);
    }
  });
});

describe("consensus §3.7, in place of enclave §9.2: block random", () => {
  const last = deriveSeedKeys(crypto, hex(design.key_seed));
  const keys = deriveKeyTree(crypto, [new Uint8Array(32), hex(design.key_seed)]);
  const oldestSeedId = 2;

  it("derives its keys from the seed", () => {
    expect(bytesToHex(last.blockRandomEncryption)).toBe(design.enc_key);
    expect(bytesToHex(last.blockRandomPrf)).toBe(design.prf_key);
  });

  it.each(blocks)("opens transaction 0 of block $height and gives its seed", (block) => {
    const own = Header.decode(hex(block.header_proto));
    const lastBlockHash = own.lastBlockId.hash.length === 0 ? new Uint8Array(32) : own.lastBlockId.hash;
    const place = { chainId: chain.chain_id, height: own.height, lastBlockHash, proposer: own.proposerAddress };
    const transaction = hex(block.txs[0] as string);
    const opened = openRandomTransaction(crypto, keys, place, { transaction, oldestSeedId });
    expect(opened).toEqual({ random: hex(block.pseudo_tx_random as string), seedId: 2 });
    const seedOf = (tx: Uint8Array | undefined) =>
      blockSeed(crypto, keys, place, { transaction: tx, oldestSeedId, blockHash: hex(block.block_hash) }).seed;
    expect(bytesToHex(seedOf(transaction))).toBe(block.block_seed_design);
    expect(seedOf(undefined)).toEqual(seedOf(Uint8Array.of(1, 2, 3)));
    expect(dataHash(crypto, block.txs.map(hex))).toEqual(own.dataHash);
  });
});
