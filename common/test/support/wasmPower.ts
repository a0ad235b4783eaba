/**
 * The WebAssembly global as a power; Node's type declarations do not name it.
 * @module
 */
import type { WasmPower } from "../../src/wasmPower.ts";

export const { WebAssembly: wasmPower } = globalThis as unknown as { readonly WebAssembly: WasmPower };
