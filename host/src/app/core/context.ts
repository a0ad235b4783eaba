/**
 * What a handler runs in: a branch of state, a gas meter, an event list and the block.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { Branch } from "./branch.ts";
import { type GasMeter, infiniteGasMeter } from "./gas.ts";
import { KvStore } from "./kvStore.ts";

export type BlockInfo = {
  readonly chainId: string;
  /** 0 in genesis. */
  readonly height: number;
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
};

export type Mode = "genesis" | "block" | "check" | "recheck" | "deliver" | "simulate" | "query";

export type TxInfo = {
  /** In the order in which they signed. */
  readonly signers: readonly Uint8Array[];
  /** Raw position in the block: 0 is the random. */
  readonly position: number;
  /** The document that a signer signed, if the enclave cannot make it itself; given once, for it keeps in mind who signed. */
  takeSignDocument(index: number, accountNumber: bigint): Uint8Array | undefined;
};

/** A transaction that is in no block, and what its contract messages have come to so far. */
export type SimulatedTx = { readonly bytes: Uint8Array; gasUsed: bigint };

export type Context = {
  readonly block: BlockInfo;
  readonly mode: Mode;
  readonly state: Branch;
  readonly gas: GasMeter;
  readonly events: Event[];
  /** A query of another height than the latest. */
  readonly isPast?: boolean;
  /** Work for a contract that is running: the enclave is busy and takes no other call. */
  readonly isForContract?: boolean;
  readonly tx?: TxInfo;
  /** In a simulation, in place of `tx`. */
  readonly simulated?: SimulatedTx;
  /** Shared by the messages of a transaction: whether a contract declared one of them to be the last (contracts §6.6). */
  readonly lastMessage?: { declared: boolean };
  /** Position of the running message, in messages that the transaction itself carries. */
  readonly messageIndex?: number;
};

export function makeContext(block: BlockInfo, mode: Mode, state: Branch): Context {
  return { block, mode, state, gas: infiniteGasMeter(), events: [] };
}

/** The store of a module, paid from the context's meter. */
export function storeOf(context: Context, name: string): KvStore {
  return new KvStore(context.state, name, context.gas);
}

/** A context over a branch of its own, with an empty event list. */
export function branchOf(context: Context): Context {
  return { ...context, state: new Branch(context.state), events: [] };
}

export function emit(context: Context, type: string, ...attributes: readonly (readonly [string, string])[]): void {
  context.events.push({ type, attributes: attributes.map(([key, value]) => ({ key, value })) });
}
