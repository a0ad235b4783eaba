import { describe, expect, test, vi } from "vitest";
import type { EngineOutcome } from "../../src/engine/engine.ts";
import { EngineErrorCode as Code, EngineError } from "../../src/engine/engineError.ts";
import { assemble, assembleCode, HEADER, section, sleb, type TestFunction, uleb } from "./assemble.ts";
import { ALLOCATE, call, contract, execute, newEngine, openCode, storeImports } from "./testContract.ts";

// A guard against hanging; what bounds time is said by each test.
vi.setConfig({ testTimeout: 120_000 });

/** Error code, or the length of what was returned. */
function endOf({ result }: EngineOutcome): string {
  return result.kind === "returned" ? `returned ${result.output.length} bytes` : `failed with ${result.error.code}`;
}

const failed = (code: Code): string => `failed with ${code}`;

function end(code: Uint8Array, gasLimit = 1_000_000n): string {
  return endOf(execute(newEngine(), code, { gasLimit }));
}

/** How opening ends. */
function opening(code: Uint8Array): string {
  try {
    openCode(newEngine(), code);
    return "opened";
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return failed(error.code);
  }
}

/** A function that nobody exports; its index is 5 and up. */
const more = (...codes: readonly string[]): TestFunction[] => codes.map((code) => ({ type: [[], []], code }));
const OK = "i32.const 16";
const RETURNED = "returned 2 bytes";

describe("contracts §4.8: contracts that do not end by themselves", () => {
  test.each([
    ["an endless loop", contract({ execute: `loop br 0 end ${OK}` })],
    ["a loop of empty blocks", contract({ execute: `loop block end br 0 end ${OK}` })],
    ["a br_table that always goes back", contract({ execute: `loop i32.const 9 br_table 0 0 0 end ${OK}` })],
    ["a loop around a call", contract({ execute: `loop call 5 br 0 end ${OK}`, more: more("") })],
    ["calls that double at each level", contract({ execute: `call 5 ${OK}`, more: doubling(40) })],
  ])("%s runs out of gas", (_, code) => {
    expect(end(code)).toBe(failed(Code.OutOfGas));
  });

  test.each([
    ["direct recursion", contract({ execute: `call 5 ${OK}`, more: more("call 5") })],
    ["mutual recursion", contract({ execute: `call 5 ${OK}`, more: more("call 6", "call 5") })],
    [
      "recursion through the table",
      contract({
        types: [[[], []]],
        execute: `call 5 ${OK}`,
        more: more("i32.const 0 call_indirect 0"),
        table: [1],
        elements: [[0, [5]]],
      }),
    ],
    ["recursion of the entry point", contract({ execute: "local.get 0 local.get 1 local.get 2 call 4" })],
  ])("%s ends with the stack error, the same each time", (_, code) => {
    const engine = newEngine();
    const outcomes = [1, 2, 3].map(() => execute(engine, code));
    for (const outcome of outcomes) expect(endOf(outcome)).toBe(failed(Code.StackOverflow));
    expect(new Set(outcomes.map(({ remaining }) => remaining)).size).toBe(1);
  });

  test("a query that always asks again ends where the chain stops answering", () => {
    const code = contract({
      imports: [["env", "query_chain", [["i32"], ["i32"]]]],
      execute: "i32.const 256 call 0 drop i32.const 16",
      data: [[256, Uint8Array.of(0, 4, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)]],
    });
    const engine = newEngine();
    const module = openCode(engine, code);
    let depth = 0;
    let deepest = 0;
    const query = (): Uint8Array => {
      deepest = Math.max(deepest, ++depth);
      const nested =
        depth < 10 ? engine.run(module, call("execute", { imports: storeImports(new Map(), { query }) })) : undefined;
      depth--;
      return nested === undefined ? Uint8Array.of(1) : new TextEncoder().encode(endOf(nested));
    };
    const outcome = engine.run(module, call("execute", { imports: storeImports(new Map(), { query }) }));
    expect(endOf(outcome)).toBe(RETURNED);
    expect(deepest).toBe(10);
  });
});

