/**
 * A running contract as host functions see it: its gas, its memory regions, its allocator, and the call that it serves.
 *
 * One per instance; the imports are bound to it once, and the current call changes. Spec: contracts §2.1, §2.10.
 * @module
 */
import type { WasmFunction, WasmGlobal, WasmMemory } from "@sotto/common/wasmPower";
import type { EngineCall } from "../engine.ts";
import { EngineError, EngineErrorCode } from "../engineError.ts";
import { MAX_PAGES } from "../wasm/rewriteModule.ts";

const REGION_BYTES = 12;
const PAGE_BYTES = 65_536;

/** What the guest needs of an instance. */
export type GuestParts = {
  readonly memory: WasmMemory;
  readonly gas: WasmGlobal;
  readonly exhausted: WasmGlobal;
  readonly pages: WasmGlobal;
  readonly allocate: WasmFunction | undefined;
};

export class Guest {
  private parts: GuestParts | undefined;
  private current: EngineCall | undefined;
  private allocating = false;
  private bytes = new Uint8Array(0);
  /** By page: 1 if the host wrote there in this call. */
  private readonly written = new Uint8Array(MAX_PAGES);
  private view = new DataView(this.bytes.buffer);

  /** Imports exist before the instance that they serve. */
  attach(parts: GuestParts): void {
    this.parts = parts;
  }

  begin(call: EngineCall): void {
    this.current = call;
    this.allocating = false;
    this.written.fill(0);
  }

  /** Whether the host has written to a page of the memory in this call. */
  wrote(page: number): boolean {
    return this.written[page] === 1;
  }

  /**
   * The call for an import.
   * @throws {EngineError} Panicked, inside `allocate`: it has no host context (contracts §2.1)
   */
  get call(): EngineCall {
    if (this.allocating || this.current === undefined) throw new EngineError(EngineErrorCode.Panicked);
    return this.current;
  }

  /** W left, read as an unsigned number. */
  get gasLeft(): bigint {
    return BigInt.asUintN(64, this.instance.gas.value as bigint);
  }

  /** @throws {EngineError} OutOfGas; then what could not be paid is in the exhausted global and nothing was taken */
  useGas(amount: bigint): void {
    const { gas, exhausted } = this.instance;
    const left = this.gasLeft;
    if (left < amount) {
      exhausted.value = BigInt.asIntN(64, amount);
      throw new EngineError(EngineErrorCode.OutOfGas);
    }
    gas.value = left - amount;
  }

  /**
   * The data of a region that the contract passes, as a view of its memory: copy what must outlive the next entry into wasm.
   * @throws {EngineError} MemoryRead
   */
  readRegion(pointer: number): Uint8Array {
    const at = pointer >>> 0;
    if (at === 0) throw new EngineError(EngineErrorCode.MemoryRead);
    const size = this.refresh();
    if (at + REGION_BYTES > size) throw new EngineError(EngineErrorCode.MemoryRead);
    const offset = this.view.getUint32(at, true);
    const length = this.view.getUint32(at + 8, true);
    if (offset === 0 || offset + length > size) throw new EngineError(EngineErrorCode.MemoryRead);
    return this.bytes.subarray(offset, offset + length);
  }

  /** The same for an import whose price does not depend on the length. @throws also what `EngineImports.work` throws */
  readArgument(pointer: number): Uint8Array {
    const data = this.readRegion(pointer);
    this.call.imports.work(data.length);
    return data;
  }

  /** As {@link readRegion}, as bytes that can be kept. */
  copyRegion(pointer: number): Uint8Array {
    return this.readRegion(pointer).slice();
  }

  /**
   * Writes into a region that exists. The pointer is not tested for 0 (contracts §2.1).
   * @throws {EngineError} MemoryRead
   */
  writeRegion(pointer: number, data: Uint8Array): void {
    const at = pointer >>> 0;
    const size = this.refresh();
    if (at + REGION_BYTES > size) throw new EngineError(EngineErrorCode.MemoryRead);
    const offset = this.view.getUint32(at, true);
    const capacity = this.view.getUint32(at + 4, true);
    if (offset === 0 || capacity < data.length || offset + data.length > size) {
      throw new EngineError(EngineErrorCode.MemoryRead);
    }
    this.bytes.set(data, offset);
    this.view.setUint32(at + 8, data.length, true);
    this.noteWrite(offset, data.length);
    this.noteWrite(at + 8, 4);
  }

  private noteWrite(start: number, length: number): void {
    this.written.fill(1, Math.floor(start / PAGE_BYTES), Math.ceil((start + length) / PAGE_BYTES));
  }

  /**
   * Hands data to the contract through its `allocate`, which is ordinary metered code.
   * @returns the region's address
   * @throws {EngineError} MemoryAllocation for any failure inside, Panicked if `allocate` calls an import
   */
  newRegion(data: Uint8Array): number {
    const pointer = this.allocate(data.length);
    this.writeRegion(pointer, data);
    return pointer;
  }

  private allocate(length: number): number {
    const { allocate } = this.instance;
    if (allocate === undefined) throw new EngineError(EngineErrorCode.MemoryAllocation);
    this.allocating = true;
    try {
      return allocate(length) as number;
    } catch (error) {
      if (error instanceof EngineError && error.code === EngineErrorCode.Panicked) throw error;
      throw new EngineError(EngineErrorCode.MemoryAllocation, undefined, { cause: error });
    } finally {
      this.allocating = false;
    }
  }

  /** Follows a memory that grew, and gives the size that the contract believes in. */
  private refresh(): number {
    const { memory, pages } = this.instance;
    if (this.bytes.length === 0) {
      this.bytes = new Uint8Array(memory.buffer);
      this.view = new DataView(memory.buffer);
    }
    return (pages.value as number) * PAGE_BYTES;
  }

  private get instance(): GuestParts {
    if (this.parts === undefined) throw new Error("a contract ran before its instance was complete");
    return this.parts;
  }
}
