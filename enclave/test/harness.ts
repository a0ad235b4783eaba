/**
 * A whole network of one node for tests of the enclave: host state in maps, a solo validator, wallets that encrypt like clients.
 *
 * The host's answers are in {@link TestChain.ocalls}, each of which a test may replace: that is how hosts cheat here.
 */
import * as nodeCrypto from "node:crypto";
import { ecall, type OcallHandlers, RefusedError, serveOcalls } from "@sotto/boundary/calls";
import {
  type EcallName,
  type EcallRequest,
  type EcallResponse,
  type Event,
  INTERFACE_VERSION,
  type Validator,
} from "@sotto/boundary/messages";
import { accountAddress, formatAddress, parseAddress } from "@sotto/common/address";
import {
  base64ToBytes,
  bytesToHex,
  bytesToUtf8,
  concatBytes,
  EMPTY_BYTES,
  hexToBytes,
  u64be,
  utf8ToBytes,
} from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { makeNativeCrypto, type NodeCryptoPower } from "@sotto/common/crypto/nativeCrypto";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { dataHash } from "@sotto/common/merkle/blockHashes";
import { merkleRoot } from "@sotto/common/merkle/cometMerkle";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { validatorsHash } from "@sotto/common/merkle/validatorsHash";
import type { WasmPower } from "@sotto/common/wasmPower";
import type { Any } from "@sotto/common/wire/any";
import { packAny } from "@sotto/common/wire/any";
import { BlockIdFlag, Commit } from "@sotto/common/wire/commit";
import {
  CodeInfo,
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgInstantiateContractResponse,
} from "@sotto/common/wire/compute";
import { DeterministicExecTxResult, TxMsgData } from "@sotto/common/wire/execTxResult";
import { BlockId, Header } from "@sotto/common/wire/header";
import { packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { voteSignBytes } from "@sotto/common/wire/signBytes";
import { nanosToTimestamp } from "@sotto/common/wire/timestamp";
import { AuthInfo, decodeTx, SignDoc, SignMode, TxBody, TxRaw } from "@sotto/common/wire/tx";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import { SignedMessageType } from "@sotto/common/wire/vote";
import { isDevelopmentChain } from "../src/developmentChain.ts";
import { SealLabel, seal, unseal } from "../src/keys/sealing.ts";
import { decodeTrustedRecord, encodeTrustedRecord, type TrustedRecord } from "../src/keys/trustedRecord.ts";
import { makeEnclave } from "../src/main.ts";
import type { Enclave, EnclavePowers } from "../src/powers.ts";
import { type StoreValues, TestStore } from "./testStore.ts";

export const nodePower = nodeCrypto as unknown as NodeCryptoPower;
export const wasmPower = (globalThis as unknown as { WebAssembly: WasmPower }).WebAssembly;
export const testCrypto: Crypto = makeNativeCrypto(nodePower, wasmPower);

const VALIDATOR_SEED = hexToBytes("f2bbf0338aaff358578eff54517f2672ab21390ed692a45eecb95cbb25e15709");
const SALT = hexToBytes("000000000000000000024bead8df69990852c202db0e0097c1a12ea637d7e96d");
const GENESIS_NS = 1_735_689_600_000_000_000n;
const BLOCK_NS = 5_000_000_000n;
export const APP_HASH = new Uint8Array(32).fill(7);
export const GENESIS_HASH = new Uint8Array(32).fill(8);

/** Deterministic bytes in place of random ones. */
export function countingRandom(start = 1): (length: number) => Uint8Array {
  let calls = start;
  return (length) => {
    const seed = testCrypto.sha256(u64be(calls++));
    return Uint8Array.from({ length }, (_, i) => (seed[i % 32] as number) ^ (i >> 5));
  };
}

export function makePowers(
  ocall: (request: Uint8Array) => Uint8Array,
  changes: Partial<EnclavePowers> = {},
): EnclavePowers {
  return {
    ocall,
    randomBytes: countingRandom(),
    sealingKey: () => new Uint8Array(32).fill(5),
    measurement: new Uint8Array(32).fill(9),
    quote: () => {
      throw new Error("the test platform makes no quotes");
    },
    gunzip: () => {
      throw new Error("the test platform unzips nothing");
    },
    nodeCrypto: nodePower,
    wasm: wasmPower,
    ...changes,
  };
}

export type Coin = { readonly denom: string; readonly amount: string };

/** A message's ciphertext and what its sender needs to read the answer. */
export type Encrypted = { readonly bytes: Uint8Array; readonly txKey: Uint8Array };

/** A user: signs with secp256k1, encrypts with X25519. */
export class Wallet {
  readonly number: bigint;
  readonly #secret: Uint8Array;
  readonly #exchange: Uint8Array;
  readonly address: Uint8Array;
  readonly bech32: string;
  readonly publicKey: Uint8Array;
  sequence = 0n;
  #nonces = 0n;

  constructor(number: number) {
    this.number = BigInt(number);
    this.#secret = testCrypto.sha256(utf8ToBytes(`wallet ${number}`));
    this.#exchange = testCrypto.sha256(utf8ToBytes(`exchange ${number}`));
    this.publicKey = testCrypto.secp256k1PublicKey(this.#secret) as Uint8Array;
    const address = accountAddress(testCrypto, this.publicKey);
    this.address = address;
    this.bech32 = formatAddress(address);
  }

  /** `nonce ‖ user key ‖ ciphertext` (enclave §2.1). */
  encrypt(ioKey: Uint8Array, plaintext: Uint8Array): Encrypted {
    const nonce = testCrypto.sha256(concatBytes(this.#exchange, u64be(this.#nonces++)));
    const shared = testCrypto.x25519(this.#exchange, ioKey);
    const txKey = testCrypto.hkdfSha256(concatBytes(shared, nonce), SALT, EMPTY_BYTES, 32);
    const ciphertext = testCrypto.aesSivEncrypt(txKey, [EMPTY_BYTES], plaintext);
    return { bytes: concatBytes(nonce, testCrypto.x25519PublicKey(this.#exchange), ciphertext), txKey };
  }

  /** A signed transaction. */
  sign(
    chainId: string,
    messages: readonly Any[],
    { gas = 2_000_000n, mode = SignMode.Direct as number } = {},
  ): Uint8Array {
    const bodyBytes = TxBody.encode({ ...TxBody.zero, messages });
    const authInfoBytes = AuthInfo.encode({
      signerInfos: [
        {
          publicKey: packSecp256k1PublicKey(this.publicKey),
          modeInfo: { single: { mode }, multi: undefined },
          sequence: this.sequence++,
        },
      ],
      fee: { amount: [], gasLimit: gas, payer: "", granter: "" },
      tip: undefined,
    });
    const signDoc = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber: this.number });
    const signature = testCrypto.secp256k1Sign(testCrypto.sha256(signDoc), this.#secret) as Uint8Array;
    return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] });
  }
}

/** What a client reads with the key of its message. */
export function decrypt(txKey: Uint8Array, ciphertext: Uint8Array): string {
  const plaintext = testCrypto.aesSivDecrypt(txKey, [EMPTY_BYTES], ciphertext);
  if (plaintext === undefined) throw new Error("does not decrypt");
  return bytesToUtf8(plaintext);
}

/** Decrypted response data or query answer. */
export function decryptData(txKey: Uint8Array, ciphertext: Uint8Array): string {
  return bytesToUtf8(base64ToBytes(decrypt(txKey, ciphertext)));
}

/** The contract's error in a log. */
export function decryptError(txKey: Uint8Array, log: string): string {
  const found = /encrypted: (.+?): (?:instantiate|execute|query|reply to|migrate) contract failed/.exec(log);
  if (found === null) throw new Error(`no encrypted error in: ${log}`);
  return decrypt(txKey, base64ToBytes(found[1] as string));
}

export type ExecOutcome = EcallResponse<"execMessage">;
export type TxResult = { readonly outcomes: readonly ExecOutcome[]; readonly kept: boolean };

type State = {
  /** Of compute, by hex of the key. */
  store: Map<string, Uint8Array>;
  register: Map<string, Uint8Array>;
  /** Records of accounts, as the network has them. */
  acc: Map<string, Uint8Array>;
  /** `<hex address>/<denom>` to amount. */
  balances: Map<string, bigint>;
  accounts: Set<string>;
};

export type BuiltBlock = EcallRequest<"beginBlock">;

export type ChainOptions = {
  readonly validatorSeed?: Uint8Array;
  /** Starts an enclave in place of the sources: the bundle behind a transport. */
  readonly startEnclave?: (onOcall: (request: Uint8Array) => Uint8Array) => Enclave;
  readonly chainId?: string;
  readonly powers?: Partial<EnclavePowers>;
};

const text = (bytes: Uint8Array) => bytesToHex(bytes);

export class TestChain {
  readonly chainId: string;
  readonly validatorSeed: Uint8Array;
  readonly validators: readonly Validator[];
  readonly ocalls: { -readonly [N in keyof OcallHandlers]: OcallHandlers[N] };
  readonly prints: string[] = [];
  readonly powers: EnclavePowers;
  enclave: Enclave;
  state: State = { store: new Map(), register: new Map(), acc: new Map(), balances: new Map(), accounts: new Set() };
  readonly code = new Map<string, Uint8Array>();
  /** What is committed; `state` is what the block in progress has made of it, or what a test has. */
  readonly committed = new TestStore(testCrypto);
  #anchored = true;
  ioKey: Uint8Array = EMPTY_BYTES;
  seedExchangeKey: Uint8Array = EMPTY_BYTES;
  /** Of the genesis file, if there is one; to be set before the first block. */
  genesisHash: Uint8Array = GENESIS_HASH;
  /** By height. */
  readonly headers = new Map<bigint, Uint8Array>();
  #sealed: Uint8Array = EMPTY_BYTES;
  height = 0n;
  lastHash: Uint8Array = EMPTY_BYTES;
  timeNs = GENESIS_NS;
  /** Of execution, in the block that began last; empty: as proposed. */
  order: readonly number[] = [];
  readonly #results = new ResultsKeeper();
  #branches: State[] = [];
  #isOpen = false;
  #nextCode = 1n;
  #labels = 0;

  readonly #start: (powers: EnclavePowers) => Enclave;

  constructor(options: ChainOptions = {}) {
    const { chainId = "secretdev-1", powers = {}, validatorSeed = VALIDATOR_SEED } = options;
    const { startEnclave } = options;
    this.#start = startEnclave === undefined ? makeEnclave : ({ ocall }) => startEnclave(ocall);
    this.chainId = chainId;
    this.validatorSeed = validatorSeed;
    const publicKey = testCrypto.ed25519PublicKey(this.validatorSeed);
    this.validators = [{ address: testCrypto.sha256(publicKey).slice(0, 20), publicKey, power: 10n }];
    this.ocalls = this.#honest();
    const serve = serveOcalls(this.ocalls, () => new InputError(InputErrorCode.Malformed, "test host"));
    this.powers = makePowers(serve, powers);
    this.enclave = this.#start(this.powers);
  }

  /** The last record that the enclave handed out. */
  get sealed(): Uint8Array {
    this.#anchor();
    return this.#sealed;
  }

  set sealed(record: Uint8Array) {
    this.#sealed = record;
  }

  call<N extends EcallName>(name: N, request: EcallRequest<N>): EcallResponse<N> {
    if (name !== "info") this.#anchor();
    if (name === "query") this.adopt();
    const response = ecall(this.enclave.ecall, name, request);
    this.#results.note(name, request, response);
    if (name === "beginBlock") {
      this.committed.goTo(Header.decode((request as BuiltBlock).header).appHash);
      this.#isOpen = true;
    }
    if (name === "endBlock") {
      this.#isOpen = false;
      this.committed.commit(this.#values());
    }
    return response;
  }

  /** Results of the block at the current height, as an honest host keeps them. */
  get lastResults(): readonly Uint8Array[] {
    return this.#results.of(this.height);
  }

  /** One result as the next header covers it. */
  result(code: number, data: Uint8Array = EMPTY_BYTES): Uint8Array {
    return result(code, data);
  }

  /** A transaction that proves this start's nonce, for the end of a block; it pays nothing and is not admitted. */
  bootTransaction(): Uint8Array {
    const { bootNonce } = this.call("info", { interfaceVersion: INTERFACE_VERSION });
    return this.memoTransaction(`sotto-boot:${bytesToHex(bootNonce)}`);
  }

  /** A transaction that decodes and is nothing else. */
  memoTransaction(memo: string): Uint8Array {
    const bodyBytes = TxBody.encode({ ...TxBody.zero, memo });
    return TxRaw.encode({ bodyBytes, authInfoBytes: AuthInfo.encode(AuthInfo.zero), signatures: [EMPTY_BYTES] });
  }

  /** A network whose first block is still to come. */
  static start(options: ChainOptions = {}): TestChain {
    const chain = new TestChain(options);
    const { keys } = chain.call("bootstrap", { chainId: chain.chainId });
    chain.ioKey = keys.ioExchange;
    chain.seedExchangeKey = keys.seedExchange;
    chain.#anchored = false;
    return chain;
  }

  /** Genesis ends with the first call that needs it: until then a test may still fill the state. */
  #anchor(): void {
    if (this.#anchored) return;
    this.#anchored = true;
    const validators = this.validators.map((v) => ({
      publicKey: toConsensusPublicKey(v.publicKey),
      votingPower: v.power,
    }));
    const { appHash } = this.committed.commit(this.#values());
    const anchor = { initialHeight: 1n, genesisTimeNs: GENESIS_NS, appHash, genesisHash: this.genesisHash };
    const request = { ...anchor, validatorsHash: validatorsHash(testCrypto, validators) };
    this.sealed = this.call("anchorGenesis", request).sealed;
  }

  #values(): StoreValues {
    return { acc: this.state.acc, compute: this.state.store, register: this.state.register };
  }

  /**
   * Lets the network have committed what a test has written into `state` between two blocks: the enclave then comes from a record
   * with those roots.
   */
  adopt(): void {
    if (this.#isOpen || this.committed.isCurrent(this.#values())) return;
    const { appHash, trees } = this.committed.commit(this.#values());
    this.#reseal((record) => ({
      ...record,
      anchor: record.last === undefined ? { ...record.anchor, appHash } : record.anchor,
      rootsAfter: record.last && { compute: trees.compute.hash, register: trees.register.hash },
    }));
  }

  #reseal(change: (record: TrustedRecord) => TrustedRecord): void {
    const { powers } = this;
    const { about, plaintext } = unseal(testCrypto, powers, SealLabel.Network, this.sealed);
    const record = change(decodeTrustedRecord(plaintext));
    this.sealed = seal(testCrypto, powers, { ...about, label: SealLabel.Network }, encodeTrustedRecord(record));
    if (!isDevelopmentChain(this.chainId)) this.enclave = this.#start(powers);
    this.call("unseal", { sealed: this.sealed });
  }

  /** Another enclave process that opens the sealed record. */
  restart(changes: Partial<EnclavePowers> = {}): void {
    const { sealed } = this;
    this.enclave = this.#start({ ...this.powers, ...changes });
    this.call("unseal", { sealed });
  }

  /** Everything as it is now. @returns what brings it back, on a development network */
  snapshot(): () => void {
    this.#anchor();
    this.adopt();
    const { enclave, sealed, height, lastHash, timeNs } = this;
    const { current } = this.committed;
    const ocalls = { ...this.ocalls };
    const state = this.#copy();
    return () => {
      Object.assign(this, { enclave, sealed, height, lastHash, timeNs });
      Object.assign(this.ocalls, ocalls);
      this.committed.current = current;
      this.#isOpen = false;
      this.state = state;
      this.state = this.#copy();
      this.call("unseal", { sealed });
    };
  }

  /** The host's state as it is now. @returns what puts it back */
  saveState(): () => void {
    const state = this.#copy();
    const { current } = this.committed;
    return () => {
      this.committed.current = current;
      this.state = state;
      this.#branches = [];
    };
  }

  #honest(): OcallHandlers {
    return {
      readStore: ({ key }) => ({ value: this.state.store.get(text(key)) }),
      readProven: ({ store, key, known }) => this.committed.readProven(store, key, known),
      readHeaders: ({ from, to }) => {
        const count = Number(to - from) + 1;
        return { headers: Array.from({ length: count }, (_, i) => this.headers.get(from + BigInt(i)) as Uint8Array) };
      },
      readResults: () => ({ results: [] }),
      readCode: ({ codeHash }) => ({ code: this.code.get(text(codeHash)) }),
      branch: ({ operation }) => {
        if (operation.kind === "open") this.#branches.push(this.#copy());
        else {
          const before = this.#branches.pop();
          if (before === undefined) throw new Error("no branch is open");
          if (operation.kind === "drop")
            this.state = { ...before, store: this.state.store, register: this.state.register, acc: this.state.acc };
        }
        return {};
      },
      moveFunds: ({ from, to, coins, createAccount }) => {
        if (createAccount) {
          if (this.state.accounts.has(text(to))) {
            const log = `${formatAddress(parseAddress(""))}: contract account already exists`;
            return { result: failed("compute", 6, log), events: [], gasUsed: 0n };
          }
          this.state.accounts.add(text(to));
        }
        return this.#send(from, to, coins);
      },
      runMessage: ({ typeUrl, value }) => {
        if (typeUrl !== "/cosmos.bank.v1beta1.MsgSend") {
          return { result: failed("sdk", 6, `${typeUrl}: unknown request`), events: [], gasUsed: 100n };
        }
        const send = readMsgSend(value);
        return this.#send(parseAddress(send.from), parseAddress(send.to), send.coins);
      },
      chainQuery: ({ request }) => {
        const query = JSON.parse(bytesToUtf8(request));
        const { address, denom } = query.bank.balance;
        const amount = this.balance(parseAddress(address), denom).toString();
        const answer = utf8ToBytes(JSON.stringify({ amount: { denom, amount } }));
        return { result: { kind: "ok", value: answer }, gasUsed: 1_000n };
      },
      debugPrint: ({ message }) => {
        this.prints.push(bytesToUtf8(message));
        return {};
      },
    };
  }

  #copy(): State {
    const { store, register, acc, balances, accounts } = this.state;
    return {
      store: new Map(store),
      register: new Map(register),
      acc: new Map(acc),
      balances: new Map(balances),
      accounts: new Set(accounts),
    };
  }

  balance(address: Uint8Array, denom = "uscrt"): bigint {
    return this.state.balances.get(`${text(address)}/${denom}`) ?? 0n;
  }

  fund(address: Uint8Array, amount: bigint, denom = "uscrt"): void {
    this.state.balances.set(`${text(address)}/${denom}`, this.balance(address, denom) + amount);
  }

  #send(from: Uint8Array, to: Uint8Array, coins: readonly Coin[]) {
    for (const { denom, amount } of coins) {
      if (this.balance(from, denom) < BigInt(amount)) {
        const log = `spendable balance ${this.balance(from, denom)}${denom} is smaller than ${amount}${denom}: insufficient funds`;
        return { result: failed("sdk", 5, log), events: [], gasUsed: 1_500n };
      }
      this.fund(from, -BigInt(amount), denom);
      this.fund(to, BigInt(amount), denom);
    }
    const amount = coins.map((c) => c.amount + c.denom).join();
    const transfer = [
      { key: "recipient", value: text(to) },
      { key: "amount", value: amount },
    ];
    const events: Event[] = [
      { type: "transfer", attributes: transfer },
      { type: "message", attributes: [{ key: "sender", value: text(from) }] },
    ];
    return {
      result: { kind: "ok" as const, value: EMPTY_BYTES },
      events: coins.length === 0 ? [] : events,
      gasUsed: 2_000n,
    };
  }

  /** Code as a store message leaves it. */
  storeCode(wasm: Uint8Array): { readonly codeId: bigint; readonly codeHash: Uint8Array } {
    const codeHash = testCrypto.sha256(wasm);
    const codeId = this.#nextCode++;
    this.code.set(text(codeHash), wasm);
    const info = CodeInfo.encode({ codeHash, creator: new Uint8Array(20), source: "", builder: "" });
    this.state.store.set(text(concatBytes(Uint8Array.of(1), u64be(codeId))), info);
    return { codeId, codeHash };
  }

  // ---- blocks

  /**
   * A block at the next height with these user transactions behind the random. The first one after a start ends with a transaction that
   * makes the enclave fresh, unless a test says otherwise; indices that contracts see do not change by it.
   */
  build(transactions: readonly Uint8Array[], changes: BlockChanges = {}): BuiltBlock {
    this.#anchor();
    this.adopt();
    const { appHash, storeRoots } = this.committed.current;
    const height = this.height + 1n;
    const proposer = this.validators[0]?.address as Uint8Array;
    const random = changes.random ?? this.call("proposeRandom", { height, proposer }).transaction;
    const { fresh } = this.call("info", { interfaceVersion: INTERFACE_VERSION });
    const boot = fresh || changes.withoutBoot === true ? [] : [this.bootTransaction()];
    const txs = changes.noTransactions === true ? [] : [random, ...transactions, ...boot];
    const lastResults = changes.lastResults ?? this.lastResults;
    const set = this.validators.map((v) => ({ publicKey: toConsensusPublicKey(v.publicKey), votingPower: v.power }));
    const root = validatorsHash(testCrypto, set);
    const header: Header = {
      version: { block: 11n, app: 0n },
      chainId: this.chainId,
      height,
      time: nanosToTimestamp(this.height === 0n ? GENESIS_NS : this.timeNs + BLOCK_NS),
      lastBlockId:
        this.lastHash.length === 0
          ? BlockId.zero
          : { hash: this.lastHash, partSetHeader: { total: 1, hash: new Uint8Array(32) } },
      lastCommitHash: testCrypto.sha256(EMPTY_BYTES),
      dataHash: dataHash(testCrypto, txs),
      validatorsHash: root,
      nextValidatorsHash: root,
      consensusHash: testCrypto.sha256(EMPTY_BYTES),
      appHash,
      lastResultsHash: merkleRoot(testCrypto, lastResults),
      evidenceHash: testCrypto.sha256(EMPTY_BYTES),
      proposerAddress: proposer,
      ...changes.header,
    };
    return {
      header: Header.encode(header),
      commit: Commit.encode(this.commit(header, changes)),
      validators: this.validators,
      transactions: txs,
      storeRoots: [...storeRoots],
      lastResults,
      moreResults: false,
    };
  }

  commit(header: Header, { signedChainId = this.chainId, commitHeight = header.height }: BlockChanges = {}): Commit {
    const hash = headerHash(testCrypto, header) as Uint8Array;
    const blockId = { hash, partSetHeader: { total: 1, hash: new Uint8Array(32) } };
    const timestamp = { seconds: header.time.seconds + 5n, nanos: 0 };
    const vote = { type: SignedMessageType.Precommit, height: header.height, round: 0, blockId, timestamp };
    const signature = testCrypto.ed25519Sign(voteSignBytes(signedChainId, vote), this.validatorSeed);
    const slot = { blockIdFlag: BlockIdFlag.Commit, validatorAddress: this.validators[0]?.address as Uint8Array };
    return { height: commitHeight, round: 0, blockId, signatures: [{ ...slot, timestamp, signature }] };
  }

  encodedCommit(header: Header): Uint8Array {
    return Commit.encode(this.commit(header));
  }

  begin(block: BuiltBlock): boolean {
    const { rerun, order } = this.call("beginBlock", block);
    this.order = order;
    const header = Header.decode(block.header);
    this.height = header.height;
    this.headers.set(header.height, block.header);
    this.lastHash = headerHash(testCrypto, header) as Uint8Array;
    this.timeNs = header.time.seconds * 1_000_000_000n + BigInt(header.time.nanos);
    return rerun;
  }

  exec(transaction: number, message: number, accountNumbers: readonly bigint[]): ExecOutcome {
    const signers = accountNumbers.map((accountNumber) => ({ accountNumber, signBytes: undefined }));
    return this.call("execMessage", { transaction, message, signers });
  }

  /** Runs a whole transaction as an honest host does. */
  runTransaction(position: number, bytes: Uint8Array, accountNumbers: readonly bigint[]): TxResult {
    const before = this.#copy();
    const outcomes: ExecOutcome[] = [];
    let kept = true;
    const count = decodeTx(bytes).body.messages.length;
    for (let i = 0; kept && i < count; i++) {
      const outcome = this.exec(position, i, accountNumbers);
      outcomes.push(outcome);
      if (outcome.result.kind === "ok") this.apply(outcome);
      // A message that follows the last one fails without being run.
      kept = outcome.result.kind === "ok" && (!outcome.finalized || i === count - 1);
    }
    if (!kept) this.state = before;
    this.#branches = [];
    this.call("endTransaction", { transaction: position, kept });
    return { outcomes, kept };
  }

  apply({ writes }: ExecOutcome): void {
    for (const { store: name, key, value } of writes) {
      const store = name === "compute" ? this.state.store : this.state.register;
      if (value === undefined) store.delete(text(key));
      else store.set(text(key), value);
    }
  }

  end(): void {
    this.sealed = this.call("endBlock", {}).sealed;
  }

  /** A whole block of transactions, each by the wallet beside it. */
  block(...transactions: readonly (readonly [Wallet, Uint8Array])[]): TxResult[] {
    const built = this.build(transactions.map(([, bytes]) => bytes));
    return this.runBlock(
      built,
      transactions.map(([wallet]) => wallet),
    );
  }

  runBlock(built: BuiltBlock, wallets: readonly Wallet[]): TxResult[] {
    this.begin(built);
    const results = wallets.map((wallet, i) =>
      this.runTransaction(i + 1, built.transactions[i + 1] as Uint8Array, [wallet.number]),
    );
    this.end();
    return results;
  }

  // ---- clients

  /** @param message JSON, or the bytes themselves */
  plaintext(codeHash: Uint8Array, message: unknown): Uint8Array {
    const bytes = message instanceof Uint8Array ? message : utf8ToBytes(JSON.stringify(message));
    return concatBytes(utf8ToBytes(bytesToHex(codeHash)), bytes);
  }

  instantiateMessage(
    wallet: Wallet,
    contract: { codeId: bigint; codeHash: Uint8Array },
    message: unknown,
    options: MessageOptions = {},
  ) {
    const encrypted = wallet.encrypt(this.ioKey, this.plaintext(contract.codeHash, message));
    const any = packAny(MsgInstantiateContract, {
      ...MsgInstantiateContract.zero,
      sender: wallet.address,
      codeId: contract.codeId,
      label: options.label ?? `label ${this.#labels++}`,
      initMsg: encrypted.bytes,
      initFunds: options.funds ?? [],
      admin: options.admin ?? "",
    });
    return { any, txKey: encrypted.txKey };
  }

  executeMessage(wallet: Wallet, contract: Instance, message: unknown, options: MessageOptions = {}) {
    const encrypted = wallet.encrypt(this.ioKey, this.plaintext(contract.codeHash, message));
    const any = packAny(MsgExecuteContract, {
      ...MsgExecuteContract.zero,
      sender: wallet.address,
      contract: contract.address,
      msg: encrypted.bytes,
      sentFunds: options.funds ?? [],
    });
    return { any, txKey: encrypted.txKey };
  }

  /** A new contract, in a block of its own. */
  instantiate(
    wallet: Wallet,
    code: { codeId: bigint; codeHash: Uint8Array },
    message: unknown,
    options: MessageOptions = {},
  ): Instance {
    const { any } = this.instantiateMessage(wallet, code, message, options);
    const [result] = this.block([wallet, wallet.sign(this.chainId, [any])]);
    const outcome = result?.outcomes[0]?.result;
    if (outcome?.kind !== "ok") throw new Error(`instantiate: ${JSON.stringify(outcome, bigintText)}`);
    const { address: bech32 } = MsgInstantiateContractResponse.decode(outcome.value);
    return { address: parseAddress(bech32), bech32, codeHash: code.codeHash, codeId: code.codeId };
  }

  /** One message to a contract, in a block of its own. */
  execute(wallet: Wallet, contract: Instance, message: unknown, options: MessageOptions = {}): Executed {
    const { any, txKey } = this.executeMessage(wallet, contract, message, options);
    const signed = wallet.sign(this.chainId, [any], { gas: options.gas ?? 2_000_000n });
    const outcome = this.block([wallet, signed])[0]?.outcomes[0] as ExecOutcome;
    return new Executed(outcome, txKey);
  }

  /** Makes a block with this start's nonce, if there is none yet: without it no query is answered. */
  freshen(): void {
    if (!this.call("info", { interfaceVersion: INTERFACE_VERSION }).fresh) this.block();
  }

  query(wallet: Wallet, contract: Instance, query: unknown, gasLimit = 10_000_000n): string {
    this.freshen();
    const encrypted = wallet.encrypt(this.ioKey, this.plaintext(contract.codeHash, query));
    const { result } = this.call("query", {
      contract: contract.address,
      query: encrypted.bytes,
      gasLimit,
      past: undefined,
    });
    if (result.kind === "ok") return decryptData(encrypted.txKey, result.value);
    if (result.kind === "outOfGas") return `out of gas: ${result.value.location}`;
    const { log } = result.value;
    return log.startsWith("encrypted: ") ? `error: ${decryptError(encrypted.txKey, log)}` : log;
  }
}