/** Function n calls function n + 1 twice. */
function doubling(levels: number): TestFunction[] {
  return Array.from(
    { length: levels },
    (_, i) => more(i + 1 < levels ? `call ${6 + i} call ${6 + i}` : "")[0] as TestFunction,
  );
}

describe("contracts §1.6, §4.2: contracts that want much memory", () => {
  test("growth beyond 192 pages is refused however often it is asked for, and paid for", () => {
    const bomb = `loop i32.const 64 memory.grow drop br 0 end ${OK}`;
    expect(end(contract({ execute: bomb }), 100_000_000n)).toBe(failed(Code.OutOfGas));
    const counted = `i32.const 191 memory.grow drop i32.const 1 memory.grow i32.const -1 i32.ne if unreachable end memory.size i32.const 192 i32.ne if unreachable end ${OK}`;
    expect(end(contract({ execute: counted }), 100_000_000n)).toBe(RETURNED);
  });

  test("a hundred calls that grow to the limit leave the next call as it was", () => {
    const engine = newEngine();
    const small = contract({
      execute: `i32.const 191 memory.grow i32.const 1 i32.ne if unreachable end i32.const 12582908 i32.load if unreachable end i32.const 12582908 i32.const 7 i32.store ${OK}`,
    });
    for (let i = 0; i < 100; i++) expect(endOf(execute(engine, small))).toBe(RETURNED);
  });

  test("the whole memory can be the output, and not one byte more", () => {
    const output = (length: number): string => {
      const region = `i32.const 256 i32.const 1 i32.store i32.const 264 i32.const ${length} i32.store i32.const 256`;
      return end(contract({ execute: `i32.const 191 memory.grow drop ${region}` }), 100_000_000n);
    };
    expect(output(12_582_911)).toBe("returned 12582911 bytes");
    expect(output(12_582_912)).toBe(failed(Code.MemoryRead));
    expect(output(-1)).toBe(failed(Code.MemoryRead));
  });

  test("a value of all memory is charged before the chain sees it", () => {
    const code = contract({
      imports: [["env", "db_write", [["i32", "i32"], []]]],
      execute: `i32.const 191 memory.grow drop i32.const 256 i32.const 1 i32.store i32.const 264 i32.const 12000000 i32.store
        i32.const 256 i32.const 256 call 0 ${OK}`,
    });
    const written: number[] = [];
    const imports = storeImports(new Map(), { write: (_, value) => void written.push(value.length) });
    expect(endOf(execute(newEngine(), code, { imports, gasLimit: 1_000_000_000n }))).toBe(failed(Code.OutOfGas));
    expect(written).toEqual([]);
  });

  test("an answer that does not fit is the allocator's matter", () => {
    const code = contract({
      imports: [["env", "query_chain", [["i32"], ["i32"]]]],
      execute: "i32.const 16 call 0",
    });
    const imports = storeImports(new Map(), { query: () => new Uint8Array(13_000_000) });
    // The test allocator does not ask for memory: what it gives reaches beyond the end.
    expect(endOf(execute(newEngine(), code, { imports }))).toBe(failed(Code.MemoryRead));
  });
});

