/**
 * Instances that wait for their next call: a few of each module, and all together within a bound of bytes, since each keeps its memory.
 *
 * Decides only how fast a call begins.
 * @module
 */

/** What is kept: instances with the size of their memory. */
export type Idle = { readonly memoryBytes: number };

/** Where the instances of one module wait, the one used last at the end. */
export type Shelf<T> = { readonly instances: T[]; isOpen: boolean };

/** As many as nested queries of one module run at once without new memories. */
const MAX_PER_SHELF = 4;

export class IdlePool<T extends Idle> {
  readonly #maxBytes: number;
  /** Those that have waited longest first. */
  readonly #all = new Map<T, Shelf<T>>();
  #bytes = 0;

  /** @param maxBytes of the memories of all idle instances */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Of all memories that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The instance that came last; it is the caller's from now on. */
  take(shelf: Shelf<T>): T | undefined {
    const instance = shelf.instances.at(-1);
    if (instance !== undefined) this.#remove(instance, shelf);
    return instance;
  }

  /** Keeps an instance, unless its shelf is full or closed; those that have waited longest make room. */
  put(shelf: Shelf<T>, instance: T): void {
    if (!shelf.isOpen || shelf.instances.length >= MAX_PER_SHELF) return;
    shelf.instances.push(instance);
    this.#all.set(instance, shelf);
    this.#bytes += instance.memoryBytes;
    for (const [oldest, where] of this.#all) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest, where);
    }
  }

  /** Drops what waits there, and what would come later. */
  close(shelf: Shelf<T>): void {
    shelf.isOpen = false;
    for (const instance of [...shelf.instances]) this.#remove(instance, shelf);
  }

  #remove(instance: T, { instances }: Shelf<T>): void {
    instances.splice(instances.indexOf(instance), 1);
    this.#all.delete(instance);
    this.#bytes -= instance.memoryBytes;
  }
}
