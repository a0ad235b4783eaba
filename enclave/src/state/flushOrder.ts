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
  /** Accumulators a, b and the counter. */
  readonly #a: Halves = new Uint32Array(2);
  readonly #b: Halves = new Uint32Array(2);
  #c = 0;
  #left = 0;

  /** @param seed words of 8 bytes, little endian */
  constructor(seed: Uint8Array) {
    const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
    for (let i = 0; i < seed.length / 4; i++) this.#results[i] = view.getUint32(4 * i, true);
    // The golden ratio, in all eight words.
    const mixed = Uint32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 0x7f4a7c13 : 0x9e3779b9));
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
    const a = this.#a;
    const b = this.#b;
    const x = new Uint32Array(2);
    const y = new Uint32Array(2);
    this.#c++;
    add(b, 0, Uint32Array.of(this.#c, 0), 0);
    for (let i = 0; i < 2 * SIZE; i += 2) {
      x[0] = memory[i] as number;
      x[1] = memory[i + 1] as number;
      scramble(a, (i / 2) & 3);
      add(a, 0, memory, (i + SIZE) % (2 * SIZE));
      const from = 2 * (((x[0] as number) >>> 3) & 255);
      y[0] = memory[from] as number;
      y[1] = memory[from + 1] as number;
      add(y, 0, a, 0);
      add(y, 0, b, 0);
      memory[i] = y[0] as number;
      memory[i + 1] = y[1] as number;
      const next = 2 * (((y[0] as number) >>> 11) & 255);
      b[0] = memory[next] as number;
      b[1] = memory[next + 1] as number;
      add(b, 0, x, 0);
      this.#results[i] = b[0] as number;
      this.#results[i + 1] = b[1] as number;
    }
    this.#left = SIZE;
  }
}

/** `target[at] += source[from]`, modulo 2^64. */
function add(target: Halves, at: number, source: Halves, from: number): void {
  const low = (target[at] as number) + (source[from] as number);
  target[at + 1] = (target[at + 1] as number) + (source[from + 1] as number) + (low >= TWO_32 ? 1 : 0);
  target[at] = low;
}

function scramble(a: Halves, step: number): void {
  const low = a[0] as number;
  const high = a[1] as number;
  if (step === 0) {
    a[0] = ~(low ^ (low << 21));
    a[1] = ~(high ^ ((high << 21) | (low >>> 11)));
  } else if (step === 1) {
    a[0] = low ^ ((low >>> 5) | (high << 27));
    a[1] = high ^ (high >>> 5);
  } else if (step === 2) {
    a[0] = low ^ (low << 12);
    a[1] = high ^ ((high << 12) | (low >>> 20));
  } else {
    a[0] = low ^ (high >>> 1);
  }
}

/**
 * Positions 0 to n-1 in shuffled order: element i of the result is the original position of what comes i-th.
 * @param random the call's random
 */
export function shuffledOrder(crypto: Crypto, random: Uint8Array, n: number): number[] {
  const rng = new Isaac64(crypto.sha256(random));
  const order = Array.from({ length: n }, (_, i) => i);
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