export type MessageOptions = {
  readonly label?: string;
  readonly admin?: string;
  readonly funds?: readonly Coin[];
  readonly gas?: bigint;
};

export type Instance = {
  readonly address: Uint8Array;
  readonly bech32: string;
  readonly codeHash: Uint8Array;
  readonly codeId: bigint;
};

export type BlockChanges = {
  readonly withoutBoot?: boolean;
  readonly noTransactions?: boolean;
  /** What the network says of the block before. */
  readonly lastResults?: readonly Uint8Array[];
  readonly header?: Partial<Header>;
  readonly random?: Uint8Array;
  readonly signedChainId?: string;
  readonly commitHeight?: bigint;
};

/** The outcome of one execute, and how to read it. */
export class Executed {
  readonly outcome: ExecOutcome;
  readonly txKey: Uint8Array;

  constructor(outcome: ExecOutcome, txKey: Uint8Array) {
    this.outcome = outcome;
    this.txKey = txKey;
  }

  get ok(): boolean {
    return this.outcome.result.kind === "ok";
  }

  get log(): string {
    const { result } = this.outcome;
    if (result.kind === "failed") return result.value.log;
    return result.kind === "outOfGas" ? `out of gas: ${result.value.location}` : "";
  }

  get code(): string {
    const { result } = this.outcome;
    return result.kind === "failed" ? `${result.value.codespace}/${result.value.code}` : result.kind;
  }