describe("contracts §2.1: tricks with regions", () => {
  const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
  /** Regions at 256 and 272, 20 canonical bytes at 1024. */
  const run = (name: string, code: string, first: Uint8Array, second: Uint8Array): string =>
    end(
      contract({
        imports: [["env", name, [["i32", "i32"], name === "db_write" ? [] : ["i32"]]]],
        execute: `${code} ${OK}`,
        data: [
          [256, first],
          [272, second],
          [1024, new Uint8Array(20).fill(1)],
        ],
      }),
      1_000_000_000n,
    );
  const good = words(1024, 20, 20);
  const humanize = "i32.const 256 i32.const 272 call 0 drop";

  test.each([
    ["a good region", words(2048, 90, 0), RETURNED],
    ["capacity just enough", words(2048, 45, 0), RETURNED],
    ["capacity too small", words(2048, 44, 0), failed(Code.MemoryRead)],
    ["a length beyond capacity, which nobody looks at", words(2048, 45, 0xffffffff), RETURNED],
    ["offset zero", words(0, 90, 0), failed(Code.MemoryRead)],
    ["the end of the memory exactly", words(65_536 - 45, 45, 0), RETURNED],
    ["one byte over the end of the memory, in the pool", words(65_536 - 44, 45, 0), failed(Code.MemoryRead)],
    ["beyond 2^31", words(0x80000000, 90, 0), failed(Code.MemoryRead)],
    ["wrapping at 2^32", words(0xfffffff0, 90, 0), failed(Code.MemoryRead)],
    ["the input's own data", words(1024, 90, 0), RETURNED],
    ["itself: the region is overwritten by its data, its length is written last", words(272, 90, 0), RETURNED],
    ["the stack of other regions", words(256, 90, 0), RETURNED],
  ])("output to %s", (_, out, expected) => {
    expect(run("addr_humanize", humanize, good, out)).toBe(expected);
  });

  test("the length word wins over data that lie on it", () => {
    const check = `${humanize} i32.const 280 i32.load i32.const 45 i32.ne if unreachable end`;
    expect(run("addr_humanize", check, good, words(276, 90, 0))).toBe(RETURNED);
  });

  test.each([
    ["a region that is its own data", words(256, 12, 12), RETURNED],
    ["capacity below length", words(1024, 3, 20), RETURNED],
    ["length zero at the end of the memory", words(65_536, 0, 0), RETURNED],
    ["length zero at offset zero", words(0, 0, 0), failed(Code.MemoryRead)],
    ["offset and length that wrap to a small end", words(0xffffff00, 0x200, 0x200), failed(Code.MemoryRead)],
    ["length 2^32 - 1", words(1, 0, 0xffffffff), failed(Code.MemoryRead)],
  ])("input from %s", (_, input, expected) => {
    expect(run("addr_humanize", humanize, input, words(4096, 65_000 - 4096, 0))).toBe(expected);
  });

  test.each([
    ["the null pointer", 0, failed(Code.MemoryRead)],
    ["the last 12 bytes", 65_524, failed(Code.MemoryRead)], // zeros: offset 0
    ["11 bytes before the end", 65_525, failed(Code.MemoryRead)],
    ["the end", 65_536, failed(Code.MemoryRead)],
    ["-1", -1, failed(Code.MemoryRead)],
  ])("a pointer to %s", (_, pointer, expected) => {
    expect(run("db_write", `i32.const ${pointer} i32.const 272 call 0`, good, good)).toBe(expected);
    expect(run("db_write", `i32.const 272 i32.const ${pointer} call 0`, good, good)).toBe(expected);
  });

  test("a region in what the contract grew into between two imports", () => {
    const write = "i32.const 256 i32.const 272 call 0";
    const region = words(70_000, 10, 10);
    expect(run("db_write", write, good, region)).toBe(failed(Code.MemoryRead));
    expect(run("db_write", `i32.const 1 memory.grow drop ${write}`, good, region)).toBe(RETURNED);
    const beyondPool = words(30 * 65_536, 10, 10);
    expect(run("db_write", `i32.const 40 memory.grow drop ${write}`, good, beyondPool)).toBe(RETURNED);
  });
});

