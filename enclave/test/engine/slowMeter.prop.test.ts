import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EngineErrorCode as Code, EngineErrorCode } from "../../src/engine/engineError.ts";
import {
  BINARY_OPS,
  type Body,
  bodyText,
  type Expression,
  IDLE_LOCALS,
  LOCALS,
  type Statement,
  Twin,
  type TwinEnd,
  TwinTrap,
} from "./slowMeter.ts";
import { contract, execute, newEngine } from "./testContract.ts";

const FUNCTIONS = 3;
/** The result, then what programs write; below are the regions of arguments and output. */
const OUTPUT = 8188;
const OUTPUT_LENGTH = 57_000;

/** Makes programs from a stream of small numbers. */
class Generator {
  private readonly numbers: Iterator<number>;
  private budget = 60;

  constructor(numbers: Iterable<number>) {
    this.numbers = numbers[Symbol.iterator]();
  }

  private next(below: number): number {
    return ((this.numbers.next().value as number | undefined) ?? 0) % below;
  }

  body(labels: readonly boolean[]): Body {
    return { statements: this.statements(labels), value: this.expression(labels) };
  }

  /** @param labels of open blocks, innermost first: whether a branch may go there without a value */
  private statements(labels: readonly boolean[]): Statement[] {
    return Array.from({ length: this.next(4) }, () => this.statement(labels));
  }

  private statement(labels: readonly boolean[]): Statement {
    this.budget--;
    const inner = [true, ...labels];
    const targets = labels.flatMap((free, depth) => (free ? [depth] : []));
    const depth = (): number => targets[this.next(targets.length)] as number;
    const kind = this.budget > 0 ? this.next(13) : 0;
    switch (kind) {
      case 1:
        return {
          kind: "store",
          address: this.address(labels),
          value: this.expression(labels),
          offset: this.next(3) * 5000,
        };
      case 2:
        return { kind: "block", body: this.statements(inner) };
      case 3:
      case 4:
        return { kind: "loop", body: this.statements(inner) };
      case 5:
        return {
          kind: "if",
          condition: this.expression(labels),
          yes: this.statements(inner),
          no: this.statements(inner),
        };
      case 6:
      case 7:
        if (targets.length > 0) return { kind: "branch if", depth: depth(), condition: this.expression(labels) };
        break;
      case 8:
        if (targets.length > 0) return { kind: "branch", depth: depth() };
        break;
      case 9:
        if (targets.length > 0) return { kind: "table", depths: [depth(), depth()], index: this.expression(labels) };
        break;
      case 10:
        return this.next(3) === 0 ? { kind: "return", value: this.expression(labels) } : { kind: "nop" };
      case 11:
        return this.next(6) === 0 ? { kind: "unreachable" } : { kind: "drop", value: this.expression(labels) };
    }
    return { kind: "set", index: this.next(LOCALS), value: this.expression(labels) };
  }

  private address(labels: readonly boolean[]): Expression {
    const masked = {
      kind: "binary",
      op: "i32.and",
      left: this.expression(labels),
      right: { kind: "const", value: 0x1fffff },
    } as const;
    return { kind: "binary", op: "i32.add", left: masked, right: { kind: "const", value: 8192 } };
  }

  private expression(labels: readonly boolean[]): Expression {
    this.budget--;
    const inner = [false, ...labels];
    switch (this.budget > 0 ? this.next(12) : 0) {
      case 0:
        return { kind: "const", value: this.next(4) };
      case 1:
        return { kind: "const", value: (this.next(65_536) * 65_537) | 0 };
      case 5:
        return { kind: "load", address: this.address(labels), offset: this.next(3) * 5000 };
      case 6:
        return this.next(2) === 0
          ? { kind: "size" }
          : { kind: "grow", pages: { kind: "const", value: this.next(60) - 1 } };
      case 7:
        return {
          kind: "call",
          target: this.next(FUNCTIONS),
          left: this.expression(labels),
          right: this.expression(labels),
        };
      case 8:
        return { kind: "choice", condition: this.expression(labels), yes: this.body(inner), no: this.body(inner) };
      case 9:
        return { kind: "value block", body: this.body(inner) };
      case 10:
      case 11: {
        const op = BINARY_OPS[this.next(BINARY_OPS.length)] as (typeof BINARY_OPS)[number];
        return { kind: "binary", op, left: this.expression(labels), right: this.expression(labels) };
      }
      default:
        return { kind: "local", index: this.next(LOCALS) };
    }
  }
}

