import { describe, expect, test } from "vitest";
import { type EngineErrorCode as Code, EngineError, EngineErrorCode } from "../../src/engine/engineError.ts";
import { assemble, section } from "./assemble.ts";
import { call, contract, crypto, errorText, execute, newEngine, OUTPUT_REGION, openCode } from "./testContract.ts";

function openError(code: Uint8Array, forInstantiate = false): Code | undefined {
  try {
    openCode(newEngine(), code, forInstantiate);
    return undefined;
  } catch (error) {
    return (error as EngineError).code;
  }
}

const PLAIN = { execute: `i32.const ${OUTPUT_REGION}` };

describe("contracts §1.4, enclave §11.3: load check", () => {
  test("step 1: code that does not decode, or has wrong types, is invalid", () => {
    expect(openError(Uint8Array.of(0))).toBe(EngineErrorCode.InvalidWasm);
    expect(openError(contract({ execute: "i64.const 0" }))).toBe(EngineErrorCode.InvalidWasm);
    expect(openError(contract({ execute: "global.get 1" }))).toBe(EngineErrorCode.InvalidWasm);
    expect(openError(contract({ execute: "call 999" }))).toBe(EngineErrorCode.InvalidWasm);
  });

  test("step 1: code of another hash is not opened", () => {
    const engine = newEngine();
    const code = contract(PLAIN);
    expect(() => engine.open(new Uint8Array(32), () => code, { forInstantiate: false })).toThrow(EngineError);
  });

  test("step 2: the API is that of the first marker; without one the code is invalid", () => {
    expect(openCode(newEngine(), contract(PLAIN)).api).toBe("v1");
    expect(openError(assemble({ memory: [1], functions: [] }))).toBe(EngineErrorCode.InvalidWasm);
  });

  test("step 3: random is a matter of an export", () => {
    expect(openCode(newEngine(), contract(PLAIN)).requiresRandom).toBe(false);
    const more = [{ name: "requires_random", type: [[], []], code: "" }] as const;
    expect(openCode(newEngine(), contract({ ...PLAIN, more })).requiresRandom).toBe(true);
  });

  test("step 4: a start function is refused", () => {
    expect(openError(contract({ ...PLAIN, start: 2 }))).toBe(EngineErrorCode.WasmModuleWithStart);
  });

  test("step 5: at most 192 pages", () => {
    expect(openError(contract({ ...PLAIN, memory: [192] }))).toBeUndefined();
    expect(openError(contract({ ...PLAIN, memory: [193] }))).toBe(EngineErrorCode.CannotInitializeWasmMemory);
  });

  test("a table of a million entries is refused, whatever V8 would take", () => {
    expect(openError(contract({ ...PLAIN, table: [1_000_000] }))).toBe(EngineErrorCode.InvalidWasm);
  });
});

describe("contracts §1.4 step 7: floats", () => {
  const float = (code: string): Code | undefined =>
    openError(
      contract({ ...PLAIN, more: [{ type: [[], []], locals: ["f32"], code }], globals: [["f64", true, 0]] }),
      true,
    );

  test.each([
    ["a constant", "f32.const 1 drop"],
    ["a load", "i32.const 0 f64.load drop"],
    ["a conversion", "i32.const 0 f32.convert_i32_s drop"],
    ["a reinterpretation", "i32.const 0 f32.reinterpret_i32 drop"],
    ["reading a local", "local.get 0 drop"],
    ["reading a global", "global.get 1 drop"],
    ["a block opened in dead code", "return block f32.const 1 drop end"],
  ])("%s is refused at instantiate", (_, code) => {
    expect(float(code)).toBe(EngineErrorCode.WasmModuleWithFP);
  });

  test.each([
    ["dead code", "return f32.const 1 drop"],
    ["dead code in a dead block", "return block br 0 f32.const 1 drop end"],
    ["locals and globals that nobody reads", ""],
  ])("%s is not looked at", (_, code) => {
    expect(float(code)).toBeUndefined();
  });

  test("parameters are looked at, results of defined functions are not", () => {
    const parameter = [{ type: [["f32"], []], code: "" }] as const;
    expect(openError(contract({ ...PLAIN, more: parameter }), true)).toBe(EngineErrorCode.WasmModuleWithFP);
    const result = [{ type: [[], ["f32"]], code: "unreachable" }] as const;
    expect(openError(contract({ ...PLAIN, more: result }), true)).toBeUndefined();
  });

  test("an imported function with floats is refused", () => {
    const imports = [["env", "db_next", [["f32"], []]]] as const;
    expect(
      openError(
        contract({ ...PLAIN, imports, allocate: { name: "allocate", type: [["i32"], ["i32"]], code: "i32.const 0" } }),
        true,
      ),
    ).toBe(EngineErrorCode.WasmModuleWithFP);
  });

  test("they are refused at instantiate though the cache holds the module, and trap when reached otherwise", () => {
    const engine = newEngine();
    const code = contract({ execute: `f64.const 1 f64.const 2 f64.add drop i32.const ${OUTPUT_REGION}` });
    const module = openCode(engine, code);
    expect(errorText(engine.run(module, call("execute")))).toBe("the contract panicked");
    expect(() => openCode(engine, code, true)).toThrow("found floating point operation in module code");
  });
});

