/**
 * Pages of a list that lies under one key prefix (clients §1.1).
 *
 * The error for a key together with an offset differs by module, so the caller says what it is.
 * @module
 */
import { compareBytes, concatBytes } from "@sotto/common/bytes";
import type { KeyRange, KeyValue } from "../../store/store.ts";
import type { AppError } from "./appError.ts";
import { type KvStore, prefixRange } from "./kvStore.ts";

export type PageRequest = {
  readonly key: Uint8Array;
  readonly offset: bigint;
  readonly limit: bigint;
  readonly countTotal: boolean;
  readonly reverse: boolean;
};
export type PageResponse = { readonly nextKey: Uint8Array; readonly total: bigint };
export type Page<T> = { readonly items: T[]; readonly pagination: PageResponse };

const BOTH_KEY_AND_OFFSET = "invalid request, either offset or key is expected, got both";
const DEFAULT_LIMIT = 100n;
const NO_KEY = new Uint8Array(0);

type Rules<T> = {
  /** Undefined leaves the entry out, uncounted. `key` is without the prefix. */
  readonly read: (key: Uint8Array, value: Uint8Array) => T | undefined;
  readonly both: (text: string) => AppError;
  /** Quirk: bank, auth and gov lists answer total 0 when the offset lies past the end. */
  readonly zeroTotalPastEnd?: boolean;
};

/** @throws {AppError} of `rules.both`, if the request has key and offset */
export function paginate<T>(
  store: KvStore,
  prefix: Uint8Array,
  request: PageRequest | undefined,
  rules: Rules<T>,
): Page<T> {
  const { key, offset, reverse } = request ?? { key: NO_KEY, offset: 0n, reverse: false };
  if (offset > 0n && key.length > 0) throw rules.both(BOTH_KEY_AND_OFFSET);
  const limit = request === undefined || request.limit === 0n ? DEFAULT_LIMIT : request.limit;
  const countTotal = request === undefined || request.limit === 0n || request.countTotal;
  const counting = countTotal && key.length === 0;

  const items: T[] = [];
  let count = 0n;
  let nextKey = NO_KEY;
  for (const [entryKey, value] of entries(store, prefix, key, reverse)) {
    const rest = entryKey.slice(prefix.length);
    const item = rules.read(rest, value);
    if (item === undefined) continue;
    count++;
    if (count <= offset) continue;
    if (count <= offset + limit) items.push(item);
    else {
      if (count === offset + limit + 1n) nextKey = rest;
      if (!counting) break;
    }
  }
  const pastEnd = rules.zeroTotalPastEnd === true && offset > 0n && count <= offset;
  return { items, pagination: { nextKey, total: counting && !pastEnd ? count : 0n } };
}

function entries(store: KvStore, prefix: Uint8Array, key: Uint8Array, reverse: boolean): IterableIterator<KeyValue> {
  const range = prefixRange(prefix);
  if (key.length === 0) return store.iterate(reverse ? { ...range, reverse } : range);
  const start = concatBytes(prefix, key);
  if (!reverse) return store.iterate({ ...range, start });
  // The page begins with `key` itself: the end is exclusive, so it is the key's successor.
  const end = concatBytes(start, Uint8Array.of(0));
  const bounded: KeyRange = range.end !== undefined && compareBytes(range.end, end) < 0 ? range : { ...range, end };
  return store.iterate({ ...bounded, reverse });
}
