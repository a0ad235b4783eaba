/**
 * What the calls of one message or query share, and what changes from call to call.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { Engine } from "../engine/engine.ts";
import type { KeyTree } from "../keys/keyTree.ts";
import type { InputDecryption, SecretMessage, TxSecret } from "../messages/secretMessage.ts";
import type { ComputeStore } from "../state/computeStore.ts";
import type { GasMeter } from "../state/gasMeter.ts";
import type { Host } from "../state/host.ts";
import type { ScopedState } from "../state/scopedState.ts";
import type { StateCiphers } from "../state/stateCipher.ts";
import type { CallCounter } from "./callCounter.ts";

/** What one network's execution needs; lives as long as its keys. */
export type Services = {
  readonly crypto: Crypto;
  readonly engine: Engine;
  readonly host: Host;
  readonly keys: KeyTree;
  readonly chainId: string;
  readonly inputs: InputDecryption;
  readonly ciphers: StateCiphers;
};

/** Where in time calls run. */
export type BlockContext = {
  readonly height: bigint;
  readonly timeNs: bigint;
  /** What randomness and salts are made of; undefined in queries, which have neither. */
  readonly calls: { readonly seed: Uint8Array; readonly counter: CallCounter } | undefined;
};

/** What the calls of one transaction share. */
export type TransactionContext = {
  /** Admitted transactions of the block before this one. */
  readonly index: number;
  /** Upper-case hex. */
  readonly hash: string;
  /** A contract declared its message to be the last (contracts §6.6). Not undone by a rollback. */
  finalized: boolean;
};

export type CallTree = {
  readonly services: Services;
  readonly block: BlockContext;
  readonly transaction: TransactionContext | undefined;
  readonly state: ScopedState;
};

/** One call's surroundings. */
export type Frame = {
  readonly tree: CallTree;
  readonly meter: GasMeter;
  /** The compute store, charged to `meter`. */
  readonly store: ComputeStore;
  /** 0 for the message itself, one more for each contract in between. */
  readonly depth: number;
  /** 1 for a call that is no query, or for the query itself; one more for each query in between (contracts §4.6). */
  readonly queryDepth: number;
};

/** An input whose encryption and sender have been checked, and the secret that its outputs are encrypted under. */
export type OpenedInput = { readonly secret: TxSecret; readonly input: SecretMessage };

/** Data that a call returns to whoever sent the message. */
export type ResultData = {
  readonly bytes: Uint8Array;
  /** Code hash text of the contract that it is addressed to; empty if to the user. */
  readonly recipient: string;
};

export type CallResult = {
  readonly events: readonly Event[];
  readonly data: ResultData | undefined;
  /** What the data is to be encrypted under. */
  readonly secret: TxSecret;
};