  get error(): string {
    return decryptError(this.txKey, this.log);
  }

  /** Decrypted response data; undefined if there is none. */
  get data(): string | undefined {
    const { result } = this.outcome;
    if (result.kind !== "ok") throw new Error(this.log);
    const { data } = MsgExecuteContractResponse.decode(result.value);
    return data.length === 0 ? undefined : decryptData(this.txKey, data);
  }

  /** Events as `type key=value ...`, attributes decrypted where they are encrypted. */
  get events(): string[] {
    const clear = (value: string) => {
      try {
        return decrypt(this.txKey, base64ToBytes(value));
      } catch {
        return value;
      }
    };
    return this.outcome.events.map(
      ({ type, attributes }) =>
        `${type} ${attributes.map(({ key, value }) => `${clear(key)}=${clear(value)}`).join(" ")}`,
    );
  }
}

/** The results that a host would have stored, from what the enclave was told and answered. */
class ResultsKeeper {
  readonly #byHeight = new Map<bigint, Uint8Array[]>();
  #height = 0n;
  #results: Uint8Array[] = [];
  #responses: Any[] = [];

  of(height: bigint): readonly Uint8Array[] {
    return this.#byHeight.get(height) ?? [];
  }

  note(name: EcallName, request: unknown, response: unknown): void {
    if (name === "beginBlock") {
      const { header, transactions } = request as EcallRequest<"beginBlock">;
      this.#height = Header.decode(header).height;
      this.#results = transactions.map((_, i) => result(i === 0 ? 0 : 1));
    } else if (name === "execMessage") {
      const { message } = request as EcallRequest<"execMessage">;
      const outcome = (response as ExecOutcome).result;
      while (this.#responses.length < message) this.#responses.push({ typeUrl: "/other", value: EMPTY_BYTES });
      if (outcome.kind === "ok") this.#responses[message] = { typeUrl: "/any", value: outcome.value };
    } else if (name === "endTransaction") {
      const { transaction, kept } = request as EcallRequest<"endTransaction">;
      this.#results[transaction] = kept ? result(0, TxMsgData.encode({ msgResponses: this.#responses })) : result(1);
      this.#responses = [];
    } else if (name === "endBlock") {
      this.#byHeight.set(this.#height, this.#results);
    }
  }
}

function result(code: number, data: Uint8Array = EMPTY_BYTES): Uint8Array {
  return DeterministicExecTxResult.encode({ code, data, gasWanted: 0n, gasUsed: 0n });
}

function failed(codespace: string, code: number, log: string) {
  return { kind: "failed" as const, value: { codespace, code, log } };
}

function bigintText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** The three fields of a MsgSend, read by hand so that the harness does not trust the code under test. */
function readMsgSend(bytes: Uint8Array): { from: string; to: string; coins: Coin[] } {
  const parts: Uint8Array[][] = [[], [], [], []];
  for (let at = 0; at < bytes.length; ) {
    const field = (bytes[at] as number) >> 3;
    const length = bytes[at + 1] as number;
    parts[field]?.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  const [, from, to, coins] = parts as [never, Uint8Array[], Uint8Array[], Uint8Array[]];
  const read = (coin: Uint8Array): Coin => {
    const denomEnd = 2 + (coin[1] as number);
    return { denom: bytesToUtf8(coin.subarray(2, denomEnd)), amount: bytesToUtf8(coin.subarray(denomEnd + 2)) };
  };
  return { from: bytesToUtf8(from[0] as Uint8Array), to: bytesToUtf8(to[0] as Uint8Array), coins: coins.map(read) };
}

/** Expects that `call` is refused; says with which code. */
export function refusalOf(call: () => unknown): {
  readonly codespace: string;
  readonly code: number;
  readonly message: string;
} {
  try {
    call();
  } catch (error) {
    if (error instanceof RefusedError) return { codespace: error.codespace, code: error.code, message: error.message };
    throw error;
  }
  throw new Error("expected a refusal");
}
