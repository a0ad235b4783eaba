/**
 * A chain of several validators as a stock CometBFT would have decided it, absent and nil votes included, and an application whose app
 * hash is that of all block hashes.
 * @module
 */
import { createHash } from "node:crypto";
import { concatBytes } from "@sotto/common/bytes";
import {
  commitHash,
  consensusParamsHash,
  dataHash,
  evidenceHash,
  partSetHeader,
  resultsHash,
} from "@sotto/common/merkle/blockHashes";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { compareValidators, validatorAddress } from "@sotto/common/merkle/validatorsHash";
import { Block } from "@sotto/common/wire/block";
import { ABSENT_COMMIT_SIG, BlockIdFlag, Commit, type CommitSig } from "@sotto/common/wire/commit";
import { BlockId, Header } from "@sotto/common/wire/header";
import { voteSignBytes } from "@sotto/common/wire/signBytes";
import { nanosToTimestamp } from "@sotto/common/wire/timestamp";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import { SignedMessageType } from "@sotto/common/wire/vote";
import type { Application, FinalizeBlockRequest, TxResult } from "../../src/abci/application.ts";
import type { StoredBlock, Validator } from "../../src/api/backend.ts";
import { type FollowerOptions, hashOfSet, makeFollower } from "../../src/consensus/follower.ts";
import type { ForeignBlock } from "../../src/consensus/foreignBlock.ts";
import { makeHostCrypto } from "../../src/node/hostCrypto.ts";
import { makeMemoryEngine } from "../../src/store/memoryEngine.ts";
import { makeStateStore } from "../../src/store/stateStore.ts";
import type { StateStore } from "../../src/store/store.ts";

export const crypto = makeHostCrypto();
export const CHAIN_ID = "follow-test-1";
export const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHash("sha256")
      .update(concatBytes(...parts))
      .digest(),
  );
export const GENESIS_HASH = sha256(Uint8Array.of(1));
const TIME_NS = 1_700_000_000_000_000_000n;

export type Signer = Validator & { readonly seed: Uint8Array };
/** What each validator did; in the order of the set. */
export type Vote = "commit" | "nil" | "absent";

export function makeSigners(powers: readonly bigint[]): Signer[] {
  return powers
    .map((power, index) => {
      const seed = sha256(Uint8Array.of(index, 7));
      const publicKey = crypto.ed25519PublicKey(seed);
      return { seed, publicKey, address: validatorAddress(crypto, toConsensusPublicKey(publicKey)), power };
    })
    .sort((a, b) => compareValidators({ ...a, votingPower: a.power }, { ...b, votingPower: b.power }));
}

export const publicSet = (signers: readonly Signer[]): Validator[] =>
  signers.map(({ address, publicKey, power }) => ({ address, publicKey, power }));

/** One result for each transaction: its own bytes. */
export const resultsOf = (transactions: readonly Uint8Array[]): TxResult[] =>
  transactions.map((data) => ({
    code: 0,
    codespace: "",
    data,
    log: "",
    gasWanted: 5n,
    gasUsed: 3n,
    events: [{ type: "seen", attributes: [{ key: "length", value: String(data.length) }] }],
  }));

export class ChainApplication implements Pick<Application, "info" | "finalizeBlock"> {
  readonly requests: FinalizeBlockRequest[] = [];
  height = 0;
  appHash = GENESIS_HASH;
  #next = GENESIS_HASH;
  info() {
    return { height: this.height, appHash: this.appHash };
  }
  finalizeBlock(request: FinalizeBlockRequest) {
    this.requests.push(request);
    this.#next = sha256(this.appHash, request.hash);
    return { events: [], results: resultsOf(request.transactions), validatorUpdates: [], appHash: this.#next };
  }
  commit() {
    this.height += 1;
    this.appHash = this.#next;
  }
}

export type MadeBlock = ForeignBlock & { readonly stored: StoredBlock; readonly appHash: Uint8Array };

export type NextBlock = {
  readonly transactions?: readonly Uint8Array[];
  readonly votes?: readonly Vote[];
  readonly nextSigners?: readonly Signer[];
  /** Last touches, before anybody signs. */
  readonly edit?: (header: Header) => Header;
};

/** Decides blocks one after another. */
export class TestChain {
  readonly blocks: MadeBlock[] = [];
  signers: readonly Signer[];
  #appHash: Uint8Array = GENESIS_HASH;

