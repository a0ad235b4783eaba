/**
 * Chain gas (S) as the enclave meters it, and the prices of store accesses (chain §1.8, contracts §4.4).
 *
 * What other modules consume is on the host's meter; here it only counts towards limits of sub-messages and queries.
 * @module
 */

/** The gas ran out; `location` is the descriptor that the log shows (chain §1.8). Ends the whole message unless a limit caught it. */
export class OutOfGas extends Error {
  override readonly name = "OutOfGas";
  readonly location: string;
  constructor(location: string) {
    super("out of gas");
    this.location = location;
  }
}

export class GasMeter {
  readonly limit: bigint;
  /** S metered by the enclave; may exceed the limit by the amount that ran out. */
  #own = 0n;
  /** S that the host metered for native work in this meter's scope, if that counts here. */
  #native = 0n;
  readonly #countsNative: boolean;

  /** @param countsNative for limits that a contract set: the message's own limit is compared with the enclave's part alone */
  constructor(limit: bigint, { countsNative }: { readonly countsNative: boolean }) {
    this.limit = limit;
    this.#countsNative = countsNative;
  }

  get own(): bigint {
    return this.#own;
  }

  get native(): bigint {
    return this.#native;
  }

  get consumed(): bigint {
    return this.#countsNative ? this.#own + this.#native : this.#own;
  }

  get remaining(): bigint {
    const { consumed } = this;
    return consumed >= this.limit ? 0n : this.limit - consumed;
  }

  /** @throws {OutOfGas} */
  consume(amount: bigint, location: string): void {
    this.#own += amount;
    if (this.consumed > this.limit) throw new OutOfGas(location);
  }

  /** Notes what the host metered. @throws {OutOfGas} if that counts and is too much */
  noteNative(amount: bigint, location: string): void {
    this.#native += amount;
    if (this.consumed > this.limit) throw new OutOfGas(location);
  }
}

/** Location names, as they appear in logs. */
export const GasLocation = {
  ReadFlat: "ReadFlat",
  ReadPerByte: "ReadPerByte",
  WriteFlat: "WriteFlat",
  WritePerByte: "WritePerByte",
  Delete: "Delete",
  ValuePerByte: "ValuePerByte",
  IterNextFlat: "IterNextFlat",
  Compile: "Compiling WASM Bytecode",
  LoadForInstantiate: "Loading CosmWasm module: init",
  LoadForExecute: "Loading Compute module: execute",
  LoadForReply: "Loading Compute module: reply",
  LoadForMigrate: "Loading CosmWasm module: migrate",
  LoadForAdminChange: "Loading CosmWasm module: update-contract-admin",
  LoadForQuery: "Loading CosmWasm module: query",
  Wasm: "wasm contract",
  /** The limit was hit exactly. */
  WasmExact: "Wasmer function execution",
  NestedQuery: "contract sub-query",
} as const;

/** S for loading a contract, each time (chain §2.2). */
export const INSTANCE_COST = 20_000n;

export function chargeGet(meter: GasMeter, keyLength: number, valueLength: number): void {
  meter.consume(100n, GasLocation.ReadFlat);
  meter.consume(BigInt(keyLength), GasLocation.ReadPerByte);
  meter.consume(BigInt(valueLength), GasLocation.ReadPerByte);
}

export function chargeSet(meter: GasMeter, keyLength: number, valueLength: number): void {
  meter.consume(200n, GasLocation.WriteFlat);
  meter.consume(5n * BigInt(keyLength), GasLocation.WritePerByte);
  meter.consume(5n * BigInt(valueLength), GasLocation.WritePerByte);
}

export function chargeDelete(meter: GasMeter): void {
  meter.consume(100n, GasLocation.Delete);
}

/** An iterator that is opened on an entry and goes no further. */
export function chargeSeek(meter: GasMeter, keyLength: number, valueLength: number): void {
  meter.consume(BigInt(keyLength), GasLocation.ValuePerByte);
  meter.consume(BigInt(valueLength), GasLocation.ValuePerByte);
  meter.consume(5n, GasLocation.IterNextFlat);
}
