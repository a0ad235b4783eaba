/**
 * What module compute needs besides state: the enclave, and what the platform does for it.
 * @module
 */
import type { EnclaveHost } from "../../../enclaveHost/enclaveHost.ts";
import type { StateStore } from "../../../store/store.ts";

export type ComputePowers = {
  readonly enclave: Pick<EnclaveHost, "call">;
  /**
   * Unzips the first member of a gzip file.
   * @returns at most `maxBytes` bytes of the output; the rest is left out without a word (chain §2.6)
   * @throws an Error whose message clients see, for a broken file
   */
  readonly gunzip: (data: Uint8Array, maxBytes: number) => Uint8Array;
  /** Committed state with its proof. */
  readonly readProven: StateStore["readProven"];
  /** Headers of stored blocks, protobuf, from the lower height upward, both included. */
  readonly headers: (from: bigint, to: bigint) => readonly Uint8Array[];
  /** A contract's debug print; on development networks alone. */
  readonly onDebugPrint?: (contract: Uint8Array, message: Uint8Array) => void;
};
