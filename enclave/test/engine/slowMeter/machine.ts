/**
 * The slow meter: an interpreter of the module as it was written, which counts gas by the rules of contracts §4.1.
 *
 * It follows ADR 0003: real memory is the initial pages and 16 more, then what the call grew to, at most 192; what lies between the
 * size that the contract believes in and the real one can be accessed. Each instruction is a small closure over the machine.
 */
import type { TestType } from "../assemble.ts";
import { type Measured, measure } from "./measure.ts";
import { BINARY, type Binary, UNARY, type Unary, type Value } from "./numeric.ts";
import type { FunctionCode, Instruction, Module, Sequence, Signature } from "./readModule.ts";
import { Trap } from "./trap.ts";

export const PAGE = 65_536;
const MAX_PAGES = 192;
const POOLED_PAGES = 16;
const STACK_BYTES = 61_440;
const MAX_CHARGES = 2000;

/** What a step says: go on, leave this many blocks, or leave the function. */
type Signal = number;
const NEXT: Signal = -1;
const RETURN: Signal = 0xffffffff;
type Step = (locals: Value[]) => Signal;
type Runnable = {
  readonly type: Signature;
  readonly measured: Measured;
  readonly body: Step;
  readonly zeros: readonly Value[];
};

/** Serves the call of an import, whose operands are all i32. */
export type ServeImport = (name: string, args: readonly number[]) => Value | undefined;
export type Imported = { readonly isKnown: (name: string) => boolean; readonly serve: ServeImport };

const zeroOf = (type: TestType): Value => (type === "i64" ? 0n : 0);

type Access = { readonly type: string; readonly bytes: number; readonly isSigned: boolean };
const ACCESSES = new Map<string, Access>();
/** What is known of a function before it runs, which is the same in every run. */
const MEASURED = new WeakMap<FunctionCode, Measured>();

/** Reads `i64.load16_u` and the like. */
function accessOf(name: string): Access {
  const known = ACCESSES.get(name);
  if (known !== undefined) return known;
  const [, type = "", size = "", sign] = /^(i32|i64)\.(?:load|store)(\d*)(_s|_u)?$/.exec(name) ?? [];
  const access = { type, bytes: Number(size === "" ? type.slice(1) : size) / 8, isSigned: sign !== "_u" };
  ACCESSES.set(name, access);
  return access;
}

export class Machine {
  readonly module: Module;
  gas: bigint;
  exhausted = 0n;
  pages: number;
  bytes: Uint8Array;
  readonly globals: Value[];
  /** Gas left after each of the first charges, for those who look for the interesting limits. */
  readonly charges: bigint[] = [];
  private view: DataView;
  private stackLeft = STACK_BYTES;
  private readonly operands: Value[] = [];
  private readonly table: (number | undefined)[];
  private readonly imported: Imported;
  private readonly runnables = new Map<number, Runnable>();

  constructor(module: Module, imported: Imported, gas: bigint) {
    this.module = module;
    this.imported = imported;
    this.gas = gas;
    this.pages = module.pages;
    this.bytes = new Uint8Array(Math.min(module.pages + POOLED_PAGES, MAX_PAGES) * PAGE);
    this.view = new DataView(this.bytes.buffer);
    this.globals = module.globals.map((item) => item.init);
    this.table = new Array(module.tableSize).fill(undefined);
    for (const { offset, bytes } of module.data) this.bytes.set(bytes, offset);
    for (const { offset, functions } of module.elements) this.table.splice(offset, functions.length, ...functions);
  }

  /** Enters an export from the host: the call chain begins here. */
  enter(name: string, args: readonly number[]): number {
    this.stackLeft = STACK_BYTES;
    return this.invoke(name, args);
  }

  /** Enters an export from within an import: the call chain goes on. */
  invoke(name: string, args: readonly number[]): number {
    this.operands.push(...args);
    this.call(this.module.exports.get(name) as number);
    return this.operands.pop() as number;
  }

  charge(cost: bigint): void {
    if (this.gas < cost) {
      this.exhausted = cost;
      throw new Trap("gas");
    }
    this.gas -= cost;
    if (this.charges.length < MAX_CHARGES) this.charges.push(this.gas);
  }

  private push(value: Value | undefined): Signal {
    if (value !== undefined) this.operands.push(value);
    return NEXT;
  }

