/**
 * The follower: blocks that other nodes decided, verified and executed in order.
 *
 * A block is looked at from all sides before anything of it is kept or run: a peer that lies can cost time and nothing else. After
 * that, an outcome that is not the network's is this node's own failure. Nothing is signed here. Spec: consensus §2.4, §2.7, §2.9.
 * @module
 */
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { resultsHash } from "@sotto/common/merkle/blockHashes";
import { validatorAddress, validatorsHash } from "@sotto/common/merkle/validatorsHash";
import { BlockIdFlag, Commit } from "@sotto/common/wire/commit";
import { DeterministicExecTxResult } from "@sotto/common/wire/execTxResult";
import type { Header } from "@sotto/common/wire/header";
import { timestampToNanos } from "@sotto/common/wire/timestamp";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import type { Application, DecidedBlock, FinalizeBlockRequest } from "../abci/application.ts";
import type { BlockResults, StoredBlock, Validator } from "../api/backend.ts";
import type { StateStore, TableChange } from "../store/store.ts";
import { blockRows, loadBlock, loadResults, loadValidators, resultsRow, validatorsRow } from "./blockStore.ts";
import { ConsensusError, ConsensusErrorCode } from "./consensusError.ts";
import { type ForeignBlock, type TrustedBlock, toTrustedBlock, verifyBlock } from "./foreignBlock.ts";
import type { ProducedBlock } from "./solo.ts";

export type FollowerOptions = {
  readonly chainId: string;
  readonly initialHeight: number;
  /** Of the genesis file, in the order of the set. */
  readonly validators: readonly Validator[];
  readonly crypto: Crypto;
  readonly store: StateStore;
  readonly application: Pick<Application, "info" | "finalizeBlock">;
  /** What InitChain answered; in the first header. */
  readonly genesisAppHash: Uint8Array;
  /** Commits the application's block together with these rows. */
  readonly commitApplication: (rows: readonly TableChange[]) => void;
};

export interface Follower {
  /**
   * Verifies, executes and commits the next block.
   * @throws {ConsensusError} PeerLied: nothing has happened, another peer may have a better one; OutcomeDiffers
   */
  follow(block: ForeignBlock): ProducedBlock;
  decidedBlock(height: number, hash: Uint8Array): DecidedBlock;
}

