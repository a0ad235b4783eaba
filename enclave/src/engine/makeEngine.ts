/**
 * The contract engine: opens modules through a cache and runs their entry points on pooled instances.
 *
 * Trusted; pure apart from its powers. Spec: contracts §1.2 to §4.3.
 * @module
 */
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { CodedError } from "@sotto/common/errors";
import type { WasmPower } from "@sotto/common/wasmPower";
import { checkCode } from "./checkCode.ts";
import { ContractInstance } from "./contractInstance.ts";
import type { ContractModule, Engine, EngineCall, EngineOutcome } from "./engine.ts";
import { EngineError, EngineErrorCode } from "./engineError.ts";
import { ENTRY_RULES } from "./entryPoints.ts";
import { addressFunctions } from "./host/addressFunctions.ts";
import { chainFunctions } from "./host/chainFunctions.ts";
import { makeCryptoFunctions } from "./host/cryptoFunctions.ts";
import { IdlePool, type Shelf } from "./idlePool.ts";
import { type LoadedCode, loadModule } from "./loadModule.ts";
import { errorOfTrap } from "./traps.ts";
import { Fault } from "./wasm/rewriteBody.ts";

/** Opened modules that are kept (contracts §1.4). */
const DEFAULT_CACHE_SIZE = 100;
/** Memories of all idle instances: one of usual size (33 pages) for each of 120 modules. */
const MAX_IDLE_BYTES = 256 * 1024 * 1024;

export type EngineParts = {
  readonly crypto: Crypto;
  readonly wasm: WasmPower;
  /** Modules kept; 0 keeps none. */
  readonly cacheSize?: number;
};

type OpenedModule = ContractModule & { readonly code: LoadedCode; readonly shelf: Shelf<ContractInstance> };

/** @param parts the crypto door and V8's WebAssembly; borrowed for as long as the engine lives */
export function makeEngine(parts: EngineParts): Engine {
  const { crypto, wasm, cacheSize = DEFAULT_CACHE_SIZE } = parts;
  const host = { ...chainFunctions, ...addressFunctions, ...makeCryptoFunctions(crypto) };
  const cache = new Map<string, OpenedModule>();
  const pool = new IdlePool<ContractInstance>(MAX_IDLE_BYTES);

  function open(
    codeHash: Uint8Array,
    fetchCode: () => Uint8Array,
    options: { readonly forInstantiate: boolean },
  ): OpenedModule {
    const key = bytesToHex(codeHash);
    const cached = cache.get(key);
    if (cached !== undefined) {
      if (options.forInstantiate && cached.code.usesFloat) throw new EngineError(EngineErrorCode.WasmModuleWithFP);
      cache.delete(key);
      cache.set(key, cached);
      return cached;
    }
    const bytes = fetchCode();
    if (!equalBytes(crypto.sha256(bytes), codeHash)) throw new EngineError(EngineErrorCode.InvalidWasm);
    const code = loadModule(wasm, host, bytes, options.forInstantiate);
    const { api, requiresRandom } = code;
    const opened: OpenedModule = {
      codeHash: codeHash.slice(),
      api,
      requiresRandom,
      code,
      shelf: { instances: [], isOpen: true },
    };
    cache.set(key, opened);
    if (cache.size > cacheSize) closeOldest();
    return opened;
  }

  function closeOldest(): void {
    for (const [key, { shelf }] of cache) {
      cache.delete(key);
      pool.close(shelf);
      return;
    }
  }

  function run(module: ContractModule, call: EngineCall): EngineOutcome {
    const { api, code, shelf } = module as OpenedModule;
    if (code.compiled === undefined) {
      const error = new EngineError(EngineErrorCode.Unknown);
      return { result: { kind: "failed", error }, remaining: call.gasLimit, exhausted: 0n };
    }
    const instance = pool.take(shelf) ?? new ContractInstance(wasm, host, code);
    const result = runOn(instance);
    const panicked = result.kind === "failed" && result.error.code === EngineErrorCode.Panicked;
    const remaining = panicked ? call.gasLimit - call.gasLimit / 2n : instance.gasLeft;
    const exhausted = panicked ? 0n : instance.gasExhausted;
    if (instance.restore(result.kind !== "returned")) pool.put(shelf, instance);
    return { result, remaining, exhausted };

    function runOn(running: ContractInstance): EngineOutcome["result"] {
      try {
        return { kind: "returned", output: running.run(ENTRY_RULES[api][call.entry], call) };
      } catch (thrown) {
        return failureOf(thrown, running);
      }
    }
  }

  /** What ended a call. @throws what is no result of the call: mistakes of ours, a RangeError of a machine out of memory */
  function failureOf(thrown: unknown, instance: ContractInstance): EngineOutcome["result"] {
    const state = instance.trapState;
    if (state.fault === Fault.MachineOutOfMemory) throw new RangeError("memory.grow: the machine has no memory left");
    const error = thrown instanceof EngineError ? thrown : errorOfTrap(wasm, thrown, state);
    if (error !== undefined) return { kind: "failed", error };
    if (!(thrown instanceof CodedError)) throw thrown;
    return { kind: "failed", error: new EngineError(EngineErrorCode.ImportFailed), cause: thrown };
  }

  return { checkCode, open, run };
}
