/**
 * Random contracts, all valid: any numbers make one. Around the functions of {@link BodyBuilder} they have everything of the accepted
 * language: types, imports, a table, memory from nothing to 192 pages, globals, data and elements, allocators of all kinds.
 */
import { encodeBech32 } from "@sotto/common/bech32";
import fc from "fast-check";
import type { TestFunction, TestModule, TestSignature, TestType } from "../assemble.ts";
import { ALLOCATE, ENV_INFO, OUTPUT_REGION } from "../testContract.ts";
import { BodyBuilder, MAX_STEP, type Surroundings } from "./bodyBuilder.ts";

/** The numbers that a random contract and its calls are made of. */
export type Recipe = {
  /** Choices of the module, in the order in which they are made. */
  readonly choices: readonly number[];
  /** Steps of each random function. */
  readonly bodies: readonly (readonly number[])[];
  readonly gasLimit: number;
  /** Which charges of the first call get limits that end exactly there. */
  readonly cuts: readonly number[];
};

export const recipes: fc.Arbitrary<Recipe> = fc.record({
  choices: fc.array(fc.nat(65_535), { minLength: 80, maxLength: 80 }),
  bodies: fc.array(fc.array(fc.nat(MAX_STEP), { maxLength: 120, size: "max" }), { minLength: 1, maxLength: 4 }),
  gasLimit: fc.oneof(
    fc.integer({ min: 96, max: 4000 }),
    fc.integer({ min: 4000, max: 60_000 }),
    fc.integer({ min: 60_000, max: 400_000 }),
  ),
  cuts: fc.array(fc.nat(), { minLength: 1, maxLength: 2 }),
});

export type Generated = { readonly module: TestModule; readonly readOnly: boolean; readonly nests: boolean };

const IMPORTS: readonly (readonly [name: string, type: TestSignature])[] = [
  ["db_read", [["i32"], ["i32"]]],
  ["db_write", [["i32", "i32"], []]],
  ["db_remove", [["i32"], []]],
  ["query_chain", [["i32"], ["i32"]]],
  ["check_gas", [[], ["i64"]]],
  ["gas_evaporate", [["i32"], ["i32"]]],
  ["addr_validate", [["i32"], ["i32"]]],
  ["addr_canonicalize", [["i32", "i32"], ["i32"]]],
  ["addr_humanize", [["i32", "i32"], ["i32"]]],
  ["debug", [["i32"], []]],
  ["db_next", [["i32"], ["i32"]]],
];
const COMMON_PAGES = [1, 1, 1, 1, 2, 3];
const RARE_PAGES = [0, 15, 16, 17, 175, 176, 177, 191, 192];
const FIRST_REGION = 256;
const KEY = 1024;
const NUMBERS = ["i32", "i64"] as const;