  private pop(): Value {
    return this.operands.pop() as Value;
  }

  private popNumber(): number {
    return this.operands.pop() as number;
  }

  private call(index: number): void {
    const { imports } = this.module;
    const item = imports[index];
    if (item === undefined) {
      this.callDefined(index);
      return;
    }
    if (!this.isLinked(index)) throw new Trap("uncallable");
    const { params } = this.module.types[item.type] as Signature;
    const args = this.operands.splice(this.operands.length - params.length) as number[];
    // What the import takes of the stack, in `allocate`, it gives back.
    this.push(this.imported.serve(item.name, args));
  }

  private callDefined(index: number): void {
    const { type, measured, body, zeros } = this.runnable(index);
    if (measured.fails) throw new Trap("uncallable");
    if (this.stackLeft < measured.frameBytes) throw new Trap("stack");
    this.stackLeft -= measured.frameBytes;
    const height = this.operands.length - type.params.length;
    const locals = [...this.operands.splice(height), ...zeros];
    if (body(locals) !== NEXT) this.unwind(height, type.result !== undefined);
    this.stackLeft += measured.frameBytes;
  }

  private isLinked(index: number): boolean {
    const item = this.module.imports[index];
    return item === undefined || (item.module === "env" && this.imported.isKnown(item.name));
  }

  private runnable(index: number): Runnable {
    const known = this.runnables.get(index);
    if (known !== undefined) return known;
    const { module } = this;
    const code = module.code[index - module.imports.length] as Module["code"][number];
    const type = module.types[module.functions[index] as number] as Signature;
    const measured = MEASURED.get(code) ?? measure(module, (callee) => this.isLinked(callee), type, code);
    MEASURED.set(code, measured);
    const made = { type, measured, body: this.sequence(code.body, measured), zeros: code.locals.map(zeroOf) };
    this.runnables.set(index, made);
    return made;
  }

  /** Cuts the operand stack back to what it was before a block, under the block's result. */
  private unwind(height: number, hasResult: boolean): void {
    const result = hasResult ? this.pop() : undefined;
    while (this.operands.length > height) this.operands.pop(); // much faster than setting the length
    this.push(result);
  }

  private sequence(sequence: Sequence, measured: Measured): Step {
    const cost = measured.costs.get(sequence) as bigint;
    const steps: Step[] = [];
    for (const item of sequence) {
      // Blocks in dead code have no cost, and are not reached either.
      if (item.body.length > 0 && !measured.costs.has(item.body)) break;
      steps.push(this.step(item, measured));
    }
    return (locals) => {
      if (cost > 0n) this.charge(cost);
      for (const step of steps) {
        const signal = step(locals);
        if (signal !== NEXT) return signal;
      }
      return NEXT;
    };
  }

  private step(item: Instruction, measured: Measured): Step {
    const unary = UNARY.get(item.name);
    if (unary !== undefined) return this.unary(unary);
    const binary = BINARY.get(item.name);
    if (binary !== undefined) return this.binary(binary);
    if (item.name === "block" || item.name === "loop" || item.name === "if") return this.block(item, measured);
    if (item.name.startsWith("i") && item.name.includes(".load")) return this.load(item);
    if (item.name.startsWith("i") && item.name.includes(".store")) return this.store(item);
    return this.variableStep(item) ?? this.controlStep(item) ?? this.otherStep(item);
  }

  private unary(work: Unary): Step {
    return () => this.push(work(this.pop()));
  }

  private binary(work: Binary): Step {
    return () => {
      const right = this.pop();
      return this.push(work(this.pop(), right));
    };
  }

  private block(item: Instruction, measured: Measured): Step {
    const isLive = (sequence: Sequence): boolean => measured.costs.has(sequence);
    const body = isLive(item.body) ? this.sequence(item.body, measured) : () => NEXT;
    const { otherwise } = item;
    const other = otherwise !== undefined && isLive(otherwise) ? this.sequence(otherwise, measured) : () => NEXT;
    const hasResult = item.result !== undefined;
    return (locals) => {
      const arm = item.name !== "if" || this.popNumber() !== 0 ? body : other;
      const height = this.operands.length;
      for (;;) {
        const signal = arm(locals);
        if (signal === NEXT || signal === RETURN) return signal;
        if (signal > 0) return signal - 1;
        // A branch to here: to the end of a block, to the start of a loop.
        this.unwind(height, hasResult && item.name !== "loop");
        if (item.name !== "loop") return NEXT;
      }
    };
  }

