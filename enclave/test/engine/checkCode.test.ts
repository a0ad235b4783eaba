import { describe, expect, test } from "vitest";
import { EngineError, EngineErrorCode } from "../../src/engine/engineError.ts";
import { assemble, HEADER, section, type TestModule } from "./assemble.ts";
import { newEngine } from "./testContract.ts";

const engine = newEngine();

/** The text of the refusal. */
function refusal(code: Uint8Array): string {
  try {
    engine.checkCode(code);
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).code).toBe(EngineErrorCode.StaticValidation);
    return (error as EngineError).message;
  }
  return "accepted";
}

const V1_EXPORTS = ["interface_version_8", "instantiate", "allocate", "deallocate"];
const V010_EXPORTS = ["cosmwasm_vm_version_3", "init", "handle", "query", "allocate", "deallocate"];

function module(names: readonly string[], more: Partial<TestModule> = {}): Uint8Array {
  return assemble({ memory: [1], functions: names.map((name) => ({ name, type: [[], []], code: "" })), ...more });
}

describe("contracts §1.2: static check", () => {
  test("row 1: what does not decode", () => {
    const text = /^Wasm bytecode could not be deserialized\. Deserialization error: ".+"$/;
    expect(refusal(new Uint8Array(0))).toMatch(text);
    expect(refusal(Uint8Array.of(1, 2, 3))).toMatch(text);
    expect(refusal(module(V1_EXPORTS).slice(0, -1))).toMatch(text);
  });

  test("row 2: no memory section", () => {
    const code = assemble({ functions: V1_EXPORTS.map((name) => ({ name, type: [[], []], code: "" })) });
    expect(refusal(code)).toBe("Wasm contract doesn't have a memory section");
  });

  test("row 3: not exactly one memory", () => {
    const text = "Wasm contract must contain exactly one memory";
    expect(refusal(Uint8Array.from([...HEADER, ...section(5, [0])]))).toBe(text);
    expect(refusal(Uint8Array.from([...HEADER, ...section(5, [2, 0, 1, 0, 1])]))).toBe(text);
  });

  test("rows 4 and 5: limits of the memory", () => {
    expect(refusal(module(V1_EXPORTS, { memory: [512] }))).toBe("accepted");
    expect(refusal(module(V1_EXPORTS, { memory: [513] }))).toBe(
      "Wasm contract memory's minimum must not exceed 512 pages.",
    );
    expect(refusal(module(V1_EXPORTS, { memory: [1, 2] }))).toBe(
      "Wasm contract memory's maximum must be unset. The host will set it for you.",
    );
  });

  test("row 6: features, sorted, of exported functions only", () => {
    expect(refusal(module([...V1_EXPORTS, "requires_ibc", "requires_iterator", "requires_random"]))).toBe(
      'Wasm contract requires unsupported features: {"ibc", "iterator"}',
    );
    const code = module([...V1_EXPORTS, "requires_staking", "requires_", "requires_random"], {
      exports: [["requires_memory", 2, 0]],
    });
    expect(engine.checkCode(code).features).toEqual(["random", "staking"]);
  });

  test("row 7: neither API, with the four sub results", () => {
    const text = refusal(
      module(["interface_version_8", "allocate", "deallocate"], { imports: [["env", "abort", [[], []]]] }),
    );
    expect(text).toMatch(/^Contract is not CosmWasm v0\.10 or v1\. /);
    expect(text).toContain(
      'Wasm contract doesn\'t have required export: \\"cosmwasm_vm_version_3\\". Exports required by VM: [',
    );
    expect(text).toContain('Wasm contract requires unsupported import: \\"env.abort\\". Imports supported by VM: [');
    expect(text).toContain('Wasm contract doesn\'t have required export: \\"instantiate\\"');
  });

  test("row 7: an import that is not a function, or from elsewhere", () => {
    const memoryImport = [1, 3, 0x65, 0x6e, 0x76, 7, 0x64, 0x62, 0x5f, 0x72, 0x65, 0x61, 0x64, 2, 0, 1];
    const code = module(V1_EXPORTS);
    const typeSectionEnd = 8 + 2 + (code[9] as number);
    const withImport = [
      ...code.subarray(0, typeSectionEnd),
      ...section(2, memoryImport),
      ...code.subarray(typeSectionEnd),
    ];
    expect(refusal(Uint8Array.from(withImport))).toContain('requires non-function import: \\"env.db_read\\".');
    expect(refusal(module(V1_EXPORTS, { imports: [["wasi", "db_read", [["i32"], ["i32"]]]] }))).toContain(
      "wasi.db_read",
    );
  });

  test("the two APIs are told by their markers, by the first one where both are there", () => {
    expect(engine.checkCode(module(V1_EXPORTS)).api).toBe("v1");
    expect(engine.checkCode(module(V010_EXPORTS)).api).toBe("v0.10");
    const both = [...V010_EXPORTS, "interface_version_8", "instantiate"];
    expect(engine.checkCode(module(both)).api).toBe("v0.10");
    expect(engine.checkCode(module([...both].reverse())).api).toBe("v1");
  });

  test("IBC needs all six entry points", () => {
    const six = ["channel_open", "channel_connect", "channel_close", "packet_receive", "packet_ack", "packet_timeout"];
    const names = [...V1_EXPORTS, ...six.map((name) => `ibc_${name}`)];
    expect(engine.checkCode(module(names)).ibc).toBe(true);
    expect(engine.checkCode(module(names.slice(0, -1))).ibc).toBe(false);
  });
});

