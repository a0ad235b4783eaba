/**
 * The property that a call leaves memory as a new instance has it, for as many generated contracts as asked for.
 * @module
 */
import { utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { expect } from "vitest";
import { EngineError, EngineErrorCode } from "../../src/engine/engineError.ts";
import { call, contract, newEngine, OUTPUT_REGION, openCode, storeImports } from "./testContract.ts";

/** Functions of the generated contract by index: after query_chain come allocate, deallocate, marker, instantiate, execute. */
const [QUERY, OUTER, INNER] = [0, 6, 7];
const DATA_AT = 65_530;
const DATA = "across the end of the first page";

type Generated = (depth: number) => string;

/** A static and a dynamic part of an address: anything, or such that the store is at the end of a page. */
const anywhere = fc.record({
  dynamic: fc.oneof(fc.nat(200_000), fc.nat(100 * 65_536), fc.constantFrom(0xffffffff, 0x80000000)),
  staticPart: fc.oneof(fc.nat(40), fc.nat(200_000), fc.nat(0xffffffff)),
});
const atPageEnd = fc
  .record({
    page: fc.nat(20),
    distance: fc.integer({ min: -9, max: 9 }),
    staticPart: fc.oneof(fc.constantFrom(0, 8, 65_528, 65_535, 65_536), fc.integer({ min: 65_500, max: 65_600 })),
  })
  .map(({ page, distance, staticPart }) => {
    return { dynamic: Math.max(page * 65_536 + distance - staticPart, 0), staticPart };
  });
const address = fc.oneof(anywhere, atPageEnd);
const width = fc.constantFrom(
  "i32.store",
  "i32.store8",
  "i32.store16",
  "i64.store",
  "i64.store8",
  "i64.store16",
  "i64.store32",
);

const store: fc.Arbitrary<Generated> = fc
  .record({ width, address })
  .map(({ width, address: { dynamic, staticPart } }) => {
    const value = width.startsWith("i64") ? "i64.const -1" : "i32.const -1";
    return () => `i32.const ${dynamic | 0} ${value} ${width} +${staticPart}`;
  });

/** A way out of some of the blocks around it, or of the function, or of the call. */
const exit: fc.Arbitrary<Generated> = fc
  .record({ kind: fc.nat(7), taken: fc.nat(3), label: fc.nat(4) })
  .map(({ kind, taken, label }) => (depth) => {
    const target = label % (depth + 1);
    const condition = `i32.const ${Math.min(taken, 1)}`;
    if (kind === 0) return "return";
    if (kind === 1) return `br ${target}`;
    if (kind <= 3) return `${condition} br_if ${target}`;
    if (kind <= 5) return `i32.const ${taken} br_table ${target} 0 ${depth}`;
    return kind === 6 ? `${condition} if unreachable end` : `i32.const ${OUTPUT_REGION} call ${QUERY} drop`;
  });

const { body } = fc.letrec<{ body: Generated; statement: Generated }>((tie) => ({
  body: fc
    .array(tie("statement"), { minLength: 1, maxLength: 5 })
    .map((parts) => (depth) => parts.map((part) => part(depth)).join(" ")),
  statement: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { arbitrary: store, weight: 5 },
    { arbitrary: exit, weight: 3 },
    { arbitrary: fc.constant((() => `call ${INNER}`) as Generated), weight: 1 },
    {
      arbitrary: fc
        .record({ kind: fc.constantFrom("block", "loop", "i32.const 1 if", "i32.const 0 if"), body: tie("body") })
        .map(
          ({ kind, body }) =>
            (depth: number) =>
              `${kind} ${body(depth + 1)} end`,
        ),
      weight: 2,
    },
  ),
}));

/** Generated contracts store, call and leave in all ways; the memory that waits for the next call is as new. */
export function expectRestoredMemory(numRuns: number): void {
  const inner = fc.array(store, { maxLength: 2 }).map((parts) => parts.map((part) => part(0)).join(" "));
  const parts = fc.record({ pages: fc.constantFrom(2, 2, 2, 70, 150), body, inner, queryFails: fc.boolean() });
  let [returned, failed] = [0, 0];
  fc.assert(
    fc.property(parts, ({ pages, body, inner, queryFails }) => {
      const engine = newEngine();
      const code = contract({
        imports: [["env", "query_chain", [["i32"], ["i32"]]]],
        memory: [pages],
        data: [[DATA_AT, DATA]],
        execute: `call ${OUTER} i32.const ${OUTPUT_REGION}`,
        more: [
          { type: [[], []], code: body(0) },
          { type: [[], []], code: inner },
        ],
      });
      const query = () => {
        if (queryFails) throw new EngineError(EngineErrorCode.Panicked);
        return utf8ToBytes('{"Ok":{"Err":"no"}}');
      };
      const module = openCode(engine, code);
      const { result } = engine.run(
        module,
        call("execute", { imports: storeImports(new Map(), { query }), gasLimit: 5_000_000n }),
      );
      if (result.kind === "returned") returned++;
      else failed++;
      expect(memoryOf(module).equals(expected(pages))).toBe(true);
    }),
    { numRuns },
  );
  expect(returned).toBeGreaterThan(failed / 10);
  expect(failed).toBeGreaterThan(0);
}

/** What an instance waits with: not for anybody but this test. */
function memoryOf(module: unknown): Buffer {
  const { shelf } = module as { shelf: { instances: { firstBytes: Uint8Array }[] } };
  return Buffer.from(shelf.instances[0]?.firstBytes as Uint8Array);
}

function expected(pages: number): Buffer {
  const memory = Buffer.alloc(Math.min(pages + 16, 192) * 65_536);
  memory.set(Uint8Array.of(32, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0), OUTPUT_REGION);
  memory.write("{}", 32);
  memory.write(DATA, DATA_AT);
  return memory;
}
