/**
 * The slow meter's own reader: a module's bytes as a tree of instructions, with nothing left out and nothing rewritten.
 *
 * Trusts its input, which others have validated. Shares opcode numbers with the test assembler, and nothing with the engine.
 */
import { OPCODES, type TestType } from "../assemble.ts";

export type Signature = { readonly params: readonly TestType[]; readonly result: TestType | undefined };
/** A sequence in the sense of contracts §4.1: the body of a function, block or loop, or one arm of an `if`. */
export type Sequence = readonly Instruction[];
export type Instruction = {
  readonly name: string;
  /** Label, index, or target function; -1 if there is none. */
  readonly index: number;
  /** Value of a constant, offset of a load or store. */
  readonly value: number | bigint;
  /** Labels of a `br_table`, the default last. */
  readonly labels: readonly number[];
  /** Result of a block, loop or if. */
  readonly result: TestType | undefined;
  readonly body: Sequence;
  /** Of an `if`; undefined if it has no such arm. */
  readonly otherwise: Sequence | undefined;
};
export type FunctionCode = { readonly locals: readonly TestType[]; readonly body: Sequence };
export type Import = { readonly module: string; readonly name: string; readonly type: number };
export type Global = { readonly type: TestType; readonly mutable: boolean; readonly init: number | bigint };

export type Module = {
  readonly types: readonly Signature[];
  readonly imports: readonly Import[];
  /** Type index of each function, imported ones first. */
  readonly functions: readonly number[];
  readonly code: readonly FunctionCode[];
  readonly tableSize: number;
  readonly pages: number;
  readonly globals: readonly Global[];
  /** Exported functions. */
  readonly exports: ReadonlyMap<string, number>;
  readonly elements: readonly { readonly offset: number; readonly functions: readonly number[] }[];
  readonly data: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
};

const NAMES = new Map([...OPCODES].map(([name, opcode]) => [opcode, name]));
const VALUE_TYPES: Readonly<Record<number, TestType>> = { 127: "i32", 126: "i64", 125: "f32", 124: "f64" };
const WITH_INDEX = /^(br|br_if|call|local\.\w+|global\.\w+)$/;
const utf8 = new TextDecoder();

class Cursor {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++] as number;
  }

  /** LEB128 of any length, sign-extended if `signed`. */
  leb(signed: boolean): bigint {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      shift += 7n;
      if (byte < 128) return signed ? BigInt.asIntN(Number(shift), value) : value;
    }
  }

  u32(): number {
    return Number(this.leb(false));
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  name(): string {
    return utf8.decode(this.take(this.u32()));
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.u32() }, item);
  }

  type(): TestType {
    return VALUE_TYPES[this.byte()] as TestType;
  }

  /** Instructions up to an `end` or `else`, which is passed over; tells which it was. */
  sequence(): { readonly body: Sequence; readonly closedBy: string } {
    const body: Instruction[] = [];
    for (;;) {
      const name = NAMES.get(this.byte()) ?? "else";
      if (name === "end" || name === "else") return { body, closedBy: name };
      body.push(this.instruction(name));
    }
  }

  private instruction(name: string): Instruction {
    const plain = { name, index: -1, value: 0, labels: [], result: undefined, body: [], otherwise: undefined };
    if (name === "block" || name === "loop" || name === "if") return { ...plain, ...this.block(name) };
    if (WITH_INDEX.test(name)) return { ...plain, index: this.u32() };
    if (name === "call_indirect") {
      const index = this.u32();
      this.byte();
      return { ...plain, index };
    }
    if (name === "br_table") return { ...plain, labels: [...this.list(() => this.u32()), this.u32()] };
    if (/load|store/.test(name)) {
      this.u32(); // alignment: a hint
      return { ...plain, value: this.u32() };
    }
    if (name === "memory.size" || name === "memory.grow") this.byte();
    return { ...plain, value: this.constant(name) };
  }

  private block(name: string): Pick<Instruction, "result" | "body" | "otherwise"> {
    const result = VALUE_TYPES[this.byte()];
    const { body, closedBy } = this.sequence();
    const otherwise = name === "if" && closedBy === "else" ? this.sequence().body : undefined;
    return { result, body, otherwise };
  }

  private constant(name: string): number | bigint {
    if (name === "i32.const") return Number(this.leb(true));
    if (name === "i64.const") return this.leb(true);
    if (name === "f32.const") this.at += 4;
    if (name === "f64.const") this.at += 8;
    return 0;
  }

  /** The value of a constant expression. */
  expression(): number | bigint {
    return (this.sequence().body[0] as Instruction).value;
  }
}

export function readModule(bytes: Uint8Array): Module {
  const sections = new Map<number, Cursor>();
  const all = new Cursor(bytes, 8);
  while (all.at < bytes.length) {
    const id = all.byte();
    const content = all.take(all.u32());
    if (id !== 0) sections.set(id, new Cursor(content));
  }
  const list = <T>(id: number, item: (at: Cursor) => T): T[] => {
    const at = sections.get(id);
    return at === undefined ? [] : at.list(() => item(at));
  };
  const types = list(1, readType);
  const imports = list(2, readImport);
  const defined = list(3, (at) => at.u32());
  const exports = list(7, (at) => ({ name: at.name(), kind: at.byte(), index: at.u32() }));
  return {
    types,
    imports,
    functions: [...imports.map((item) => item.type), ...defined],
    tableSize: list(4, readTable)[0] ?? 0,
    pages: list(5, readMinimum)[0] ?? 0,
    globals: list(6, (at) => ({ type: at.type(), mutable: at.byte() === 1, init: at.expression() })),
    exports: new Map(exports.filter(({ kind }) => kind === 0).map(({ name, index }) => [name, index])),
    elements: list(9, (at) => ({ offset: readOffset(at), functions: at.list(() => at.u32()) })),
    code: list(10, readCode),
    data: list(11, (at) => ({ offset: readOffset(at), bytes: at.take(at.u32()) })),
  };
}

function readType(at: Cursor): Signature {
  at.byte();
  const params = at.list(() => at.type());
  return { params, result: at.list(() => at.type())[0] };
}

function readImport(at: Cursor): Import {
  const [module, name] = [at.name(), at.name()];
  at.byte();
  return { module, name, type: at.u32() };
}

function readTable(at: Cursor): number {
  at.byte();
  return readMinimum(at);
}

function readMinimum(at: Cursor): number {
  const hasMaximum = at.byte() === 1;
  const minimum = at.u32();
  if (hasMaximum) at.u32();
  return minimum;
}

/** Segments begin with a flag, then have an offset: an unsigned address. */
function readOffset(at: Cursor): number {
  at.u32();
  return Number(at.expression()) >>> 0;
}

function readCode(at: Cursor): FunctionCode {
  at.u32();
  const groups = at.list(() => ({ count: at.u32(), type: at.type() }));
  return {
    locals: groups.flatMap(({ count, type }) => new Array<TestType>(count).fill(type)),
    body: at.sequence().body,
  };
}
