import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../src/engine/engineError.ts";
import { HEADER, OPCODES } from "./assemble.ts";
import { call, contract, crypto, newEngine } from "./testContract.ts";

const engine = newEngine(0);

/** Checks, opens and runs; anything thrown that is not an engine error fails the test. */
function survives(code: Uint8Array): void {
  try {
    engine.checkCode(code);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
  }
  try {
    const module = engine.open(crypto.sha256(code), () => code, { forInstantiate: false });
    engine.run(module, call("execute", { gasLimit: 1_000_000n }));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
  }
}

const SAMPLE = contract({
  execute:
    "i32.const 3 call_indirect 1 drop block i32 i32.const 1 i32.const 2 i32.const 0 br_table 0 0 end drop memory.size i32.const 16 i32.sub",
  table: [4],
  elements: [[1, [0, 1]]],
  more: [
    {
      type: [[], ["i32"]],
      locals: ["i64", "f32"],
      code: "i64.const -5 i32.wrap_i64 loop i32 i32.const 3 end i32.add i32.extend8_s",
    },
  ],
});

describe("the decoder is total", () => {
  test("random bytes give engine errors only", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(Uint8Array.from([...HEADER, ...bytes]))),
      {
        numRuns: 2000,
      },
    );
  });

  test("a module with changed bytes gives engine errors only, or runs", () => {
    const changes = fc.array(fc.tuple(fc.nat(SAMPLE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(changes, (list) => {
        const code = SAMPLE.slice();
        for (const [at, byte] of list) code[at] = byte;
        survives(code);
      }),
      { numRuns: 2000 },
    );
  });

  test("a module that is cut short gives engine errors only", () => {
    for (let length = 0; length < SAMPLE.length; length++) survives(SAMPLE.subarray(0, length));
  });

  test("random instructions: what V8 validates, the rewrite keeps valid", () => {
    const instruction = fc.constantFrom(...OPCODES.values());
    const token = fc.oneof(
      instruction.map((opcode) => [opcode]),
      fc.nat(3).map((n) => [0x41, n]),
      fc.constantFrom([0x0b], [0x02, 0x40, 0x0b], [0x20, 0]),
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        const at = findExecuteBody();
        const body = [0, ...tokens.flat(), 0x0b];
        const code = Uint8Array.from([...PREFIX, ...sized(10, [...at, body.length, ...body])]);
        survives(code);
      }),
      { numRuns: 3000 },
    );
  });

  test("a real contract decodes in reasonable time", () => {
    const code = new Uint8Array(readFileSync(new URL("../../../contracts/wasm/private_token.wasm", import.meta.url)));
    const start = performance.now();
    engine.checkCode(code);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

function sized(id: number, content: readonly number[]): number[] {
  const low = content.length & 127;
  return [
    id,
    content.length > 127 ? low | 128 : low,
    ...(content.length > 127 ? [content.length >> 7] : []),
    ...content,
  ];
}

/** Everything of a one-function contract before its code; the function takes three numbers and gives one. */
const PREFIX = [
  ...HEADER,
  ...sized(1, [3, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 0]),
  ...sized(3, [3, 0, 1, 2]),
  ...sized(4, [1, 0x70, 0, 2]),
  ...sized(5, [1, 0, 1]),
  ...sized(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
  ...sized(7, [
    3,
    ...[8, ..."allocate"].map((c) => (typeof c === "number" ? c : c.charCodeAt(0))),
    0,
    0,
    ...[7, ..."execute"].map((c) => (typeof c === "number" ? c : c.charCodeAt(0))),
    0,
    1,
    ...[19, ..."interface_version_8"].map((c) => (typeof c === "number" ? c : c.charCodeAt(0))),
    0,
    2,
  ]),
];

/** Code section up to the body under test, which comes last in the order of the file but is `marker`'s here. */
function findExecuteBody(): number[] {
  const allocate = [0, 0x41, 0xc0, 0x00, 0x0b];
  const execute = [0, 0x10, 2, 0x41, 16, 0x0b];
  return [3, allocate.length, ...allocate, execute.length, ...execute];
}
