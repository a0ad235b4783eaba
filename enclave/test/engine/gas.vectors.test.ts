import { hexToBytes } from "@sotto/common/bytes";
import { describe, expect, test } from "vitest";
import { EngineErrorCode } from "../../src/engine/engineError.ts";
import { call, contract, crypto, errorText, execute, newEngine, openCode, storeImports, used } from "./testContract.ts";

/** Three allocations, as every execute of v1 does (contracts §4.9 b). */
const ARGUMENTS = 96n;

/** W of an execute whose body only calls function 5 with these arguments and returns a region: const…, call, drop, const. */
function gasOf(code: string, argument: number, result = true): bigint {
  const body = contract({
    execute: `i32.const ${argument} call 5 ${result ? "drop" : ""} i32.const 16`,
    more: [{ type: [["i32"], result ? ["i32"] : []], locals: ["i32"], code }],
  });
  const outcome = execute(newEngine(), body);
  expect(errorText(outcome)).toBeUndefined();
  return used(outcome) - ARGUMENTS - (result ? 8n : 6n);
}

const LOOP = `loop
    local.get 0 i32.eqz
    if local.get 1 return end
    local.get 1 local.get 0 i32.add local.set 1
    local.get 0 i32.const 1 i32.sub local.set 0
    br 0
  end
  unreachable`;

describe("contracts §4.9 a: control flow", () => {
  test("a loop pays its body at every turn, with what follows an early return", () => {
    expect(gasOf(LOOP, 3)).toBe(104n);
    expect(gasOf(LOOP, 0)).toBe(32n);
  });

  test("running out leaves what was there, and says what could not be paid", () => {
    const code = contract({
      execute: "i32.const 3 call 5 drop i32.const 16",
      more: [{ type: [["i32"], ["i32"]], locals: ["i32"], code: LOOP }],
    });
    const outcome = execute(newEngine(), code, { gasLimit: 96n + 8n + 50n });
    expect(errorText(outcome)).toBe("execution ran out of gas");
    expect(outcome).toMatchObject({ remaining: 22n, exhausted: 24n });
  });

  test("growth of memory costs 8192 W a page and the helper's 28", () => {
    expect(gasOf("i32.const 2 memory.grow", 0)).toBe(16_416n);
    expect(gasOf("i32.const 0 memory.grow", 0)).toBe(32n);
  });

  test.each([0, 1])("nop and dead code are free, both ways of a branch cost the same (%i)", (argument) => {
    const code = `block i32 nop i32.const 7 local.get 0 br_if 0 drop i32.const 1 br 0 i32.const 5 i32.add block end end
      i32.const 1 i32.add`;
    expect(gasOf(code, argument)).toBe(18n);
  });

  test("only the arm that is taken is paid", () => {
    const arms = "local.get 0 if i32.const 1 local.set 1 nop br 0 else br 0 end";
    expect(gasOf(arms, 1, false)).toBe(4n + 6n);
    expect(gasOf(arms, 0, false)).toBe(4n + 2n);
    const one = "local.get 0 if i32.const 1 local.set 1 end";
    expect(gasOf(one, 1, false)).toBe(8n);
    expect(gasOf(one, 0, false)).toBe(4n);
  });
});

const EXAMPLE_B = hexToBytes(
  "0061736d0100000001190560017f017f60027f7f0060017f0060000060037f7f7f017f021e0203656e760764625f72656164000003656e760864625f" +
    "77726974650001030605000203040405030100010607017f014180200b075006066d656d6f7279020008616c6c6f6361746500020a6465616c6c6f63" +
    "617465000313696e746572666163655f76657273696f6e5f3800040b696e7374616e74696174650005076578656375746500060a45052301017f2300" +
    "22012001410c6a36020020012000360204200120006a410c6a240020010b02000b02000b05004198080b130041800810001a418008418c0810014198" +
    "080b0b940106004180080b0c4c040000030000000300000000418c080b0c560400000a0000000a000000004198080b0cb00400003e0000003e000000" +
    "0041cc080b03636e740041d6080b0a303132333435363738390041b0090b3e7b224f6b223a7b226d65737361676573223a5b5d2c2261747472696275" +
    "746573223a5b5d2c226576656e7473223a5b5d2c2264617461223a6e756c6c7d7d",
);

describe("contracts §4.9 b: a complete contract", () => {
  test("the module is the one of the document", () => {
    expect(EXAMPLE_B.length).toBe(393);
    expect(Buffer.from(crypto.sha256(EXAMPLE_B)).toString("hex")).toBe(
      "7ec93b3d32e3337564e994b648d5465a7a2ee891133b785580b3e63c864161fe",
    );
    expect(newEngine().checkCode(EXAMPLE_B)).toEqual({ api: "v1", features: [], ibc: false });
  });

  test("two executes and an instantiate use the W of the document", () => {
    const engine = newEngine();
    const module = openCode(engine, EXAMPLE_B, true);
    const imports = storeImports(new Map());
    expect(used(engine.run(module, call("instantiate", { imports })))).toBe(98n);
    const first = engine.run(module, call("execute", { imports }));
    expect(used(first)).toBe(53_110n);
    expect(used(engine.run(module, call("execute", { imports })))).toBe(53_142n);
    expect(first.result).toMatchObject({ kind: "returned" });
    if (first.result.kind === "returned") {
      expect(new TextDecoder().decode(first.result.output)).toBe(
        '{"Ok":{"messages":[],"attributes":[],"events":[],"data":null}}',
      );
    }
  });

  test("a query of it fails, because there is no such export", () => {
    const engine = newEngine();
    const outcome = engine.run(openCode(engine, EXAMPLE_B), call("query"));
    expect(outcome.result).toMatchObject({ kind: "failed", error: { code: EngineErrorCode.FailedFunctionCall } });
  });
});
