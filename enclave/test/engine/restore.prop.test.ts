import { utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ContractModule, Engine, EngineOutcome } from "../../src/engine/engine.ts";
import { assemble } from "./assemble.ts";
import { Compared } from "./compareRuns.ts";
import { generate, recipes } from "./generate/generateModule.ts";
import { call, contract, crypto, newEngine, storeImports } from "./testContract.ts";

const EMPTY_JSON = utf8ToBytes("{}");
const ARGUMENTS = { env: EMPTY_JSON, info: EMPTY_JSON, msg: EMPTY_JSON };

/**
 * Does what the message says: byte 0 is the operation, bytes 1 to 4 a number. Its output is a region of 64 bytes that starts
 * with what it found: a checksum over memory words, the size, two globals.
 */
const CODE = contract({
  imports: [["env", "query_chain", [["i32"], ["i32"]]]],
  globals: [
    ["i64", true, 5n],
    ["i32", true, 77],
  ],
  data: [
    [700, "some data"],
    [60_000, "more data"],
  ],
  locals: ["i32", "i32", "i32", "i32"],
  execute: `
    local.get 2 i32.load local.tee 3 i32.load8_u local.set 4
    local.get 3 i32.load +1 local.set 5
    ;; 1: write a byte anywhere
    local.get 4 i32.const 1 i32.eq if local.get 5 i32.const 171 i32.store8 end
    ;; 2: grow
    local.get 4 i32.const 2 i32.eq if local.get 5 i32.const 255 i32.and memory.grow drop end
    ;; 3: globals
    local.get 4 i32.const 3 i32.eq if local.get 5 global.set 2 local.get 5 i64.extend_i32_u global.set 1 end
    ;; 4: fill pages downwards from the end, one word each 1000 bytes
    local.get 4 i32.const 4 i32.eq if
      memory.size i32.const 16 i32.shl i32.const 1000 i32.sub local.set 6
      loop local.get 6 i32.const -1 i32.store local.get 6 i32.const 1000 i32.sub local.tee 6 i32.const 8000 i32.gt_s br_if 0 end
    end
    ;; 5: trap, 6: run out of gas
    local.get 4 i32.const 5 i32.eq if unreachable end
    local.get 4 i32.const 6 i32.eq if loop local.get 6 i32.const 4 i32.add local.tee 6 i32.const 1 i32.store br 0 end end
    ;; 7: a nested call
    local.get 4 i32.const 7 i32.eq if local.get 2 call 0 drop end
    i32.const 0 local.set 6 i32.const 0 local.set 3
    loop
      local.get 3 i32.const 31 i32.mul local.get 6 i32.load i32.xor local.set 3
      local.get 6 i32.const 52 i32.add local.tee 6 i32.const 2162000 i32.lt_u br_if 0
    end
    i32.const 600 local.get 3 i32.store
    i32.const 604 memory.size i32.store
    i32.const 608 global.get 1 i64.store
    i32.const 616 global.get 2 i32.store
    i32.const 580 i32.const 600 i32.store
    i32.const 588 i32.const 64 i32.store
    i32.const 580`,
});

type Step = { readonly operation: number; readonly value: number };

function message({ operation, value }: Step): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = operation;
  new DataView(bytes.buffer).setUint32(1, value, true);
  return bytes;
}

function open(engine: Engine): ContractModule {
  return engine.open(crypto.sha256(CODE), () => CODE, { forInstantiate: true });
}

function runStep(engine: Engine, module: ContractModule, step: Step): EngineOutcome {
  const query = (): Uint8Array => {
    // The same module again, with operation 4, inside of the running call.
    const inner = engine.run(module, call("execute", { msg: message({ operation: 4, value: 0 }) }));
    return inner.result.kind === "returned" ? inner.result.output : utf8ToBytes(inner.result.error.message);
  };
  return engine.run(
    module,
    call("execute", { msg: message(step), gasLimit: 40_000_000n, imports: storeImports(new Map(), { query }) }),
  );
}

function summary({ result, remaining, exhausted }: EngineOutcome): unknown {
  return { remaining, exhausted, end: result.kind === "returned" ? result.output : result.error.code };
}

describe("contracts §3.2 step 1: an instance that is used again", () => {
  test("any call after any others equals the same call on a new instance", () => {
    const shared = newEngine();
    const module = open(shared);
    const address = fc.oneof(
      fc.nat(65_535),
      fc.nat(33 * 65_536 + 10),
      fc.nat(0xffffffff),
      fc.constantFrom(700, 60_000, 2_162_687),
    );
    const step = fc.record({ operation: fc.nat(8), value: fc.oneof(address, fc.nat(255)) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        for (const each of steps) {
          const fresh = newEngine();
          expect(summary(runStep(shared, module, each))).toEqual(summary(runStep(fresh, open(fresh), each)));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("contracts §3.2 step 1: a random contract called again and again", () => {
  const RUNS = 25;

  test(`${RUNS} random contracts: calls of all ends, nested ones too, equal calls on new instances`, () => {
    const ends = new Set<string>();
    const limits = fc.array(fc.oneof(fc.integer({ min: 96, max: 3000 }), fc.integer({ min: 3000, max: 300_000 })), {
      minLength: 2,
      maxLength: 6,
    });
    const details = fc.check(
      fc.property(recipes, limits, (recipe, list) => {
        const { module, readOnly } = generate(recipe);
        const code = assemble(module);
        // The meter has a new machine for each call; the second engine a new instance.
        const used = new Compared(code);
        for (const limit of list) {
          const parts = { ...ARGUMENTS, entry: "execute", gasLimit: BigInt(limit), readOnly, nests: true } as const;
          const { metered, chain } = used.run(parts);
          const fresh = new Compared(code).run(parts);
          expect(chain.record).toEqual(fresh.chain.record);
          expect({ ...metered, machine: undefined }).toEqual({ ...fresh.metered, machine: undefined });
          ends.add(metered.end);
        }
      }),
      { numRuns: RUNS },
    );
    console.log(`seed ${details.seed}`);
    if (details.failed) throw new Error(`seed ${details.seed}`, { cause: details.errorInstance });
    expect(ends.size).toBeGreaterThanOrEqual(7);
  }, 300_000);
});