describe("contracts §2.1, §4.8: allocators", () => {
  const type = ALLOCATE.type;
  test.each([
    ["recurses", "local.get 0 call 0", Code.MemoryAllocation],
    ["loops", "loop br 0 end i32.const 0", Code.MemoryAllocation],
    ["traps", "unreachable", Code.MemoryAllocation],
    ["divides by zero", "i32.const 1 i32.const 0 i32.div_u", Code.MemoryAllocation],
    ["grows without end", "loop i32.const 1 memory.grow drop br 0 end i32.const 0", Code.MemoryAllocation],
    ["gives the null pointer, where the memory has zeros", "i32.const 0", Code.MemoryRead],
    ["gives the end of the memory", "i32.const 65536", Code.MemoryRead],
    ["gives 2^32 - 1", "i32.const -1", Code.MemoryRead],
    ["gives a region without room", "i32.const 16", Code.MemoryRead],
  ])("an allocate that %s", (_, code, expected) => {
    const limit = { gasLimit: 1_000_000n, env: new Uint8Array(50) };
    const outcome = execute(newEngine(), contract({ execute: OK, allocate: { name: "allocate", type, code } }), limit);
    expect(endOf(outcome)).toBe(failed(expected));
  });

  test.each(["db_read", "debug", "check_gas", "db_next"])("an allocate that calls %s", (name) => {
    const imported = {
      db_read: [["i32"], ["i32"]],
      debug: [["i32"], []],
      check_gas: [[], ["i64"]],
      db_next: [["i32"], ["i32"]],
    } as const;
    const code = {
      db_read: "i32.const 16 call 0",
      debug: "i32.const 16 call 0 i32.const 16",
      check_gas: "call 0 i32.wrap_i64",
      db_next: "i32.const 16 call 0",
    };
    const key = name as keyof typeof code;
    const outcome = execute(
      newEngine(),
      contract({
        execute: OK,
        imports: [["env", key, imported[key]]],
        allocate: { name: "allocate", type, code: code[key] },
      }),
      { gasLimit: 1_000_001n },
    );
    // An import that does not exist fails the function that calls it; all others have no host behind them there.
    expect(endOf(outcome)).toBe(failed(name === "db_next" ? Code.MemoryAllocation : Code.Panicked));
    if (name !== "db_next") expect(outcome).toMatchObject({ remaining: 500_001n, exhausted: 0n });
  });

  test("an allocate of another type, or none", () => {
    const withType = (code: string, params: readonly ["i32", "i32"] | readonly []): string =>
      end(contract({ execute: OK, allocate: { name: "allocate", type: [params, ["i32"]], code } }));
    expect(withType("i32.const 16", [])).toBe(failed(Code.MemoryAllocation));
    expect(withType("i32.const 16", ["i32", "i32"])).toBe(failed(Code.MemoryAllocation));
    expect(end(contract({ execute: OK, allocate: { ...ALLOCATE, name: "malloc" } }))).toBe(
      failed(Code.MemoryAllocation),
    );
  });
});

