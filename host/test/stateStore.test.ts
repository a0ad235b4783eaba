import nodeCrypto from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { KvEngine } from "../src/store/engine.ts";
import { openLmdbEngine } from "../src/store/lmdbEngine.ts";
import { makeMemoryEngine } from "../src/store/memoryEngine.ts";
import { makeStateStore } from "../src/store/stateStore.ts";
import type { StateChange, StateStore, StateView } from "../src/store/store.ts";

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(nodeCrypto.createHash("sha256").update(data).digest());
const STORES = ["acc", "bank", "compute"];
const text = utf8ToBytes;

const folders: string[] = [];
const opened: StateStore[] = [];
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sotto-store-"));
  folders.push(folder);
  return folder;
}

const ENGINES: Record<string, () => KvEngine> = {
  LMDB: () => openLmdbEngine({ path: newFolder(), readOnly: false }),
  memory: makeMemoryEngine,
};

function openStore(engine: KvEngine): StateStore {
  const store = makeStateStore(engine, { sha256, stores: STORES });
  opened.push(store);
  return store;
}

function apply(store: StateStore, height: number, changes: StateChange[]): Uint8Array {
  const hash = store.stage(height, changes);
  store.commit([]);
  return hash;
}

const put = (key: string | Uint8Array, value: string, store = "bank"): StateChange => ({
  store,
  key: typeof key === "string" ? text(key) : key,
  value: text(value),
});
const del = (key: string, store = "bank"): StateChange => ({ store, key: text(key), value: undefined });
const readAll = (view: StateView, store = "bank", reverse = false): string[] =>
  [...view.iterate(store, { reverse })].map(
    ([key, value]) => `${Buffer.from(key).toString("latin1")}=${Buffer.from(value).toString()}`,
  );

