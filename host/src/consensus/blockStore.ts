/**
 * Decided blocks and what came of them, in the node's tables: rows `b` (block), `r` (results), `h` (height by hash) and `v`
 * (validator set by the hash that headers name it with).
 *
 * A block's row is durable before the block is executed; its results' row becomes durable with the state that they led to
 * (consensus §3.6).
 * @module
 */
import { bytes, decode, encode, fixed, list, type Of, option, struct, text, u32, u64 } from "@sotto/boundary/codec";
import { concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { BlockResults, StoredBlock, Validator } from "../api/backend.ts";
import type { StateStore, TableChange } from "../store/store.ts";

/** Rows are written by this process alone; the limits only catch damage. */
const ANY = 0xffff_ffff;

type TableReader = Pick<StateStore, "getTable">;

const BlockRow = struct({
  height: u32,
  header: bytes(ANY),
  blockId: struct({ hash: fixed(32), partsTotal: u32, partsHash: fixed(32) }),
  transactions: list(bytes(ANY), ANY),
  lastCommit: bytes(ANY),
  seenCommit: bytes(ANY),
});

const EventRow = struct({ type: text(ANY), attributes: list(struct({ key: text(ANY), value: text(ANY) }), ANY) });

const ResultsRow = struct({
  height: u32,
  results: list(
    struct({
      code: u32,
      codespace: text(ANY),
      data: bytes(ANY),
      log: text(ANY),
      gasWanted: u64,
      gasUsed: u64,
      events: list(EventRow, ANY),
    }),
    ANY,
  ),
  events: list(EventRow, ANY),
  validatorUpdates: list(struct({ publicKey: bytes(ANY), power: u64 }), ANY),
  appHash: bytes(32),
});

const ValidatorsRow = list(struct({ address: fixed(20), publicKey: fixed(32), power: u64 }), ANY);

/** What was last signed (consensus §2.10): never two different blocks at one height. */
const SignRow = struct({ height: u32, blockHash: fixed(32), timestampNs: u64, signature: option(bytes(64)) });
export type SignState = Of<typeof SignRow>;

const row = (kind: string, height: number): Uint8Array => concatBytes(utf8ToBytes(kind), u64be(height));
const setRow = (hash: Uint8Array): Uint8Array => concatBytes(utf8ToBytes("v"), hash);
const hashRow = (hash: Uint8Array): Uint8Array => concatBytes(utf8ToBytes("h"), hash);
const SIGN_KEY = utf8ToBytes("last");

export function loadBlock(store: TableReader, height: number): StoredBlock | undefined {
  const bytes = store.getTable("block", row("b", height));
  return bytes === undefined ? undefined : decode(BlockRow, bytes);
}

/** Headers from the lower height upward, both included, as far as they are stored without a gap. */
export function loadHeaders(store: TableReader, from: bigint, to: bigint): Uint8Array[] {
  const headers: Uint8Array[] = [];
  for (let height = Number(from); height <= Number(to); height++) {
    const block = loadBlock(store, height);
    if (block === undefined) break;
    headers.push(block.header);
  }
  return headers;
}

export function loadResults(store: TableReader, height: number): BlockResults | undefined {
  const bytes = store.getTable("block", row("r", height));
  return bytes === undefined ? undefined : decode(ResultsRow, bytes);
}

export function loadHeightOfBlock(store: TableReader, hash: Uint8Array): number | undefined {
  const bytes = store.getTable("block", hashRow(hash));
  return bytes === undefined ? undefined : decode(u32, bytes);
}

/** The set with this hash (consensus §2.4), in its order. */
export function loadValidators(store: TableReader, hash: Uint8Array): readonly Validator[] | undefined {
  const bytes = store.getTable("block", setRow(hash));
  return bytes === undefined ? undefined : decode(ValidatorsRow, bytes);
}

export function loadSignState(store: TableReader): SignState | undefined {
  const bytes = store.getTable("sign", SIGN_KEY);
  return bytes === undefined ? undefined : decode(SignRow, bytes);
}

export function signRow(sign: SignState): TableChange {
  return { table: "sign", key: SIGN_KEY, value: encode(SignRow, sign) };
}

export function validatorsRow(hash: Uint8Array, validators: readonly Validator[]): TableChange {
  return { table: "block", key: setRow(hash), value: encode(ValidatorsRow, [...validators]) };
}

/** The rows that make a decided block durable. */
export function blockRows(block: StoredBlock): TableChange[] {
  return [
    { table: "block", key: row("b", block.height), value: encode(BlockRow, block) },
    { table: "block", key: hashRow(block.blockId.hash), value: encode(u32, block.height) },
  ];
}

export function resultsRow(results: BlockResults): TableChange {
  return { table: "block", key: row("r", results.height), value: encode(ResultsRow, results) };
}
