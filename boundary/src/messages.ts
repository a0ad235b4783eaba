/**
 * Every message that crosses between host and enclave: ecalls (host asks), ocalls (enclave asks), their limits and versions.
 *
 * A request is one byte, the position in the list, and the encoded body; a response is one byte, 0 for an answer and 1 for a
 * refusal, and the encoded body. Nothing else crosses. Neither callback tags nor environments, senders, funds or gas limits come in from the host:
 * the enclave takes them from the block that it verified. Spec: consensus §2.7, §3.5, §3.7; enclave §11.5, §11.6.
 * @module
 */
import { bool, bytes, type Codec, fixed, list, option, struct, text, u32, u64, union } from "./codec.ts";

/** Raised with every change of a shape below; `test/interfaceVersion.test.ts` holds the two together. */
export const INTERFACE_VERSION = 3;

/** Limits of the boundary, each in bytes unless its name says otherwise. */
export const LIMITS = {
  address: 20,
  hash: 32,
  chainId: 50,
  header: 100_000,
  commit: 100_000,
  validators: 10_000,
  /** All transactions of a block together (enclave §11.6); also the limit for a single one. */
  transactions: 22_020_096,
  transactionCount: 100_000,
  message: 2_048_000,
  code: 3_145_728,
  sealed: 1_048_576,
  stateKey: 3_000_000,
  stateValue: 22_020_096,
  writes: 1_000_000,
  coins: 1_000,
  denom: 256,
  amount: 78,
  events: 100_000,
  attributes: 100_000,
  text: 22_020_096,
  typeUrl: 1_024,
  signers: 256,
  frame: 33_554_432,
} as const;

const address = fixed(LIMITS.address);
const hash = fixed(LIMITS.hash);
const chainId = text(LIMITS.chainId);

const coin = struct({ denom: text(LIMITS.denom), amount: text(LIMITS.amount) });
const attribute = struct({ key: text(LIMITS.text), value: text(LIMITS.text) });
const event = struct({ type: text(LIMITS.text), attributes: list(attribute, LIMITS.attributes) });
const validator = struct({ address, publicKey: hash, power: u64 });
const write = struct({ key: bytes(LIMITS.stateKey), value: option(bytes(LIMITS.stateValue)) });
/** What a signer's signature needs that is not in the transaction. The enclave believes none of it: a wrong one fails the check. */
const signer = struct({
  accountNumber: u64,
  /** The sign document where it cannot be rebuilt from the transaction: amino JSON and EIP-191 (enclave §6.4). */
  signBytes: option(bytes(LIMITS.transactions)),
});
const failure = struct({ codespace: text(64), code: u32, log: text(LIMITS.text) });
/** Where the gas ran out, as it appears in the log (chain §1.8). */
const outOfGas = struct({ location: text(256) });
/** Outcome of one contract message. */
const messageOutcome = struct({
  /** `ok` holds the protobuf response message (chain §2.1). */
  result: union({ ok: bytes(LIMITS.stateValue), failed: failure, outOfGas }),
  events: list(event, LIMITS.events),
  /** S that the enclave metered; what native messages consumed is in the host's meter already. */
  gasUsed: u64,
  /** A contract declared this message to be the transaction's last (contracts §6.6): none that follows may run. */
  finalized: bool,
  /** Changes of the compute store, to be applied if the message succeeded; sorted by key, no duplicates. */
  writes: list(write, LIMITS.writes),
});
const networkKeys = struct({ ioExchange: hash, seedExchange: hash });

const nothing = struct({});

/** One native message, or one movement of funds, that the host ran for a contract. */
const nativeOutcome = struct({
  result: union({ ok: bytes(LIMITS.stateValue), failed: failure, outOfGas }),
  events: list(event, LIMITS.events),
  gasUsed: u64,
});

