import { describe, expect, test } from "vitest";
import { EngineErrorCode } from "../../src/engine/engineError.ts";
import type { TestFunction } from "./assemble.ts";
import { call, contract, errorText, execute, newEngine, openCode, type TestContract, used } from "./testContract.ts";

function textOf(code: string, parts: Omit<TestContract, "execute"> = {}): string | undefined {
  return errorText(execute(newEngine(), contract({ execute: code, ...parts })));
}

describe("contracts §1.7: traps", () => {
  test.each([
    ["unreachable", "unreachable", "the contract panicked"],
    ["a load outside", "i32.const -1 i32.load", "the contract tried to access memory out of bounds"],
    [
      "a store outside",
      "i32.const -1 i32.const 0 i32.store i32.const 0",
      "the contract tried to access memory out of bounds",
    ],
    ["division by zero", "i32.const 1 i32.const 0 i32.div_u", "the contract tried to divide by zero"],
    ["remainder by zero", "i64.const 1 i64.const 0 i64.rem_s i32.wrap_i64", "the contract tried to divide by zero"],
    ["overflow of a division", "i32.const -2147483648 i32.const -1 i32.div_s", "the contract panicked"],
  ])("%s", (_, code, text) => {
    expect(textOf(code)).toBe(text);
  });

  // Type 2 is (i32,i32,i32)->i32 in these modules, type 3 ()->().
  const table = { table: [3], elements: [[0, [2, 3]]] } as const;
  const indirect = (index: number): string => `i32.const 1 i32.const 1 i32.const 1 i32.const ${index} call_indirect 3`;

  test("a call through the table", () => {
    expect(textOf(indirect(1), table)).toBeUndefined();
    expect(textOf(indirect(0), table)).toBe(
      "the contract tried to call a function but expected an incorrect function signature",
    );
    expect(textOf(indirect(2), table)).toBe("the contract tried to access a nonexistent resource");
    expect(textOf(indirect(3), table)).toBe("the contract tried to access a nonexistent resource");
  });

  test("running out of gas is told from other traps by the exhausted global", () => {
    const code = contract({ execute: "loop br 0 end unreachable" });
    const outcome = execute(newEngine(), code, { gasLimit: 1_000_000n });
    expect(errorText(outcome)).toBe("execution ran out of gas");
    expect(outcome.remaining).toBeLessThan(2n);
    expect(outcome.exhausted).toBe(2n);
  });

  test("a missing entry point, or one of another type, fails after the arguments were placed", () => {
    const engine = newEngine();
    const code = contract({
      execute: "i32.const 16",
      more: [{ name: "query", type: [["i32"], ["i32"]], code: "i32.const 16" }],
    });
    const module = openCode(engine, code);
    for (const entry of ["query", "migrate", "reply", "sudo"] as const) {
      const outcome = engine.run(module, call(entry));
      expect(outcome.result).toMatchObject({ error: { code: EngineErrorCode.FailedFunctionCall } });
      expect(used(outcome)).toBe(64n);
    }
  });

  test("imports that the host does not have fail the function that calls them, at its entry", () => {
    const imports = [["env", "db_next", [["i32"], ["i32"]]]] as const;
    const allocate: TestFunction = { name: "allocate", type: [["i32"], ["i32"]], code: "i32.const 32" };
    const more: TestFunction[] = [{ type: [[], []], code: "i32.const 0 if i32.const 0 call 0 drop end" }];
    const withCall = contract({
      execute: "call 6 i32.const 16",
      imports,
      allocate: { ...allocate, code: REGION_AT_64 },
      more,
    });
    expect(errorText(execute(newEngine(), withCall))).toBe(
      "calling a function in the contract failed for an unexpected reason",
    );
    const unused = contract({ execute: "i32.const 16", imports, allocate: { ...allocate, code: REGION_AT_64 }, more });
    expect(errorText(execute(newEngine(), unused))).toBeUndefined();
  });
});

