/**
 * Counts contract calls within a block, for randomness and the salt of stored values (enclave §9.3).
 *
 * Quirk: the first call of a block leaves the counter at 0 if it used no randomness and at 1 if it did.
 * @module
 */
export class CallCounter {
  #count: bigint | undefined;

  /** The value that a call's randomness is derived with. */
  forRandom(): bigint {
    this.#count ??= 0n;
    return this.#count;
  }

  /** Counts a call that is about to run. @returns the value in its salt */
  advance(): bigint {
    this.#count = this.#count === undefined ? 0n : this.#count + 1n;
    return this.#count;
  }
}
