/**
 * The transaction index: where a transaction is, by hash, and which ones an event query finds.
 *
 * Rows: `t hash` → position; `h position` → hash; `e tag value position event` → nothing; `n` → next height to index. A position is
 * height and place in the block. All conditions but those on the height must be met by one single event (chain §8.4).
 * @module
 */
import {
  bytesToHex,
  bytesToUtf8,
  concatBytes,
  EMPTY_BYTES,
  hexToBytes,
  u32be,
  u64be,
  utf8ToBytes,
} from "@sotto/common/bytes";
import type { BlockResults, StoredBlock } from "../api/backend.ts";
import type { KvEngine } from "../store/engine.ts";
import type { KeyRange, KeyValue } from "../store/store.ts";
import { type Condition, meets, parseEventQuery } from "./eventQuery.ts";

/** `position` counts all transactions of the block, the random included. */
export type TxPosition = { readonly height: number; readonly position: number };

export interface TxIndex {
  /** The first height that is not indexed. */
  readonly nextHeight: number;
  add(block: StoredBlock, results: BlockResults): void;
  find(hash: Uint8Array): TxPosition | undefined;
  /** @throws {IndexError} BadQuery */
  search(search: {
    readonly query: string;
    readonly order: "asc" | "desc";
    readonly offset: number;
    readonly limit: number;
  }): {
    readonly found: readonly TxPosition[];
    readonly total: number;
  };
  close(): void;
}

/** Longer values are indexed by their beginning: a table key has a limit. */
const MAX_VALUE_BYTES = 1_200;
const MAX_TAG_BYTES = 500;
const kind = (letter: string): Uint8Array => utf8ToBytes(letter);
const [NEXT, HASH, HEIGHT, EVENT] = ["n", "t", "h", "e"].map(kind) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

const lengthBytes = (bytes: Uint8Array): Uint8Array => Uint8Array.of(bytes.length >> 8, bytes.length & 255);
const prefixed = (bytes: Uint8Array): Uint8Array => concatBytes(lengthBytes(bytes), bytes);
const positionBytes = ({ height, position }: TxPosition): Uint8Array => concatBytes(u64be(height), u32be(position));

function readPosition(bytes: Uint8Array, at: number): TxPosition {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 12);
  return { height: Number(view.getBigUint64(0)), position: view.getUint32(8) };
}

/** The range of all keys that begin with `prefix`. */
function within(prefix: Uint8Array): KeyRange {
  const end = prefix.slice();
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] !== 255) {
      end[i] = (end[i] as number) + 1;
      return { start: prefix, end: end.subarray(0, i + 1) };
    }
  }
  return { start: prefix };
}

const tagPrefix = (tag: string): Uint8Array =>
  concatBytes(EVENT, prefixed(utf8ToBytes(tag).subarray(0, MAX_TAG_BYTES)));
const valueBytes = (value: string): Uint8Array => utf8ToBytes(value).subarray(0, MAX_VALUE_BYTES);

function eventRows(results: BlockResults): KeyValue[] {
  const rows: KeyValue[] = [];
  // A block's transactions have the same few tags.
  const prefixes = new Map<string, Uint8Array>();
  const prefixOf = (tag: string): Uint8Array => {
    const prefix = prefixes.get(tag) ?? tagPrefix(tag);
    prefixes.set(tag, prefix);
    return prefix;
  };
  results.results.forEach((result, position) => {
    const at = positionBytes({ height: results.height, position });
    result.events.forEach((event, sequence) => {
      const place = concatBytes(at, u32be(sequence));
      for (const { key, value } of event.attributes) {
        const bytes = valueBytes(value);
        const row = concatBytes(prefixOf(`${event.type}.${key}`), lengthBytes(bytes), bytes, place);
        rows.push([row, EMPTY_BYTES]);
      }
    });
  });
  return rows;
}

const isHeight = (condition: Condition): boolean => condition.tag === "tx.height" || condition.tag === "block.height";