describe("contracts §1.3, §1.4, §1.6: modules that are large in one way", () => {
  const withMore = (items: readonly TestFunction[], parts: object = {}): Uint8Array =>
    contract({ execute: OK, more: items, ...parts });

  test("a table of 65,536 entries works, filled or not; one more is refused", () => {
    expect(end(withMore([], { table: [65_536] }))).toBe(RETURNED);
    expect(end(withMore([], { table: [65_536], elements: [[0, new Array(65_536).fill(2)]] }))).toBe(RETURNED);
    expect(opening(withMore([], { table: [65_537] }))).toBe(failed(Code.InvalidWasm));
  });

  test("blocks nested 20,000 deep", () => {
    const depth = 20_000;
    const nested = `${"block ".repeat(depth)} br ${depth - 1} ${"end ".repeat(depth)}`;
    expect(end(withMore(more(nested)), 10_000_000n)).toBe(RETURNED);
    expect(end(contract({ execute: `${nested} ${OK}` }), 10_000_000n)).toBe(RETURNED);
  });

  test("50,000 locals can be there and cannot be called; more are refused, and 2^32 - 1 as fast", () => {
    const wide = (count: number): TestFunction => ({ type: [[], []], locals: new Array(count).fill("i64"), code: "" });
    expect(end(withMore([wide(50_000)]))).toBe(RETURNED);
    expect(end(contract({ execute: `call 5 ${OK}`, more: [wide(50_000)] }))).toBe(failed(Code.FailedFunctionCall));
    expect(opening(withMore([wide(50_001)]))).toBe(failed(Code.InvalidWasm));
    expect(opening(withBody([1, ...uleb(0xffffffff), 0x7f]))).toBe(failed(Code.InvalidWasm));
    expect(opening(withBody([2, ...uleb(0xffffffff), 0x7f, 1, 0x7f]))).toBe(failed(Code.InvalidWasm));
  });

  test("a br_table of 65,000 labels works; a giant one is refused", () => {
    const giant = (labels: number): string => `i32.const ${labels} br_table ${"0 ".repeat(labels)}`;
    expect(end(contract({ execute: `block ${giant(65_000)} end ${OK}` }))).toBe(RETURNED);
    expect(opening(contract({ execute: `block ${giant(100_000)} end ${OK}` }))).toBe(failed(Code.InvalidWasm));
  });

  test("10,000 functions, types and exports, and a name of a million letters", () => {
    const many = Array.from({ length: 10_000 }, (_, i): TestFunction => ({ type: [[], []], code: "", name: `f${i}` }));
    expect(end(withMore(many))).toBe(RETURNED);
    const types = Array.from({ length: 10_000 }, () => [[], []] as const);
    expect(end(withMore([], { types }))).toBe(RETURNED);
    expect(end(withMore([], { exports: [["x".repeat(1_000_000), 0, 2]] }))).toBe(RETURNED);
  });

  test("one export name twice is refused; names like those of objects are names", () => {
    expect(
      opening(
        withMore([], {
          exports: [
            ["a", 0, 2],
            ["a", 0, 2],
          ],
        }),
      ),
    ).toBe(failed(Code.InvalidWasm));
    const names = ["__proto__", "constructor", "toString", "contract.execute", "memory", ""];
    expect(end(withMore([], { exports: names.map((name) => [name, 0, 2]) }))).toBe(RETURNED);
  });

  test("imports named like members of objects are unknown to the host", () => {
    const imports = ["__proto__", "constructor", "hasOwnProperty"].map((name) => ["env", name, [[], []]] as const);
    const code = contract({ imports, execute: `call 2 ${OK}` });
    expect(end(code)).toBe(failed(Code.FailedFunctionCall));
    expect(end(contract({ imports: [["__proto__", "db_read", [["i32"], ["i32"]]]], execute: OK }))).toBe(RETURNED);
  });

  test("a function whose metered form would be too large is refused", () => {
    const loop = [0x03, 0x40, 0x41, 0x00, 0x1a, 0x0b];
    const loops = (count: number): number[] => Array.from({ length: count * 6 }, (_, i) => loop[i % 6] as number);
    expect(opening(withBody([0, ...loops(50_000)]))).toBe("opened");
    expect(opening(withBody([0, ...loops(250_000)]))).toBe(failed(Code.InvalidWasm));
  });
});

/** A module whose one function has these bytes before a last `end`. */
function withBody(body: readonly number[]): Uint8Array {
  const code = [...body, 0x0b];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [1, 19, ...new TextEncoder().encode("interface_version_8"), 0, 0]),
    ...section(10, [1, ...uleb(code.length), ...code]),
  ]);
}

