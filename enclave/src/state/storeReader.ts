/**
 * The one place through which the enclave reads the compute store.
 *
 * What comes back is the host's word. Later the proof against the app hash goes behind this interface.
 * @module
 */
import type { Host } from "./host.ts";

export interface StoreReader {
  /** A value of the compute store, or undefined. @throws {RefusalError} HostMisbehavior */
  read(key: Uint8Array): Uint8Array | undefined;
}

export function makeStoreReader(host: Host): StoreReader {
  return { read: (key) => host.call("readStore", { key }).value };
}
