/**
 * Makes a valid function body of any list of numbers: each number is one small step, and what a step needs it brings along.
 *
 * So every list is a program, and a shorter list is a smaller program: fast-check reduces what fails. Dead code is made like live code,
 * with the empty stack that validation allows there. Text is that of the test assembler.
 */
import { OPCODES, type TestSignature, type TestType } from "../assemble.ts";

type Number = "i32" | "i64";

/** What a body can refer to. */
export type Surroundings = {
  readonly types: readonly TestSignature[];
  /** Imported and defined functions by index; those from `firstOwn` on are random ones. */
  readonly functions: readonly TestSignature[];
  readonly imports: readonly string[];
  readonly firstOwn: number;
  readonly globals: readonly { readonly type: Number; readonly mutable: boolean }[];
  /** Entries of the table, or undefined if there is none. */
  readonly tableSize: number | undefined;
  /** Initial pages. */
  readonly pages: number;
  /** Pointers to regions, good and bad. */
  readonly pointers: readonly number[];
  /** Functions call themselves and those before them as well as those behind them. */
  readonly recursive: boolean;
};

type Label = {
  readonly kind: "function" | "block" | "loop" | "if" | "else";
  readonly result: TestType | undefined;
  readonly height: number;
  dead: boolean;
};

const I32_VALUES = [0, 1, -1, 2, 3, 7, 31, 32, 33, 255, 65_535, 65_536, 0x7fffffff, -0x80000000];
const I64_VALUES = ["0", "1", "-1", "2", "63", "64", "-9223372036854775808", "9223372036854775807", "4294967296"];
const GROWTHS = [0, 1, 1, 1, 2, 15, 16, 17, 175, 176, 191, 192, 193, -1, -0x80000000, 65_536];
const OFFSETS = [0, 1, 2, 3, 4, 7, 8, 4096, 65_535, 65_536, 0x7fffffff, 0xfffffffc, 0xffffffff];

const NUMERIC = [...OPCODES.keys()].filter(
  (name) => /^i(32|64)\./.test(name) && !/load|store|const|trunc|reinterpret/.test(name),
);
const LOADS = [...OPCODES.keys()].filter((name) => /^i(32|64)\.load/.test(name));
const STORES = [...OPCODES.keys()].filter((name) => /^i(32|64)\.store/.test(name));

/** Steps by how often they are made. */
const STEPS = [
  [1, "nop"],
  [10, "constant"],
  [12, "localGet"],
  [10, "localSet"],
  [4, "localTee"],
  [4, "globalGet"],
  [4, "globalSet"],
  [24, "numeric"],
  [8, "load"],
  [8, "store"],
  [8, "open"],
  [3, "else"],
  [9, "close"],
  [3, "branch"],
  [5, "branchIf"],
  [3, "countedLoop"],
  [3, "branchTable"],
  [2, "return"],
  [1, "trap"],
  [3, "drop"],
  [3, "select"],
  [6, "call"],
  [4, "callImport"],
  [4, "callIndirect"],
  [2, "memorySize"],
  [2, "memoryGrow"],
] as const;
type StepName = (typeof STEPS)[number][1];
const STEP_TABLE: readonly StepName[] = STEPS.flatMap(([weight, name]) => new Array<StepName>(weight).fill(name));

/** Largest step number. */
export const MAX_STEP = 0x7fffffff;

export class BodyBuilder {
  private readonly at: Surroundings;
  private readonly own: number;
  private readonly locals: readonly TestType[];
  /** Locals by type: i32, i64. */
  private readonly fitting: readonly (readonly number[])[];
  private readonly out: string[] = [];
  private readonly stack: TestType[] = [];
  private readonly labels: Label[];
  private a = 0;
  private b = 0;

  /**
   * @param own index of this function
   * @param locals parameters and locals; the last three are for the builder: i32, i64, and an i32 that counts rounds of loops
   */
  constructor(at: Surroundings, own: number, locals: readonly TestType[], result: TestType | undefined) {
    this.at = at;
    this.own = own;
    this.locals = locals;
    this.fitting = ["i32", "i64"].map((type) => locals.flatMap((local, i) => (local === type ? [i] : [])));
    this.labels = [{ kind: "function", result, height: 0, dead: false }];
  }

  build(steps: readonly number[]): string {
    for (const step of steps) {
      const rest = Math.floor(step / STEP_TABLE.length);
      this.a = rest % 4096;
      this.b = Math.floor(rest / 4096);
      this[STEP_TABLE[step % STEP_TABLE.length] as StepName]();
    }
    while (this.labels.length > 1) this.close();
    this.settle();
    return this.out.join(" ");
  }

  // ---- stack

  private get label(): Label {
    return this.labels[this.labels.length - 1] as Label;
  }

  private emit(...tokens: readonly string[]): void {
    this.out.push(...tokens);
  }

  private pick<T>(list: readonly T[], by = this.a): T {
    return list[by % list.length] as T;
  }

