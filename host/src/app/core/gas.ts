/**
 * Gas meters and the prices of store access (chain §1.8).
 *
 * Running out is an exception of its own and no error of a message: it ends the transaction from wherever it happens.
 * @module
 */

/** Gas ran out; `location` is what was being paid for. */
export class OutOfGas extends Error {
  override readonly name = "OutOfGas";
  readonly location: string;
  constructor(location: string) {
    super(`out of gas in location: ${location}`);
    this.location = location;
  }
}

/** "No limit", as clients see it in `gas_wanted` of a simulation. */
export const NO_GAS_LIMIT = 0xffff_ffff_ffff_ffffn;

export class GasMeter {
  readonly limit: bigint;
  #consumed = 0n;

  constructor(limit: bigint) {
    this.limit = limit;
  }

  get consumed(): bigint {
    return this.#consumed;
  }

  get consumedToLimit(): bigint {
    if (this.#consumed > this.limit) return this.limit;
    return this.#consumed;
  }

  get remaining(): bigint {
    return this.limit - this.consumedToLimit;
  }

  /** What was consumed stays on the meter, also beyond the limit. @throws {OutOfGas} */
  consume(amount: bigint, location: string): void {
    this.#consumed += amount;
    if (this.#consumed > this.limit) throw new OutOfGas(location);
  }
}

export function infiniteGasMeter(): GasMeter {
  return new GasMeter(NO_GAS_LIMIT);
}

/** SDK gas of persistent stores: about a tenth of the standard prices. */
export const STORE_GAS = {
  has: 100n,
  delete: 100n,
  readFlat: 100n,
  readPerByte: 1n,
  writeFlat: 200n,
  writePerByte: 5n,
  iterNextFlat: 5n,
} as const;
