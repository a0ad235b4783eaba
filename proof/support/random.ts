/**
 * Random numbers that a failing run can be repeated with: the seed is printed, and `PROOF_SEED` sets it.
 * @module
 */

export type Random = {
  readonly seed: number;
  /** Below `limit`, which is at most 2^32. */
  below(limit: number): number;
  bytes(length: number): Uint8Array;
};

/** @param what is printed with the seed */
export function makeRandom(what: string): Random {
  const seed = Number(process.env.PROOF_SEED ?? Math.floor(Math.random() * 0x1_0000_0000));
  console.log(`${what}: PROOF_SEED=${seed}`);
  let state = seed >>> 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    seed,
    below: (limit) => Math.floor((next() / 0x1_0000_0000) * limit),
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}
