/**
 * A network as this enclave carries it: keys, trusted record, the block in progress. All state that lasts from ecall to ecall.
 * @module
 */
import type { MessageOutcome, Signer } from "@sotto/boundary/messages";
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { blockSeed, openRandomTransaction, type RandomPlace } from "../block/blockRandom.ts";
import { type BlockTransaction, readTransaction } from "../block/blockTransaction.ts";
import { BlockCursor } from "../block/cursor.ts";
import { type PresentedBlock, type VerifiedBlock, verifyBlock } from "../block/verifyBlock.ts";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { Engine } from "../engine/engine.ts";
import { CallCounter } from "../execution/callCounter.ts";
import type { BlockContext } from "../execution/callTree.ts";
import { type RunningTransaction, runMessage } from "../execution/runMessage.ts";
import type { Services } from "../execution/services.ts";
import { ContractKeyCheck } from "../keys/contractKeyCheck.ts";
import { deriveKeyTree, MIN_SEEDS } from "../keys/keyTree.ts";
import { type SealingPower, seal, unseal } from "../keys/sealing.ts";
import type { Handover } from "../keys/seedExchange.ts";
import {
  decodeTrustedRecord,
  encodeTrustedRecord,
  type GenesisAnchor,
  RECORD_VERSION,
  type TrustedRecord,
} from "../keys/trustedRecord.ts";
import { InputDecryption } from "../messages/secretMessage.ts";
import { SignerCheck } from "../signatures/signerCheck.ts";
import type { Host } from "../state/host.ts";
import { StateCiphers } from "../state/stateCipher.ts";

const SEAL_LABEL = "network/v1";
const HASH_LENGTH = 32;

/** What a network is made from besides its record. */
export type NetworkParts = {
  readonly crypto: Crypto;
  readonly engine: Engine;
  readonly host: Host;
  readonly sealing: SealingPower;
};

type OpenBlock = {
  readonly context: BlockContext;
  readonly cursor: BlockCursor;
  running: RunningTransaction | undefined;
};

/** Height and time of a block. */
export type BlockPoint = { readonly height: bigint; readonly timeNs: bigint };

export class Network {
  readonly services: Services;
  readonly #parts: NetworkParts;
  #record: TrustedRecord;
  #block: OpenBlock | undefined;
  /** The last block that ended; queries run there. */
  #ended: BlockPoint | undefined;

  private constructor(parts: NetworkParts, record: TrustedRecord) {
    const { crypto, engine, host } = parts;
    const keys = deriveKeyTree(crypto, record.seeds);
    const inputs = new InputDecryption(crypto, keys.last.ioExchange);
    const contractKeys = new ContractKeyCheck(crypto, keys);
    const ciphers = new StateCiphers(crypto, keys);
    const { chainId, anchor, seeds } = record;
    const handover = { chainId, anchor, seeds };
    this.services = { crypto, engine, host, keys, chainId, inputs, contractKeys, ciphers, handover };
    this.#parts = parts;
    this.#record = record;
    this.#ended = record.last;
  }

  /** A new network, before its first block. */
  static create(parts: NetworkParts, chainId: string, seeds: readonly Uint8Array[], anchor: GenesisAnchor): Network {
    const beginning = {
      last: undefined,
      rootsAfter: undefined,
      isFounder: true,
      registrationSecret: undefined,
      previous: new Uint8Array(HASH_LENGTH),
      counter: 0n,
      latched: false,
    };
    const record = { version: RECORD_VERSION, chainId, seeds, randomSeedId: seeds.length, anchor, ...beginning };
    return new Network(parts, record);
  }

  /** A network that this enclave was admitted to, before its first block. @param registrationSecret of the key that was admitted */
  static join(parts: NetworkParts, { chainId, seeds, anchor }: Handover, registrationSecret: Uint8Array): Network {
    const created = Network.create(parts, chainId, seeds, anchor);
    // The first blocks' randoms were made under the first seeds.
    created.#record = { ...created.#record, isFounder: false, registrationSecret, randomSeedId: MIN_SEEDS };
    return created;
  }

  /** @throws {RefusalError} SealBroken, SealOfAnotherMeasurement */
  static unseal(parts: NetworkParts, sealed: Uint8Array): Network {
    const { about, plaintext } = unseal(parts.crypto, parts.sealing, SEAL_LABEL, sealed);
    const record = decodeTrustedRecord(plaintext);
    if (record.version !== RECORD_VERSION || record.chainId !== about.chainId) {
      throw new RefusalError(RefusalCode.SealBroken, "sealed record: its content is not what its header says");
    }
    return new Network(parts, record);
  }

  get registrationSecret(): Uint8Array | undefined {
    return this.#record.registrationSecret;
  }

  /** A founder's key, from now on part of its record. */
  adoptRegistrationSecret(secret: Uint8Array): void {
    this.#record = { ...this.#record, registrationSecret: secret };
  }

  get chainId(): string {
    return this.#record.chainId;
  }

  /** Height and hash of the last block accepted. */
  get last(): { readonly height: bigint; readonly hash: Uint8Array } | undefined {
    return this.#record.last;
  }

  /** Where queries run; undefined before the first block has ended. */
  get ended(): BlockPoint | undefined {
    return this.#ended;
  }

  /** True if `other` has the same keys and genesis. */
  isSameNetwork(other: Network): boolean {
    const a = this.#record;
    const b = other.#record;
    const sameSeeds =
      a.seeds.length === b.seeds.length && a.seeds.every((seed, i) => equalBytes(seed, b.seeds[i] as Uint8Array));
    return a.chainId === b.chainId && sameSeeds && equalBytes(a.anchor.appHash, b.anchor.appHash);
  }