/** An `allocate` that always gives the same place. */
const REGION_AT_64 = "i32.const 64 i32.const 128 i32.store i32.const 64 local.get 0 i32.store +4 i32.const 64";

describe("limits of memory", () => {
  test("grows to 192 pages and not beyond, and pays either way", () => {
    const grow = (pages: number): string => `i32.const ${pages} memory.grow`;
    const check = (expected: number): string => `i32.const ${expected} i32.ne if unreachable end`;
    const code = `${grow(0)} ${check(1)} ${grow(16)} ${check(1)} ${grow(175)} ${check(17)} memory.size ${check(192)}
      ${grow(1)} ${check(-1)} ${grow(0)} ${check(192)} i32.const 16`;
    const outcome = execute(newEngine(), contract({ execute: code }));
    expect(errorText(outcome)).toBeUndefined();
    expect(used(outcome)).toBe(96n + 2n * (5n * 2n + 1n + 6n * 3n + 1n) + 5n * 28n + 8192n * (16n + 175n + 1n));
  });

  test("memory that was grown can be used, to its last byte", () => {
    const code =
      "i32.const 191 memory.grow drop i32.const 12582911 i32.const 7 i32.store8 i32.const 12582911 i32.load8_u i32.const 9 i32.add";
    expect(textOf(code)).toBeUndefined();
    expect(textOf("i32.const 191 memory.grow drop i32.const 12582912 i32.load8_u")).toBe(
      "the contract tried to access memory out of bounds",
    );
  });

  test("a growth that cannot be paid says the cost of the pages; a negative number is a huge one", () => {
    const run = (pages: number, gasLimit: bigint) =>
      execute(newEngine(), contract({ execute: `i32.const ${pages} memory.grow` }), { gasLimit });
    // 96 for the arguments, 4 for the body, 28 for the helper, 6 for its failing arm.
    expect(run(2, 10_000n)).toMatchObject({ remaining: 10_000n - 134n, exhausted: 16_384n });
    expect(run(-1, 10_000n)).toMatchObject({ remaining: 10_000n - 134n, exhausted: 2n ** 64n - 8192n });
    expect(run(2, 127n)).toMatchObject({ remaining: 27n, exhausted: 28n });
    expect(run(2, 130n)).toMatchObject({ remaining: 2n, exhausted: 6n });
  });
});

describe("limits of the stack", () => {
  /** Counts its depth at address 0 and calls itself; 8 × (0 + locals + 2 + 4) bytes a frame. */
  const recursion = (locals: number): TestFunction => ({
    type: [[], []],
    locals: new Array<"i64">(locals).fill("i64"),
    code: "i32.const 512 i32.const 512 i32.load i32.const 1 i32.add i32.store call 5",
  });

  test.each([0, 10, 100])("recursion ends with the stack error at the same depth every time (%i locals)", (locals) => {
    const engine = newEngine();
    const more = [recursion(locals)];
    const depth = (n: number): string | undefined => {
      // Panics in call n + 1, if there is stack for it.
      const stop = {
        ...more[0],
        code: `i32.const 512 i32.load i32.const ${n} i32.ge_u if unreachable end ${more[0]?.code}`,
      } as TestFunction;
      return errorText(execute(engine, contract({ execute: "call 5 i32.const 16", more: [stop] })));
    };
    const stackError = "the contract has run out of space on the stack";
    // execute: 3 parameters, operand depth 1. The recursive function: operand depth 3.
    const frames = Math.floor((61_440 - 8 * (3 + 1 + 4)) / (8 * (locals + 3 + 4)));
    expect(depth(frames - 1)).toBe("the contract panicked");
    expect(depth(frames)).toBe(stackError);
    const gas = new Set<bigint>();
    for (let i = 0; i < 5; i++) {
      const outcome = execute(engine, contract({ execute: "call 5 i32.const 16", more }));
      expect(errorText(outcome)).toBe(stackError);
      gas.add(outcome.remaining);
    }
    expect(gas.size).toBe(1);
  });

  test("calls one after the other do not add up", () => {
    const code =
      "loop i32.const 512 i32.const 512 i32.load i32.const 1 i32.add i32.store call 5 i32.const 512 i32.load i32.const 5000 i32.lt_u br_if 0 end i32.const 16";
    expect(textOf(code, { more: [{ type: [[], []], code: "call 2" }] })).toBeUndefined();
  });

  test("a function of more than 2000 operands or 4000 slots fails when it is called, and only then", () => {
    const deep = (operands: number): TestFunction => ({
      type: [[], []],
      code: `${"i32.const 0 ".repeat(operands)} ${"drop ".repeat(operands)}`,
    });
    const wide = (locals: number): TestFunction => ({
      type: [[], []],
      locals: new Array<"i32">(locals).fill("i32"),
      code: "",
    });
    const failed = "calling a function in the contract failed for an unexpected reason";
    expect(textOf("call 5 i32.const 16", { more: [deep(2000)] })).toBeUndefined();
    expect(textOf("call 5 i32.const 16", { more: [deep(2001)] })).toBe(failed);
    expect(textOf("call 5 i32.const 16", { more: [wide(4000)] })).toBeUndefined();
    expect(textOf("call 5 i32.const 16", { more: [wide(4001)] })).toBe(failed);
    expect(textOf("i32.const 16", { more: [wide(4001), deep(2001)] })).toBeUndefined();
  });
});

