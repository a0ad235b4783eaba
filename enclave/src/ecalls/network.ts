/**
 * A network as this enclave carries it: keys, trusted record, the block in progress. All state that lasts from ecall to ecall.
 * @module
 */
import type {
  EcallRequest,
  EcallResponse,
  MessageOutcome,
  ProvenStore,
  SignedHeader,
  Signer,
} from "@sotto/boundary/messages";
import { LIMITS } from "@sotto/boundary/messages";
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { blockSeed, openRandomTransaction, type RandomPlace } from "../block/blockRandom.ts";
import { type BlockTransaction, readTransaction } from "../block/blockTransaction.ts";
import { BlockCursor } from "../block/cursor.ts";
import { executionOrder } from "../block/executionOrder.ts";
import type { Freshness } from "../block/freshness.ts";
import { BlockLog, verifyLastResults } from "../block/lastResults.ts";
import { Rewind } from "../block/rewind.ts";
import { requireSameRoots, verifyStoreRoots } from "../block/storeRoots.ts";
import { type Trust, type VerifiedHeader, verifyBlock, verifyHeader } from "../block/verifyBlock.ts";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { Engine } from "../engine/engine.ts";
import type { AttestationPolicy } from "../evidence/attestation.ts";
import { CallCounter } from "../execution/callCounter.ts";
import type { BlockContext } from "../execution/callTree.ts";
import { type RunningTransaction, runMessage } from "../execution/runMessage.ts";
import type { Services } from "../execution/services.ts";
import { ContractKeyCheck } from "../keys/contractKeyCheck.ts";
import { deriveKeyTree } from "../keys/keyTree.ts";
import { type SealingPower, SealLabel, seal, unseal } from "../keys/sealing.ts";
import type { Handover } from "../keys/seedExchange.ts";
import {
  type AcceptedBlock,
  decodeTrustedRecord,
  encodeTrustedRecord,
  type GenesisAnchor,
  noteRandomSeed,
  oldestRandomSeed,
  type ProvenRoots,
  RECORD_VERSION,
  type TrustedRecord,
} from "../keys/trustedRecord.ts";
import { InputDecryption } from "../messages/secretMessage.ts";
import type { EnclavePowers } from "../powers.ts";
import { readPolicy, requireMembership } from "../registration/membership.ts";
import { AccountSequences } from "../signatures/accountSequences.ts";
import { SignerCheck } from "../signatures/signerCheck.ts";
import { BlockState } from "../state/blockState.ts";
import type { Host } from "../state/host.ts";
import { EMPTY_ROOTS, ProvenState } from "../state/provenState.ts";
import { StateCiphers } from "../state/stateCipher.ts";
import { stateKey } from "../state/stateKey.ts";
import { QueryBudget } from "./queryBudget.ts";

const HASH_LENGTH = 32;

/** What a network is made from besides its record. */
export type NetworkParts = {
  readonly crypto: Crypto;
  readonly engine: Engine;
  readonly host: Host;
  readonly sealing: SealingPower;
  /** Machine id of this enclave, 20 bytes. */
  readonly ownMachine: () => Uint8Array;
  readonly freshness: Freshness;
  readonly gunzip: EnclavePowers["gunzip"];
};

/** A block as it comes from the host. */
export type BeginBlock = EcallRequest<"beginBlock">;

type OpenBlock = {
  readonly context: BlockContext;
  readonly cursor: BlockCursor;
  readonly log: BlockLog;
  readonly state: BlockState;
  readonly sequences: AccountSequences;
  running: RunningTransaction | undefined;
};

/** Height and time of a block. */
export type BlockPoint = { readonly height: bigint; readonly timeNs: bigint };

export class Network {
  readonly services: Services;
  readonly #parts: NetworkParts;
  #record: TrustedRecord;
  #block: OpenBlock | undefined;
  /** The last block that ended. Undefined while the host's state is of an earlier one. */
  #ended: BlockPoint | undefined;
  /** Whether `state` is that after the last block, and proven to be: not while a block runs, or after one that broke off. */
  #settled: boolean;
  /** What the block before the next one came to here, if it ran since this enclave started. */
  #log: { readonly next: bigint; readonly block: BlockLog } | undefined;
  /** The past that is being run again. */
  #rewind: Rewind | undefined;
  /** Why nothing runs any more until a restart. */
  #halt: RefusalError | undefined;
  /** State before the block that is open, or after the one that ended. */
  readonly state: ProvenState;
  readonly queryBudget: QueryBudget;

