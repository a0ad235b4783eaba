import { describe, expect, it } from "vitest";
import { binaryText, LruCache } from "../src/lruCache.ts";

describe("LruCache", () => {
  it("forgets what was unused longest", () => {
    const cache = new LruCache<number>(8);
    for (let i = 0; i < 8; i++) cache.set(String(i), i);
    cache.get("0");
    cache.set("8", 8);
    expect(cache.get("1")).toBeUndefined();
    expect([cache.get("0"), cache.get("8")]).toEqual([0, 8]);
  });

  it("holds no more than its weight, and nothing that is more than an eighth of it", () => {
    const cache = new LruCache<string>(80);
    for (let i = 0; i < 20; i++) cache.set(String(i), "v", 10);
    expect(Array.from({ length: 20 }, (_, i) => cache.get(String(i))).filter(Boolean).length).toBe(8);
    cache.set("heavy", "v", 11);
    expect(cache.get("heavy")).toBeUndefined();
  });

  it("weighs a replaced value once", () => {
    const cache = new LruCache<string>(80);
    for (let i = 0; i < 100; i++) cache.set("same", String(i), 10);
    cache.set("other", "v", 10);
    expect([cache.get("same"), cache.get("other")]).toEqual(["99", "v"]);
  });
});

describe("binaryText", () => {
  it("tells all byte strings apart, long ones too", () => {
    const long = Uint8Array.from({ length: 10_000 }, (_, i) => i & 255);
    const other = long.slice();
    other[9_999] = 0;
    expect(binaryText(long).length).toBe(10_000);
    expect(binaryText(long)).not.toBe(binaryText(other));
    expect(binaryText(new Uint8Array(0))).toBe("");
  });
});
