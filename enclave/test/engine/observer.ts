/**
 * V8's WebAssembly with eyes: an engine that is made with it shows the memory and the globals that a call ended with.
 *
 * Globals of the contract are not exported by the rewritten module; the observer adds exports for them to the bytes that it compiles.
 */
import type {
  WasmFunction,
  WasmGlobal,
  WasmInstance,
  WasmMemory,
  WasmModule,
  WasmPower,
} from "@sotto/common/wasmPower";
import { HEADER, section, uleb } from "./assemble.ts";

const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: WasmPower };
const GLOBALS = 6;
const EXPORTS = 7;
const PREFIX = "observed.";

/** What an instance had when the host's last entry into the contract ended; good until another call ends. */
export type Observed = { readonly memory: Uint8Array; readonly globals: readonly (number | bigint)[] };

export type Observer = {
  readonly power: WasmPower;
  /** What the call since the last `take` left; undefined if its entry point was not reached. */
  take(): Observed | undefined;
};

export function makeObserver(): Observer {
  let last: Observed | undefined;

  function watch(instance: WasmInstance): WasmInstance {
    const { exports } = instance;
    const seen: Record<string, unknown> = { ...exports };
    const watched = Object.keys(exports).filter((name) => name.startsWith(PREFIX));
    const look = (): void => {
      const memory = copyOf(new Uint8Array((exports.memory as WasmMemory).buffer));
      const values = watched.map((name) => (exports[name] as WasmGlobal).value);
      last = { memory, globals: values as (number | bigint)[] };
    };
    for (const [name, item] of Object.entries(exports)) {
      if (name.startsWith("contract.") && name !== "contract.allocate")
        seen[name] = looking(item as WasmFunction, look);
    }
    return { exports: seen as WasmInstance["exports"] };
  }

  const Module = class {
    constructor(bytes: Uint8Array) {
      // biome-ignore lint/correctness/noConstructorReturn: stands for V8's own class
      return new wasm.Module(exportGlobals(bytes));
    }
  } as unknown as WasmPower["Module"];
  const Instance = class {
    constructor(module: WasmModule, imports: ConstructorParameters<WasmPower["Instance"]>[1]) {
      // biome-ignore lint/correctness/noConstructorReturn: stands for V8's own class
      return watch(new wasm.Instance(module, imports));
    }
  } as unknown as WasmPower["Instance"];
  const { Memory, Table, RuntimeError } = wasm;
  return {
    power: { Module, Instance, Memory, Table, RuntimeError, validate: (bytes) => wasm.validate(bytes) },
    take: () => {
      const taken = last;
      last = undefined;
      return taken;
    },
  };
}

let scratch = new Uint8Array(0);

/** A copy that is good until the next one: new buffers of this size would keep the garbage collector busy. */
function copyOf(memory: Uint8Array): Uint8Array {
  if (scratch.length < memory.length) scratch = new Uint8Array(memory.length);
  scratch.set(memory);
  return scratch.subarray(0, memory.length);
}

function looking(work: WasmFunction, look: () => void): WasmFunction {
  return (...args) => {
    try {
      return work(...args);
    } finally {
      look();
    }
  };
}

/** The module with all its globals exported as well; those of the contract come first. */
function exportGlobals(module: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(HEADER)];
  let globals = 0;
  for (let at = HEADER.length; at < module.length; ) {
    const id = module[at] as number;
    const [length, start] = readU32(module, at + 1);
    const content = module.subarray(start, start + length);
    if (id === GLOBALS) [globals] = readU32(content, 0);
    const isExports = id === EXPORTS;
    parts.push(
      isExports ? Uint8Array.from(section(id, withGlobals(content, globals))) : module.subarray(at, start + length),
    );
    at = start + length;
  }
  return new Uint8Array(Buffer.concat(parts));
}

function withGlobals(exports: Uint8Array, count: number): number[] {
  const [had, start] = readU32(exports, 0);
  const added = Array.from({ length: count }, (_, i) => {
    const name = [...new TextEncoder().encode(`${PREFIX}${i}`)];
    return [...uleb(name.length), ...name, 3, ...uleb(i)];
  });
  return [...uleb(had + count), ...exports.subarray(start), ...added.flat()];
}

function readU32(bytes: Uint8Array, from: number): readonly [value: number, end: number] {
  let value = 0;
  for (let at = from, scale = 1; ; scale *= 128) {
    const byte = bytes[at++] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at];
  }
}