describe("contracts §1.3: the language", () => {
  /** A function body around raw bytes, in an otherwise good module. */
  function withBody(bytes: readonly number[]): Uint8Array {
    const body = [0, ...bytes, 0x0b];
    return Uint8Array.from([
      ...HEADER,
      ...section(1, [1, 0x60, 0, 0]),
      ...section(3, [1, 0]),
      ...section(5, [1, 0, 1]),
      ...section(10, [1, body.length, ...body]),
    ]);
  }
  const decodes = (code: Uint8Array): boolean => !refusal(code).startsWith("Wasm bytecode");

  test.each([
    ["sign extension", [0x41, 0, 0xc0, 0x1a]],
    ["floats", [0x43, 0, 0, 0, 0, 0x1a]],
    ["blocks with a value type", [0x02, 0x7f, 0x41, 0, 0x0b, 0x1a]],
    ["memory.size with a zero byte", [0x3f, 0, 0x1a]],
  ])("accepts %s", (_, bytes) => {
    expect(decodes(withBody(bytes))).toBe(true);
  });

  test.each([
    ["saturating conversions", [0xfc, 0]],
    ["bulk memory", [0xfc, 0x0b, 0]],
    ["SIMD", [0xfd, 0]],
    ["atomics", [0xfe, 0]],
    ["typed select", [0x1c, 1, 0x7f]],
    ["table.get", [0x25, 0]],
    ["ref.null", [0xd0, 0x70]],
    ["tail calls", [0x12, 0]],
    ["exceptions", [0x06, 0x40]],
    ["block types by index", [0x02, 0x00, 0x0b]],
    ["memory.size with a long zero", [0x3f, 0x80, 0x00, 0x1a]],
    ["call_indirect with a table", [0x11, 0, 1]],
    ["call_indirect with a long zero", [0x11, 0, 0x80, 0]],
    ["integers that are too long", [0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0]],
    ["integers with stray bits", [0x41, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ["code after the end", [0x0b]],
  ])("refuses %s", (_, bytes) => {
    expect(decodes(withBody(bytes))).toBe(false);
  });

  test.each([
    ["two results", section(1, [1, 0x60, 0, 2, 0x7f, 0x7f])],
    ["shared memory", section(5, [1, 3, 1, 2])],
    ["64-bit memory", section(5, [1, 4, 1])],
    ["externref tables", section(4, [1, 0x6f, 0, 1])],
    ["passive data", [...section(5, [1, 0, 1]), ...section(11, [1, 1, 0])]],
    ["an unknown section", section(13, [0])],
    ["a repeated section", [...section(5, [1, 0, 1]), ...section(5, [1, 0, 1])]],
    ["sections out of order", [...section(7, [0]), ...section(5, [1, 0, 1])]],
    ["a name that is not UTF-8", section(7, [1, 1, 0xff, 0, 0])],
    ["a count beyond the file", section(1, [0xff, 0xff, 0xff, 0xff, 0x0f])],
    ["more items than counted", section(5, [1, 0, 1, 0])],
  ])("refuses %s", (_, sections) => {
    expect(decodes(Uint8Array.from([...HEADER, ...sections]))).toBe(false);
  });

  test("tolerates a data count section and custom sections anywhere", () => {
    const custom = section(0, [1, 0x6e, 1, 2, 3]);
    const code = [
      ...HEADER,
      ...custom,
      ...section(5, [1, 0, 1]),
      ...custom,
      ...section(12, [0]),
      ...section(11, [0]),
      ...custom,
    ];
    expect(decodes(Uint8Array.from(code))).toBe(true);
  });
});