  private constructor(parts: NetworkParts, record: TrustedRecord) {
    const { crypto, engine, host, gunzip } = parts;
    const keys = deriveKeyTree(crypto, record.seeds);
    const inputs = new InputDecryption(crypto, keys.last.ioExchange);
    const contractKeys = new ContractKeyCheck(crypto, keys);
    const ciphers = new StateCiphers(crypto, keys);
    const { chainId, anchor, seeds } = record;
    const handover = { chainId, anchor, seeds };
    this.services = { crypto, engine, host, gunzip, keys, chainId, inputs, contractKeys, ciphers, handover };
    this.#parts = parts;
    this.#record = record;
    this.#ended = record.last;
    this.queryBudget = new QueryBudget(record.chainId);
    this.#settled = record.rootsAfter !== undefined;
    this.state = new ProvenState(crypto, host, record.rootsAfter ?? EMPTY_ROOTS);
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
    const record = { version: RECORD_VERSION, chainId, seeds, randomSeeds: [], anchor, ...beginning };
    return new Network(parts, record);
  }

  /** A network that this enclave was admitted to, before its first block. @param registrationSecret of the key that was admitted */
  static join(parts: NetworkParts, { chainId, seeds, anchor }: Handover, registrationSecret: Uint8Array): Network {
    const created = Network.create(parts, chainId, seeds, anchor);
    created.#record = { ...created.#record, isFounder: false, registrationSecret };
    return created;
  }

