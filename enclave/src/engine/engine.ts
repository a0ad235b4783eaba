/**
 * The contract engine as the rest of the enclave sees it: check code, open a module, run one entry point.
 *
 * The engine knows wasm, gas and host imports; it knows nothing of encryption, stores, blocks or messages. Storage and queries
 * come in as `EngineImports`. Spec: contracts §1 to §4.
 * @module
 */
import type { EngineError } from "./engineError.ts";

export type ContractApi = "v0.10" | "v1";

/** What the static check learns of a module (contracts §1.2). */
export type CodeReport = {
  readonly api: ContractApi;
  /** Suffixes of the `requires_*` exports, sorted. */
  readonly features: readonly string[];
  /** All six `ibc_*` entry points are exported. */
  readonly ibc: boolean;
};

export type EntryPoint = "instantiate" | "execute" | "query" | "migrate" | "reply" | "sudo";

/** A validated, rewritten and compiled module; opaque outside the engine. */
export interface ContractModule {
  readonly codeHash: Uint8Array;
  readonly api: ContractApi;
  /** Exports `requires_random` (contracts §1.4 step 3). */
  readonly requiresRandom: boolean;
}

/** What a running contract reaches; every function may throw an `EnclaveError` or `EngineError`, which ends the call with that error. */
export interface EngineImports {
  /** The value under a clear state key, or undefined. Called after the 1000 W were taken (contracts §2.3). */
  read(key: Uint8Array): Uint8Array | undefined;
  /** Called after 2000 W and 5000 W for each byte of the value were taken. Not called when `readOnly`. */
  write(key: Uint8Array, value: Uint8Array): void;
  /** Not called when `readOnly`. */
  remove(key: Uint8Array): void;
  /** @param gasLeft W that the caller has left (contracts §2.7 step 4). Returns the envelope of contracts §5.7. */
  query(request: Uint8Array, gasLeft: bigint): Uint8Array;
  /** Told of bytes that an import with a fixed price works on. Ends the call by throwing. */
  work(bytes: number): void;
  /** What the platform that made a quote comes to at the time of the block (contracts §2.6). Both arguments may be anything. */
  verifyQuote(quote: Uint8Array, collateral: Uint8Array): "upToDate" | "hardeningNeeded" | "refused";
  /** `undefined` where prints are not wanted: then the argument is not even read (contracts §2.2). */
  readonly debugPrint: ((message: Uint8Array) => void) | undefined;
}

export type EngineCall = {
  readonly entry: EntryPoint;
  /** Absent for v0.10 queries. */
  readonly env?: Uint8Array;
  /** v1 instantiate and execute only. */
  readonly info?: Uint8Array;
  readonly msg: Uint8Array;
  /** W, at most 10^10. */
  readonly gasLimit: bigint;
  /** Writes and removes fail with `UnauthorizedWrite`. */
  readonly readOnly: boolean;
  readonly imports: EngineImports;
};

/** How a call ended; `remaining` and `exhausted` are the two gas globals (contracts §4.3), both in W. */
export type EngineOutcome = {
  readonly result:
    | { readonly kind: "returned"; readonly output: Uint8Array }
    /** `cause` is what an import threw, if that ended the call. */
    | { readonly kind: "failed"; readonly error: EngineError; readonly cause?: unknown };
  readonly remaining: bigint;
  readonly exhausted: bigint;
};

export interface Engine {
  /** Static check of an upload (contracts §1.2). @throws {EngineError} StaticValidation with the exact message of the table */
  checkCode(wasm: Uint8Array): CodeReport;
  /**
   * Opens the module of a code hash, from the cache or from `fetchCode` (whose bytes are checked against the hash), by the load
   * check of contracts §1.4. `forInstantiate` adds step 7 (no floats), whatever the cache holds.
   * @throws {EngineError}
   */
  open(
    codeHash: Uint8Array,
    fetchCode: () => Uint8Array,
    options: { readonly forInstantiate: boolean },
  ): ContractModule;
  /** Runs one entry point (contracts §3.2 steps 1 to 5). Calls may nest through `imports.query`. */
  run(module: ContractModule, call: EngineCall): EngineOutcome;
}