describe("linking, contracts §1.7", () => {
  test.each([
    ["too few parameters", [[], ["i32"]]],
    ["a wrong parameter", [["i64"], ["i32"]]],
    ["a wrong result", [["i32"], []]],
  ] as const)("an import with %s makes every call an unknown error", (_, type) => {
    const code = contract({
      ...PLAIN,
      imports: [["env", "db_read", type]],
      allocate: { name: "allocate", type: [["i32"], ["i32"]], code: "i32.const 0" },
    });
    const outcome = execute(newEngine(), code, { gasLimit: 77n });
    expect(errorText(outcome)).toBe("unknown error");
    expect(outcome).toMatchObject({ remaining: 77n, exhausted: 0n });
  });

  test("data and elements outside of the initial memory and table make every call an unknown error", () => {
    expect(errorText(execute(newEngine(), contract({ ...PLAIN, data: [[65_535, "ab"]] })))).toBe("unknown error");
    expect(errorText(execute(newEngine(), contract({ ...PLAIN, table: [1], elements: [[1, [0]]] })))).toBe(
      "unknown error",
    );
  });

  test("so do segments without content behind the end", () => {
    const table = { ...PLAIN, table: [1] } as const;
    expect(errorText(execute(newEngine(), contract({ ...table, elements: [[2, []]] })))).toBe("unknown error");
    expect(errorText(execute(newEngine(), contract({ ...table, elements: [[1, []]] })))).toBeUndefined();
    expect(errorText(execute(newEngine(), contract({ ...PLAIN, data: [[65_537, ""]] })))).toBe("unknown error");
    expect(errorText(execute(newEngine(), contract({ ...PLAIN, data: [[65_536, ""]] })))).toBeUndefined();
  });

  test("contract exports cannot collide with the engine's own", () => {
    const code = contract({
      ...PLAIN,
      exports: ["gas", "memory", "exhausted", "reset", "gas_limit", "__proto__"].map((name) => [name, 0, 2] as const),
    });
    expect(errorText(execute(newEngine(), code))).toBeUndefined();
  });
});

describe("the cache of modules", () => {
  const code = contract(PLAIN);
  const hash = crypto.sha256(code);

  test("opens a module once", () => {
    const engine = newEngine();
    let fetched = 0;
    const fetch = (): Uint8Array => {
      fetched++;
      return code;
    };
    const first = engine.open(hash, fetch, { forInstantiate: true });
    expect(engine.open(hash, fetch, { forInstantiate: false })).toBe(first);
    expect(fetched).toBe(1);
  });

  test("drops what was used longest ago", () => {
    const engine = newEngine(2);
    const others = [1, 2].map((n) => contract({ execute: `i32.const ${n} drop i32.const 16` }));
    const first = openCode(engine, code);
    openCode(engine, others[0] as Uint8Array);
    expect(openCode(engine, code)).toBe(first);
    openCode(engine, others[1] as Uint8Array);
    expect(openCode(engine, code)).toBe(first);
  });

  test("keeps nothing at size 0", () => {
    const engine = newEngine(0);
    expect(openCode(engine, code)).not.toBe(openCode(engine, code));
  });
});

test("imports of memories, tables and globals make the code invalid, whatever V8 would take", () => {
  const code = contract(PLAIN);
  const typeSectionEnd = 8 + 2 + (code[9] as number);
  const memoryImport = section(2, [1, 3, 0x65, 0x6e, 0x76, 1, 0x6d, 2, 0, 1]);
  const changed = Uint8Array.from([
    ...code.subarray(0, typeSectionEnd),
    ...memoryImport,
    ...code.subarray(typeSectionEnd),
  ]);
  expect(openError(changed)).toBe(EngineErrorCode.InvalidWasm);
});
