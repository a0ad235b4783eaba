/**
 * Reading the state at one height: the latest values, corrected by what later blocks changed.
 * @module
 */
import { bytes, decode, encode, option, struct } from "@sotto/boundary/codec";
import { bytesToHex, compareBytes, concatBytes, equalBytes, u64be } from "@sotto/common/bytes";
import type { EngineReader, EngineSnapshot } from "./engine.ts";
import {
  isLongKey,
  isWithin,
  keyOfStateKey,
  longKey,
  type Sha256,
  stateKey,
  stateRange,
  undoPrefix,
  undoRange,
} from "./keys.ts";
import type { KeyRange, KeyValue, StateView } from "./store.ts";

const ANY = 0xffff_ffff;
/** A row of `long`. */
export const LongRow = struct({ key: bytes(ANY), value: bytes(ANY) });
/** A row of `undo`: what the key had before the row's height. */
export const UndoRow = struct({ key: bytes(ANY), before: option(bytes(ANY)) });

/** The latest value under a state key. */
export function readLatest(reader: Pick<EngineReader, "get">, key: Uint8Array, sha256: Sha256): Uint8Array | undefined {
  if (!isLongKey(key)) return reader.get("state", key);
  const row = reader.get("long", longKey(key, sha256));
  return row === undefined ? undefined : decode(LongRow, row).value;
}

export function makeView(
  snapshot: EngineSnapshot,
  heights: { readonly height: number; readonly latest: number },
  sha256: Sha256,
): StateView {
  const { height, latest } = heights;
  const isLatest = height === latest;

  function get(store: string, key: Uint8Array): Uint8Array | undefined {
    const full = stateKey(store, key);
    if (!isLatest) {
      const prefix = undoPrefix(full, sha256);
      const start = concatBytes(prefix, u64be(height + 1));
      for (const [found, row] of snapshot.range("undo", { start })) {
        if (found.length !== prefix.length + 8 || !equalBytes(found.subarray(0, prefix.length), prefix)) break;
        return decode(UndoRow, row).before;
      }
    }
    return readLatest(snapshot, full, sha256);
  }

  function* iterate(store: string, range: KeyRange): IterableIterator<KeyValue> {
    const bounds = stateRange(store, range);
    const corrections = isLatest
      ? []
      : [...changedSince(snapshot, bounds, height).entries()].sort(([, a], [, b]) => compareBytes(a.key, b.key));
    const changed = new Set(corrections.map(([name]) => name));
    const extra = corrections.flatMap(([, { key, before }]): KeyValue[] =>
      before === undefined ? [] : [[key, before]],
    );
    for (const [, row] of snapshot.range("long", {
      start: bounds.start.subarray(0, 1_800),
      end: concatBytes(bounds.end.subarray(0, 1_800), Uint8Array.of(255)),
    })) {
      const { key, value } = decode(LongRow, row);
      if (isWithin(key, bounds) && !changed.has(bytesToHex(key))) extra.push([key, value]);
    }
    extra.sort(([a], [b]) => compareBytes(a, b));
    const reverse = range.reverse === true;
    if (reverse) extra.reverse();
    let at = 0;
    for (const [key, value] of snapshot.range("state", { ...bounds, reverse })) {
      for (; at < extra.length; at++) {
        const [other, otherValue] = extra[at] as KeyValue;
        const order = compareBytes(other, key);
        if (reverse ? order < 0 : order > 0) break;
        yield [keyOfStateKey(store, other), otherValue];
      }
      if (changed.size === 0 || !changed.has(bytesToHex(key))) yield [keyOfStateKey(store, key), value];
    }
    for (; at < extra.length; at++) {
      const [other, otherValue] = extra[at] as KeyValue;
      yield [keyOfStateKey(store, other), otherValue];
    }
  }

  return { height, get, iterate, release: () => snapshot.release() };
}

/** For each state key in bounds that changed after `height`: what it had then. */
function changedSince(
  reader: EngineReader,
  bounds: { readonly start: Uint8Array; readonly end: Uint8Array },
  height: number,
): Map<string, { readonly key: Uint8Array; readonly before: Uint8Array | undefined }> {
  const found = new Map<string, { key: Uint8Array; before: Uint8Array | undefined }>();
  for (const [undoKey, row] of reader.range("undo", undoRange(bounds))) {
    const changedAt = Number(new DataView(undoKey.buffer, undoKey.byteOffset + undoKey.length - 8, 8).getBigUint64(0));
    if (changedAt <= height) continue;
    const { key, before } = decode(UndoRow, row);
    const name = bytesToHex(key);
    // Rows of one key come in order of height: the first one after `height` says what it had at `height`.
    if (!found.has(name) && isWithin(key, bounds)) found.set(name, { key, before });
  }
  return found;
}

export function encodeUndo(key: Uint8Array, before: Uint8Array | undefined): Uint8Array {
  return encode(UndoRow, { key, before });
}