export function makeFollower(options: FollowerOptions): Follower {
  const { crypto, store, application, chainId, initialHeight } = options;
  const genesisSetHash = hashOfSet(crypto, options.validators);
  /** What the last block of this run came to: reading it back costs more than the block. */
  let produced: ProducedBlock | undefined;
  let trusted: TrustedBlock | undefined;
  let running: { readonly block: StoredBlock; readonly validators: readonly Validator[] } | undefined;

  function blockOf(height: number): StoredBlock {
    const block = produced?.block.height === height ? produced.block : loadBlock(store, height);
    if (block === undefined) throw missing(`block ${height} is not in the block store`);
    return block;
  }

  function resultsOf(height: number): BlockResults {
    const results = produced?.results.height === height ? produced.results : loadResults(store, height);
    if (results === undefined) throw missing(`the results of block ${height} are not in the block store`);
    return results;
  }

  function setOf(hash: Uint8Array, offered: readonly (readonly Validator[])[]): readonly Validator[] {
    const known = equalBytes(hash, genesisSetHash) ? options.validators : loadValidators(store, hash);
    if (known !== undefined) return known;
    const found = offered.find((set) => equalBytes(hashOfSet(crypto, set), hash));
    // The hash does not cover the addresses.
    if (found !== undefined)
      return found.map((each) => ({
        ...each,
        address: validatorAddress(crypto, toConsensusPublicKey(each.publicKey)),
      }));
    throw new ConsensusError(
      ConsensusErrorCode.PeerLied,
      `no validator set with the hash ${bytesToHex(hash)} came along`,
    );
  }

  function lastTrusted(height: number): TrustedBlock | undefined {
    if (height === initialHeight) return undefined;
    if (trusted?.height !== height - 1) trusted = toTrustedBlock(blockOf(height - 1));
    return trusted;
  }

  function lastVotes(block: StoredBlock, last: TrustedBlock | undefined): FinalizeBlockRequest["lastCommitVotes"] {
    if (last === undefined) return [];
    const { signatures } = Commit.decode(block.lastCommit);
    return setOf(last.header.validatorsHash, []).map(({ address, power }, slot) => ({
      address,
      power,
      signed: signatures[slot]?.blockIdFlag === BlockIdFlag.Commit,
    }));
  }

  /** The header is signed: what it says of the block before is what the network came to. */
  function checkOutcome(header: Header, height: number): void {
    const appHash = height === initialHeight ? options.genesisAppHash : application.info().appHash;
    const results = resultsHash(crypto, height === initialHeight ? [] : resultsOf(height - 1).results);
    for (const [what, theirs, ours] of [
      ["app hash", header.appHash, appHash],
      ["results hash", header.lastResultsHash, results],
    ] as const) {
      if (equalBytes(theirs, ours)) continue;
      throw new ConsensusError(
        ConsensusErrorCode.OutcomeDiffers,
        `the network's ${what} after block ${height - 1} is ${bytesToHex(theirs)}, this node's is ${bytesToHex(ours)}`,
      );
    }
  }

  function execute(block: StoredBlock, header: Header, rows: readonly TableChange[]): ProducedBlock {
    const timeNs = timestampToNanos(header.time);
    const response = application.finalizeBlock({
      height: block.height,
      time: timeNs,
      transactions: block.transactions,
      proposerAddress: header.proposerAddress,
      nextValidatorsHash: header.nextValidatorsHash,
      hash: block.blockId.hash,
      lastCommitVotes: lastVotes(block, lastTrusted(block.height)),
    });
    const { results, events, validatorUpdates, appHash } = response;
    const record: BlockResults = { height: block.height, results, events, validatorUpdates, appHash };
    // The block can be fetched again, so unlike that of solo it need not be durable before it runs.
    options.commitApplication([...rows, ...blockRows(block), resultsRow(record)]);
    produced = { block, results: record, timeNs };
    trusted = { height: block.height, hash: block.blockId.hash, header };
    return produced;
  }

  function nextHeight(): number {
    const { height } = application.info();
    return height === 0 ? initialHeight : height + 1;
  }

  /** Sets that are not stored yet. */
  function setRows(
    header: Header,
    validators: readonly Validator[],
    offered: ForeignBlock["validatorSets"],
  ): TableChange[] {
    const hashes = [header.validatorsHash, header.nextValidatorsHash];
    const unknown = hashes.filter(
      (hash, index) =>
        hashes.findIndex((other) => equalBytes(other, hash)) === index && loadValidators(store, hash) === undefined,
    );
    return unknown.map((hash) =>
      validatorsRow(hash, equalBytes(hash, header.validatorsHash) ? validators : setOf(hash, offered)),
    );
  }

  return {
    follow(foreign) {
      const height = nextHeight();
      const last = lastTrusted(height);
      const expectedSet = last?.header.nextValidatorsHash ?? genesisSetHash;
      const validators = setOf(expectedSet, foreign.validatorSets);
      const { block, header } = verifyBlock(foreign, {
        crypto,
        chainId,
        height,
        last,
        validators,
        setHash: expectedSet,
      });
      const rows = setRows(header, validators, foreign.validatorSets);
      checkOutcome(header, height);
      running = { block, validators };
      return execute(block, header, rows);
    },
    decidedBlock(height, hash) {
      const block = running?.block.height === height ? running.block : blockOf(height);
      if (!equalBytes(block.blockId.hash, hash))
        throw missing(`block ${height} with the given hash is not in the block store`);
      const validators =
        running?.block === block ? running.validators : setOf(toTrustedBlock(block).header.validatorsHash, []);
      const last = height === initialHeight ? [] : resultsOf(height - 1).results;
      const lastResults = last.map((result) => DeterministicExecTxResult.encode(result));
      return { header: block.header, commit: block.seenCommit, validators, lastResults };
    },
  };
}

function missing(message: string): ConsensusError {
  return new ConsensusError(ConsensusErrorCode.MissingBlock, message);
}

export function hashOfSet(crypto: Crypto, set: readonly Validator[]): Uint8Array {
  return validatorsHash(
    crypto,
    set.map(({ publicKey, power }) => ({ publicKey: toConsensusPublicKey(publicKey), votingPower: power })),
  );
}
