/**
 * When the next block is due: transactions that arrive together share one, and there is one every few seconds anyway.
 *
 * After a block that changed the state another one follows soon, so that a header shows the new app hash (consensus §3.6).
 * @module
 */

export type BlockClockOptions = {
  /** How long the first transaction waits for others, in milliseconds. */
  readonly collectMs: number;
  /** Longest time between two blocks, in milliseconds. */
  readonly intervalMs: number;
  /** Makes a block of what waits; says whether some of it did not fit, and whether the app hash changed. */
  readonly produce: () => Promise<{ readonly left: boolean; readonly changed: boolean }>;
  readonly onFailure: (error: unknown) => void;
};

export interface BlockClock {
  /** A transaction was admitted. */
  wake(): void;
  /** No block begins after this; resolves when the one that is being made is done. */
  stop(): Promise<void>;
}

/** The block that shows a new app hash comes this late at most. */
const PROOF_BLOCK_MS = 1_000;

export function startBlockClock(options: BlockClockOptions): BlockClock {
  const { collectMs, intervalMs } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let making: Promise<void> | undefined;
  let stopped = false;
  /** When the first transaction arrived that no block has had the chance to take. */
  let arrivedAt: number | undefined;

  function schedule(inMs: number): void {
    const at = performance.now() + inMs;
    if (stopped || making !== undefined || at >= dueMs) return;
    clearTimeout(timer);
    dueMs = at;
    timer = setTimeout(() => {
      making = make();
    }, inMs);
  }

  /** What waited while a block was made has had its time. */
  function untilCollected(since: number): number {
    return Math.max(0, since + collectMs - performance.now());
  }

  async function make(): Promise<void> {
    arrivedAt = undefined;
    let next: number;
    try {
      const { left, changed } = await options.produce();
      const quiet = changed ? Math.min(PROOF_BLOCK_MS, intervalMs) : intervalMs;
      next = left ? 0 : arrivedAt === undefined ? quiet : untilCollected(arrivedAt);
    } catch (error) {
      stopped = true;
      options.onFailure(error);
      return;
    } finally {
      making = undefined;
      dueMs = Number.POSITIVE_INFINITY;
    }
    schedule(next);
  }

  schedule(intervalMs);
  return {
    wake() {
      arrivedAt ??= performance.now();
      schedule(untilCollected(arrivedAt));
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await making;
    },
  };
}
