/**
 * A key of one of the stores whose state the enclave proves, and what reads there.
 * @module
 */
import type { ProvenStore } from "@sotto/boundary/messages";
import { binaryText } from "../lruCache.ts";

/** With the name that it has in maps: made once, used by every layer of state that a read passes. */
export type StateKey = {
  readonly store: ProvenStore;
  readonly key: Uint8Array;
  /** First letter of the store, then the key as text: ordered by store and key. */
  readonly name: string;
};

export function stateKey(store: ProvenStore, key: Uint8Array): StateKey {
  return { store, key, name: store.charAt(0) + binaryText(key) };
}

/** One layer of state. */
export interface StateReader {
  /** Undefined if there is no such key. What is returned must not be changed. @throws {RefusalError} HostMisbehavior, BadProof */
  read(at: StateKey): Uint8Array | undefined;
}