  /** Takes operands: those on the stack if their types are right, else new ones. In dead code none at all will do as well. */
  private take(...types: readonly TestType[]): void {
    const own = this.stack.slice(this.label.height);
    const top = own.slice(Math.max(0, own.length - types.length));
    if (top.length === types.length && top.every((type, i) => type === types[i])) {
      this.stack.length -= types.length;
    } else if (!this.label.dead || own.length > 0) {
      for (const type of types) this.filler(type);
    }
  }

  /** Puts a value there without noting it on the stack. */
  private filler(type: TestType): void {
    const fitting = this.fitting[type === "i32" ? 0 : 1] as readonly number[];
    if (this.b % 3 !== 0 && fitting.length > 0) this.emit(`local.get ${this.pick(fitting)}`);
    else if (type === "i32") this.emit(`i32.const ${this.pick(I32_VALUES)}`);
    else this.emit(`i64.const ${this.pick(I64_VALUES)}`);
  }

  private push(type: TestType | undefined): void {
    if (type !== undefined) this.stack.push(type);
  }

  /** Behind an instruction that never falls through. */
  private die(): void {
    this.stack.length = this.label.height;
    this.label.dead = true;
  }

  /** Makes the stack what the end of the sequence needs. */
  private settle(): void {
    const { height, result, dead } = this.label;
    if (result !== undefined && this.stack.length === height + 1 && this.stack[height] === result) return;
    while (this.stack.length > height) this.drop();
    if (result !== undefined && !(dead && this.a % 2 === 0)) this.filler(result);
  }

  private number(): Number {
    return this.b % 3 === 0 ? "i64" : "i32";
  }

  // ---- values

  nop(): void {
    this.emit("nop");
  }

  constant(): void {
    const type = this.number();
    const special = type === "i32" ? this.pick(I32_VALUES) : this.pick(I64_VALUES);
    this.emit(`${type}.const ${this.b % 2 === 0 ? special : (this.a * 1000003) | 0}`);
    this.push(type);
  }

  localGet(): void {
    const index = this.a % this.locals.length;
    this.emit(`local.get ${index}`);
    this.push(this.locals[index]);
  }

  localSet(): void {
    const index = this.a % this.locals.length;
    this.take(this.locals[index] as TestType);
    this.emit(`local.set ${index}`);
  }

  localTee(): void {
    const index = this.a % this.locals.length;
    this.take(this.locals[index] as TestType);
    this.emit(`local.tee ${index}`);
    this.push(this.locals[index]);
  }

  globalGet(): void {
    const index = this.a % this.at.globals.length;
    this.emit(`global.get ${index}`);
    this.push(this.at.globals[index]?.type);
  }

  globalSet(): void {
    // Global 0 is the allocator's: seldom touched, or little would go on.
    const from = this.b % 16 === 0 ? 0 : 1;
    const index = from + (this.a % Math.max(1, this.at.globals.length - from));
    const global = this.at.globals[index];
    if (!global?.mutable) return;
    this.take(global.type);
    this.emit(`global.set ${index}`);
  }

  numeric(): void {
    const name = this.pick(NUMERIC);
    const type = name.slice(0, 3) as Number;
    const other: Number = type === "i32" ? "i64" : "i32";
    if (/wrap|extend_i32/.test(name)) {
      this.take(other);
      this.emit(name);
      this.push(type);
      return;
    }
    const isUnary = /eqz|clz|ctz|popcnt|extend/.test(name);
    this.take(...(isUnary ? [type] : [type, type]));
    if (/div|rem/.test(name) && this.b % 4 !== 0) this.emit(`${type}.const 1 ${type}.or`);
    this.emit(name);
    this.push(/eqz|\.(eq|ne|lt|gt|le|ge)/.test(name) ? "i32" : type);
  }

  // ---- memory

  /** Turns the number on top into an address, mostly a good one; gives the offset to use. */
  private address(): number {
    const mode = this.b % 16;
    if (mode === 1) return this.pick(OFFSETS);
    if (mode > 1) {
      this.emit(mode < 5 ? "i32.const 65535 i32.and" : "i32.const 32767 i32.and i32.const 8192 i32.or");
      return this.a % 128;
    }
    const real = Math.min(this.at.pages + 16, 192);
    const end = this.pick([this.at.pages, real, real, real, 192]) * 65_536;
    this.emit(`drop i32.const ${(end - (this.a % 12)) | 0}`);
    return this.pick([0, 0, 1, 4, 8]);
  }

  load(): void {
    const name = this.pick(LOADS);
    this.take("i32");
    const offset = this.address();
    this.emit(`${name} +${offset}`);
    this.push(name.slice(0, 3) as Number);
  }

  store(): void {
    const name = this.pick(STORES);
    const type = name.slice(0, 3) as Number;
    const kept = this.locals.length - (type === "i32" ? 3 : 2);
    this.take("i32", type);
    this.emit(`local.set ${kept}`);
    const offset = this.address();
    this.emit(`local.get ${kept} ${name} +${offset}`);
  }