  /** @throws {RefusalError} those of {@link unseal} */
  static unseal(parts: NetworkParts, sealed: Uint8Array): Network {
    const { about, plaintext } = unseal(parts.crypto, parts.sealing, SealLabel.Network, sealed);
    const record = decodeTrustedRecord(plaintext);
    if (record.version !== RECORD_VERSION || record.chainId !== about.chainId) {
      throw new RefusalError(RefusalCode.SealBroken, "sealed record: its content is not what its header says");
    }
    return new Network(parts, { ...record, previous: parts.crypto.sha256(sealed) });
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

  /** The last block that ended; undefined unless it is the last one accepted, or the one before it if that one is open. */
  get ended(): BlockPoint | undefined {
    return this.#ended;
  }

  /** The same where its proven state can be read: undefined from the beginning of a block to its end as well. */
  get settled(): BlockPoint | undefined {
    return this.#settled ? this.#ended : undefined;
  }

  /** True if `other` has the same keys and genesis. */
  isSameNetwork(other: Network): boolean {
    const a = this.#record;
    const b = other.#record;
    const sameSeeds =
      a.seeds.length === b.seeds.length && a.seeds.every((seed, i) => equalBytes(seed, b.seeds[i] as Uint8Array));
    return a.chainId === b.chainId && sameSeeds && equalBytes(a.anchor.appHash, b.anchor.appHash);
  }

  /** @throws {RefusalError} Latched, Diverged */
  requireUnlatched(): void {
    if (this.#record.latched) {
      throw new RefusalError(
        RefusalCode.Latched,
        "two blocks were validly signed at one height: an operator must look into it",
      );
    }
    if (this.#halt !== undefined) throw this.#halt;
  }

  /** The record as it is now, sealed; each sealing counts up and names the one before. */
  seal(): Uint8Array {
    this.#record = { ...this.#record, counter: this.#record.counter + 1n };
    const { chainId, counter, last, previous } = this.#record;
    const { crypto, sealing } = this.#parts;
    const about = { label: SealLabel.Network, counter, height: last?.height ?? 0n, chainId, previous };
    const sealed = seal(crypto, sealing, about, encodeTrustedRecord(this.#record));
    this.#record = { ...this.#record, previous: crypto.sha256(sealed) };
    return sealed;
  }

  /** Whether a proposal at `height` may begin with this transaction. */
  acceptsRandom(height: bigint, proposer: Uint8Array, transaction: Uint8Array): boolean {
    const { crypto, keys } = this.services;
    const place = this.nextRandomPlace(height, proposer);
    const oldestSeedId = oldestRandomSeed(this.#record.randomSeeds, height);
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
   * Trusts headers after the last block accepted without running their blocks.
   * @returns the sealed record
   * @throws {RefusalError} the code of the verification step, and then none of them counts; Latched; WrongState while a block is open
   *   or the past is run again
   */
  acceptHeaders(blocks: readonly SignedHeader[]): Uint8Array {
    this.requireUnlatched();
    this.#requireNoBlock();
    if (this.#rewind !== undefined) throw new RefusalError(RefusalCode.WrongState, "headers: the past is run again");
    let { last } = this.#record;
    for (const block of blocks) {
      const { accepted, rerun } = this.#guard(() =>
        verifyHeader(this.services.crypto, { ...this.#record, last }, block),
      );
      if (rerun) throw new RefusalError(RefusalCode.BlockHeight, `headers: ${accepted.height} was accepted before`);
      last = accepted;
    }
    if (blocks.length > 0) {
      this.#record = { ...this.#record, last, rootsAfter: undefined };
      this.#ended = undefined;
      this.#settled = false;
    }
    return this.seal();
  }

  /** Goes back to accepted blocks. @throws {RefusalError} those of {@link Rewind.show}; WrongState while a block is open */
  rewind(headers: readonly Uint8Array[]): void {
    this.requireUnlatched();
    this.#requireNoBlock();
    const { last } = this.#record;
    if (last === undefined) throw new RefusalError(RefusalCode.WrongState, "rewind: no block was accepted yet");
    const rewind = this.#rewind ?? new Rewind(this.services.crypto, last);
    rewind.show(headers);
    this.#rewind = rewind;
    this.#ended = undefined;
    this.#settled = false;
  }

  #requireNoBlock(): void {
    if (this.#block !== undefined) {
      throw new RefusalError(RefusalCode.WrongState, `block ${this.#block.context.height} has not ended`);
    }
  }

  /**
   * Accepts a block and opens it for its messages.
   * @returns whether it was accepted before, and the order in which its transactions run: empty as proposed
   * @throws {RefusalError} the code of the verification step; Latched; Diverged; WrongState if another block has not ended
   */
  beginBlock(presented: BeginBlock): EcallResponse<"beginBlock"> {
    this.requireUnlatched();
    const { crypto } = this.services;
    const verified = this.#guard(() => this.#verify(presented));
    const { accepted, rerun } = verified;
    if (!rerun) this.#requireNoBlock();
    const roots = verifyStoreRoots(crypto, verified.header, presented.storeRoots);
    const before = this.#rewind === undefined ? this.#record.rootsAfter : this.#rewind.rootsBefore;
    if (!rerun || this.#rewind !== undefined) this.#guard(() => requireSameRoots(before, roots));
    const transactions: BlockTransaction[] = presented.transactions.map((bytes) => readTransaction(crypto, bytes));
    const { height, timeNs } = accepted;
    const { seed, seedId } = this.#seed(verified, presented.transactions[0]);
    const context = {
      height,
      timeNs,
      lastBlockHash: verified.header.lastBlockId.hash,
      calls: { seed, counter: new CallCounter() },
    };
    const log = new BlockLog(transactions.length);
    this.state.moveTo(roots);
    this.#settled = false;
    const policy = this.#requireMembership(height);
    const order = policy?.executionOrder === "shuffled" ? executionOrder(crypto, seed, transactions) : [];
    this.#block = {
      context,
      cursor: new BlockCursor(transactions, order),
      log,
      state: new BlockState(this.state),
      sequences: new AccountSequences((key) => this.state.readAccount(key)),
      running: undefined,
    };
    const randomSeeds = noteRandomSeed(this.#record.randomSeeds, height, seedId);
    this.#record = rerun
      ? { ...this.#record, randomSeeds }
      : { ...this.#record, randomSeeds, last: accepted, rootsAfter: undefined };
    if (!rerun) this.queryBudget.refill();
    this.#parts.freshness.look(transactions);
    return { rerun, order };
  }

  /** @returns the network's policy, if it has one @throws {RefusalError} NotListed, AttestationDue, PolicyUnreadable */
  #requireMembership(height: bigint): AttestationPolicy | undefined {
    const { isFounder, registrationSecret } = this.#record;
    const { crypto, ownMachine: machine } = this.#parts;
    const nodeKey = registrationSecret && crypto.x25519PublicKey(registrationSecret);
    const read = (store: ProvenStore, key: Uint8Array) => this.state.read(stateKey(store, key));
    const policy = readPolicy({ read });
    if (policy !== undefined) requireMembership(policy, { read }, { nodeKey, isFounder, machine, height });
    return policy;
  }

  #verify(presented: BeginBlock): VerifiedHeader {
    const { crypto } = this.services;
    const verified = verifyBlock(crypto, this.#trust(), presented);
    // A block that begins once more was compared the first time, or follows one that this enclave has not run since.
    const isNext = verified.accepted.height === this.#log?.next;
    verifyLastResults(crypto, verified.header, this.#resultsOf(presented), isNext ? this.#log?.block : undefined);
    return verified;
  }

  /** All results of the block before: what contracts answer may be more than fits into one call. */
  #resultsOf({ lastResults, moreResults }: BeginBlock): readonly Uint8Array[] {
    const results = [...lastResults];
    while (moreResults && results.length <= LIMITS.transactionCount) {
      const { results: further } = this.#parts.host.call("readResults", { from: results.length });
      if (further.length === 0) break;
      for (const result of further) results.push(result);
    }
    return results;
  }

  /** What the next block must fit. @throws {RefusalError} Behind */
  #trust(): Trust {
    const rewind = this.#rewind;
    if (rewind === undefined) return this.#record;
    const { next } = rewind;
    if (next === undefined) {
      throw new RefusalError(RefusalCode.Behind, "block: the headers of the blocks to run again must be shown first");
    }
    return { ...this.#record, last: next, onlyAgain: true };
  }

  /** Latches, or halts, if a check finds what it never may. */
  #guard<T>(check: () => T): T {
    try {
      return check();
    } catch (error) {
      if (error instanceof RefusalError && error.code === RefusalCode.Latched) {
        this.#record = { ...this.#record, latched: true };
        this.#block = undefined;
      }
      if (error instanceof RefusalError && error.code === RefusalCode.Diverged) {
        this.#halt = error;
        this.#block = undefined;
      }
      throw error;
    }
  }

  #seed({ header, accepted }: VerifiedHeader, transaction: Uint8Array | undefined): ReturnType<typeof blockSeed> {
    const { crypto, keys, chainId } = this.services;
    const { hash } = header.lastBlockId;
    const lastBlockHash = hash.length === 0 ? new Uint8Array(HASH_LENGTH) : hash;
    const place = { chainId, height: accepted.height, lastBlockHash, proposer: header.proposerAddress };
    const oldestSeedId = oldestRandomSeed(this.#record.randomSeeds, accepted.height);
    return blockSeed(crypto, keys, place, { transaction, oldestSeedId, blockHash: accepted.hash });
  }

  /** @throws {RefusalError} of the cursor; HostMisbehavior, BadProof, after which the block must begin again */
  execMessage(transaction: number, message: number, signers: readonly Signer[]): MessageOutcome {
    const block = this.#openBlock();
    const taken = block.cursor.take(transaction, message);
    if (taken.begins) block.running = this.#start(block, taken.transaction);
    const { running } = block;
    if (running === undefined) throw new RangeError("a transaction continues that never began");
    try {
      const place = { block: block.context, agreed: this.state, state: block.state };
      const outcome = runMessage(this.services, place, running, { message: taken.message, signers });
      if (outcome.result.kind === "ok") {
        block.log.noteResponse(message, outcome.result.value);
        block.state.write(outcome.writes);
      } else block.cursor.noteFailure();
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
      signers: new SignerCheck(crypto, chainId, decoded, block.sequences),
      gasLimit: decoded.authInfo.fee?.gasLimit ?? 0n,
      gasUsed: 0n,
      responded: 0,
    };
  }

  /** @throws {RefusalError} of the cursor */
  endTransaction(transaction: number, kept: boolean): void {
    const block = this.#openBlock();
    block.cursor.end(transaction, kept);
    block.log.end(transaction, kept);
    block.state.endTransaction(kept);
    block.running = undefined;
  }

  /**
   * Ends the block. When latched, hands out the latched record instead, so that the host can keep it.
   * @returns the sealed record
   * @throws {RefusalError} TransactionOpen, NotInBlock; Diverged if the last block came to something else than the first time; BadProof,
   *   HostMisbehavior, after which the block must begin again
   */
  endBlock(): Uint8Array {
    if (this.#record.latched) return this.seal();
    const block = this.#openBlock();
    block.cursor.endBlock();
    this.#block = undefined;
    const roots = this.state.apply(block.state.writes());
    this.#guard(() => this.#finish(block, roots));
    return this.seal();
  }

  /** @param roots what the block came to */
  #finish({ context, log }: OpenBlock, roots: ProvenRoots): void {
    this.#log = { next: context.height + 1n, block: log };
    const last = this.#record.last as AcceptedBlock;
    this.#rewind?.advance(roots);
    if (context.height !== last.height) return;
    requireSameRoots(this.#record.rootsAfter, roots);
    this.#rewind = undefined;
    this.#record = { ...this.#record, rootsAfter: roots };
    this.#ended = context;
    this.#settled = true;
  }

  /** @throws {RefusalError} Latched, Diverged, NotInBlock */
  #openBlock(): OpenBlock {
    this.requireUnlatched();
    if (this.#block === undefined) throw new RefusalError(RefusalCode.NotInBlock, "no block is open");
    return this.#block;
  }
}
