/**
 * The slow twin of the engine: random programs as trees, their text for the assembler, and an interpreter that meters the trees.
 *
 * Written from contracts §4.1, §1.6 and ADR 0003 and sharing nothing with the engine. Integers of 32 bits, structured control, calls,
 * memory with growth.
 */

export type Expression =
  | { readonly kind: "const"; readonly value: number }
  | { readonly kind: "local"; readonly index: number }
  | { readonly kind: "binary"; readonly op: BinaryOp; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "load"; readonly address: Expression; readonly offset: number }
  | { readonly kind: "size" }
  | { readonly kind: "grow"; readonly pages: Expression }
  | { readonly kind: "call"; readonly target: number; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "choice"; readonly condition: Expression; readonly yes: Body; readonly no: Body }
  | { readonly kind: "value block"; readonly body: Body };

/** Statements, then one value. */
export type Body = { readonly statements: readonly Statement[]; readonly value: Expression };

export type Statement =
  | { readonly kind: "set"; readonly index: number; readonly value: Expression }
  | { readonly kind: "store"; readonly address: Expression; readonly value: Expression; readonly offset: number }
  | { readonly kind: "drop"; readonly value: Expression }
  | { readonly kind: "block" | "loop"; readonly body: readonly Statement[] }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly yes: readonly Statement[];
      readonly no: readonly Statement[];
    }
  | { readonly kind: "branch"; readonly depth: number }
  | { readonly kind: "branch if"; readonly depth: number; readonly condition: Expression }
  | { readonly kind: "table"; readonly depths: readonly number[]; readonly index: Expression }
  | { readonly kind: "return"; readonly value: Expression }
  | { readonly kind: "unreachable" }
  | { readonly kind: "nop" };

const BINARY = {
  "i32.add": (a: number, b: number) => (a + b) | 0,
  "i32.sub": (a: number, b: number) => (a - b) | 0,
  "i32.mul": (a: number, b: number) => Math.imul(a, b),
  "i32.and": (a: number, b: number) => a & b,
  "i32.xor": (a: number, b: number) => a ^ b,
  "i32.shl": (a: number, b: number) => a << (b & 31),
  "i32.lt_s": (a: number, b: number) => (a < b ? 1 : 0),
  "i32.ge_u": (a: number, b: number) => (a >>> 0 >= b >>> 0 ? 1 : 0),
  "i32.div_u": (a: number, b: number) => {
    if (b === 0) throw new TwinTrap("division");
    return ((a >>> 0) / (b >>> 0)) | 0;
  },
};
export type BinaryOp = keyof typeof BINARY;
export const BINARY_OPS = Object.keys(BINARY) as BinaryOp[];

export type TwinEnd = "division" | "memory" | "panic" | "gas" | "stack";
export class TwinTrap extends Error {
  readonly end: TwinEnd;
  constructor(end: TwinEnd) {
    super(end);
    this.end = end;
  }
}

/** Every function takes and gives numbers of 32 bits: two parameters, two further locals that programs use. */
export const LOCALS = 4;
/** Locals that nobody uses: they make frames large, so that the engine's stack ends long before the twin's. */
export const IDLE_LOCALS = 300;

// ---- text

function text(e: Expression): string {
  switch (e.kind) {
    case "const":
      return `i32.const ${e.value}`;
    case "local":
      return `local.get ${e.index}`;
    case "binary":
      return `${text(e.left)} ${text(e.right)} ${e.op}`;
    case "load":
      return `${text(e.address)} i32.load +${e.offset}`;
    case "size":
      return "memory.size";
    case "grow":
      return `${text(e.pages)} memory.grow`;
    case "call":
      return `${text(e.left)} ${text(e.right)} call ${FIRST_FUNCTION + e.target}`;
    case "choice":
      return `${text(e.condition)} if i32 ${bodyText(e.yes)} else ${bodyText(e.no)} end`;
    case "value block":
      return `block i32 ${bodyText(e.body)} end`;
  }
}

/** Index of the first function that a program has in its module. */
export const FIRST_FUNCTION = 5;

export function bodyText({ statements, value }: Body): string {
  return `${statements.map(statementText).join(" ")} ${text(value)}`;
}

function statementText(s: Statement): string {
  const all = (list: readonly Statement[]): string => list.map(statementText).join(" ");
  switch (s.kind) {
    case "set":
      return `${text(s.value)} local.set ${s.index}`;
    case "store":
      return `${text(s.address)} ${text(s.value)} i32.store +${s.offset}`;
    case "drop":
      return `${text(s.value)} drop`;
    case "block":
    case "loop":
      return `${s.kind} ${all(s.body)} end`;
    case "if":
      return `${text(s.condition)} if ${all(s.yes)} ${s.no.length > 0 ? `else ${all(s.no)}` : ""} end`;
    case "branch":
      return `br ${s.depth}`;
    case "branch if":
      return `${text(s.condition)} br_if ${s.depth}`;
    case "table":
      return `${text(s.index)} br_table ${s.depths.join(" ")}`;
    case "return":
      return `${text(s.value)} return`;
    default:
      return s.kind;
  }
}

