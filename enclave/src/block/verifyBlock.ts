/**
 * Verification of a block that the host presents (consensus §2.7, V1 to V11): the enclave's light client.
 *
 * Pure: it decides about one block given the last one accepted. Steps are named by their number; each has a code of its own.
 * @module
 */
import type { Validator } from "@sotto/boundary/messages";
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
export type PresentedBlock = {
  /** Protobuf. */
  readonly header: Uint8Array;
  readonly commit: Uint8Array;
  /** In set order. */
  readonly validators: readonly Validator[];
  readonly transactions: readonly Uint8Array[];
};

/** What the enclave goes by. */
export type Trust = {
  readonly chainId: string;
  readonly anchor: GenesisAnchor;
  /** Absent before the first block. */
  readonly last: AcceptedBlock | undefined;
};

export type VerifiedBlock = {
  readonly accepted: AcceptedBlock;
  readonly header: Header;
  /** Accepted before: nothing new is trusted. */
  readonly rerun: boolean;
};

function refuse(code: RefusalCode, message: string): never {
  throw new RefusalError(code, `block: ${message}`);
}

/**
 * Checks a block against the last one accepted, or against the genesis anchor.
 * @throws {RefusalError} with the code of the first step that fails; `Latched` if the block is validly signed by the set of a
 *   height that already has another block
 */
export function verifyBlock(crypto: Crypto, trust: Trust, block: PresentedBlock): VerifiedBlock {
  const { header, commit } = decodeBoth(block); // V1
  if (header.version.block !== BLOCK_PROTOCOL_VERSION) {
    refuse(
      RefusalCode.BlockVersion,
      `expected protocol version ${BLOCK_PROTOCOL_VERSION}, got ${header.version.block}`,
    );
  }
  if (header.chainId !== trust.chainId) refuse(RefusalCode.BlockChainId, `expected chain ${trust.chainId}`);
  const hash = headerHash(crypto, header);
  if (hash === undefined) return refuse(RefusalCode.BlockMalformed, "the header names no validators");

  const { last, anchor } = trust;
  const next = last === undefined ? anchor.initialHeight : last.height + 1n;
  if (last !== undefined && header.height === last.height)
    return again(crypto, trust.chainId, last, { hash, header, commit }, block);
  if (header.height !== next) refuse(RefusalCode.BlockHeight, `expected height ${next}, got ${header.height}`);

  verifyLastBlockId(header, last); // V4
  verifyValidators(crypto, block.validators, header, last?.nextValidatorsHash ?? anchor.validatorsHash); // V5
  verifyCommit(crypto, trust.chainId, { hash, header, commit }, block.validators); // V6 to V8
  const timeNs = verifyTime(header, trust); // V9
  verifyData(crypto, header, block.transactions); // V10
  if (last === undefined && !equalBytes(header.appHash, anchor.appHash)) {
    refuse(RefusalCode.BlockAppHash, "the app hash of the first block is not that of genesis"); // V11
  }
  if (header.appHash.length !== 32) refuse(RefusalCode.BlockAppHash, `expected an app hash of 32 bytes`);
  const { validatorsHash: signedBy, nextValidatorsHash, appHash } = header;
  if (nextValidatorsHash.length !== 32)
    refuse(RefusalCode.BlockMalformed, "expected a next validators hash of 32 bytes");
  return {
    accepted: { height: header.height, hash, validatorsHash: signedBy, nextValidatorsHash, timeNs, appHash },
    header,
    rerun: false,
  };
}

type Signed = { readonly hash: Uint8Array; readonly header: Header; readonly commit: Commit };

/** V3 for the height of the last block: the same block may run again; another one, if validly signed, latches. */
function again(
  crypto: Crypto,
  chainId: string,
  last: AcceptedBlock,
  signed: Signed,
  block: PresentedBlock,
): VerifiedBlock {
  if (equalBytes(signed.hash, last.hash)) {
    verifyData(crypto, signed.header, block.transactions);
    return { accepted: last, header: signed.header, rerun: true };
  }
  verifyValidators(crypto, block.validators, signed.header, last.validatorsHash);
  verifyCommit(crypto, chainId, signed, block.validators);
  return refuse(RefusalCode.Latched, `another block is validly signed at height ${last.height}, which was executed`);
}

/** V1: both decode, and encode to the same bytes. */
function decodeBoth(block: PresentedBlock): { header: Header; commit: Commit } {
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
function verifyTime(header: Header, { last, anchor }: Trust): bigint {
  const timeNs = blockTime(header);
  const fits = last === undefined ? timeNs === anchor.genesisTimeNs : timeNs > last.timeNs;
  if (!fits) refuse(RefusalCode.BlockTime, "its time does not follow that of the block before");
  return timeNs;
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