describe.each(Object.entries(ENGINES))("state store in %s", (_, makeEngine) => {
  it("begins empty and answers with what was committed", () => {
    const store = openStore(makeEngine());
    expect(store.latestHeight).toBe(0);
    const staged = store.stage(1, [put("a", "1"), put("b", "2")]);
    expect(store.latest().get("bank", text("a"))).toBeUndefined();
    store.commit([{ table: "meta", key: text("sealed"), value: text("x") }]);
    expect(store.latestHeight).toBe(1);
    expect(store.appHash).toEqual(staged);
    expect(readAll(store.latest())).toEqual(["a=1", "b=2"]);
    expect(readAll(store.latest(), "acc")).toEqual([]);
    expect(store.getTable("meta", text("sealed"))).toEqual(text("x"));
  });

  it("keeps a view as it was while later blocks are committed", () => {
    const store = openStore(makeEngine());
    apply(store, 1, [put("a", "1")]);
    const view = store.latest();
    apply(store, 2, [put("a", "2"), put("b", "2")]);
    expect(readAll(view)).toEqual(["a=1"]);
    view.release();
    expect(readAll(store.at(1))).toEqual(["a=1"]);
    expect(readAll(store.at(2))).toEqual(["a=2", "b=2"]);
  });

  it("gives the same app hash for the same content, whatever led to it, and another one for other content", () => {
    const one = openStore(makeEngine());
    const two = openStore(makeEngine());
    apply(one, 1, [put("a", "1"), put("b", "2"), put("c", "3")]);
    const hash = apply(one, 2, [del("b")]);
    apply(two, 1, [put("c", "0")]);
    expect(apply(two, 2, [put("a", "1"), put("c", "3")])).toEqual(hash);
    expect(apply(two, 3, [put("a", "1", "acc")])).not.toEqual(hash);
  });

  it("leaves the app hash alone when nothing really changes", () => {
    const store = openStore(makeEngine());
    const hash = apply(store, 1, [put("a", "1")]);
    expect(apply(store, 2, [put("a", "1"), del("never there")])).toEqual(hash);
    expect(apply(store, 3, [])).toEqual(hash);
  });

  it("shows the way to a value and to where one would be, from any depth, of staged genesis as of committed state", () => {
    const store = openStore(makeEngine());
    const long = new Uint8Array(5_000).fill(7);
    store.stage(1, [put("a", "1"), put("b", "2"), put(long, "long")]);
    for (const stage of ["staged", "committed"]) {
      if (stage === "committed") store.commit([]);
      expect(store.readProven("bank", text("a"), 0).value, stage).toEqual(text("1"));
      expect(store.readProven("bank", long, 0).value, stage).toEqual(text("long"));
      expect(store.readProven("bank", text("c"), 0).value, stage).toBeUndefined();
      const { pages } = store.readProven("bank", text("a"), 0);
      expect(pages.length).toBeGreaterThan(0);
      expect(store.readProven("bank", text("a"), 1).pages).toEqual(pages.slice(1));
      expect(store.readProven("bank", text("a"), 64)).toEqual({ pages: [], value: text("1") });
      expect(store.readProven("acc", text("a"), 0)).toEqual({ pages: [], value: undefined });
    }
    store.stage(2, [put("a", "2")]);
    expect(store.readProven("bank", text("a"), 0).value).toEqual(text("1"));
    store.commit([]);
    expect(store.readProven("bank", text("a"), 0).value).toEqual(text("2"));
    expect(store.storeRoots.map(({ name }) => name).sort()).toEqual(["acc", "bank", "compute"]);
  });

  it("iterates ranges in both directions", () => {
    const store = openStore(makeEngine());
    apply(
      store,
      1,
      ["a", "b", "c", "d"].map((key) => put(key, key)),
    );
    const keys = (range: object): string =>
      [...store.latest().iterate("bank", range)].map(([key]) => Buffer.from(key).toString()).join("");
    expect(keys({ start: text("b"), end: text("d") })).toBe("bc");
    expect(keys({ start: text("b"), end: text("d"), reverse: true })).toBe("cb");
    expect(keys({ end: text("c"), reverse: true })).toBe("ba");
    expect(keys({ start: text("c") })).toBe("cd");
  });

  it("holds keys of any length", () => {
    const store = openStore(makeEngine());
    const long = (last: number): Uint8Array => Uint8Array.from([...new Uint8Array(5_000).fill(0), last]);
    apply(store, 1, [put(long(2), "two"), put(long(1), "one"), put("z", "z")]);
    apply(store, 2, [put(long(1), "uno")]);
    expect(store.latest().get("bank", long(1))).toEqual(text("uno"));
    expect(store.at(1).get("bank", long(1))).toEqual(text("one"));
    expect([...store.latest().iterate("bank", {})].map(([key]) => key.length)).toEqual([5_001, 5_001, 1]);
    expect([...store.at(1).iterate("bank", {})].map(([, value]) => Buffer.from(value).toString())).toEqual([
      "one",
      "two",
      "z",
    ]);
  });

  it("forgets pruned heights and keeps the others", () => {
    const store = openStore(makeEngine());
    for (let height = 1; height <= 10; height++)
      apply(store, height, [put("a", String(height)), put(`k${height}`, "x")]);
    store.prune(6);
    expect(store.earliestHeight).toBe(6);
    expect(() => store.at(5)).toThrow("height 5 is not available: heights 6 to 10 are");
    for (let height = 6; height <= 10; height++)
      expect(store.at(height).get("bank", text("a"))).toEqual(text(String(height)));
    expect(readAll(store.at(6))).toHaveLength(7);
    expect([...store.iterateTable("meta", {})]).toHaveLength(1);
    apply(store, 11, [del("k1")]);
    expect(readAll(store.at(10))).toHaveLength(11);
  });

  it("refuses heights above the latest", () => {
    const store = openStore(makeEngine());
    apply(store, 1, []);
    expect(() => store.at(2)).toThrow("height 2 is not available: heights 1 to 1 are");
  });

  it("agrees with a plain map at every height, for any history", () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
    const block = fc.array(
      fc.record({
        store: fc.constantFrom("acc", "bank"),
        key,
        value: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 8 }), (blocks) => {
        const store = makeStateStore(makeMemoryEngineOr(makeEngine), { sha256, stores: STORES });
        const histories: Map<string, [Uint8Array, Uint8Array]>[] = [];
        let current = new Map<string, [Uint8Array, Uint8Array]>();
        blocks.forEach((changes, index) => {
          current = new Map(current);
          for (const { store: name, key: k, value } of changes) {
            const id = `${name}/${Buffer.from(k).toString("hex")}`;
            if (value === undefined) current.delete(id);
            else current.set(id, [k, value]);
          }
          histories.push(current);
          apply(store, index + 1, changes);
        });
        histories.forEach((expected, index) => {
          const view = store.at(index + 1);
          for (const name of ["acc", "bank"]) {
            const wanted = [...expected]
              .filter(([id]) => id.startsWith(name))
              .map(([, pair]) => pair)
              .sort(([a], [b]) => compareBytes(a, b));
            expect([...view.iterate(name, {})]).toEqual(wanted);
            expect([...view.iterate(name, { reverse: true })]).toEqual([...wanted].reverse());
            for (const [k, v] of wanted) expect(view.get(name, k)).toEqual(v);
          }
          view.release();
        });
        store.close();
      }),
      { numRuns: 40 },
    );
  });
});

/** LMDB environments are dear; the property runs on few of them. */
let runs = 0;
function makeMemoryEngineOr(makeEngine: () => KvEngine): KvEngine {
  return runs++ % 4 === 0 ? makeEngine() : makeMemoryEngine();
}

describe("LMDB engine", () => {
  it("finds everything again after reopening", () => {
    const folder = newFolder();
    const first = makeStateStore(openLmdbEngine({ path: folder, readOnly: false }), { sha256, stores: STORES });
    const hash = apply(first, 1, [put("a", "1")]);
    first.close();
    const second = openStore(openLmdbEngine({ path: folder, readOnly: false }));
    expect(second.latestHeight).toBe(1);
    expect(second.appHash).toEqual(hash);
    expect(readAll(second.latest())).toEqual(["a=1"]);
  });

  it("loses nothing of a height that was staged but not committed, since nothing was written", () => {
    const store = openStore(ENGINES.LMDB?.() as KvEngine);
    apply(store, 1, [put("a", "1")]);
    store.stage(2, [put("a", "2")]);
    expect(store.stage(2, [put("a", "3")])).not.toEqual(store.appHash);
    store.commit([]);
    expect(readAll(store.latest())).toEqual(["a=3"]);
    expect(u64be(2)).toHaveLength(8);
  });
});
