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
export const INTERFACE_VERSION = 5;

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
  /** Evidence with its collateral (registration §2.8 step 1). */
  evidence: 65_536,
  quote: 8_192,
  collateral: 131_072,
  policy: 65_536,
  genesis: 16_777_216,
  encryptedSeeds: 4_096,
  /** Stores under one app hash. */
  stores: 256,
  storeName: 64,
  /** Pages of one path through the tree of a store, and bytes of one (common/merkle/treePage). */
  pages: 64,
  page: 4_096,
  /** Headers that one call takes or gives. */
  headers: 10_000,
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
/** Stores whose every change is the enclave's: their reads are proven, their roots computed inside (consensus §4.4). */
export const PROVEN_STORES = ["compute", "register"] as const;
/** `store` is one of {@link PROVEN_STORES}. */
const write = struct({
  store: text(LIMITS.storeName),
  key: bytes(LIMITS.stateKey),
  value: option(bytes(LIMITS.stateValue)),
});
const storeRoot = struct({ name: text(LIMITS.storeName), root: hash });
/** A block without its transactions: enough to trust its header. Protobuf; validators in set order. */
const signedHeader = struct({
  header: bytes(LIMITS.header),
  commit: bytes(LIMITS.commit),
  validators: list(validator, LIMITS.validators),
});
/** One step of a verification, as people read it. */
const check = struct({
  /** Of registration §2.8, 1 to 14. */
  step: u32,
  name: text(128),
  expected: text(4_096),
  found: text(4_096),
  passed: bool,
});
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
  /** Changes of the proven stores, to be applied if the message succeeded; sorted by store and key, no duplicates. */
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
      /** Drawn at every start; a block with `sotto-boot:` and its hex in a memo proves to this enclave that it is not fed the past. */
      bootNonce: hash,
      /** Such a block was verified: queries are answered (consensus §5 T20, T33). */
      fresh: bool,
      state: union({
        empty: nothing,
        /** Has a registration key and waits for the seeds. */
        applicant: struct({ nodeKey: hash }),
        ready: struct({ chainId, height: u64, blockHash: bytes(LIMITS.hash), keys: networkKeys }),
      }),
    }),
  },
  /** Creates the two seeds of a new network (enclave §1.1); nothing is sealed before `anchorGenesis`. */
  bootstrap: { request: struct({ chainId }), response: struct({ keys: networkKeys }) },
  /** Fixes the genesis anchor (consensus §3.5), once, and returns the first sealed record. */
  anchorGenesis: {
    request: struct({
      initialHeight: u64,
      genesisTimeNs: u64,
      validatorsHash: hash,
      appHash: hash,
      /** SHA-256 of the genesis file. */
      genesisHash: hash,
    }),
    response: struct({ sealed: bytes(LIMITS.sealed) }),
  },
  /** Opens the sealed record of an earlier run. */
  unseal: {
    request: struct({ sealed: bytes(LIMITS.sealed) }),
    response: struct({ chainId, height: u64, keys: networkKeys }),
  },

  /**
   * The registration key of an enclave without a network, made once (registration §1.2 A). With the sealed record of an earlier
   * run, that key again; a record that cannot be opened is refused, never replaced.
   */
  registrationKey: {
    request: struct({ sealed: option(bytes(LIMITS.sealed)) }),
    response: struct({ nodeKey: hash, sealed: bytes(LIMITS.sealed) }),
  },
  /**
   * Evidence for a registration, all of it but the owner's signature (registration §7 B): the quote's report data binds every field
   * below and the registration key. An enclave that carries a network makes it for that network alone.
   */
  makeEvidence: {
    request: struct({
      chainId,
      genesisHash: hash,
      /** ed25519 key of the node's operator, who signs the evidence. */
      owner: hash,
      /** A recent block, by which the evidence is dated. */
      height: u64,
      blockHash: hash,
      /** Packed (registration §2.2). */
      collateral: bytes(LIMITS.collateral),
    }),
    response: struct({ evidence: bytes(LIMITS.evidence) }),
  },
  /**
   * An applicant takes the seeds that a block of the network holds for its key: only if they are those of the genesis file and the
   * genesis file is the one that its evidence named (registration §7 H). Returns the first sealed record.
   */
  importSeeds: {
    request: struct({
      /** The genesis file, byte for byte. */
      genesis: bytes(LIMITS.genesis),
      encryptedSeeds: bytes(LIMITS.encryptedSeeds),
    }),
    response: struct({ chainId, keys: networkKeys, sealed: bytes(LIMITS.sealed) }),
  },
  /** What this enclave is, by a quote of its own that admits nobody: its report data is the hash of `sotto/self/v1`. */
  describeSelf: {
    request: nothing,
    response: struct({
      quote: bytes(LIMITS.quote),
      tee: union({ sgx: nothing, tdx: nothing }),
      /** MRENCLAVE, or the hash of a TD's registers (registration §5.5). */
      measurement: hash,
      /** MRSIGNER; zeros for a TD. */
      signer: hash,
      productId: u32,
      securityVersion: u32,
      debug: bool,
      /** 20 bytes, from the certificate in the quote (registration §7 O). */
      machineId: fixed(20),
    }),
  },
  /** Verifies evidence of anybody against a policy; trusts nothing and changes nothing. Steps that did not come to pass are not listed. */
  verifyEvidence: {
    request: struct({
      quote: bytes(LIMITS.evidence),
      collateral: union({ packed: bytes(LIMITS.collateral), json: bytes(LIMITS.collateral) }),
      /** Seconds since 1970. */
      time: u64,
      /** JSON; the enclave's own default without one: Intel's root, no measurement approved. */
      policy: option(bytes(LIMITS.policy)),
    }),
    response: struct({
      admitted: bool,
      /** Of the platform, where it was evaluated; empty otherwise. */
      status: text(64),
      advisories: list(text(64), 1_000),
      checks: list(check, 64),
    }),
  },

  /** Headers after the last block accepted, trusted without running what is in them (consensus §3.5 "verify-only"). */
  acceptHeaders: {
    request: struct({ blocks: list(signedHeader, LIMITS.headers) }),
    response: struct({ height: u64, sealed: bytes(LIMITS.sealed) }),
  },
  /**
   * Goes back to run accepted blocks again after the host lost their outcome (consensus §3.5 "backward"): headers from the last
   * accepted one downward, each the predecessor of the one before. The next block to begin is then that of the last header.
   */
  rewind: { request: struct({ headers: list(bytes(LIMITS.header), LIMITS.headers) }), response: nothing },

  /**
   * A block enters whole and is verified, V1 to V12 (consensus §2.7). `rerun`: it was accepted before. `order`: positions of the user
   * transactions as they run (consensus §5 T16); empty: as proposed.
   */
  beginBlock: {
    request: struct({
      header: bytes(LIMITS.header),
      commit: bytes(LIMITS.commit),
      validators: list(validator, LIMITS.validators),
      transactions: list(bytes(LIMITS.transactions), LIMITS.transactionCount),
      /** Roots of all stores after the block before, whose hash is the header's app hash (consensus §4.3). */
      storeRoots: list(storeRoot, LIMITS.stores),
      /**
       * Results of the block before, deterministic fields alone, protobuf: their hash is in the header (consensus §2.4). The first of
       * them, as many as fit beside the transactions.
       */
      lastResults: list(bytes(LIMITS.stateValue), LIMITS.transactionCount),
      /** Whether there are more, which `readResults` gives. */
      moreResults: bool,
    }),
    response: struct({ rerun: bool, order: list(u32, LIMITS.transactionCount) }),
  },
  /**
   * Runs one message of the block with its whole call tree. Positions are raw: transaction 0 is the random, the first user
   * transaction is 1. `signers` are those of the transaction in order.
   */
  execMessage: {
    request: struct({ transaction: u32, message: u32, signers: list(signer, LIMITS.signers) }),
    response: messageOutcome,
  },
  /** Said of every transaction that passed the ante chain, in the block's order of execution, and of no other. */
  endTransaction: { request: struct({ transaction: u32, kept: bool }), response: nothing },
  /** After the last transaction; returns the record to be stored together with the block's state. */
  endBlock: { request: nothing, response: struct({ sealed: bytes(LIMITS.sealed) }) },

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
  /**
   * A value of the compute store on the host's word, without proof: for simulation and for queries of the past, both of which only
   * development networks have.
   */
  readStore: {
    request: struct({ key: bytes(LIMITS.stateKey) }),
    response: struct({ value: option(bytes(LIMITS.stateValue)) }),
  },
  /**
   * A value of a proven store in the committed state, with the pages of the tree on the way to it (consensus §4.4): those below the
   * first `known`, which the enclave has. The path may end early; where it ends decides whether there is a value.
   */
  readProven: {
    request: struct({ store: text(LIMITS.storeName), key: bytes(LIMITS.stateKey), known: u32 }),
    response: struct({
      pages: list(bytes(LIMITS.page), LIMITS.pages),
      value: option(bytes(LIMITS.stateValue)),
    }),
  },
  /** Headers of the chain, from the lower height upward, both included. */
  readHeaders: {
    request: struct({ from: u64, to: u64 }),
    response: struct({ headers: list(bytes(LIMITS.header), LIMITS.headers) }),
  },
  /** Further results of the block before the one that begins, from this position on, as many as fit; none behind the last. */
  readResults: {
    request: struct({ from: u32 }),
    response: struct({ results: list(bytes(LIMITS.stateValue), LIMITS.transactionCount) }),
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
export type StoreRoot = Carried<typeof storeRoot>;
export type ProvenStore = (typeof PROVEN_STORES)[number];
export type SignedHeader = Carried<typeof signedHeader>;
export type EvidenceCheck = Carried<typeof check>;
export type NetworkKeys = Carried<typeof networkKeys>;
export type NativeOutcome = Carried<typeof nativeOutcome>;
export type Refusal = Carried<typeof REFUSAL>;