// ---- cost of a sequence: its own live instructions, 2 W each

function countExpression(e: Expression): number {
  switch (e.kind) {
    case "binary":
    case "call":
      return countExpression(e.left) + countExpression(e.right) + 1;
    case "load":
      return countExpression(e.address) + 1;
    case "grow":
      return countExpression(e.pages) + 1;
    case "choice":
      return countExpression(e.condition) + 1;
    default:
      return 1;
  }
}

function countStatement(s: Statement): number {
  switch (s.kind) {
    case "nop":
      return 0;
    case "set":
    case "drop":
    case "return":
      return countExpression(s.value) + 1;
    case "store":
      return countExpression(s.address) + countExpression(s.value) + 1;
    case "if":
    case "branch if":
      return countExpression(s.condition) + 1;
    case "table":
      return countExpression(s.index) + 1;
    default:
      return 1;
  }
}

const ENDS: ReadonlySet<string> = new Set(["branch", "table", "return", "unreachable"]);

/** The statements that are not dead, and whether the end of the sequence is reached. */
function liveOf(statements: readonly Statement[]): { readonly live: readonly Statement[]; readonly ends: boolean } {
  const end = statements.findIndex((s) => ENDS.has(s.kind));
  return end < 0 ? { live: statements, ends: false } : { live: statements.slice(0, end + 1), ends: true };
}

function costOf(statements: readonly Statement[], value?: Expression): number {
  const { live, ends } = liveOf(statements);
  const count = live.reduce((sum, s) => sum + countStatement(s), 0);
  return 2 * (count + (value === undefined || ends ? 0 : countExpression(value)));
}

// ---- deepest operand stack of live code

function deepExpression(e: Expression, below: number): number {
  switch (e.kind) {
    case "binary":
    case "call":
      return Math.max(deepExpression(e.left, below), deepExpression(e.right, below + 1));
    case "load":
      return deepExpression(e.address, below);
    case "grow":
      return deepExpression(e.pages, below);
    case "choice":
      return Math.max(deepExpression(e.condition, below), deepBody(e.yes, below), deepBody(e.no, below));
    case "value block":
      return deepBody(e.body, below);
    default:
      return below + 1;
  }
}

function deepBody({ statements, value }: Body, below: number): number {
  const { ends } = liveOf(statements);
  const inside = deepStatements(statements, below);
  // The value of the block is on the stack after it, however the block was left.
  return Math.max(inside, ends ? below : deepExpression(value, below));
}

function deepStatements(statements: readonly Statement[], below: number): number {
  return Math.max(below, ...liveOf(statements).live.map((s) => deepStatement(s, below)));
}

function deepStatement(s: Statement, below: number): number {
  switch (s.kind) {
    case "set":
    case "drop":
    case "return":
      return deepExpression(s.value, below);
    case "store":
      return Math.max(deepExpression(s.address, below), deepExpression(s.value, below + 1));
    case "block":
    case "loop":
      return deepStatements(s.body, below);
    case "if":
      return Math.max(deepExpression(s.condition, below), deepStatements(s.yes, below), deepStatements(s.no, below));
    case "branch if":
      return deepExpression(s.condition, below);
    case "table":
      return deepExpression(s.index, below);
    default:
      return below;
  }
}

// ---- the machine

/** A branch on its way out: how many blocks are still to be left. */
class Branch {
  readonly depth: number;
  constructor(depth: number) {
    this.depth = depth;
  }
}
class Return {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

const PAGE = 65_536;

export class Twin {
  readonly functions: readonly Body[];
  readonly frames: readonly number[];
  gas: bigint;
  exhausted = 0n;
  pages: number;
  physical: number;
  bytes: Uint8Array;
  private stack = 61_440;
  private readonly costs = new Map<readonly Statement[], bigint>();

  constructor(functions: readonly Body[], pages: number, gas: bigint) {
    this.functions = functions;
    // The result itself is one operand at least.
    this.frames = functions.map((body) => 8 * (LOCALS + IDLE_LOCALS + Math.max(1, deepBody(body, 0)) + 4));
    this.gas = gas;
    this.pages = pages;
    this.physical = Math.min(pages + 16, 192);
    this.bytes = new Uint8Array(this.physical * PAGE);
  }

  charge(cost: bigint): void {
    if (this.gas < cost) {
      this.exhausted = cost;
      throw new TwinTrap("gas");
    }
    this.gas -= cost;
  }

