/**
 * What stands in for the hardware: it measures the enclave bundle, starts exactly the bytes that it measured, and gives them
 * a sealing key. `sim` (this issue), `sgx` and `tdx` (later) are the implementations.
 * @module
 */

/**
 * Stack of a thread that runs an enclave, for `resourceLimits.stackSizeMb` of its worker. Ten nested contract queries, each
 * with its full 61,440 bytes of counted stack, need about 2 MB of real stack; Node's main thread has less than one.
 */
export const ENCLAVE_STACK_MB = 16;

/** The host's end of a running enclave. Only bytes cross. */
export interface EnclaveConnection {
  /** SHA-256 of the bundle that runs. */
  readonly measurement: Uint8Array;
  /**
   * One ecall; blocks. `onOcall` answers what the enclave asks meanwhile.
   * An exception of `onOcall` ends the call and the connection, and is thrown here; refusals are answers instead.
   * @throws {BoundaryError} Disconnected if the enclave died; TooLong for a request above `LIMITS.frame`
   */
  exchange(request: Uint8Array, onOcall: (request: Uint8Array) => Uint8Array): Uint8Array;
  close(): void;
}

export interface Platform {
  readonly name: "sim";
  /** Protects nothing from whoever runs it. Shown to users and written to the log. */
  readonly insecure: boolean;
  measure(bundle: Uint8Array): Uint8Array;
  /** Runs the bundle in the calling thread. */
  startInline(bundle: Uint8Array): EnclaveConnection;
  /** Runs the bundle in a process of its own; the calling thread blocks during each exchange. */
  startProcess(bundle: Uint8Array): EnclaveConnection;
}
