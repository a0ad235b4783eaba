import { compareBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../src/app/core/appError.ts";
import { Branch } from "../../src/app/core/branch.ts";
import { infiniteGasMeter } from "../../src/app/core/gas.ts";
import { KvStore } from "../../src/app/core/kvStore.ts";
import { paginate } from "../../src/app/core/pagination.ts";
import type { KeyRange, KeyValue, StateReader } from "../../src/store/store.ts";

/** Sorted arrays: slow, and plainly right. */
class Model implements StateReader {
  readonly entries: Map<string, Uint8Array>;
  constructor(entries: Map<string, Uint8Array> = new Map()) {
    this.entries = entries;
  }
  get(_store: string, key: Uint8Array): Uint8Array | undefined {
    return this.entries.get(String(key));
  }
  *iterate(_store: string, { start, end, reverse }: KeyRange): IterableIterator<KeyValue> {
    const all = [...this.entries].map(
      ([key, value]) => [Uint8Array.from(key === "" ? [] : key.split(",").map(Number)), value] as const,
    );
    const within = all.filter(
      ([key]) =>
        (start === undefined || compareBytes(key, start) >= 0) && (end === undefined || compareBytes(key, end) < 0),
    );
    within.sort(([a], [b]) => (reverse ? compareBytes(b, a) : compareBytes(a, b)));
    yield* within;
  }
}

const key = fc.uint8Array({ minLength: 1, maxLength: 2 }).map((bytes) => bytes.map((byte) => (byte % 4) * 85));
const operation = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), key, value: fc.uint8Array({ maxLength: 2 }) }),
  fc.record({ kind: fc.constant("delete" as const), key }),
  fc.record({ kind: fc.constantFrom("open" as const, "keep" as const, "drop" as const) }),
);
const range = fc.record({ start: key, end: key, reverse: fc.boolean() }, { requiredKeys: [] });

describe("branches", () => {
  it("read and iterate like a sorted map, through every nesting", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), fc.array(range, { maxLength: 4 }), (operations, ranges) => {
        const base = new Model(
          new Map([
            ["0", Uint8Array.of(1)],
            ["85,85", Uint8Array.of(2)],
          ]),
        );
        const branches = [new Branch(base)];
        const models = [new Model(new Map(base.entries))];
        for (const step of operations) {
          const branch = branches.at(-1) as Branch;
          const model = models.at(-1) as Model;
          if (step.kind === "set") {
            branch.set("s", step.key, step.value);
            model.entries.set(String(step.key), step.value);
          } else if (step.kind === "delete") {
            branch.delete("s", step.key);
            model.entries.delete(String(step.key));
          } else if (step.kind === "open") {
            branches.push(new Branch(branch));
            models.push(new Model(new Map(model.entries)));
          } else if (branches.length > 1) {
            branches.pop();
            models.pop();
            if (step.kind === "keep") {
              branch.keep();
              models[models.length - 1] = model;
            }
          }
        }
        const [branch, model] = [branches.at(-1) as Branch, models.at(-1) as Model];
        for (const one of [{}, { reverse: true }, ...ranges]) {
          expect([...branch.iterate("s", one)]).toEqual([...model.iterate("s", one)]);
        }
        for (const [text, value] of model.entries)
          expect(branch.get("s", Uint8Array.from(text.split(",").map(Number)))).toEqual(value);
        const keys = (branches[0] as Branch).changes().map((change) => change.key);
        expect(keys).toEqual([...keys].sort(compareBytes));
      }),
    );
  });
});

describe("pages", () => {
  it("add up to the whole list, forwards and backwards, by key and by offset", () => {
    const prefix = Uint8Array.of(7);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (ids, limit, reverse) => {
          const state = new Branch(new Model());
          for (const id of ids) state.set("s", Uint8Array.of(7, id), Uint8Array.of(id));
          state.set("s", Uint8Array.of(6), Uint8Array.of(0));
          state.set("s", Uint8Array.of(8), Uint8Array.of(0));
          const store = new KvStore(state, "s", infiniteGasMeter());
          const read = (_key: Uint8Array, value: Uint8Array): number => value[0] as number;
          const expected = [...new Set(ids)].sort((a, b) => (reverse ? b - a : a - b));
          const rules = { read, both: AppError.plain };
          const base = { key: new Uint8Array(0), offset: 0n, limit: BigInt(limit), countTotal: false, reverse };

          const byKey: number[] = [];
          let next: Uint8Array = base.key;
          do {
            const page = paginate(store, prefix, { ...base, key: next }, rules);
            byKey.push(...page.items);
            expect(page.pagination.total).toBe(0n);
            next = page.pagination.nextKey;
          } while (next.length > 0);
          expect(byKey).toEqual(expected);

          const byOffset: number[] = [];
          for (let offset = 0n; offset < expected.length; offset += BigInt(limit)) {
            const page = paginate(store, prefix, { ...base, offset, countTotal: true }, rules);
            byOffset.push(...page.items);
            expect(page.pagination.total).toBe(BigInt(expected.length));
          }
          expect(byOffset).toEqual(expected);
          expect(paginate(store, prefix, undefined, rules).pagination.total).toBe(BigInt(expected.length));
        },
      ),
    );
  });
});
