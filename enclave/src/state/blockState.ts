/**
 * State while a block runs: what its kept transactions wrote over the committed state, what the running one wrote over that.
 * @module
 */
import type { ProvenStore, StoreWrite } from "@sotto/boundary/messages";
import type { StateWrite } from "./provenState.ts";
import { type StateKey, type StateReader, stateKey } from "./stateKey.ts";

export class BlockState implements StateReader {
  readonly #committed: StateReader;
  readonly #kept = new Map<string, StateWrite>();
  readonly #running = new Map<string, StateWrite>();

  /** @param committed state after the block before */
  constructor(committed: StateReader) {
    this.#committed = committed;
  }

  read(at: StateKey): Uint8Array | undefined {
    const write = this.#running.get(at.name) ?? this.#kept.get(at.name);
    return write === undefined ? this.#committed.read(at) : write.value;
  }

  /** What a message of the running transaction wrote. Bytes are kept, not copied. */
  write(writes: readonly StoreWrite[]): void {
    for (const { store, key, value } of writes) {
      const at = stateKey(store as ProvenStore, key);
      this.#running.set(at.name, { at, value });
    }
  }

  endTransaction(kept: boolean): void {
    if (kept) for (const [name, write] of this.#running) this.#kept.set(name, write);
    this.#running.clear();
  }

  /** What the block has written, one write for each key. */
  writes(): StateWrite[] {
    return [...this.#kept.values()];
  }
}
