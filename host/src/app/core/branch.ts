/**
 * Branches of state: writes held in memory over a reader, kept or dropped as a whole.
 *
 * A branch is itself a reader, so branches nest: block, transaction, message, sub-message.
 * @module
 */
import { unitsToText } from "@sotto/common/bytes";
import type { KeyRange, KeyValue, StateChange, StateReader } from "../../store/store.ts";

/** Bytes as a text of equal order: the comparison of UTF-16 units is that of the bytes. */
const textOf = (key: Uint8Array): string => unitsToText(key);

/** The map of a store, made when first asked for. */
function mapIn<T>(maps: Map<string, Map<string, T>>, store: string): Map<string, T> {
  let map = maps.get(store);
  if (map === undefined) {
    map = new Map();
    maps.set(store, map);
  }
  return map;
}

type Write = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

export class Branch implements StateReader {
  readonly #parent: StateReader;
  readonly #stores = new Map<string, Map<string, Write>>();
  /** What was read from below the lowest branch: that does not change, and the same few keys are asked for again and again. */
  readonly #reads = new Map<string, Map<string, Uint8Array | undefined>>();

  /** @param parent stays as it is while this branch is used, unless it is a branch too */
  constructor(parent: StateReader) {
    this.#parent = parent;
  }

  get(store: string, key: Uint8Array): Uint8Array | undefined {
    const text = textOf(key);
    // Branches lie several deep, and most keys are in none of them: the text is made once for all.
    let branch: Branch = this;
    for (;;) {
      const write: Write | undefined = branch.#stores.get(store)?.get(text);
      if (write !== undefined) return write.value;
      const below: StateReader = branch.#parent;
      if (!(below instanceof Branch)) return branch.#read(below, store, key, text);
      branch = below;
    }
  }

  #read(below: StateReader, store: string, key: Uint8Array, text: string): Uint8Array | undefined {
    const reads = mapIn(this.#reads, store);
    let value = reads.get(text);
    if (value === undefined && !reads.has(text)) {
      value = below.get(store, key);
      reads.set(text, value);
    }
    return value;
  }

  /** Stored values are never changed in place: `key` and `value` are kept, not copied. */
  set(store: string, key: Uint8Array, value: Uint8Array): void {
    this.#write(store, textOf(key), { key, value });
  }

  delete(store: string, key: Uint8Array): void {
    this.#write(store, textOf(key), { key, value: undefined });
  }

  #write(store: string, text: string, write: Write): void {
    mapIn(this.#stores, store).set(text, write);
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