describe("contracts §1.3: integers of odd lengths", () => {
  test.each([
    ["an i32 in five bytes", [0x41, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a], "opened"],
    ["a negative i32 in five bytes", [0x41, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x1a], "opened"],
    ["an i32 with bits beyond 32", [0x41, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x1a], failed(Code.InvalidWasm)],
    ["an i32 in six bytes", [0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a], failed(Code.InvalidWasm)],
    ["an i64 in ten bytes", [0x42, ...new Array(9).fill(0x80), 0x00, 0x1a], "opened"],
    ["an i64 with bits beyond 64", [0x42, ...new Array(9).fill(0xff), 0x01, 0x1a], failed(Code.InvalidWasm)],
    ["an i64 in eleven bytes", [0x42, ...new Array(10).fill(0x80), 0x00, 0x1a], failed(Code.InvalidWasm)],
    ["a label in five bytes", [0x0c, 0x80, 0x80, 0x80, 0x80, 0x00], "opened"],
    ["a label with bits beyond 32", [0x0c, 0x80, 0x80, 0x80, 0x80, 0x10], failed(Code.InvalidWasm)],
    ["memory.size with a long zero", [0x3f, 0x80, 0x00, 0x1a], failed(Code.InvalidWasm)],
    ["memory.grow with a long zero", [0x41, 0, 0x40, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a], failed(Code.InvalidWasm)],
    ["memory.size of another memory", [0x3f, 0x01, 0x1a], failed(Code.InvalidWasm)],
    ["a saturating conversion", [0x43, 0, 0, 0, 0, 0xfc, 0x00, 0x1a], failed(Code.InvalidWasm)],
    ["a block type by index", [0x02, 0x00, 0x0b], failed(Code.InvalidWasm)],
    ["a typed select", [...sleb(65), 0x1c, 1, 0x7f], failed(Code.InvalidWasm)],
  ])("%s", (_, instructions, expected) => {
    expect(opening(withBody([0, ...instructions]))).toBe(expected);
  });

  test("a count or length that promises more than the file has, in every section, is refused at once", () => {
    for (let id = 0; id <= 12; id++) {
      for (const claim of [0xffffffff, 0x7fffffff, 1_000_000]) {
        const counted = Uint8Array.from([...HEADER, ...section(id, [...uleb(claim)])]);
        const sized = Uint8Array.from([...HEADER, id, ...uleb(claim)]);
        // Data counts are ignored, and a section that is only a count is a name that is too long in custom sections.
        expect(opening(counted)).toBe(failed(Code.InvalidWasm));
        expect(opening(sized)).toBe(failed(Code.InvalidWasm));
      }
    }
  });

  test("a call of the accepted language after a long encoding of every integer", () => {
    const long = [0xc0, 0x80, 0x80, 0x80, 0x00]; // 64 in five bytes, unsigned
    const code = assembleCode("i32.const 0 drop");
    expect(opening(withBody([1, ...long, 0x7f, ...code]))).toBe("opened");
  });
});

describe("contracts §1.7: imports", () => {
  test.each([
    ["parameters missing", [[], ["i32"]]],
    ["parameters of 64 bits", [["i64"], ["i32"]]],
    ["no result", [["i32"], []]],
    ["a result of 64 bits", [["i32"], ["i64"]]],
    ["floats", [["f32"], ["i32"]]],
  ] as const)("db_read with %s: every call is an unknown error, nothing is charged", (_, type) => {
    const outcome = execute(newEngine(), contract({ imports: [["env", "db_read", type]], execute: OK }), {
      gasLimit: 5n,
    });
    expect(endOf(outcome)).toBe(failed(Code.Unknown));
    expect(outcome).toMatchObject({ remaining: 5n, exhausted: 0n });
  });

  test("unlinked imports through the table fail when they are called", () => {
    const code = contract({
      types: [[["i32"], ["i32"]]],
      imports: [["env", "db_next", [["i32"], ["i32"]]]],
      execute: `i32.const 1 i32.const 0 call_indirect 0 drop ${OK}`,
      table: [1],
      elements: [[0, [0]]],
    });
    expect(end(code)).toBe(failed(Code.FailedFunctionCall));
  });

  test("a module without anything but a marker opens, and no call of it works", () => {
    const code = assemble({ memory: [1], functions: [{ name: "interface_version_8", type: [[], []], code: "" }] });
    expect(end(code)).toBe(failed(Code.MemoryAllocation));
  });
});
