/**
 * The compute store on the host's word: for simulation and for queries of the past, both of which only development networks have.
 * @module
 */
import type { Host } from "./host.ts";
import type { StateReader } from "./stateKey.ts";

/** Other stores are empty here: nothing that runs on the host's word reads them. */
export function makeStoreReader(host: Host): StateReader {
  return { read: ({ store, key }) => (store === "compute" ? host.call("readStore", { key }).value : undefined) };
}
