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
  /** Makes a block; says whether transactions are left over and whether the app hash changed. */
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
  let woken = false;

  function schedule(inMs: number): void {
    const at = performance.now() + inMs;
    if (stopped || making !== undefined || at >= dueMs) return;
    clearTimeout(timer);
    dueMs = at;
    timer = setTimeout(() => {
      making = make();
    }, inMs);
  }

  async function make(): Promise<void> {
    woken = false;
    let next: number;
    try {
      const { left, changed } = await options.produce();
      next = left || woken ? collectMs : changed ? Math.min(PROOF_BLOCK_MS, intervalMs) : intervalMs;
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
      woken = true;
      schedule(collectMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await making;
    },
  };
}
