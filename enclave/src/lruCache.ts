/**
 * A map that holds at most a given weight and forgets what was unused longest. Never decides a result, only how fast it comes.
 * @module
 */

/** Keys are binary text: one character a byte (see {@link binaryText}). */
export class LruCache<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly weight: number }>();
  readonly #maxWeight: number;
  #weight = 0;

  /** @param maxWeight sum of the weights kept; without weights, a number of entries */
  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps `value`, unless it alone is heavier than an eighth of the cache. */
  set(key: string, value: V, weight = 1): void {
    this.delete(key);
    if (weight * 8 > this.#maxWeight) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#maxWeight) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}

/** Bytes as a text of as many characters, for use as a map key: cheaper than hex, and ordered like the bytes. */
export function binaryText(bytes: Uint8Array): string {
  if (bytes.length <= 4_096) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4_096) text += binaryText(bytes.subarray(at, at + 4_096));
  return text;
}
