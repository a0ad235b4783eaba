/**
 * The order in which a call's writes reach the store if its contract uses randomness (enclave §5.3): a shuffle by ISAAC-64.
 *
 * The state is the same in any order; which write runs out of gas is not.
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";

const SIZE = 256;
const MASK = (1n << 64n) - 1n;
const GOLDEN = 0x9e3779b97f4a7c13n;

/** ISAAC-64 (Jenkins, 1996), seeded with a few words and zeros, drawing from the end of each batch. */
class Isaac64 {
  readonly #memory = new BigUint64Array(SIZE);
  readonly #results = new BigUint64Array(SIZE);
  #a = 0n;
  #b = 0n;
  #c = 0n;
  #left = 0;

  constructor(seed: BigUint64Array) {
    this.#results.set(seed);
    const mixed: bigint[] = new Array<bigint>(8).fill(GOLDEN);
    for (let i = 0; i < 4; i++) mix(mixed);
    for (const source of [this.#results, this.#memory]) {
      for (let i = 0; i < SIZE; i += 8) {
        for (let j = 0; j < 8; j++) mixed[j] = ((mixed[j] as bigint) + (source[i + j] as bigint)) & MASK;
        mix(mixed);
        for (let j = 0; j < 8; j++) this.#memory[i + j] = mixed[j] as bigint;
      }
    }
  }

  next(): bigint {
    if (this.#left === 0) this.#generate();
    return this.#results[--this.#left] as bigint;
  }

  #generate(): void {
    const memory = this.#memory;
    this.#c = (this.#c + 1n) & MASK;
    this.#b = (this.#b + this.#c) & MASK;
    for (let i = 0; i < SIZE; i++) {
      const x = memory[i] as bigint;
      this.#a = (scramble(this.#a, i & 3) + (memory[(i + SIZE / 2) % SIZE] as bigint)) & MASK;
      const y = ((memory[Number((x >> 3n) & 255n)] as bigint) + this.#a + this.#b) & MASK;
      memory[i] = y;
      this.#b = ((memory[Number((y >> 11n) & 255n)] as bigint) + x) & MASK;
      this.#results[i] = this.#b;
    }
    this.#left = SIZE;
  }
}

function scramble(a: bigint, step: number): bigint {
  if (step === 0) return ~(a ^ (a << 21n)) & MASK;
  if (step === 1) return a ^ (a >> 5n);
  if (step === 2) return (a ^ (a << 12n)) & MASK;
  return a ^ (a >> 33n);
}

/** Shifts of the mixing function; left at odd places. */
const MIX_SHIFTS = [9n, 9n, 23n, 15n, 14n, 20n, 17n, 14n] as const;

function mix(v: bigint[]): void {
  MIX_SHIFTS.forEach((shift, i) => {
    const at = (k: number) => v[(i + k) % 8] as bigint;
    v[i] = (at(0) - at(4)) & MASK;
    const source = at(7);
    v[(i + 5) % 8] = at(5) ^ (i % 2 === 0 ? source >> shift : (source << shift) & MASK);
    v[(i + 7) % 8] = (source + at(0)) & MASK;
  });
}

/**
 * Positions 0 to n-1 in shuffled order: element i of the result is the original position of what comes i-th.
 * @param random the call's random
 */
export function shuffledOrder(crypto: Crypto, random: Uint8Array, n: number): number[] {
  const digest = crypto.sha256(random);
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  const rng = new Isaac64(BigUint64Array.from({ length: 4 }, (_, i) => view.getBigUint64(8 * i, true)));
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i >= 1; i--) {
    const range = BigInt(i + 1);
    const zone = MASK - (MASK % range);
    let draw = rng.next();
    while (draw >= zone) draw = rng.next();
    const j = Number(draw % range);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
