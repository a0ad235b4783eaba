/**
 * What the calls of one message or query share, and what changes from call to call.
 * @module
 */
import type { Coin, Event } from "@sotto/boundary/messages";
import type { ContractApi } from "../engine/engine.ts";
import type { ContractResponse } from "../messages/contractOutput.ts";
import type { ReplyChain, SecretMessage, TxSecret } from "../messages/secretMessage.ts";
import type { ComputeStore } from "../state/computeStore.ts";
import type { GasMeter } from "../state/gasMeter.ts";
import type { ScopedState } from "../state/scopedState.ts";
import type { StateReader } from "../state/stateKey.ts";
import type { CallCounter } from "./callCounter.ts";
import type { Contract } from "./contract.ts";
import type { Services } from "./services.ts";
import type { WorkBudget } from "./workBudget.ts";

/** Where in time calls run. */
export type BlockContext = {
  readonly height: bigint;
  readonly timeNs: bigint;
  /** Of the block before, 32 bytes; empty if there is none, and in queries. */
  readonly lastBlockHash: Uint8Array;
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
  /** What the network has agreed on: the proven state before the block, whatever its transactions have done since. */
  readonly agreed: StateReader;
  readonly workBudget: WorkBudget;
  readonly calls: Calls;
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
  readonly bytes: Uint8Array | undefined;
  /** The contracts that it is addressed to, nearest first; none if to the user. */
  readonly replyChain: ReplyChain;
};

export type CallResult = {
  /** By the shape of the contract's output (contracts §5.2). */
  readonly api: ContractApi;
  readonly events: readonly Event[];
  readonly data: ResultData;
  /** What the data is to be encrypted under. */
  readonly secret: TxSecret;
};

export type ExecuteCall = {
  /** User or contract; 20 bytes, as `contract`. */
  readonly sender: Uint8Array;
  readonly contract: Uint8Array;
  readonly funds: readonly Coin[];
  /** Authenticates and opens the input. @throws {EnclaveError} */
  readonly open: () => OpenedInput;
};

export type InstantiateCall = {
  /** User or contract, 20 bytes. */
  readonly creator: Uint8Array;
  readonly codeId: bigint;
  readonly label: string;
  /** Bech32, or empty: none. */
  readonly admin: string;
  readonly funds: readonly Coin[];
  /** The encrypted message as it was sent, for the contract's history. */
  readonly sent: Uint8Array;
  /** Authenticates and opens the input. @throws {EnclaveError} */
  readonly open: () => OpenedInput;
};

export type InstantiateResult = CallResult & {
  /** Bech32. */
  readonly address: string;
};

export type MigrateCall = {
  /** User or contract, 20 bytes; must be the admin. */
  readonly sender: Uint8Array;
  /** 20 bytes. */
  readonly contract: Uint8Array;
  /** Of the new code. */
  readonly codeId: bigint;
  /** The encrypted message as it was sent, for the contract's history. */
  readonly sent: Uint8Array;
  /** Authenticates and opens the input. @throws {EnclaveError} */
  readonly open: () => OpenedInput;
};

export type ChangeAdminCall = {
  /** User or contract, 20 bytes; must be the admin. */
  readonly sender: Uint8Array;
  /** 20 bytes. */
  readonly contract: Uint8Array;
  /** Bech32, or empty: none from now on. */
  readonly newAdmin: string;
  /** Authenticates the sender; there is nothing to decrypt. @throws {EnclaveError} */
  readonly authenticate: () => void;
};

export type QueryCall = {
  /** 20 bytes. */
  readonly contract: Uint8Array;
  /** Opens the input. @throws {EnclaveError} */
  readonly open: () => OpenedInput;
};

/** A query's answer as base64 text, and what it is to be encrypted under on its way out. */
export type QueryAnswered = { readonly answer: string; readonly secret: TxSecret };

/** A contract that has run, and who waits for what it does. */
export type Responder = {
  readonly contract: Contract;
  readonly secret: TxSecret;
  /** The contracts that wait for a reply from this one, nearest first. */
  readonly replyChain: ReplyChain;
};

export type Answered = Responder & { readonly response: ContractResponse };

export type HandledResponse = { readonly events: readonly Event[]; readonly data: ResultData };

/**
 * The calls that lead to one another. They reach each other through the tree, so that no two files import each other.
 * All throw {ChainFailure}, {OutOfGas} and {RefusalError} HostMisbehavior.
 */
export interface Calls {
  execute(frame: Frame, call: ExecuteCall): CallResult;
  instantiate(frame: Frame, call: InstantiateCall): InstantiateResult;
  migrate(frame: Frame, call: MigrateCall): CallResult;
  /** @returns the events; there is no data */
  changeAdmin(frame: Frame, call: ChangeAdminCall): readonly Event[];
  query(frame: Frame, call: QueryCall): QueryAnswered;
  /** What follows a contract's response; failures come without the `dispatch: ` of the caller. */
  handleResponse(frame: Frame, ran: Answered): HandledResponse;
}
