/**
 * One instance of a contract, used for many calls: made once, and put back to the state of a new one after each call.
 *
 * A new memory for each call would make V8 collect garbage all the time. Spec: contracts §3.2 step 1; ADR 0003.
 * @module
 */
import type { WasmFunction, WasmGlobal, WasmInstance, WasmMemory, WasmPower } from "@sotto/common/wasmPower";
import type { EngineCall } from "./engine.ts";
import { EngineError, EngineErrorCode } from "./engineError.ts";
import { ALLOCATE, type EntryRule } from "./entryPoints.ts";
import { Guest } from "./host/guest.ts";
import type { HostFunctions } from "./host/hostFunction.ts";
import type { DataImage, LoadedCode } from "./loadModule.ts";
import type { TrapState } from "./traps.ts";
import { STACK_BYTES } from "./wasm/rewriteBody.ts";
import { CONTRACT_PREFIX, Internal } from "./wasm/rewriteModule.ts";

const PAGE_BYTES = 65_536;

export class ContractInstance {
  private readonly guest = new Guest();
  private readonly instance: WasmInstance;
  private readonly memory: WasmMemory;
  private readonly gas: WasmGlobal;
  private readonly exhausted: WasmGlobal;
  private readonly stack: WasmGlobal;
  private readonly marks: WasmGlobal;
  private readonly reset: WasmFunction;
  private readonly data: readonly DataImage[];
  private readonly tableEntries: ReadonlySet<number>;
  private readonly firstBytes: Uint8Array;

  constructor(power: WasmPower, host: HostFunctions, code: LoadedCode) {
    if (code.compiled === undefined) throw new Error("a module that cannot be linked has no instances");
    this.instance = new power.Instance(code.compiled, bindImports(host, code, this.guest));
    this.memory = this.export(Internal.Memory) as WasmMemory;
    this.gas = this.export(Internal.Gas) as WasmGlobal;
    this.exhausted = this.export(Internal.Exhausted) as WasmGlobal;
    this.stack = this.export(Internal.Stack) as WasmGlobal;
    this.marks = this.export(Internal.Marks) as WasmGlobal;
    this.reset = this.export(Internal.Reset) as WasmFunction;
    this.data = code.data;
    this.tableEntries = code.tableEntries;
    this.firstBytes = new Uint8Array(this.memory.buffer);
    this.guest.attach({
      memory: this.memory,
      gas: this.gas,
      exhausted: this.exhausted,
      pages: this.export(Internal.Pages) as WasmGlobal,
      allocate: this.export(CONTRACT_PREFIX + ALLOCATE) as WasmFunction | undefined,
    });
  }

  /**
   * Runs one entry point on an instance that is as new (contracts §3.2 steps 2 to 5).
   * @returns the contract's output, to be kept
   * @throws what the contract's traps and imports throw
   */
  run(rule: EntryRule, call: EngineCall): Uint8Array {
    const { guest } = this;
    this.reset(call.gasLimit);
    guest.begin(call);
    const pointers = { env: 0, info: 0, msg: 0 };
    for (const argument of rule.placed) {
      const bytes = call[argument];
      if (bytes === undefined) throw new TypeError(`${rule.name} needs ${argument}, got none`);
      this.stack.value = STACK_BYTES;
      pointers[argument] = guest.newRegion(bytes);
    }
    const entry = this.export(CONTRACT_PREFIX + rule.name) as WasmFunction | undefined;
    if (entry === undefined) throw new EngineError(EngineErrorCode.FailedFunctionCall);
    this.stack.value = STACK_BYTES;
    const result = entry(...rule.params.map((argument) => pointers[argument]));
    return guest.copyRegion(result as number);
  }

  /** What the instance keeps while it waits. */
  get memoryBytes(): number {
    return this.firstBytes.length;
  }

  get gasLeft(): bigint {
    return this.guest.gasLeft;
  }

  get gasExhausted(): bigint {
    return BigInt.asUintN(64, this.exhausted.value as bigint);
  }

  get trapState(): TrapState {
    const tableIndex = (this.export(Internal.TableIndex) as WasmGlobal).value as number;
    return {
      exhausted: this.gasExhausted,
      fault: (this.export(Internal.Fault) as WasmGlobal).value as number,
      hasTableEntry: this.tableEntries.has(tableIndex >>> 0),
    };
  }

  /**
   * Puts memory to what a new instance has; globals follow when the next call begins, and tables cannot change.
   * @param whole true if the call was cut off: what was running then has left no marks
   * @returns false if the memory has really grown: then this instance is not fit for another call
   */
  restore(whole: boolean): boolean {
    const size = this.firstBytes.length;
    if (size === 0) return false; // detached by growth
    if (whole) {
      this.clear(0, size);
      return true;
    }
    const stored = this.storedPages();
    let start: number | undefined;
    for (let page = 0; page < size / PAGE_BYTES; page++) {
      if (stored(page) || this.guest.wrote(page)) start ??= page;
      else if (start !== undefined) {
        this.clear(start * PAGE_BYTES, page * PAGE_BYTES);
        start = undefined;
      }
    }
    if (start !== undefined) this.clear(start * PAGE_BYTES, size);
    return true;
  }

  /** A test for pages that the contract may have stored to: a mark stands for every 64th page and for the one behind it. */
  private storedPages(): (page: number) => boolean {
    const marks = BigInt.asUintN(64, this.marks.value as bigint);
    const halves = [Number(marks & 0xffffffffn), Number(marks >> 32n)];
    const isMarked = (page: number): boolean => (((halves[(page >> 5) & 1] as number) >>> (page & 31)) & 1) === 1;
    return (page) => isMarked(page) || isMarked(page - 1);
  }

  /** Zeros, and what data segments put there. */
  private clear(start: number, end: number): void {
    this.firstBytes.fill(0, start, end);
    for (const { offset, bytes } of this.data) {
      const first = Math.max(start - offset, 0);
      const last = Math.min(end - offset, bytes.length);
      if (first < last) this.firstBytes.set(bytes.subarray(first, last), offset + first);
    }
  }

  private export(name: string): unknown {
    return this.instance.exports[name];
  }
}

function bindImports(host: HostFunctions, code: LoadedCode, guest: Guest): Record<string, Record<string, unknown>> {
  const imports: Record<string, Record<string, unknown>> = Object.create(null);
  for (const { module, name } of code.imports) {
    imports[module] ??= Object.create(null) as Record<string, unknown>;
    const known = module === "env" && Object.hasOwn(host, name) ? host[name] : undefined;
    (imports[module] as Record<string, unknown>)[name] = known === undefined ? failUnlinked : known.bind(guest);
  }
  return imports;
}

/** Stands for an import that the host does not have; reached only through the table (contracts §1.7). */
function failUnlinked(): never {
  throw new EngineError(EngineErrorCode.FailedFunctionCall);
}