describe("regions, contracts §2.1", () => {
  const result = (pointer: string, data: TestContract["data"] = []): string | undefined => textOf(pointer, { data });

  test.each([
    ["a null pointer", "i32.const 0"],
    ["a region outside of memory", "i32.const 65530"],
    ["a pointer above 2^31", "i32.const -4"],
    ["a region in the pool beyond the memory", "i32.const 70000"],
  ])("the output cannot be read at %s", (_, pointer) => {
    expect(result(pointer)).toBe("failed to read memory");
  });

  test("offset 0 is refused even for length 0, and data must end inside of the memory", () => {
    const region = (offset: number, length: number): Uint8Array =>
      new Uint8Array(Uint32Array.of(offset, 0, length).buffer);
    expect(result("i32.const 256", [[256, region(0, 0)]])).toBe("failed to read memory");
    expect(result("i32.const 256", [[256, region(65_536, 0)]])).toBeUndefined();
    expect(result("i32.const 256", [[256, region(65_535, 2)]])).toBe("failed to read memory");
    expect(result("i32.const 256", [[256, region(8, 0xffffffff)]])).toBe("failed to read memory");
  });

  test.each([
    ["traps", "unreachable", "failed to allocate memory"],
    ["runs out of gas", "loop br 0 end unreachable", "failed to allocate memory"],
    ["gives a place outside of memory", "i32.const 65535", "failed to read memory"],
    ["gives a region without capacity", "i32.const 16", "failed to read memory"],
  ])("an allocate that %s", (_, code, text) => {
    const allocate: TestFunction = { name: "allocate", type: [["i32"], ["i32"]], code };
    const outcome = execute(newEngine(), contract({ execute: "i32.const 16", allocate }), {
      gasLimit: 1_000_000n,
      msg: new Uint8Array(100),
    });
    expect(errorText(outcome)).toBe(text);
  });

  test("an allocate that calls an import ends the call, charged with half of its limit", () => {
    const allocate: TestFunction = { name: "allocate", type: [["i32"], ["i32"]], code: "call 0 i32.wrap_i64" };
    const code = contract({ execute: "i32.const 16", allocate, imports: [["env", "check_gas", [[], ["i64"]]]] });
    const outcome = execute(newEngine(), code, { gasLimit: 1001n });
    expect(errorText(outcome)).toBe("panicked due to unexpected behavior");
    expect(outcome).toMatchObject({ remaining: 501n, exhausted: 0n });
  });
});
