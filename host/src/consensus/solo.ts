/**
 * *solo*: consensus of one validator inside the node, with the headers, commits and hashes of CometBFT.
 *
 * Each height: proposal through the same two calls as on CometBFT, header, own precommit, block and signature durable in one
 * step, execution, state durable. A block that is stored but not executed is executed at the next start. Spec: consensus §2,
 * §3.6. One validator is all of the voting power: its enclave's light client proves nothing against its own operator (T11).
 * @module
 */

import { equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import {
  commitHash,
  consensusParamsHash,
  dataHash,
  evidenceHash,
  partSetHeader,
  resultsHash,
} from "@sotto/common/merkle/blockHashes";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { validatorsHash } from "@sotto/common/merkle/validatorsHash";
import { Block } from "@sotto/common/wire/block";
import { BlockIdFlag, Commit } from "@sotto/common/wire/commit";
import { DeterministicExecTxResult } from "@sotto/common/wire/execTxResult";
import { BLOCK_PROTOCOL_VERSION, BlockId, Header } from "@sotto/common/wire/header";
import { voteSignBytes } from "@sotto/common/wire/signBytes";
import { nanosToTimestamp, timestampToNanos } from "@sotto/common/wire/timestamp";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import { SignedMessageType } from "@sotto/common/wire/vote";
import type { Application, ConsensusParams, DecidedBlock, TimeNs } from "../abci/application.ts";
import type { BlockResults, StoredBlock } from "../api/backend.ts";
import type { StateStore, TableChange } from "../store/store.ts";
import {
  blockRows,
  loadBlock,
  loadResults,
  loadSignState,
  loadValidators,
  resultsRow,
  signRow,
  validatorsRow,
} from "./blockStore.ts";
import { ConsensusError, ConsensusErrorCode } from "./consensusError.ts";

export type SoloValidator = {
  /** ed25519 seed, 32 bytes. */
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  /** First 20 bytes of SHA-256 of the public key. */
  readonly address: Uint8Array;
  readonly power: bigint;
};

export type SoloOptions = {
  readonly chainId: string;
  readonly genesisTimeNs: TimeNs;
  readonly initialHeight: number;
  readonly consensusParams: ConsensusParams;
  readonly validator: SoloValidator;
  readonly crypto: Crypto;
  readonly store: StateStore;
  readonly application: Pick<Application, "info" | "prepareProposal" | "processProposal" | "finalizeBlock">;
  /** What InitChain answered; in the first header. */
  readonly genesisAppHash: Uint8Array;
  /** Commits the application's block together with these rows. */
  readonly commitApplication: (rows: readonly TableChange[]) => void;
  readonly now: () => TimeNs;
};

export type ProducedBlock = { readonly block: StoredBlock; readonly results: BlockResults; readonly timeNs: TimeNs };

export interface Solo {
  /** Executes the block that an interrupted run stored last, if it was not executed. */
  recover(): ProducedBlock | undefined;
  /** Makes, executes and commits the next block of these transactions, in this order, as far as they fit. */
  produce(transactions: readonly Uint8Array[]): ProducedBlock;
  decidedBlock(height: number, hash: Uint8Array): DecidedBlock;
}

/** Header, commit and evidence of a block with one validator take this much of `max_bytes` at most (consensus §2.9 flow). */
const BLOCK_OVERHEAD_BYTES = 731 + 111;
const MILLISECOND = 1_000_000n;

export function makeSolo(options: SoloOptions): Solo {
  const { crypto, store, application, validator, chainId } = options;
  const validators = [{ address: validator.address, publicKey: validator.publicKey, power: validator.power }];
  const setHash = validatorsHash(crypto, [
    { publicKey: toConsensusPublicKey(validator.publicKey), votingPower: validator.power },
  ]);
  const paramsHash = consensusParamsHash(crypto, options.consensusParams);

  /** What the last block of this run came to: the next header needs it, and reading it back costs more than the header. */
  let produced: ProducedBlock | undefined;
  /** The block that is being executed: the application asks for it again. */
  let decided: StoredBlock | undefined;
  let setStored = false;

  function hashOf(header: Header): Uint8Array {
    const hash = headerHash(crypto, header);
    if (hash === undefined) throw new TypeError("a header of ours has a validators hash");
    return hash;
  }

  function lastBlock(height: number): StoredBlock | undefined {
    if (height === options.initialHeight) return undefined;
    if (produced?.block.height === height - 1) return produced.block;
    const block = loadBlock(store, height - 1);
    if (block === undefined)
      throw new ConsensusError(ConsensusErrorCode.MissingBlock, `block ${height - 1} is not in the block store`);
    return block;
  }

  function makeHeader(
    height: number,
    transactions: readonly Uint8Array[],
    time: TimeNs,
    last: StoredBlock | undefined,
  ): Header {
    return {
      version: { block: BLOCK_PROTOCOL_VERSION, app: 0n },
      chainId,
      height: BigInt(height),
      time: nanosToTimestamp(time),
      lastBlockId: last === undefined ? BlockId.zero : toBlockId(last),
      lastCommitHash: commitHash(crypto, last === undefined ? [] : Commit.decode(last.seenCommit).signatures),
      dataHash: dataHash(crypto, transactions),
      validatorsHash: setHash,
      nextValidatorsHash: setHash,
      consensusHash: paramsHash,
      appHash: last === undefined ? options.genesisAppHash : application.info().appHash,
      lastResultsHash: resultsHash(crypto, last === undefined ? [] : resultsOf(last.height).results),
      evidenceHash: evidenceHash(crypto, []),
      proposerAddress: validator.address,
    };
  }

  function resultsOf(height: number): BlockResults {
    if (produced?.block.height === height) return produced.results;
    const results = loadResults(store, height);
    if (results === undefined)
      throw new ConsensusError(
        ConsensusErrorCode.MissingBlock,
        `the results of block ${height} are not in the block store`,
      );
    return results;
  }

  /** BFT time of one validator: the timestamp of its precommit for the block before (consensus §2.5). */
  function blockTime(last: StoredBlock | undefined): TimeNs {
    const signature = last === undefined ? undefined : Commit.decode(last.seenCommit).signatures[0];
    return signature === undefined ? options.genesisTimeNs : timestampToNanos(signature.timestamp);
  }

  function sign(height: number, blockId: BlockId, time: TimeNs): { commit: Commit; timestampNs: TimeNs } {
    const signed = loadSignState(store);
    if (signed !== undefined && signed.height >= height) {
      throw new ConsensusError(
        ConsensusErrorCode.AlreadySigned,
        `a block of height ${signed.height} was signed already, refusing to sign one of height ${height}`,
      );
    }
    const now = options.now();
    const timestampNs = now > time + MILLISECOND ? now : time + MILLISECOND;
    const timestamp = nanosToTimestamp(timestampNs);
    const vote = { type: SignedMessageType.Precommit, height: BigInt(height), round: 0, blockId, timestamp };
    const signature = crypto.ed25519Sign(voteSignBytes(chainId, vote), validator.seed);
    return {
      commit: {
        height: BigInt(height),
        round: 0,
        blockId,
        signatures: [{ blockIdFlag: BlockIdFlag.Commit, validatorAddress: validator.address, timestamp, signature }],
      },
      timestampNs,
    };
  }

  function decide(transactions: readonly Uint8Array[], height: number): StoredBlock {
    const last = lastBlock(height);
    const time = blockTime(last);
    const header = makeHeader(height, transactions, time, last);
    const lastCommit = last === undefined ? Commit.zero : Commit.decode(last.seenCommit);
    const parts = Block.encode({ header, data: { txs: transactions }, evidence: { evidence: [] }, lastCommit });
    const blockId = { hash: hashOf(header), partSetHeader: partSetHeader(crypto, parts) };
    const { commit, timestampNs } = sign(height, blockId, time);
    const block: StoredBlock = {
      height,
      header: Header.encode(header),
      blockId: { hash: blockId.hash, partsTotal: blockId.partSetHeader.total, partsHash: blockId.partSetHeader.hash },
      transactions,
      lastCommit: last === undefined ? new Uint8Array(0) : last.seenCommit,
      seenCommit: Commit.encode(commit),
    };
    const signature = commit.signatures[0]?.signature;
    store.writeTables([
      ...blockRows(block),
      signRow({ height, blockHash: blockId.hash, timestampNs, signature }),
      ...(isSetStored() ? [] : [validatorsRow(setHash, validators)]),
    ]);
    return block;
  }

  function isSetStored(): boolean {
    setStored ||= loadValidators(store, setHash) !== undefined;
    return setStored;
  }

  function execute(block: StoredBlock): ProducedBlock {
    decided = block;
    const header = Header.decode(block.header);
    const timeNs = timestampToNanos(header.time);
    const response = application.finalizeBlock({
      height: block.height,
      time: timeNs,
      transactions: block.transactions,
      proposerAddress: header.proposerAddress,
      nextValidatorsHash: header.nextValidatorsHash,
      hash: hashOf(header),
      lastCommitVotes:
        block.height === options.initialHeight
          ? []
          : [{ address: validator.address, power: validator.power, signed: true }],
    });
    if (response.validatorUpdates.length !== 0) {
      throw new ConsensusError(
        ConsensusErrorCode.ValidatorsChanged,
        "solo runs with one validator and cannot change it",
      );
    }
    const { results, events, validatorUpdates, appHash } = response;
    const record: BlockResults = { height: block.height, results, events, validatorUpdates, appHash };
    options.commitApplication([resultsRow(record)]);
    produced = { block, results: record, timeNs };
    return produced;
  }

  return {
    recover() {
      const block = loadBlock(store, nextHeight());
      return block === undefined ? undefined : execute(block);
    },
    produce(transactions) {
      const height = nextHeight();
      const proposal = {
        height,
        time: blockTime(lastBlock(height)),
        proposerAddress: validator.address,
        nextValidatorsHash: setHash,
      };
      const maxTxBytes = Number(options.consensusParams.maxBytes) - BLOCK_OVERHEAD_BYTES;
      const proposed = application.prepareProposal({ ...proposal, transactions, maxTxBytes });
      if (!application.processProposal({ ...proposal, transactions: proposed })) {
        throw new ConsensusError(
          ConsensusErrorCode.ProposalRefused,
          `the application refuses its own proposal for block ${height}`,
        );
      }
      return execute(decide(proposed, height));
    },
    decidedBlock(height, hash) {
      const block = decided?.height === height ? decided : loadBlock(store, height);
      if (block === undefined || !equalBytes(block.blockId.hash, hash)) {
        throw new ConsensusError(
          ConsensusErrorCode.MissingBlock,
          `block ${height} with the given hash is not in the block store`,
        );
      }
      const last = height === options.initialHeight ? [] : resultsOf(height - 1).results;
      const lastResults = last.map((result) => DeterministicExecTxResult.encode(result));
      return { header: block.header, commit: block.seenCommit, validators, lastResults };
    },
  };

  function nextHeight(): number {
    const { height } = application.info();
    return height === 0 ? options.initialHeight : height + 1;
  }
}

function toBlockId(block: StoredBlock): BlockId {
  return {
    hash: block.blockId.hash,
    partSetHeader: { total: block.blockId.partsTotal, hash: block.blockId.partsHash },
  };
}
