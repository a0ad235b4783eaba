import type { WasmPower } from "@sotto/common/wasmPower";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Idle, IdlePool, type Shelf } from "../../src/engine/idlePool.ts";
import { makeEngine } from "../../src/engine/makeEngine.ts";
import { call, contract, crypto, OUTPUT_REGION } from "./testContract.ts";

const newShelf = (): Shelf<Idle> => ({ instances: [], isOpen: true });

describe("contracts §3.2: instances that wait", () => {
  test("whatever is put and taken, memories stay within the bound and shelves hold four", () => {
    const step = fc.record({ shelf: fc.nat(5), operation: fc.nat(9), memoryBytes: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const pool = new IdlePool<Idle>(100);
        const shelves = Array.from({ length: 6 }, newShelf);
        for (const { shelf: at, operation, memoryBytes } of steps) {
          const shelf = shelves[at] as Shelf<Idle>;
          if (operation < 6) pool.put(shelf, { memoryBytes });
          else if (operation < 9) pool.take(shelf);
          else pool.close(shelf);
          const waiting = shelves.flatMap(({ instances }) => instances);
          expect(pool.bytes).toBe(waiting.reduce((sum, each) => sum + each.memoryBytes, 0));
          expect(pool.bytes).toBeLessThanOrEqual(100);
          for (const { instances, isOpen } of shelves) expect(instances.length).toBeLessThanOrEqual(isOpen ? 4 : 0);
        }
      }),
    );
  });

  test("the one that came last is taken, and the one that waited longest makes room", () => {
    const pool = new IdlePool<Idle>(30);
    const [a, b] = [newShelf(), newShelf()];
    const [first, second, third, fourth] = Array.from({ length: 4 }, () => ({ memoryBytes: 10 })) as [
      Idle,
      Idle,
      Idle,
      Idle,
    ];
    pool.put(a, first);
    pool.put(a, second);
    pool.put(b, third);
    pool.put(b, fourth);
    expect(a.instances).toEqual([second]);
    expect(pool.take(b)).toBe(fourth);
    expect(pool.take(b)).toBe(third);
    expect(pool.take(b)).toBeUndefined();
  });

  test("forty modules with the largest memories keep no more than 256 MiB", () => {
    const wasm = (globalThis as unknown as { readonly WebAssembly: WasmPower }).WebAssembly;
    let made = 0;
    const counted = function Instance(...parts: ConstructorParameters<WasmPower["Instance"]>) {
      made++;
      return new wasm.Instance(...parts);
    } as unknown as WasmPower["Instance"];
    const { Module, Memory, Table, validate } = wasm as WasmPower & Record<string, never>;
    const engine = makeEngine({ crypto, wasm: { ...wasm, Module, Memory, Table, validate, Instance: counted } });
    const modules = Array.from({ length: 40 }, (_, i) => {
      const code = contract({ execute: `i32.const ${OUTPUT_REGION}`, memory: [192], data: [[64_000, String(i)]] });
      return engine.open(crypto.sha256(code), () => code, { forInstantiate: false });
    });
    const run = (at: number) => {
      const before = made;
      const { result } = engine.run(modules[at] as (typeof modules)[number], call("execute"));
      expect(result.kind).toBe("returned");
      return made - before;
    };
    expect(modules.map((_, i) => run(i))).toEqual(modules.map(() => 1));
    // 256 MiB hold 21 memories of 12 MiB: the last ones used are there, the first one is not.
    expect([run(39), run(19), run(0)]).toEqual([0, 0, 1]);
  });
});
