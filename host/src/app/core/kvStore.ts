/**
 * One module's store as a handler sees it: every access is paid for (chain §1.8).
 *
 * Descriptors and their order are visible: they are the locations of out-of-gas logs.
 * @module
 */
import type { KeyRange, KeyValue } from "../../store/store.ts";
import type { Branch } from "./branch.ts";
import { type GasMeter, STORE_GAS } from "./gas.ts";

export class KvStore {
  readonly #state: Branch;
  readonly #name: string;
  readonly #gas: GasMeter;

  constructor(state: Branch, name: string, gas: GasMeter) {
    this.#state = state;
    this.#name = name;
    this.#gas = gas;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#gas.consume(STORE_GAS.readFlat, "ReadFlat");
    const value = this.#state.get(this.#name, key);
    this.#gas.consume(STORE_GAS.readPerByte * BigInt(key.length), "ReadPerByte");
    this.#gas.consume(STORE_GAS.readPerByte * BigInt(value?.length ?? 0), "ReadPerByte");
    return value;
  }

  has(key: Uint8Array): boolean {
    this.#gas.consume(STORE_GAS.has, "Has");
    return this.#state.get(this.#name, key) !== undefined;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#gas.consume(STORE_GAS.writeFlat, "WriteFlat");
    this.#gas.consume(STORE_GAS.writePerByte * BigInt(key.length), "WritePerByte");
    this.#gas.consume(STORE_GAS.writePerByte * BigInt(value.length), "WritePerByte");
    this.#state.set(this.#name, key, value);
  }

  delete(key: Uint8Array): void {
    this.#gas.consume(STORE_GAS.delete, "Delete");
    this.#state.delete(this.#name, key);
  }

  *iterate(range: KeyRange): IterableIterator<KeyValue> {
    const entries = this.#state.iterate(this.#name, range);
    let entry = entries.next();
    this.#payStep(entry);
    while (entry.done !== true) {
      yield entry.value;
      // Paid before moving, for the element it stands on.
      this.#payStep(entry);
      entry = entries.next();
    }
  }

  #payStep(entry: IteratorResult<KeyValue>): void {
    if (entry.done !== true) {
      this.#gas.consume(STORE_GAS.readPerByte * BigInt(entry.value[0].length), "ValuePerByte");
      this.#gas.consume(STORE_GAS.readPerByte * BigInt(entry.value[1].length), "ValuePerByte");
    }
    this.#gas.consume(STORE_GAS.iterNextFlat, "IterNextFlat");
  }
}

/** All keys that begin with `prefix`. */
export function prefixRange(prefix: Uint8Array): KeyRange {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return { start: prefix };
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] as number) + 1;
  return { start: prefix, end };
}
