import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startBlockClock } from "../src/node/blockClock.ts";

/** A clock whose blocks take `blockMs`; `made` are the times at which they began. */
function start(blockMs: number, outcome: { left?: boolean; changed?: boolean } = {}) {
  const made: number[] = [];
  const began = performance.now();
  const clock = startBlockClock({
    collectMs: 100,
    intervalMs: 5_000,
    produce: async () => {
      made.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, blockMs));
      return { left: false, changed: false, ...outcome };
    },
    onFailure: (error) => {
      throw error;
    },
  });
  return { clock, made };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("block clock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("makes a block of transactions that arrive together, counted from the first", async () => {
    const { clock, made } = start(10);
    await pass(1_000);
    clock.wake();
    await pass(60);
    clock.wake();
    await pass(500);
    expect(made).toEqual([1_100]);
  });

  it("makes one at the longest interval when nothing arrives", async () => {
    const { made } = start(10);
    await pass(10_100);
    expect(made).toEqual([5_000, 10_010]);
  });

  it("makes one a second after the state has changed", async () => {
    const { made } = start(10, { changed: true });
    await pass(7_000);
    expect(made.slice(0, 3)).toEqual([5_000, 6_010]);
  });

  it("lets nobody wait again who waited while a block was made", async () => {
    const { clock, made } = start(300);
    clock.wake();
    await pass(150);
    clock.wake();
    await pass(400);
    // A timer takes a millisecond at least.
    expect(made).toEqual([100, 401]);
  });

  it("gives those that arrive at the end of a block their time to collect", async () => {
    const { clock, made } = start(300);
    clock.wake();
    await pass(390);
    clock.wake();
    await pass(400);
    expect(made).toEqual([100, 490]);
  });

  it("goes on at once with what did not fit", async () => {
    const { clock, made } = start(50, { left: true });
    clock.wake();
    await pass(199);
    expect(made).toEqual([100, 151]);
    void clock.stop();
    await pass(1_000);
    expect(made).toEqual([100, 151]);
  });

  it("begins no block after it was stopped, and waits for the one that is being made", async () => {
    const { clock, made } = start(50);
    clock.wake();
    await pass(120);
    let stopped = false;
    void clock.stop().then(() => {
      stopped = true;
    });
    await pass(20);
    expect(stopped).toBe(false);
    await pass(20_000);
    expect(stopped).toBe(true);
    expect(made).toEqual([100]);
  });
});
