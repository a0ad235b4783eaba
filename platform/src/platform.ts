/**
 * What stands in for the hardware: it measures the enclave bundle, starts exactly the bytes that it measured, and gives them
 * a sealing key and quotes. `sim`, `sgx` and `tdx` are the implementations.
 * @module
 */

/**
 * Stack of a thread that runs an enclave, for `resourceLimits.stackSizeMb` of its worker (memory that is used only as far as
 * it is touched). Eleven nested contract calls with 61,440 bytes of counted stack each take about 0.7 MB of real stack for
 * contracts alone; Node's main thread has just under 1 MB in all, so an enclave that runs there may fail earlier than others.
 */
export const ENCLAVE_STACK_MB = 8;

/** The host's end of a running enclave. Only bytes cross. */
export interface EnclaveConnection {
  /** SHA-256 of the bundle that runs. */
  readonly measurement: Uint8Array;
  /**
   * One ecall; blocks. `onOcall` answers what the enclave asks meanwhile.
   * If `onOcall` throws, the enclave is told only that there is no answer, and the exception is thrown here once the enclave
   * has returned; refusals are answers instead.
   * @throws {BoundaryError} Disconnected if the enclave died; TooLong for a request above `LIMITS.frame`
   */
  exchange(request: Uint8Array, onOcall: (request: Uint8Array) => Uint8Array): Uint8Array;
  /** Ends an idle enclave; not possible while an ecall runs. */
  close(): void;
}

export interface Platform {
  readonly name: "sim" | "sgx" | "tdx";
  /** Protects nothing from whoever runs it. Shown to users and written to the log. */
  readonly insecure: boolean;
  /** Whether what an enclave seals can be opened after a restart; a TD has no key for that (registration §5.5). */
  readonly keepsSecrets: boolean;
  measure(bundle: Uint8Array): Uint8Array;
  /** Runs the bundle in the calling thread. */
  startInline(bundle: Uint8Array): EnclaveConnection;
  /** Runs the bundle in a process of its own; the calling thread blocks during each exchange. */
  startProcess(bundle: Uint8Array): EnclaveConnection;
  /**
   * Collateral for this machine's quotes, packed (registration §2.2).
   * @param nowSeconds since 1970
   * @throws {PlatformError} NoCollateral, with where it was looked for
   */
  collateral(nowSeconds: number): Uint8Array;
}
