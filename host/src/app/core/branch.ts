/**
 * Branches of state: writes held in memory over a reader, kept or dropped as a whole.
 *
 * A branch is itself a reader, so branches nest: block, transaction, message, sub-message.
 * @module
 */
import type { KeyRange, KeyValue, StateChange, StateReader } from "../../store/store.ts";

/** Bytes as a text of equal order: the comparison of UTF-16 units is that of the bytes. */
function textOf(key: Uint8Array): string {
  let text = "";
  for (let i = 0; i < key.length; i++) text += String.fromCharCode(key[i] as number);
  return text;
}

type Write = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

export class Branch implements StateReader {
  readonly #parent: StateReader;
  readonly #stores = new Map<string, Map<string, Write>>();

  constructor(parent: StateReader) {
    this.#parent = parent;
  }

  get(store: string, key: Uint8Array): Uint8Array | undefined {
    const text = textOf(key);
    // Branches lie several deep, and most keys are in none of them: the text is made once for all.
    let reader: StateReader = this;
    while (reader instanceof Branch) {
      const write: Write | undefined = reader.#stores.get(store)?.get(text);
      if (write !== undefined) return write.value;
      reader = reader.#parent;
    }
    return reader.get(store, key);
  }

  /** Stored values are never changed in place: `key` and `value` are kept, not copied. */
  set(store: string, key: Uint8Array, value: Uint8Array): void {
    this.#write(store, textOf(key), { key, value });
  }

  delete(store: string, key: Uint8Array): void {
    this.#write(store, textOf(key), { key, value: undefined });
  }

  #write(store: string, text: string, write: Write): void {
    let writes = this.#stores.get(store);
    if (writes === undefined) {
      writes = new Map();
      this.#stores.set(store, writes);
    }
    writes.set(text, write);
  }

  /** Merges the parent's entries with this branch's writes as they are at the first step. */
  *iterate(store: string, range: KeyRange): IterableIterator<KeyValue> {
    const direction = range.reverse === true ? -1 : 1;
    const own = this.#writesIn(store, range);
    if (direction < 0) own.reverse();
    let next = 0;
    for (const entry of this.#parent.iterate(store, range)) {
      const text = textOf(entry[0]);
      let replaced = false;
      for (; next < own.length; next++) {
        const [ownText, write] = own[next] as [string, Write];
        const order = ownText === text ? 0 : ownText < text ? -direction : direction;
        if (order > 0) break;
        if (write.value !== undefined) yield [write.key, write.value];
        replaced ||= order === 0;
      }
      if (!replaced) yield entry;
    }
    for (; next < own.length; next++) {
      const [, write] = own[next] as [string, Write];
      if (write.value !== undefined) yield [write.key, write.value];
    }
  }

  #writesIn(store: string, range: KeyRange): [string, Write][] {
    const start = range.start === undefined ? "" : textOf(range.start);
    const end = range.end === undefined ? undefined : textOf(range.end);
    return [...(this.#stores.get(store) ?? [])]
      .filter(([text]) => text >= start && (end === undefined || text < end))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Moves the writes into the branch below. Use this branch no more. */
  keep(): void {
    if (!(this.#parent instanceof Branch))
      throw new TypeError("keep: the root of all branches has nowhere to write to");
    for (const [store, writes] of this.#stores) {
      for (const [text, write] of writes) this.#parent.#write(store, text, write);
    }
  }

  /** All writes, by store, then by key. */
  changes(): StateChange[] {
    const changes: StateChange[] = [];
    for (const store of [...this.#stores.keys()].sort()) {
      for (const [, { key, value }] of this.#writesIn(store, {})) changes.push({ store, key, value });
    }
    return changes;
  }
}
