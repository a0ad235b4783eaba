/**
 * Verification of a block that the host presents (consensus §2.7, V1 to V10): the enclave's light client. V11 and V12 need what this
 * enclave computed and are `storeRoots.ts` and `lastResults.ts`.
 *
 * Pure: it decides about one block given the last one accepted. Steps are named by their number; each has a code of its own.
 * @module
 */
import type { SignedHeader, Validator } from "@sotto/boundary/messages";
import { compareBytes, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { dataHash } from "@sotto/common/merkle/blockHashes";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { MAX_TOTAL_VOTING_POWER, validatorsHash } from "@sotto/common/merkle/validatorsHash";
import { BlockIdFlag, Commit } from "@sotto/common/wire/commit";
import { BLOCK_PROTOCOL_VERSION, Header } from "@sotto/common/wire/header";
import { voteSignBytes } from "@sotto/common/wire/signBytes";
import { timestampToNanos } from "@sotto/common/wire/timestamp";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import { SignedMessageType } from "@sotto/common/wire/vote";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { AcceptedBlock, GenesisAnchor } from "../keys/trustedRecord.ts";

/** A block as it comes from the host. */
export type PresentedBlock = SignedHeader & { readonly transactions: readonly Uint8Array[] };

/** What the enclave goes by. */
export type Trust = {
  readonly chainId: string;
  readonly anchor: GenesisAnchor;
  /** Absent before the first block. */
  readonly last: AcceptedBlock | undefined;
  /** Nothing but `last` may come, once more: it lies in the past that is being run again. */
  readonly onlyAgain?: boolean;
};

export type VerifiedHeader = {
  readonly accepted: AcceptedBlock;
  readonly header: Header;
  /** Accepted before: nothing new is trusted. */
  readonly rerun: boolean;
};

function refuse(code: RefusalCode, message: string): never {
  throw new RefusalError(code, `block: ${message}`);
}

/**
 * Checks a whole block against the last one accepted, or against the genesis anchor.
 * @throws {RefusalError} as {@link verifyHeader}; BlockDataHash
 */
export function verifyBlock(crypto: Crypto, trust: Trust, block: PresentedBlock): VerifiedHeader {
  const verified = verifyHeader(crypto, trust, block);
  verifyData(crypto, verified.header, block.transactions); // V10
  return verified;
}

/**
 * V1 to V9: a block without its transactions.
 * @throws {RefusalError} with the code of the first step that fails; `Latched` if the block is validly signed by the set of a
 *   height that already has another block
 */
export function verifyHeader(crypto: Crypto, trust: Trust, block: SignedHeader): VerifiedHeader {
  const { header, commit } = decodeBoth(block); // V1
  if (header.version.block !== BLOCK_PROTOCOL_VERSION) {
    refuse(
      RefusalCode.BlockVersion,
      `expected protocol version ${BLOCK_PROTOCOL_VERSION}, got ${header.version.block}`,
    );
  }
  if (header.chainId !== trust.chainId) refuse(RefusalCode.BlockChainId, `expected chain ${trust.chainId}`);
  const accepted = describeHeader(crypto, header);
  const signed = { hash: accepted.hash, header, commit };

  const { last, anchor } = trust;
  if (last !== undefined && header.height === last.height) {
    verifyAgain(crypto, trust.chainId, last, signed, block);
    return { accepted: last, header, rerun: true };
  }
  const next = last === undefined ? anchor.initialHeight : last.height + (trust.onlyAgain === true ? 0n : 1n);
  if (header.height !== next) refuse(RefusalCode.BlockHeight, `expected height ${next}, got ${header.height}`);

  verifyLastBlockId(header, last); // V4
  verifyValidators(crypto, block.validators, header, last?.nextValidatorsHash ?? anchor.validatorsHash); // V5
  verifyCommit(crypto, trust.chainId, signed, block.validators); // V6 to V8
  verifyTime(accepted.timeNs, trust); // V9
  if (last === undefined && !equalBytes(header.appHash, anchor.appHash)) {
    refuse(RefusalCode.BlockAppHash, "the app hash of the first block is not that of genesis"); // V11
  }
  return { accepted, header, rerun: false };
}

/** What is kept of a header. @throws {RefusalError} BlockMalformed, BlockAppHash, BlockTime */
export function describeHeader(crypto: Crypto, header: Header): AcceptedBlock {
  const hash = headerHash(crypto, header);
  if (hash === undefined) return refuse(RefusalCode.BlockMalformed, "the header names no validators");
  const { height, validatorsHash: signedBy, nextValidatorsHash, appHash } = header;
  if (appHash.length !== 32) refuse(RefusalCode.BlockAppHash, "expected an app hash of 32 bytes");
  if (signedBy.length !== 32 || nextValidatorsHash.length !== 32) {
    refuse(RefusalCode.BlockMalformed, "expected hashes of validators of 32 bytes");
  }
  return { height, hash, validatorsHash: signedBy, nextValidatorsHash, timeNs: blockTime(header), appHash };
}

type Signed = { readonly hash: Uint8Array; readonly header: Header; readonly commit: Commit };

/** V3 for a height that has its block: the same one may run again; another one, if validly signed, latches. */
function verifyAgain(crypto: Crypto, chainId: string, last: AcceptedBlock, signed: Signed, block: SignedHeader): void {
  if (equalBytes(signed.hash, last.hash)) return;
  verifyValidators(crypto, block.validators, signed.header, last.validatorsHash);
  verifyCommit(crypto, chainId, signed, block.validators);
  refuse(RefusalCode.Latched, `another block is validly signed at height ${last.height}, which has one already`);
}

/** V1: both decode, and encode to the same bytes. */
function decodeBoth(block: SignedHeader): { header: Header; commit: Commit } {
  try {
    return { header: Header.decodeCanonical(block.header), commit: Commit.decodeCanonical(block.commit) };
  } catch (error) {
    if (error instanceof InputError) return refuse(RefusalCode.BlockMalformed, error.message);
    throw error;
  }
}

/** V4. */
function verifyLastBlockId(header: Header, last: AcceptedBlock | undefined): void {
  const { hash, partSetHeader } = header.lastBlockId;
  if (last === undefined) {
    if (hash.length !== 0 || partSetHeader.total !== 0 || partSetHeader.hash.length !== 0) {
      refuse(RefusalCode.BlockLastId, "the first block must name no block before it");
    }
  } else if (!equalBytes(hash, last.hash)) {
    refuse(RefusalCode.BlockLastId, "it does not follow the block that was accepted last");
  }
}

/** V5. @param expected root that the set must have, besides that of the header */
function verifyValidators(
  crypto: Crypto,
  validators: readonly Validator[],
  header: Header,
  expected: Uint8Array,
): void {
  let total = 0n;
  validators.forEach((validator, i) => {
    const { address, publicKey, power } = validator;
    if (!equalBytes(address, crypto.sha256(publicKey).subarray(0, 20))) {
      refuse(RefusalCode.ValidatorAddress, `the address of validator ${i} is not that of its key`);
    }
    const before = validators[i - 1];
    const inOrder =
      before === undefined ||
      before.power > power ||
      (before.power === power && compareBytes(before.address, address) < 0);
    if (!inOrder || power === 0n) refuse(RefusalCode.ValidatorOrder, `validator ${i} is out of order`);
    total += power;
  });
  if (total > MAX_TOTAL_VOTING_POWER) refuse(RefusalCode.ValidatorOrder, "the total power is too large");
  // Addresses are those of the keys and powers descend, so one key could come twice only with different powers.
  if (new Set(validators.map(({ address }) => address.join())).size !== validators.length) {
    refuse(RefusalCode.ValidatorOrder, "a validator comes twice");
  }
  const root = validatorsHash(
    crypto,
    validators.map(({ publicKey, power }) => ({ publicKey: toConsensusPublicKey(publicKey), votingPower: power })),
  );
  if (!equalBytes(root, header.validatorsHash))
    refuse(RefusalCode.ValidatorsHash, "validators are not those of the header");
  if (!equalBytes(root, expected)) refuse(RefusalCode.ValidatorsHash, "validators are not those that were announced");
}

/** V6 to V8. The validators are verified already. */
function verifyCommit(crypto: Crypto, chainId: string, signed: Signed, validators: readonly Validator[]): void {
  const { hash, header, commit } = signed;
  if (!equalBytes(commit.blockId.hash, hash)) refuse(RefusalCode.CommitBlockId, "the commit is for another block");
  if (commit.height !== header.height) {
    refuse(RefusalCode.CommitHeight, `expected a commit for height ${header.height}, got ${commit.height}`);
  }
  if (commit.signatures.length !== validators.length) {
    refuse(RefusalCode.CommitSize, `expected ${validators.length} signatures, got ${commit.signatures.length}`);
  }
  let tally = 0n;
  let total = 0n;
  commit.signatures.forEach((slot, i) => {
    const { address, publicKey, power } = validators[i] as Validator;
    total += power;
    if (slot.blockIdFlag !== BlockIdFlag.Commit) return;
    if (!equalBytes(slot.validatorAddress, address)) {
      refuse(RefusalCode.CommitAddress, `signature ${i} names another validator`);
    }
    const { height, round, blockId } = commit;
    const vote = { type: SignedMessageType.Precommit, height, round, blockId, timestamp: slot.timestamp };
    // An invalid signature only does not count: a commit read early may hold one (consensus §3.2).
    const valid =
      slot.signature.length === 64 &&
      crypto.ed25519Verify(voteSignBytes(chainId, vote), slot.signature, publicKey) === "valid";
    if (valid) tally += power;
  });
  if (tally * 3n <= total * 2n) {
    refuse(RefusalCode.CommitQuorum, `expected valid signatures of more than two thirds of ${total}, got ${tally}`);
  }
}

/** V9. At the initial height the time is that of genesis (consensus §2.5). */
function verifyTime(timeNs: bigint, { last, anchor }: Trust): void {
  const fits = last === undefined ? timeNs === anchor.genesisTimeNs : timeNs > last.timeNs;
  if (!fits) refuse(RefusalCode.BlockTime, "its time does not follow that of the block before");
}

function blockTime(header: Header): bigint {
  try {
    const timeNs = timestampToNanos(header.time);
    if (timeNs >= 0n && timeNs < 1n << 64n) return timeNs;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  return refuse(RefusalCode.BlockTime, "its time is out of range");
}

/** V10. */
function verifyData(crypto: Crypto, header: Header, transactions: readonly Uint8Array[]): void {
  if (!equalBytes(dataHash(crypto, transactions), header.dataHash)) {
    refuse(RefusalCode.BlockDataHash, "the transactions are not those of the header");
  }
}
