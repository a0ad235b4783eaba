/**
 * The order in which a call's writes reach the store if its contract uses randomness (enclave §5.3): a shuffle by ISAAC-64.
 *
 * The state is the same in any order; which write runs out of gas is not.
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";

const SIZE = 256;
const MAX_U64 = (1n << 64n) - 1n;
const TWO_32 = 0x1_0000_0000;

/** 64-bit words as halves, low one first: element 2i and 2i + 1. Ten times faster here than bigints. */
type Halves = Uint32Array;

/** Shifts of the mixing function: right at even places, left at odd ones. */
const MIX_SHIFTS: readonly number[] = [9, 9, 23, 15, 14, 20, 17, 14];
/** The golden ratio. */
const GOLDEN_LOW = 0x7f4a7c13;
const GOLDEN_HIGH = 0x9e3779b9;

function mix(v: Halves): void {
  for (let i = 0; i < 8; i++) {
    const a = 2 * i;
    const e = 2 * ((i + 4) & 7);
    const f = 2 * ((i + 5) & 7);
    const h = 2 * ((i + 7) & 7);
    const low = (v[a] as number) - (v[e] as number);
    v[a + 1] = (v[a + 1] as number) - (v[e + 1] as number) - (low < 0 ? 1 : 0);
    v[a] = low;
    const shift = MIX_SHIFTS[i] as number;
    const hLow = v[h] as number;
    const hHigh = v[h + 1] as number;
    if (i % 2 === 0) {
      v[f] = (v[f] as number) ^ ((hLow >>> shift) | (hHigh << (32 - shift)));
      v[f + 1] = (v[f + 1] as number) ^ (hHigh >>> shift);
    } else {
      v[f] = (v[f] as number) ^ (hLow << shift);
      v[f + 1] = (v[f + 1] as number) ^ ((hHigh << shift) | (hLow >>> (32 - shift)));
    }
    add(v, h, v, a);
  }
}

/** ISAAC-64 (Jenkins, 1996), seeded with a few words and zeros, drawing from the end of each batch. */
class Isaac64 {
  readonly #memory: Halves = new Uint32Array(2 * SIZE);
  readonly #results: Halves = new Uint32Array(2 * SIZE);
  /** Accumulators a and b, low halves first. */
  #aLow = 0;
  #aHigh = 0;
  #bLow = 0;
  #bHigh = 0;
  #counter = 0;
  #left = 0;

  /** @param seed words of 8 bytes, little endian */
  constructor(seed: Uint8Array) {
    for (let i = 0; i < seed.length; i++) {
      (this.#results[i >> 2] as number) |= (seed[i] as number) << (8 * (i & 3));
    }
    const mixed = new Uint32Array(16);
    for (let i = 0; i < 16; i += 2) {
      mixed[i] = GOLDEN_LOW;
      mixed[i + 1] = GOLDEN_HIGH;
    }
    for (let i = 0; i < 4; i++) mix(mixed);
    for (const source of [this.#results, this.#memory]) {
      for (let i = 0; i < 2 * SIZE; i += 16) {
        for (let j = 0; j < 16; j += 2) add(mixed, j, source, i + j);
        mix(mixed);
        this.#memory.set(mixed, i);
      }
    }
  }

  next(): bigint {
    if (this.#left === 0) this.#generate();
    const at = 2 * --this.#left;
    return BigInt(this.#results[at] as number) | (BigInt(this.#results[at + 1] as number) << 32n);
  }

  #generate(): void {
    const memory = this.#memory;
    const results = this.#results;
    let [aLow, aHigh, bLow, bHigh] = [this.#aLow, this.#aHigh, this.#bLow, this.#bHigh];
    this.#counter++;
    bLow += this.#counter;
    bHigh = (bHigh + (bLow >= TWO_32 ? 1 : 0)) >>> 0;
    bLow >>>= 0;
    for (let i = 0; i < 2 * SIZE; i += 2) {
      const xLow = memory[i] as number;
      const xHigh = memory[i + 1] as number;
      [aLow, aHigh] = scramble(aLow, aHigh, (i / 2) & 3);
      const across = (i + SIZE) % (2 * SIZE);
      aLow += memory[across] as number;
      aHigh = (aHigh + (memory[across + 1] as number) + (aLow >= TWO_32 ? 1 : 0)) >>> 0;
      aLow >>>= 0;
      const from = 2 * ((xLow >>> 3) & 255);
      let yLow = (memory[from] as number) + aLow + bLow;
      const yHigh = ((memory[from + 1] as number) + aHigh + bHigh + Math.floor(yLow / TWO_32)) >>> 0;
      yLow >>>= 0;
      memory[i] = yLow;
      memory[i + 1] = yHigh;
      const next = 2 * ((yLow >>> 11) & 255);
      bLow = (memory[next] as number) + xLow;
      bHigh = ((memory[next + 1] as number) + xHigh + (bLow >= TWO_32 ? 1 : 0)) >>> 0;
      bLow >>>= 0;
      results[i] = bLow;
      results[i + 1] = bHigh;
    }
    [this.#aLow, this.#aHigh, this.#bLow, this.#bHigh] = [aLow, aHigh, bLow, bHigh];
    this.#left = SIZE;
  }
}

/** `target[at] += source[from]`, modulo 2^64. */
function add(target: Halves, at: number, source: Halves, from: number): void {
  const low = (target[at] as number) + (source[from] as number);
  target[at + 1] = (target[at + 1] as number) + (source[from + 1] as number) + (low >= TWO_32 ? 1 : 0);
  target[at] = low;
}

function scramble(low: number, high: number, step: number): readonly [low: number, high: number] {
  if (step === 0) return [~(low ^ (low << 21)) >>> 0, ~(high ^ ((high << 21) | (low >>> 11))) >>> 0];
  if (step === 1) return [(low ^ ((low >>> 5) | (high << 27))) >>> 0, (high ^ (high >>> 5)) >>> 0];
  if (step === 2) return [(low ^ (low << 12)) >>> 0, (high ^ ((high << 12) | (low >>> 20))) >>> 0];
  return [(low ^ (high >>> 1)) >>> 0, high >>> 0];
}

/**
 * Positions 0 to n-1 in shuffled order: element i of the result is the original position of what comes i-th.
 * @param random the call's random
 */
export function shuffledOrder(crypto: Crypto, random: Uint8Array, n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  if (n < 2) return order;
  const rng = new Isaac64(crypto.sha256(random));
  for (let i = n - 1; i >= 1; i--) {
    const range = BigInt(i + 1);
    const zone = MAX_U64 - (MAX_U64 % range);
    let draw = rng.next();
    while (draw >= zone) draw = rng.next();
    const j = Number(draw % range);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
