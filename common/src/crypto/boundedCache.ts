/**
 * A map that forgets the entry unused for longest once it is full.
 *
 * Holds what is costly to rebuild (key schedules, imported keys); dropping an entry never changes a result.
 * @module
 */

export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The value kept under the content of `key`, made now if there is none. */
  getOrMake(key: Uint8Array, make: (key: Uint8Array) => Value): Value {
    // One UTF-16 unit a byte: much cheaper to build than hex, and just as unique.
    const name = String.fromCharCode.apply(null, key as unknown as number[]);
    let value = this.#entries.get(name);
    if (value !== undefined) {
      this.#entries.delete(name);
    } else {
      value = make(key);
      if (this.#entries.size >= this.#capacity) {
        for (const oldest of this.#entries.keys()) {
          this.#entries.delete(oldest);
          break;
        }
      }
    }
    this.#entries.set(name, value);
    return value;
  }
}
