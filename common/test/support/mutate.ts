/**
 * Fast random changes for large fuzz tests: a seeded generator and the usual ways to spoil bytes.
 */

/** Numbers of a seed, the same on every machine (mulberry32). */
export class Random {
  readonly seed: number;
  private state: number;

  constructor(seed = Math.floor(Math.random() * 0x100000000)) {
    this.seed = seed;
    this.state = seed;
  }

  below(count: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % count;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const SPECIAL = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x22, 0x5c, 0x7b, 0x0b, 0x40];

/** A copy with one to four changes: bytes set, flipped, put in, taken out, moved, or the end cut off. */
export function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  let out: Uint8Array = bytes.slice();
  for (let changes = 1 + random.below(4); changes > 0; changes--) out = change(random, out);
  return out;
}

function change(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = Math.min(1 + random.below(8), bytes.length - at);
  switch (random.below(8)) {
    case 0:
      return splice(bytes, at, length, new Uint8Array(0));
    case 1:
      return splice(bytes, at, 0, Uint8Array.of(random.pick(SPECIAL)));
    case 2:
      return splice(bytes, at, 0, bytes.slice(at, at + length));
    case 3: {
      const from = random.below(bytes.length + 1);
      return splice(bytes, at, length, bytes.slice(from, from + length));
    }
    case 4:
      return random.below(4) === 0 ? bytes.slice(0, at) : bytes;
    case 5:
      return splice(bytes, at, Math.min(1, length), Uint8Array.of(random.below(256)));
    case 6:
      return splice(bytes, at, Math.min(1, length), Uint8Array.of(random.pick(SPECIAL)));
    default: {
      const out = bytes.slice();
      if (at < out.length) out[at] = (out[at] as number) ^ (1 << random.below(8));
      return out;
    }
  }
}

function splice(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length - removed + added.length);
  out.set(bytes.subarray(0, at));
  out.set(added, at);
  out.set(bytes.subarray(at + removed), at + added.length);
  return out;
}