  private variableStep({ name, index }: Instruction): Step | undefined {
    const { globals } = this;
    switch (name) {
      case "local.get":
        return (locals) => this.push(locals[index]);
      case "local.set":
        return (locals) => {
          locals[index] = this.pop();
          return NEXT;
        };
      case "local.tee":
        return (locals) => {
          locals[index] = this.operands[this.operands.length - 1] as Value;
          return NEXT;
        };
      case "global.get":
        return () => this.push(globals[index]);
      case "global.set":
        return () => {
          globals[index] = this.pop();
          return NEXT;
        };
      default:
        return undefined;
    }
  }

  private controlStep({ name, index, labels }: Instruction): Step | undefined {
    switch (name) {
      case "br":
        return () => index;
      case "br_if":
        return () => (this.popNumber() !== 0 ? index : NEXT);
      case "br_table":
        return () => labels[Math.min(this.popNumber() >>> 0, labels.length - 1)] as number;
      case "return":
        return () => RETURN;
      case "call":
        return () => {
          this.call(index);
          return NEXT;
        };
      case "call_indirect":
        return () => {
          this.callIndirect(this.popNumber() >>> 0, this.module.types[index] as Signature);
          return NEXT;
        };
      default:
        return undefined;
    }
  }

  private callIndirect(entry: number, expected: Signature): void {
    const index = this.table[entry];
    if (index === undefined) throw new Trap("table");
    const { params, result } = this.module.types[this.module.functions[index] as number] as Signature;
    if (`${params}>${result}` !== `${expected.params}>${expected.result}`) throw new Trap("signature");
    this.call(index);
  }

  private otherStep({ name, value }: Instruction): Step {
    switch (name) {
      case "nop":
        return () => NEXT;
      case "drop":
        return () => {
          this.pop();
          return NEXT;
        };
      case "select":
        return () => {
          const condition = this.popNumber();
          const second = this.pop();
          const first = this.pop();
          return this.push(condition !== 0 ? first : second);
        };
      case "i32.const":
      case "i64.const":
        return () => this.push(value);
      case "memory.size":
        return () => this.push(this.pages);
      case "memory.grow":
        return () => this.push(this.grow(this.popNumber()));
      default:
        // `unreachable`, and every floating point instruction (contracts §1.7).
        return () => {
          throw new Trap("panic");
        };
    }
  }

  private load({ name, value: offset }: Instruction): Step {
    const { type, bytes, isSigned } = accessOf(name);
    return () => {
      const at = this.place(this.popNumber(), Number(offset), bytes);
      let raw = 0n;
      for (let i = bytes - 1; i >= 0; i--) raw = (raw << 8n) | BigInt(this.bytes[at + i] as number);
      const wide = isSigned ? BigInt.asIntN(8 * bytes, raw) : raw;
      return this.push(type === "i32" ? Number(BigInt.asIntN(32, wide)) : BigInt.asIntN(64, wide));
    };
  }

  private store({ name, value: offset }: Instruction): Step {
    const { bytes } = accessOf(name);
    return () => {
      const value = this.pop();
      const at = this.place(this.popNumber(), Number(offset), bytes);
      let rest = BigInt(value);
      for (let i = 0; i < bytes; i++, rest >>= 8n) this.bytes[at + i] = Number(rest & 255n);
      return NEXT;
    };
  }

  private place(address: number, offset: number, length: number): number {
    const at = (address >>> 0) + offset;
    if (at + length > this.bytes.length) throw new Trap("memory");
    return at;
  }

  /** The helper of contracts §4.1, then the growth. */
  private grow(pages: number): number {
    this.charge(28n);
    const cost = BigInt.asUintN(64, BigInt(pages) * 8192n);
    if (this.gas < cost) {
      this.charge(6n);
      this.exhausted = cost;
      throw new Trap("gas");
    }
    this.gas -= cost;
    const before = this.pages;
    if (before + pages > MAX_PAGES) return -1;
    this.pages += pages;
    if (this.pages * PAGE > this.bytes.length) {
      const grown = new Uint8Array(this.pages * PAGE);
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return before;
  }

  /** A word of a region, below the size that the contract believes in. */
  word(address: number): number {
    return this.view.getUint32(address, true);
  }
}