  constructor(signers: readonly Signer[]) {
    this.signers = signers;
  }

  next({
    transactions = [],
    votes = [],
    nextSigners = this.signers,
    edit = (header) => header,
  }: NextBlock = {}): MadeBlock {
    const last = this.blocks.at(-1);
    const height = this.blocks.length + 1;
    const signers = this.signers;
    const lastCommit = last === undefined ? Commit.zero : Commit.decode(last.commit);
    const header = edit({
      version: { block: 11n, app: 0n },
      chainId: CHAIN_ID,
      height: BigInt(height),
      time: nanosToTimestamp(TIME_NS + BigInt(height) * 1_000_000_000n),
      lastBlockId: last === undefined ? BlockId.zero : lastCommit.blockId,
      lastCommitHash: commitHash(crypto, lastCommit.signatures),
      dataHash: dataHash(crypto, transactions),
      validatorsHash: hashOfSet(crypto, signers),
      nextValidatorsHash: hashOfSet(crypto, nextSigners),
      consensusHash: consensusParamsHash(crypto, { maxBytes: 22_020_096n, maxGas: -1n }),
      appHash: this.#appHash,
      lastResultsHash: resultsHash(crypto, last === undefined ? [] : resultsOf(last.transactions)),
      evidenceHash: evidenceHash(crypto, []),
      proposerAddress: (signers[0] as Signer).address,
    });
    const hash = headerHash(crypto, header) as Uint8Array;
    const parts = Block.encode({ header, data: { txs: transactions }, evidence: { evidence: [] }, lastCommit });
    const blockId = { hash, partSetHeader: partSetHeader(crypto, parts) };
    const commit = Commit.encode(signCommit(signers, { height, blockId, votes }));
    const encoded = Header.encode(header);
    const lastBytes = last === undefined ? new Uint8Array(0) : last.commit;
    const block: MadeBlock = {
      header: encoded,
      transactions,
      evidenceCount: 0,
      lastCommit: lastBytes,
      commit,
      validatorSets: [publicSet(signers), publicSet(nextSigners)],
      stored: {
        height,
        header: encoded,
        blockId: { hash, partsTotal: blockId.partSetHeader.total, partsHash: blockId.partSetHeader.hash },
        transactions,
        lastCommit: lastBytes,
        seenCommit: commit,
      },
      appHash: sha256(this.#appHash, hash),
    };
    this.#appHash = block.appHash;
    this.signers = nextSigners;
    this.blocks.push(block);
    return block;
  }

  /** Many empty blocks. */
  grow(count: number): this {
    for (let i = 0; i < count; i++) this.next();
    return this;
  }
}

export function signCommit(
  signers: readonly Signer[],
  { height, blockId, votes }: { readonly height: number; readonly blockId: BlockId; readonly votes: readonly Vote[] },
): Commit {
  const signatures = signers.map((signer, slot): CommitSig => {
    const vote = votes[slot] ?? "commit";
    if (vote === "absent") return ABSENT_COMMIT_SIG;
    const timestamp = nanosToTimestamp(TIME_NS + BigInt(height) * 1_000_000_000n + BigInt(slot + 1));
    const id = vote === "nil" ? BlockId.zero : blockId;
    const signed = { type: SignedMessageType.Precommit, height: BigInt(height), round: 0, blockId: id, timestamp };
    return {
      blockIdFlag: vote === "nil" ? BlockIdFlag.Nil : BlockIdFlag.Commit,
      validatorAddress: signer.address,
      timestamp,
      signature: crypto.ed25519Sign(voteSignBytes(CHAIN_ID, signed), signer.seed),
    };
  });
  return { height: BigInt(height), round: 0, blockId, signatures };
}

export function newFollower(signers: readonly Signer[], overrides: Partial<FollowerOptions> = {}) {
  const store: StateStore = makeStateStore(makeMemoryEngine(), { sha256, stores: [] });
  const application = new ChainApplication();
  const follower = makeFollower({
    chainId: CHAIN_ID,
    initialHeight: 1,
    validators: publicSet(signers),
    crypto,
    store,
    application,
    genesisAppHash: GENESIS_HASH,
    commitApplication: (rows) => {
      application.commit();
      store.writeTables(rows);
    },
    ...overrides,
  });
  return { follower, application, store };
}