/** @param engine has the table `index`; it need not be durable at once, since what is missing is indexed again */
export function makeTxIndex(
  engine: KvEngine,
  options: { readonly sha256: (bytes: Uint8Array) => Uint8Array; readonly firstHeight: number },
): TxIndex {
  const table = {
    get: (key: Uint8Array) => engine.get("index", key),
    range: (range: KeyRange) => engine.range("index", range),
  };

  function nextHeight(): number {
    const row = table.get(NEXT);
    return row === undefined ? options.firstHeight : readPosition(concatBytes(row, new Uint8Array(4)), 0).height;
  }

  /** Positions whose events meet one condition, each with the number of the event. */
  function* matches(condition: Condition): IterableIterator<{ readonly at: string; readonly event: string }> {
    const prefix = tagPrefix(condition.tag);
    const exact =
      condition.operator === "=" && condition.operand.kind === "text"
        ? prefixed(valueBytes(condition.operand.text))
        : undefined;
    const scanned = exact === undefined ? prefix : concatBytes(prefix, exact);
    for (const [key] of table.range(within(scanned))) {
      const end = key.length - 16;
      // Invalid at the cut of a long value; such a value meets no condition on its end anyway.
      if (exact === undefined && !meets(condition, textOf(key.subarray(prefix.length + 2, end)))) continue;
      yield { at: bytesToHex(key.subarray(end, end + 12)), event: bytesToHex(key.subarray(end)) };
    }
  }

  /** Hex of the positions at which one event meets all conditions. */
  function byEvents(conditions: readonly Condition[]): Set<string> {
    let events: Set<string> | undefined;
    for (const condition of conditions) {
      const met = new Set<string>();
      for (const { event } of matches(condition)) if (events === undefined || events.has(event)) met.add(event);
      events = met;
    }
    return new Set([...(events ?? [])].map((event) => event.slice(0, 24)));
  }

  function allPositions(heights: readonly Condition[]): string[] {
    const exact = heights.find((condition) => condition.operator === "=");
    const height =
      exact?.operator === "=" && "text" in exact.operand && /^\d{1,15}$/.test(exact.operand.text)
        ? Number(exact.operand.text)
        : undefined;
    return [...table.range(within(height === undefined ? HEIGHT : concatBytes(HEIGHT, u64be(height))))].map(([key]) =>
      bytesToHex(key.subarray(1)),
    );
  }

  function find(hash: Uint8Array): TxPosition | undefined {
    const row = table.get(concatBytes(HASH, hash));
    return row === undefined ? undefined : readPosition(row, 0);
  }

  function positions(conditions: readonly Condition[]): TxPosition[] {
    const byHash = conditions.find((condition) => condition.tag === "tx.hash" && condition.operator === "=");
    if (byHash?.operator === "=" && byHash.operand.kind === "text") {
      const found = /^([0-9a-fA-F]{64})$/.test(byHash.operand.text) ? find(hexToBytes(byHash.operand.text)) : undefined;
      return found === undefined ? [] : [found];
    }
    const events = conditions.filter((condition) => !isHeight(condition));
    const heights = conditions.filter(isHeight);
    const found = events.length > 0 ? [...byEvents(events)].sort() : allPositions(heights);
    return found
      .map((hex) => readPosition(hexToBytes(hex), 0))
      .filter(({ height }) => heights.every((condition) => meets(condition, String(height))));
  }

  return {
    get nextHeight() {
      return nextHeight();
    },
    add(block, results) {
      const rows = eventRows(results);
      block.transactions.forEach((tx, position) => {
        const at = positionBytes({ height: block.height, position });
        const hash = options.sha256(tx);
        rows.push([concatBytes(HASH, hash), at]);
        // The random at position 0 is no transaction of anybody: searches do not list it.
        if (position > 0) rows.push([concatBytes(HEIGHT, at), hash]);
      });
      rows.push([NEXT, u64be(block.height + 1)]);
      engine.write(rows.map(([key, value]) => ({ table: "index", key, value })));
    },
    find,
    search({ query, order, offset, limit }) {
      const found = positions(parseEventQuery(query));
      if (order === "desc") found.reverse();
      return { found: found.slice(offset, offset + limit), total: found.length };
    },
    close: () => engine.close(),
  };
}

function textOf(bytes: Uint8Array): string {
  try {
    return bytesToUtf8(bytes);
  } catch {
    return "";
  }
}