/** Host asks, enclave answers. */
export const ECALLS = {
  /** First call on every connection. `height` is the last block accepted; 0 before the first. */
  info: {
    request: struct({ interfaceVersion: u32 }),
    response: struct({
      interfaceVersion: u32,
      measurement: hash,
      state: union({
        empty: nothing,
        ready: struct({ chainId, height: u64, blockHash: bytes(LIMITS.hash), keys: networkKeys }),
      }),
    }),
  },
  /** Creates the two seeds of a new network (enclave §1.1); nothing is sealed before `anchorGenesis`. */
  bootstrap: { request: struct({ chainId }), response: struct({ keys: networkKeys }) },
  /** Fixes the genesis anchor (consensus §3.5), once, and returns the first sealed record. */
  anchorGenesis: {
    request: struct({ initialHeight: u64, genesisTimeNs: u64, validatorsHash: hash, appHash: hash }),
    response: struct({ sealed: bytes(LIMITS.sealed) }),
  },
  /** Opens the sealed record of an earlier run. */
  unseal: {
    request: struct({ sealed: bytes(LIMITS.sealed) }),
    response: struct({ chainId, height: u64, keys: networkKeys }),
  },

  /** A block enters whole and is verified, V1 to V10 (consensus §2.7). `rerun`: it was accepted before. */
  beginBlock: {
    request: struct({
      header: bytes(LIMITS.header),
      commit: bytes(LIMITS.commit),
      validators: list(validator, LIMITS.validators),
      transactions: list(bytes(LIMITS.transactions), LIMITS.transactionCount),
    }),
    response: struct({ rerun: bool }),
  },
  /**
   * Runs one message of the block with its whole call tree. Positions are raw: transaction 0 is the random, the first user
   * transaction is 1. `signers` are those of the transaction in order.
   */
  execMessage: {
    request: struct({ transaction: u32, message: u32, signers: list(signer, LIMITS.signers) }),
    response: messageOutcome,
  },
  /** Said of every transaction that passed the ante chain, in order, and of no other. */
  endTransaction: { request: struct({ transaction: u32, kept: bool }), response: nothing },
  /** After the last transaction; returns the record to be stored together with the block's state. */
  endBlock: { request: nothing, response: struct({ sealed: bytes(LIMITS.sealed) }) },

  /** Static check of an upload (contracts §1.2). `message` is the text that clients see. */
  checkCode: {
    request: struct({ code: bytes(LIMITS.code) }),
    response: struct({
      result: union({
        accepted: struct({
          codeHash: hash,
          api: union({ "v0.10": nothing, v1: nothing }),
          features: list(text(256), 1_000),
          ibc: bool,
        }),
        refused: struct({ message: text(8_192) }),
      }),
    }),
  },
  /**
   * A smart query at the last accepted state. `past` asks for an older one and is refused unless the chain id is that of a
   * development network; then the host's word for the time is taken.
   */
  query: {
    request: struct({
      contract: address,
      query: bytes(LIMITS.message),
      gasLimit: u64,
      past: option(struct({ height: u64, timeNs: u64 })),
    }),
    response: struct({ result: union({ ok: bytes(LIMITS.stateValue), failed: failure, outOfGas }), gasUsed: u64 }),
  },

  /** The encrypted random that goes first into a proposal (consensus §3.7), 64 bytes. */
  proposeRandom: { request: struct({ height: u64, proposer: address }), response: struct({ transaction: fixed(64) }) },
  checkProposal: {
    request: struct({ height: u64, proposer: address, transaction: bytes(LIMITS.transactions) }),
    response: struct({ accepted: bool }),
  },
  /**
   * Runs one message of a transaction that is in no block, on whatever state the host shows; refused unless the chain id is that
   * of a development network (clients §1.2). Signatures are not looked at. `gasUsed` is what the transaction's earlier messages came
   * to.
   */
  simulateMessage: {
    request: struct({ transaction: bytes(LIMITS.transactions), message: u32, gasUsed: u64 }),
    response: messageOutcome,
  },
} as const;

/** Enclave asks, host answers; only while an ecall runs. Answers are believed no more than a network packet. */
export const OCALLS = {
  /** A value of the compute store in the state that the running ecall works on. */
  readStore: {
    request: struct({ key: bytes(LIMITS.stateKey) }),
    response: struct({ value: option(bytes(LIMITS.stateValue)) }),
  },
  /** Contract code by its hash; the enclave checks the hash. */
  readCode: { request: struct({ codeHash: hash }), response: struct({ code: option(bytes(LIMITS.code)) }) },
  /** Opens, keeps or drops a branch of the host's state around native messages. */
  branch: { request: struct({ operation: union({ open: nothing, keep: nothing, drop: nothing }) }), response: nothing },
  /**
   * Moves funds into a contract before it runs; with `createAccount` the address must be new and becomes an account, also
   * without coins (chain §2.8 steps 5 and 6).
   */
  moveFunds: {
    request: struct({ from: address, to: address, coins: list(coin, LIMITS.coins), createAccount: bool }),
    response: nativeOutcome,
  },
  /** Runs one message of another module, signed by a contract (contracts §5.4). */
  runMessage: {
    request: struct({ signer: address, typeUrl: text(LIMITS.typeUrl), value: bytes(LIMITS.stateValue), gasLimit: u64 }),
    response: nativeOutcome,
  },
  /**
   * Answers a query about other modules: the request is the JSON of contracts §5.7, the answer the inner result. `pending` are
   * records of contracts that the running message has changed and that the answer must take into account.
   */
  chainQuery: {
    request: struct({
      contract: address,
      request: bytes(LIMITS.message),
      gasLimit: u64,
      pending: list(write, LIMITS.writes),
    }),
    response: struct({
      result: union({
        ok: bytes(LIMITS.stateValue),
        /** Becomes a generic error (contracts §5.7). */
        failed: struct({ log: text(LIMITS.text) }),
        unsupported: struct({ what: text(LIMITS.typeUrl) }),
        outOfGas,
        /** The chain's program would have panicked; the caller's call ends (contracts §2.10). */
        panicked: nothing,
      }),
      gasUsed: u64,
    }),
  },
  /** A contract's debug print; made on development chain ids alone (clients §3.6). */
  debugPrint: { request: struct({ contract: address, message: bytes(LIMITS.message) }), response: nothing },
} as const;

/** A refusal of a request: a coded error by value. `expected` and `found` name measurements where they differ. */
export const REFUSAL = struct({ codespace: text(64), code: u32, message: text(8_192) });

export type EcallName = keyof typeof ECALLS;
export type OcallName = keyof typeof OCALLS;
type Carried<C> = C extends Codec<infer T> ? T : never;
export type EcallRequest<N extends EcallName> = Carried<(typeof ECALLS)[N]["request"]>;
export type EcallResponse<N extends EcallName> = Carried<(typeof ECALLS)[N]["response"]>;
export type OcallRequest<N extends OcallName> = Carried<(typeof OCALLS)[N]["request"]>;
export type OcallResponse<N extends OcallName> = Carried<(typeof OCALLS)[N]["response"]>;

export type Coin = Carried<typeof coin>;
export type Event = Carried<typeof event>;
export type Validator = Carried<typeof validator>;
export type StoreWrite = Carried<typeof write>;
export type Signer = Carried<typeof signer>;
export type MessageOutcome = Carried<typeof messageOutcome>;
export type NetworkKeys = Carried<typeof networkKeys>;
export type NativeOutcome = Carried<typeof nativeOutcome>;
export type Refusal = Carried<typeof REFUSAL>;
