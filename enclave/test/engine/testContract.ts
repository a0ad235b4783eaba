/**
 * Test contracts around a few instructions, and calls of them with a store in memory.
 */
import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";
import type { WasmPower } from "@sotto/common/wasmPower";
import type {
  ContractModule,
  Engine,
  EngineCall,
  EngineImports,
  EngineOutcome,
  EntryPoint,
} from "../../src/engine/engine.ts";
import { makeEngine } from "../../src/engine/makeEngine.ts";
import { assemble, type TestFunction, type TestModule, type TestSignature } from "./assemble.ts";

export const crypto = makeNobleCrypto();

export function newEngine(cacheSize?: number): Engine {
  const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: WasmPower };
  return makeEngine(cacheSize === undefined ? { crypto, wasm } : { crypto, wasm, cacheSize });
}

export function openCode(engine: Engine, code: Uint8Array, forInstantiate = false): ContractModule {
  return engine.open(crypto.sha256(code), () => code, { forInstantiate });
}

export const ENV: TestSignature = [["i32", "i32"], ["i32"]];
export const ENV_INFO: TestSignature = [["i32", "i32", "i32"], ["i32"]];

/** Allocates from page 1 upwards; global 0 is where the next region goes. 16 instructions, as in contracts §4.9 b. */
export const ALLOCATE: TestFunction = {
  name: "allocate",
  type: [["i32"], ["i32"]],
  locals: ["i32"],
  code: `global.get 0 local.tee 1 local.get 1 i32.const 12 i32.add i32.store
    local.get 1 local.get 0 i32.store +4
    local.get 1 i32.const 12 i32.add local.get 0 i32.add global.set 0 local.get 1`,
};

/** Region at 16, with the text `{}` at 32. */
export const OUTPUT_REGION = 16;

export type TestContract = Partial<Omit<TestModule, "functions">> & {
  /** Code of `execute(env, info, msg)`; global 0 is the allocator's. */
  readonly execute: string;
  readonly locals?: TestFunction["locals"];
  /** Functions after allocate, deallocate, marker, instantiate and execute, which come after the imports in this order. */
  readonly more?: readonly TestFunction[];
  readonly allocate?: TestFunction;
};

/** A complete v1 contract. */
export function contract(parts: TestContract): Uint8Array {
  const { execute, more = [], locals = [], allocate = ALLOCATE, globals = [], data = [], ...rest } = parts;
  return assemble({
    memory: [1],
    ...rest,
    globals: [["i32", true, 4096], ...globals],
    functions: [
      allocate,
      { name: "deallocate", type: [["i32"], []], code: "" },
      { name: "interface_version_8", type: [[], []], code: "" },
      { name: "instantiate", type: ENV_INFO, code: `i32.const ${OUTPUT_REGION}` },
      { name: "execute", type: ENV_INFO, locals, code: execute },
      ...more,
    ],
    data: [[OUTPUT_REGION, Uint8Array.of(32, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0)], [32, "{}"], ...data],
  });
}

export type TestStore = Map<string, Uint8Array>;

export function storeImports(store: TestStore, more: Partial<EngineImports> = {}): EngineImports {
  return {
    read: (key) => store.get(bytesToHex(key)),
    write: (key, value) => void store.set(bytesToHex(key), value),
    remove: (key) => void store.delete(bytesToHex(key)),
    query: () => utf8ToBytes('{"Ok":{"Err":"no queries here"}}'),
    work: () => {},
    verifyQuote: () => "refused",
    debugPrint: undefined,
    ...more,
  };
}

const EMPTY_JSON = utf8ToBytes("{}");

export function call(entry: EntryPoint, more: Partial<EngineCall> = {}): EngineCall {
  return {
    entry,
    env: EMPTY_JSON,
    info: EMPTY_JSON,
    msg: EMPTY_JSON,
    gasLimit: 10_000_000_000n,
    readOnly: entry === "query",
    imports: storeImports(new Map()),
    ...more,
  };
}

/** Opens and runs `execute`. */
export function execute(engine: Engine, code: Uint8Array, more: Partial<EngineCall> = {}): EngineOutcome {
  return engine.run(openCode(engine, code), call("execute", more));
}

/** W used, in the sense of limit − remaining. */
export function used(outcome: EngineOutcome, gasLimit = 10_000_000_000n): bigint {
  return gasLimit - outcome.remaining;
}

/** Text of the error that ended a call, or undefined. */
export function errorText(outcome: EngineOutcome): string | undefined {
  return outcome.result.kind === "failed" ? outcome.result.error.message : undefined;
}
