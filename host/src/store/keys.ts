/**
 * How (store, key) and (store, key, height) become table keys, within LMDB's limit of 1,978 bytes.
 *
 * A state key is `name 00 key`: store names have no zero byte, so stores do not mix and keys keep their order. A key that is
 * too long is cut and ends in a hash; its row carries the whole key.
 * @module
 */
import { compareBytes, concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { KeyRange } from "./store.ts";

/** Longest key that a table holds as it is. */
const MAX_KEY_BYTES = 1_900;
const HASH_BYTES = 32;
const ZERO = 0;

export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const prefixes = new Map<string, Uint8Array>();

function storePrefix(store: string): Uint8Array {
  let prefix = prefixes.get(store);
  if (prefix === undefined) {
    prefix = concatBytes(utf8ToBytes(store), Uint8Array.of(ZERO));
    prefixes.set(store, prefix);
  }
  return prefix;
}

export function stateKey(store: string, key: Uint8Array): Uint8Array {
  return concatBytes(storePrefix(store), key);
}

export function keyOfStateKey(store: string, stateKey: Uint8Array): Uint8Array {
  return stateKey.subarray(storePrefix(store).length);
}

export function isLongKey(stateKey: Uint8Array): boolean {
  return stateKey.length > MAX_KEY_BYTES;
}

/** Cut to the limit; the hash keeps keys of one beginning apart. */
function cut(key: Uint8Array, sha256: Sha256): Uint8Array {
  if (key.length <= MAX_KEY_BYTES) return key;
  return concatBytes(key.subarray(0, MAX_KEY_BYTES - HASH_BYTES), sha256(key));
}

export function longKey(stateKey: Uint8Array, sha256: Sha256): Uint8Array {
  return cut(stateKey, sha256);
}

/** State keys of a range of one store: `start` inclusive, `end` exclusive, both given. */
export function stateRange(store: string, range: KeyRange): { start: Uint8Array; end: Uint8Array } {
  const prefix = storePrefix(store);
  const after = prefix.slice();
  after[after.length - 1] = ZERO + 1;
  return {
    start: range.start === undefined ? prefix : stateKey(store, range.start),
    end: range.end === undefined ? after : stateKey(store, range.end),
  };
}

/** Order-preserving and prefix-free: `00` becomes `00 ff`, the end is `00 01`. */
function escapeKey(key: Uint8Array): Uint8Array {
  let zeros = 0;
  for (const byte of key) if (byte === ZERO) zeros++;
  const out = new Uint8Array(key.length + zeros + 2);
  let at = 0;
  for (const byte of key) {
    out[at++] = byte;
    if (byte === ZERO) out[at++] = 0xff;
  }
  out[at++] = ZERO;
  out[at] = 1;
  return out;
}

/** All undo rows of one state key begin with this, in order of height. */
export function undoPrefix(stateKey: Uint8Array, sha256: Sha256): Uint8Array {
  return cut(escapeKey(stateKey), sha256);
}

export function undoKey(stateKey: Uint8Array, height: number, sha256: Sha256): Uint8Array {
  return concatBytes(undoPrefix(stateKey, sha256), u64be(height));
}

/** Bounds within which every undo row of the state keys in a range lies; rows of others may lie there too. */
export function undoRange(range: { readonly start: Uint8Array; readonly end: Uint8Array }): {
  start: Uint8Array;
  end: Uint8Array;
} {
  const begin = escapeKey(range.start);
  const stop = escapeKey(range.end);
  const limit = MAX_KEY_BYTES - HASH_BYTES;
  const start = begin.subarray(0, Math.min(begin.length - 2, limit));
  const end = concatBytes(stop.subarray(0, Math.min(stop.length, limit)), Uint8Array.of(0xff, 0xff));
  return { start, end };
}

export function isWithin(key: Uint8Array, range: { readonly start: Uint8Array; readonly end: Uint8Array }): boolean {
  return compareBytes(key, range.start) >= 0 && compareBytes(key, range.end) < 0;
}