class Choices {
  private readonly numbers: readonly number[];
  private at = 0;
  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
  }
  below(count: number): number {
    return (this.numbers[this.at++] ?? 0) % count;
  }
  /** True once in `often` times. */
  rarely(often: number): boolean {
    return this.below(often) === often - 1;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** Regions of every kind, for a memory of this size: offset, capacity, length. */
function regionsOf(size: number): readonly (readonly [number, number, number])[] {
  const self = FIRST_REGION + 7 * 16;
  return [
    [KEY, 4, 4],
    [KEY + 8, 64, 9],
    [0, 0, 0],
    [size - 4, 8, 8], // over the end
    [size - 4, 4, 4],
    [size, 0, 0],
    [0xfffffff0, 0x20, 0x20], // wraps
    [self, 12, 12], // its own data
    [KEY, 3, 10], // capacity below length
    [KEY + 100, 45, 45],
    [KEY + 160, 90, 20],
    [KEY + 200, 9, 9],
    [size + 100, 64, 4], // in the pool, or grown into
    [KEY, 60_000, 60_000],
    [FIRST_REGION + 14 * 16 + 4, 100, 4], // over its own capacity and length
  ];
}

function pointersTo(size: number): readonly number[] {
  const good = regionsOf(size).map((_, i) => FIRST_REGION + 16 * i);
  return [...good, ...good.slice(0, 2), ...good.slice(9, 11), 0, 4, size - 12, size - 11, size, -1, -12];
}

export function generate(recipe: Recipe): Generated {
  const choose = new Choices(recipe.choices);
  const pages = choose.rarely(24) ? choose.pick(RARE_PAGES) : choose.pick(COMMON_PAGES);
  const imports = chooseImports(choose);
  const globals = chooseGlobals(choose);
  const types = chooseTypes(choose);
  const tableSize = choose.rarely(4) ? undefined : choose.below(9);
  const own = recipe.bodies.map(() => choose.pick(types));
  const fixed: TestSignature[] = [[["i32"], ["i32"]], [["i32"], []], [[], []], ENV_INFO, ENV_INFO];
  const surroundings: Surroundings = {
    types,
    functions: [...imports.map(([, type]) => type), ...fixed, ...own],
    imports: imports.map(([name]) => name),
    firstOwn: imports.length + fixed.length,
    globals,
    tableSize,
    pages,
    pointers: pointersTo(pages * 65_536),
    recursive: choose.rarely(3),
  };
  const make = new FunctionMaker(choose, surroundings);
  const functions: TestFunction[] = [
    make.allocate(recipe.bodies[0] ?? []),
    { name: "deallocate", type: [["i32"], []], code: "" },
    { name: "interface_version_8", type: [[], []], code: "" },
    { name: "instantiate", type: ENV_INFO, code: `i32.const ${OUTPUT_REGION}` },
    make.execute(own[0] as TestSignature),
    ...recipe.bodies.map((steps, i) => make.random(surroundings.firstOwn + i, own[i] as TestSignature, steps)),
  ];
  const total = surroundings.functions.length;
  const module: TestModule = {
    types,
    imports: imports.map(([name, type]) => ["env", name, type]),
    functions,
    ...(tableSize === undefined ? {} : { table: [tableSize], elements: chooseElements(choose, tableSize, total) }),
    memory: [pages],
    globals: globals.map(({ type, mutable, value }) => [type, mutable, value]),
    data: pages === 0 ? [] : chooseData(choose, pages * 65_536),
  };
  return { module, readOnly: choose.rarely(8), nests: choose.rarely(2) };
}

function chooseImports(choose: Choices): readonly (readonly [string, TestSignature])[] {
  if (choose.rarely(4)) return [];
  const mask = choose.below(1 << 10);
  return IMPORTS.filter((_, i) => (i === 10 ? choose.rarely(12) : ((mask >> i) & 1) === 1));
}

function chooseGlobals(choose: Choices): { type: "i32" | "i64"; mutable: boolean; value: number | bigint }[] {
  const own = Array.from({ length: 1 + choose.below(5) }, () => {
    const type = choose.pick(NUMBERS);
    const value = choose.below(65_536) - 32_768;
    return { type, mutable: !choose.rarely(4), value: type === "i32" ? value : BigInt(value) * 0x100000001n };
  });
  return [{ type: "i32", mutable: true, value: 4096 }, ...own];
}

/** Types of random functions; some are there twice, which is the same type under two indices. */
function chooseTypes(choose: Choices): TestSignature[] {
  const types = Array.from({ length: 2 + choose.below(3) }, (): TestSignature => {
    const params = Array.from({ length: choose.below(4) }, () => choose.pick(NUMBERS));
    return [params, choose.rarely(3) ? [] : [choose.pick(NUMBERS)]];
  });
  return [...types, choose.pick(types)];
}

function chooseElements(choose: Choices, size: number, functions: number): [number, number[]][] {
  return Array.from({ length: choose.below(4) }, () => {
    const offset = choose.below(size + 1);
    const room = choose.rarely(64) ? size + 1 : size - offset;
    return [
      offset,
      Array.from({ length: Math.min(room, 1 + choose.below(4)) }, () => functions - 1 - choose.below(functions)),
    ];
  });
}

function chooseData(choose: Choices, size: number): [number, Uint8Array | string][] {
  const regions = regionsOf(size).map((region, i): [number, Uint8Array] => [FIRST_REGION + 16 * i, words(...region)]);
  const more: [number, Uint8Array | string][] = [
    [OUTPUT_REGION, words(32, choose.pick([2, 2, 5000]), choose.pick([2, 2, 40_000]))],
    [32, "{}"],
    [KEY, "key1"],
    [KEY + 8, "the value"],
    [KEY + 100, encodeBech32("secret", new Uint8Array(20).fill(3))],
    [KEY + 160, new Uint8Array(20).fill(9)],
    [KEY + 200, "secret1xx"],
    [size - 3, "end"],
    [size, ""],
    [choose.below(60_000), "anywhere"],
  ];
  if (choose.rarely(64)) more.push([size - 1, "over"]);
  return [...regions, ...more];
}

class FunctionMaker {
  private readonly choose: Choices;
  private readonly at: Surroundings;

  constructor(choose: Choices, at: Surroundings) {
    this.choose = choose;
    this.at = at;
  }

  random(index: number, type: TestSignature, steps: readonly number[]): TestFunction {
    const { choose } = this;
    const few = Array.from({ length: choose.below(5) }, () => choose.pick(NUMBERS));
    // Large frames end the call chain's stack early; the largest cannot be entered at all.
    const idle = choose.rarely(4) ? choose.pick([60, 60, 300, 300, 1900, 3980, 4000]) : 0;
    const locals: TestType[] = [...few, ...new Array<TestType>(idle).fill("i64"), "i32", "i64", "i32"];
    const [params, results] = type;
    const body = new BodyBuilder(this.at, index, [...params, ...locals], results[0]).build(steps);
    const deep = choose.rarely(16) ? choose.pick([20, 1000, 1999, 2000, 2001]) : 0;
    const operands = `${"i32.const 1 ".repeat(deep)}${"drop ".repeat(deep)}`;
    return { type, locals, code: `${operands} ${body}` };
  }

  allocate(steps: readonly number[]): TestFunction {
    const { choose } = this;
    const type: TestSignature = [["i32"], ["i32"]];
    const kind = choose.rarely(10)
      ? choose.pick(["same", "grows", "nowhere", "traps", "loops", "imports", "random"])
      : "usual";
    const plain = (code: string): TestFunction => ({ name: "allocate", type, code });
    switch (kind) {
      case "same":
        return plain("i32.const 2048 i32.const 2064 i32.store i32.const 2048 local.get 0 i32.store +4 i32.const 2048");
      case "grows":
        return { ...ALLOCATE, code: `i32.const 1 memory.grow drop ${ALLOCATE.code}` };
      case "nowhere":
        return plain(`i32.const ${choose.pick(this.at.pointers)}`);
      case "traps":
        return plain("unreachable");
      case "loops":
        return plain("loop br 0 end i32.const 0");
      case "imports":
        return this.at.imports.includes("check_gas")
          ? plain(`call ${this.at.imports.indexOf("check_gas")} i32.wrap_i64`)
          : ALLOCATE;
      case "random":
        return { ...this.random(this.at.firstOwn - 5, type, steps.slice(0, 12)), name: "allocate" };
      default:
        return ALLOCATE;
    }
  }

  /** Calls the first random function; what it gives is put into memory. */
  execute([params, results]: TestSignature): TestFunction {
    const { choose } = this;
    const args = params.map((type) => `${type}.const ${choose.below(200) - 20}`).join(" ");
    const call = `call ${this.at.firstOwn}`;
    const pointer = choose.rarely(6) ? choose.pick(this.at.pointers) : OUTPUT_REGION;
    const kept = results[0] === undefined ? "" : `local.set ${results[0] === "i32" ? 3 : 4}`;
    const stored =
      results[0] === undefined ? "" : `i32.const 2000 local.get ${results[0] === "i32" ? 3 : 4} ${results[0]}.store`;
    return {
      name: "execute",
      type: ENV_INFO,
      locals: ["i32", "i64"],
      code: `${args} ${call} ${kept} ${this.at.pages === 0 ? "" : stored} i32.const ${pointer}`,
    };
  }
}