function makeProgram(numbers: readonly number[]): Body[] {
  let at = 0;
  return Array.from({ length: FUNCTIONS }, () => {
    const part = numbers.slice(at);
    at += Math.floor(numbers.length / FUNCTIONS);
    return new Generator(part).body([false]);
  });
}

const region = new Uint8Array(Uint32Array.of(OUTPUT, 0, OUTPUT_LENGTH).buffer);

/** The program's first function with 7 and 1000; the output is its result and the memory after it. */
function module(program: readonly Body[]): Uint8Array {
  return contract({
    execute: `i32.const 7 i32.const 1000 call 5 local.set 3 i32.const ${OUTPUT} local.get 3 i32.store i32.const 512`,
    locals: ["i32"],
    data: [[512, region]],
    more: program.map((body) => ({
      type: [["i32", "i32"], ["i32"]],
      locals: new Array<"i32">(LOCALS - 2 + IDLE_LOCALS).fill("i32"),
      code: bodyText(body),
    })),
    globals: [["i32", true, 0]],
  });
}

const CODES: Readonly<Record<TwinEnd, Code>> = {
  division: EngineErrorCode.DivisionByZero,
  memory: EngineErrorCode.MemoryAccessOutOfBounds,
  panic: EngineErrorCode.ContractPanicUnreachable,
  gas: EngineErrorCode.OutOfGas,
  stack: EngineErrorCode.StackOverflow,
};

type Summary = {
  readonly end: Code | "returned";
  readonly output: Uint8Array | undefined;
  readonly remaining: bigint;
  readonly exhausted: bigint;
};

function runTwin(program: readonly Body[], gasLimit: bigint): Summary {
  const twin = new Twin(program, 1, gasLimit - 96n);
  const end = (): Code | "returned" => {
    try {
      twin.enter(8 * (4 + 2 + 4));
      twin.charge(16n);
      const value = twin.call(0, 7, 1000);
      new DataView(twin.bytes.buffer).setInt32(OUTPUT, value, true);
      return "returned";
    } catch (error) {
      if (!(error instanceof TwinTrap)) throw error;
      return CODES[error.end];
    }
  };
  const ended = end();
  const output = ended === "returned" ? twin.bytes.slice(OUTPUT, OUTPUT + OUTPUT_LENGTH) : undefined;
  return { end: ended, output, remaining: twin.gas, exhausted: twin.exhausted };
}

describe("the engine against its slow twin", () => {
  test("random programs end alike, with the same gas and the same memory", () => {
    const engine = newEngine(4);
    const ends = new Map<Code | "returned", number>();
    const numbers = fc.array(fc.nat(65_535), { minLength: 60, maxLength: 300 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 200, max: 600_000 }), (list, limit) => {
        const program = makeProgram(list);
        const gasLimit = BigInt(limit);
        const expected = runTwin(program, gasLimit);
        const { result, remaining, exhausted } = execute(engine, module(program), { gasLimit });
        const end = result.kind === "returned" ? "returned" : result.error.code;
        const output = result.kind === "returned" ? result.output : undefined;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        expect({ end, remaining, exhausted }).toEqual({
          end: expected.end,
          remaining: expected.remaining,
          exhausted: expected.exhausted,
        });
        expect(Buffer.compare(output ?? new Uint8Array(0), expected.output ?? new Uint8Array(0))).toBe(0);
      }),
      { numRuns: 100 },
    );
    // The property says little unless programs end in many ways.
    expect([...ends.keys()].length).toBeGreaterThanOrEqual(5);
  });
});