  memorySize(): void {
    this.emit("memory.size");
    this.push("i32");
  }

  memoryGrow(): void {
    if (this.b % 8 === 0) this.take("i32");
    else this.emit(`i32.const ${this.pick(GROWTHS.slice(0, this.b % 4 === 1 ? GROWTHS.length : 5))}`);
    this.emit("memory.grow");
    this.push("i32");
  }

  // ---- control

  open(): void {
    const kind = this.pick(["block", "loop", "if"] as const);
    if (kind === "if") this.take("i32");
    const result = this.pick([undefined, undefined, "i32", "i64"] as const, this.b);
    this.emit(result === undefined ? kind : `${kind} ${result}`);
    this.labels.push({ kind, result, height: this.stack.length, dead: false });
  }

  else(): void {
    const { label } = this;
    if (label.kind !== "if") return;
    this.settle();
    this.emit("else");
    this.stack.length = label.height;
    this.labels[this.labels.length - 1] = { ...label, kind: "else", dead: false };
  }

  close(): void {
    if (this.labels.length === 1) return;
    if (this.label.kind === "if" && this.label.result !== undefined) this.else();
    this.settle();
    const { height, result } = this.labels.pop() as Label;
    this.emit("end");
    this.stack.length = height;
    this.push(result);
  }

  /** What a branch to a label takes along. */
  private carried(depth: number): readonly TestType[] {
    const { kind, result } = this.labels[this.labels.length - 1 - depth] as Label;
    return kind === "loop" || result === undefined ? [] : [result];
  }

  branch(): void {
    const depth = this.a % this.labels.length;
    this.take(...this.carried(depth));
    this.emit(`br ${depth}`);
    this.die();
  }

  branchIf(): void {
    const depth = this.a % this.labels.length;
    const carried = this.carried(depth);
    this.take(...carried, "i32");
    this.emit(`br_if ${depth}`);
    for (const type of carried) this.push(type);
  }

  /** Goes round a loop up to seven times. */
  countedLoop(): void {
    const depth = [...this.labels].reverse().findIndex((label) => label.kind === "loop");
    if (depth < 0) return;
    const counter = this.locals.length - 1;
    this.emit(`local.get ${counter} i32.const 1 i32.add local.tee ${counter} i32.const 7 i32.and br_if ${depth}`);
  }

  branchTable(): void {
    const fallback = this.a % this.labels.length;
    const carried = this.carried(fallback);
    const depths = this.labels.map((_, depth) => depth);
    const fitting = depths.filter((depth) => `${this.carried(depth)}` === `${carried}`);
    const labels = Array.from({ length: this.b % 5 }, (_, i) => this.pick(fitting, this.a + 3 * i));
    this.take(...carried, "i32");
    if (this.b % 2 === 0) this.emit("i32.const 3 i32.and");
    this.emit(`br_table ${[...labels, fallback].join(" ")}`);
    this.die();
  }

  return(): void {
    this.take(...this.carried(this.labels.length - 1));
    this.emit("return");
    this.die();
  }

  trap(): void {
    if (this.b % 4 === 1) this.emit("f32.const 1 f32.neg drop");
    if (this.b % 4 !== 0) return;
    this.emit("unreachable");
    this.die();
  }

  drop(): void {
    if (this.stack.length <= this.label.height) return;
    this.stack.pop();
    this.emit("drop");
  }

  select(): void {
    const type = this.number();
    this.take(type, type, "i32");
    this.emit("select");
    this.push(type);
  }

  // ---- calls

  call(): void {
    const { functions, firstOwn, recursive } = this.at;
    // Mostly forwards, or every program would recurse without end.
    const from = this.b % 8 === 0 ? 0 : recursive ? firstOwn : this.own + 1;
    if (from >= functions.length) return;
    this.callFunction(from + (this.a % (functions.length - from)));
  }

  private callFunction(index: number): void {
    const [params, results] = this.at.functions[index] as TestSignature;
    this.take(...params);
    this.emit(`call ${index}`);
    this.push(results[0]);
  }

  callImport(): void {
    const { imports, pointers } = this.at;
    if (imports.length === 0) return;
    const index = this.b % imports.length;
    if (this.a % 8 === 0) {
      this.callFunction(index);
      return;
    }
    const [params, results] = this.at.functions[index] as TestSignature;
    params.forEach((_, i) => {
      const pointer = this.pick(pointers, this.a + 5 * i);
      this.emit(`i32.const ${imports[index] === "gas_evaporate" ? this.a % 12 : pointer}`);
    });
    this.emit(`call ${index}`);
    this.push(results[0]);
  }

  callIndirect(): void {
    const { tableSize, types } = this.at;
    if (tableSize === undefined) return;
    const type = this.a % types.length;
    const [params, results] = types[type] as TestSignature;
    this.take(...params, "i32");
    if (this.b % 16 !== 0) this.emit(`drop i32.const ${Math.floor(this.b / 16) % (tableSize + 1)}`);
    this.emit(`call_indirect ${type}`);
    this.push(results[0]);
  }
}
