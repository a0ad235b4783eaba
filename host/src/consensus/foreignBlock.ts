/**
 * A block of another node, and whether it is the one that comes next: all that can be known of it without running it.
 *
 * The same rules as those of the enclave (consensus §2.7 V1 to V10), and those for what only a host keeps: the commit inside the block.
 * They stand here again so that nothing is stored or run for a peer that lies.
 * @module
 */
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { commitHash, dataHash, evidenceHash } from "@sotto/common/merkle/blockHashes";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { MAX_TOTAL_VOTING_POWER } from "@sotto/common/merkle/validatorsHash";
import { BlockIdFlag, Commit } from "@sotto/common/wire/commit";
import { BLOCK_PROTOCOL_VERSION, Header } from "@sotto/common/wire/header";
import { voteSignBytes } from "@sotto/common/wire/signBytes";
import { timestampToNanos } from "@sotto/common/wire/timestamp";
import { SignedMessageType } from "@sotto/common/wire/vote";
import type { StoredBlock, Validator } from "../api/backend.ts";
import { ConsensusError, ConsensusErrorCode } from "./consensusError.ts";

/** As a peer gave it; protobuf bytes of consensus §2.2. */
export type ForeignBlock = {
  readonly header: Uint8Array;
  readonly transactions: readonly Uint8Array[];
  readonly evidenceCount: number;
  /** Empty at the initial height. */
  readonly lastCommit: Uint8Array;
  readonly commit: Uint8Array;
  /** Sets that its header names and this node may not know. */
  readonly validatorSets: readonly (readonly Validator[])[];
};

/** A block that was verified before. */
export type TrustedBlock = { readonly height: number; readonly hash: Uint8Array; readonly header: Header };

export type BlockExpectation = {
  readonly crypto: Crypto;
  readonly chainId: string;
  readonly height: number;
  /** Undefined at the initial height. */
  readonly last: TrustedBlock | undefined;
  /** Who signs this height, and the hash of that set. */
  readonly validators: readonly Validator[];
  readonly setHash: Uint8Array;
};

export function toTrustedBlock(block: StoredBlock): TrustedBlock {
  return { height: block.height, hash: block.blockId.hash, header: Header.decode(block.header) };
}

/** @throws {ConsensusError} PeerLied, with what is wrong */
export function verifyBlock(
  foreign: ForeignBlock,
  expected: BlockExpectation,
): { readonly block: StoredBlock; readonly header: Header } {
  const { crypto, height } = expected;
  const { header, commit, lastCommit } = decodeForeign(foreign);
  const lied = (what: string): never => {
    throw new ConsensusError(ConsensusErrorCode.PeerLied, `block ${height}: ${what}`);
  };
  const hash = headerHash(crypto, header) ?? lied("a header without a validators hash");
  checkPlace(header, expected, lied);
  if (foreign.evidenceCount > 0) {
    // Nothing here punishes, and the application has no place for it.
    lied("a block with evidence of misbehaviour, which this node does not know");
  }
  for (const [what, theirs, found] of [
    ["data hash", header.dataHash, dataHash(crypto, foreign.transactions)],
    ["evidence hash", header.evidenceHash, evidenceHash(crypto, [])],
    ["last commit hash", header.lastCommitHash, commitHash(crypto, lastCommit.signatures)],
    ["validators hash", header.validatorsHash, expected.setHash],
  ] as const) {
    if (!equalBytes(theirs, found))
      lied(`the ${what} of the header is ${bytesToHex(theirs)}, found ${bytesToHex(found)}`);
  }
  checkCommit(commit, hash, expected, lied);
  const { total: partsTotal, hash: partsHash } = commit.blockId.partSetHeader;
  if (partsHash.length !== 32) lied("a commit without the hash of the block's parts");
  const block: StoredBlock = {
    height,
    header: foreign.header,
    blockId: { hash, partsTotal, partsHash },
    transactions: foreign.transactions,
    lastCommit: foreign.lastCommit,
    seenCommit: foreign.commit,
  };
  return { block, header };
}

function decodeForeign(foreign: ForeignBlock): { header: Header; commit: Commit; lastCommit: Commit } {
  try {
    const header = Header.decodeCanonical(foreign.header);
    timestampToNanos(header.time);
    return {
      header,
      commit: Commit.decodeCanonical(foreign.commit),
      lastCommit: foreign.lastCommit.length === 0 ? Commit.zero : Commit.decodeCanonical(foreign.lastCommit),
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new ConsensusError(ConsensusErrorCode.PeerLied, `a block that cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

/** Chain, height, predecessor and time. */
function checkPlace(header: Header, { chainId, height, last }: BlockExpectation, lied: (what: string) => never): void {
  if (header.version.block !== BLOCK_PROTOCOL_VERSION) lied(`block protocol version ${header.version.block}`);
  if (header.chainId !== chainId) lied(`it is of network ${header.chainId}, expected ${chainId}`);
  if (header.height !== BigInt(height)) lied(`it has height ${header.height}`);
  const { hash } = header.lastBlockId;
  if (last === undefined ? hash.length !== 0 : !equalBytes(hash, last.hash))
    lied("it does not follow the block before");
  if (last !== undefined && timestampToNanos(header.time) <= timestampToNanos(last.header.time))
    lied("its time is not after that of the block before");
}

/** More than two thirds of the power signed this header; a signature that is not good counts as none (consensus §3.2). */
function checkCommit(
  commit: Commit,
  hash: Uint8Array,
  { crypto, chainId, height, validators }: BlockExpectation,
  lied: (what: string) => never,
): void {
  if (!equalBytes(commit.blockId.hash, hash)) lied("the commit is for another block");
  if (commit.height !== BigInt(height)) lied(`the commit is for height ${commit.height}`);
  if (commit.signatures.length !== validators.length)
    lied(`the commit has ${commit.signatures.length} slots for ${validators.length} validators`);
  const total = validators.reduce((sum, { power }) => sum + power, 0n);
  if (total > MAX_TOTAL_VOTING_POWER) lied("the validators have too much power");
  let tally = 0n;
  for (const [slot, validator] of validators.entries()) {
    const signature = commit.signatures[slot] as Commit["signatures"][number];
    if (signature.blockIdFlag !== BlockIdFlag.Commit) continue;
    if (!equalBytes(signature.validatorAddress, validator.address))
      lied(`slot ${slot} of the commit names another validator`);
    const { round, blockId } = commit;
    const vote = {
      type: SignedMessageType.Precommit,
      height: commit.height,
      round,
      blockId,
      timestamp: signature.timestamp,
    };
    const verdict = crypto.ed25519Verify(voteSignBytes(chainId, vote), signature.signature, validator.publicKey);
    if (verdict === "valid") tally += validator.power;
  }
  if (tally * 3n <= total * 2n) lied(`signed by ${tally} of ${total} voting power`);
}