  /** Takes stack for a caller outside of the program. */
  enter(bytes: number): void {
    if (this.stack < bytes) throw new TwinTrap("stack");
    this.stack -= bytes;
  }

  call(target: number, left: number, right: number): number {
    const frame = this.frames[target] as number;
    this.enter(frame);
    const locals = [left, right, 0, 0];
    let value: number;
    try {
      value = this.body(this.functions[target] as Body, locals);
    } catch (out) {
      if (!(out instanceof Return)) throw out;
      value = out.value;
    }
    this.stack += frame;
    return value;
  }

  private body({ statements, value }: Body, locals: number[]): number {
    this.charge(this.cost(statements, value));
    this.run(statements, locals);
    return this.evaluate(value, locals);
  }

  private sequence(statements: readonly Statement[], locals: number[]): void {
    this.charge(this.cost(statements));
    this.run(statements, locals);
  }

  private cost(statements: readonly Statement[], value?: Expression): bigint {
    const known = this.costs.get(statements) ?? BigInt(costOf(statements, value));
    this.costs.set(statements, known);
    return known;
  }

  private run(statements: readonly Statement[], locals: number[]): void {
    for (const s of statements) this.statement(s, locals);
  }

  /** Runs something that has a label; gives whether a branch to it ended it. */
  private labelled(work: () => void): boolean {
    try {
      work();
      return false;
    } catch (out) {
      if (!(out instanceof Branch)) throw out;
      if (out.depth > 0) throw new Branch(out.depth - 1);
      return true;
    }
  }

  private statement(s: Statement, locals: number[]): void {
    switch (s.kind) {
      case "set":
        locals[s.index] = this.evaluate(s.value, locals);
        return;
      case "store": {
        const address = this.evaluate(s.address, locals);
        const value = this.evaluate(s.value, locals);
        new DataView(this.bytes.buffer).setInt32(this.checked(address, s.offset), value, true);
        return;
      }
      case "drop":
        this.evaluate(s.value, locals);
        return;
      case "block":
        this.labelled(() => this.sequence(s.body, locals));
        return;
      case "loop":
        while (this.labelled(() => this.sequence(s.body, locals))) {}
        return;
      case "if": {
        const arm = this.evaluate(s.condition, locals) !== 0 ? s.yes : s.no;
        this.labelled(() => this.sequence(arm, locals));
        return;
      }
      case "branch":
        throw new Branch(s.depth);
      case "branch if":
        if (this.evaluate(s.condition, locals) !== 0) throw new Branch(s.depth);
        return;
      case "table": {
        const index = this.evaluate(s.index, locals) >>> 0;
        throw new Branch(s.depths[Math.min(index, s.depths.length - 1)] as number);
      }
      case "return":
        throw new Return(this.evaluate(s.value, locals));
      case "unreachable":
        throw new TwinTrap("panic");
      case "nop":
        return;
    }
  }

  private evaluate(e: Expression, locals: number[]): number {
    switch (e.kind) {
      case "const":
        return e.value;
      case "local":
        return locals[e.index] as number;
      case "binary": {
        const left = this.evaluate(e.left, locals);
        return BINARY[e.op](left, this.evaluate(e.right, locals));
      }
      case "load":
        return new DataView(this.bytes.buffer).getInt32(this.checked(this.evaluate(e.address, locals), e.offset), true);
      case "size":
        return this.pages;
      case "grow":
        return this.grow(this.evaluate(e.pages, locals));
      case "call": {
        const left = this.evaluate(e.left, locals);
        return this.call(e.target, left, this.evaluate(e.right, locals));
      }
      case "choice": {
        const body = this.evaluate(e.condition, locals) !== 0 ? e.yes : e.no;
        return this.valued(body, locals);
      }
      case "value block":
        return this.valued(e.body, locals);
    }
  }

  /** A block with a value has a label too, though no branch of a program goes to it. */
  private valued(body: Body, locals: number[]): number {
    let value = 0;
    this.labelled(() => {
      value = this.body(body, locals);
    });
    return value;
  }

  private checked(address: number, offset: number): number {
    const at = (address >>> 0) + offset;
    if (at + 4 > this.physical * PAGE) throw new TwinTrap("memory");
    return at;
  }

  private grow(pages: number): number {
    this.charge(28n);
    const cost = BigInt.asUintN(64, BigInt(pages) * 8192n);
    if (this.gas < cost) {
      this.charge(6n);
      this.exhausted = cost;
      throw new TwinTrap("gas");
    }
    this.gas -= cost;
    if (this.pages + pages > 192) return -1;
    const before = this.pages;
    this.pages += pages;
    if (this.pages > this.physical) {
      this.physical = this.pages;
      const grown = new Uint8Array(this.physical * PAGE);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    return before;
  }
}