  /** @throws {RefusalError} Latched */
  requireUnlatched(): void {
    if (this.#record.latched) {
      throw new RefusalError(
        RefusalCode.Latched,
        "two blocks were validly signed at one height: an operator must look into it",
      );
    }
  }

  /** The record as it is now, sealed; each sealing counts up. */
  seal(): Uint8Array {
    this.#record = { ...this.#record, counter: this.#record.counter + 1n };
    const { chainId, counter, last } = this.#record;
    const about = { label: SEAL_LABEL, counter, height: last?.height ?? 0n, chainId };
    return seal(this.#parts.crypto, this.#parts.sealing, about, encodeTrustedRecord(this.#record));
  }

  /** Whether a proposal at `height` may begin with this transaction. */
  acceptsRandom(height: bigint, proposer: Uint8Array, transaction: Uint8Array): boolean {
    const { crypto, keys } = this.services;
    const place = this.nextRandomPlace(height, proposer);
    const { randomSeedId: oldestSeedId } = this.#record;
    return (
      place !== undefined && openRandomTransaction(crypto, keys, place, { transaction, oldestSeedId }) !== undefined
    );
  }

  /** What the random of the next block at `height` is bound to; undefined if `height` is not the next. */
  nextRandomPlace(height: bigint, proposer: Uint8Array): RandomPlace | undefined {
    const { last, anchor, chainId } = this.#record;
    const next = last === undefined ? anchor.initialHeight : last.height + 1n;
    if (height !== next) return undefined;
    return { chainId, height, proposer, lastBlockHash: last?.hash ?? new Uint8Array(HASH_LENGTH) };
  }

  /**
   * Accepts a block and opens it for its messages.
   * @returns true if it was accepted before
   * @throws {RefusalError} the code of the verification step; Latched; WrongState if another block has not ended
   */
  beginBlock(presented: PresentedBlock): boolean {
    this.requireUnlatched();
    const verified = this.#verify(presented);
    if (!verified.rerun && this.#block !== undefined) {
      throw new RefusalError(RefusalCode.WrongState, `block ${this.#record.last?.height} has not ended`);
    }
    const { crypto } = this.services;
    const transactions: BlockTransaction[] = presented.transactions.map((bytes) => readTransaction(crypto, bytes));
    const counter = new CallCounter();
    const { height, timeNs } = verified.accepted;
    const { seed, seedId: randomSeedId } = this.#seed(verified, presented.transactions[0]);
    const context = { height, timeNs, calls: { seed, counter } };
    this.#block = { context, cursor: new BlockCursor(transactions), running: undefined };
    this.#record = { ...this.#record, last: verified.accepted, randomSeedId };
    return verified.rerun;
  }

  #verify(presented: PresentedBlock): VerifiedBlock {
    try {
      return verifyBlock(this.services.crypto, this.#record, presented);
    } catch (error) {
      if (error instanceof RefusalError && error.code === RefusalCode.Latched) {
        this.#record = { ...this.#record, latched: true };
        this.#block = undefined;
      }
      throw error;
    }
  }

  #seed({ header, accepted }: VerifiedBlock, transaction: Uint8Array | undefined): ReturnType<typeof blockSeed> {
    const { crypto, keys, chainId } = this.services;
    const { hash } = header.lastBlockId;
    const lastBlockHash = hash.length === 0 ? new Uint8Array(HASH_LENGTH) : hash;
    const place = { chainId, height: accepted.height, lastBlockHash, proposer: header.proposerAddress };
    const { randomSeedId: oldestSeedId } = this.#record;
    return blockSeed(crypto, keys, place, { transaction, oldestSeedId, blockHash: accepted.hash });
  }

  /** @throws {RefusalError} of the cursor; HostMisbehavior, after which the block must begin again */
  execMessage(transaction: number, message: number, signers: readonly Signer[]): MessageOutcome {
    const block = this.#openBlock();
    const taken = block.cursor.take(transaction, message);
    if (taken.begins) block.running = this.#start(block, taken.transaction);
    const { running } = block;
    if (running === undefined) throw new RangeError("a transaction continues that never began");
    try {
      const outcome = runMessage(this.services, block.context, running, { message: taken.message, signers });
      if (outcome.result.kind !== "ok") block.cursor.noteFailure();
      return outcome;
    } catch (error) {
      // The message neither ran nor did not: only the whole block, from its beginning, has a defined result.
      this.#block = undefined;
      throw error;
    }
  }

  #start(block: OpenBlock, { decoded, hash }: BlockTransaction): RunningTransaction {
    if (decoded === undefined) throw new RangeError("a transaction without content has a message");
    const { crypto, chainId } = this.services;
    return {
      context: { index: block.cursor.admitted, hash: bytesToHex(hash).toUpperCase(), finalized: false },
      signers: new SignerCheck(crypto, chainId, decoded),
      gasLimit: decoded.authInfo.fee?.gasLimit ?? 0n,
      gasUsed: 0n,
    };
  }

  /** @throws {RefusalError} of the cursor */
  endTransaction(transaction: number, kept: boolean): void {
    const block = this.#openBlock();
    block.cursor.end(transaction, kept);
    block.running = undefined;
  }

  /**
   * Ends the block. When latched, hands out the latched record instead, so that the host can keep it.
   * @returns the sealed record
   * @throws {RefusalError} TransactionOpen, NotInBlock
   */
  endBlock(): Uint8Array {
    if (this.#record.latched) return this.seal();
    const block = this.#openBlock();
    block.cursor.endBlock();
    this.#block = undefined;
    this.#ended = block.context;
    return this.seal();
  }

  #openBlock(): OpenBlock {
    this.requireUnlatched();
    if (this.#block === undefined) throw new RefusalError(RefusalCode.NotInBlock, "no block is open");
    return this.#block;
  }
}
