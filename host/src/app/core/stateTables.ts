/**
 * Contract code, as a branch sees it: rows of a node table that are kept or dropped together with the state around them.
 *
 * Code is not part of the app hash (its hash is, in CodeInfo), so it lies beside the module stores.
 * @module
 */
import type { StateChange, StateReader, StateStore, TableChange } from "../../store/store.ts";
import type { Branch } from "./branch.ts";

/** Not the name of a module store. */
const CODE = "table/code";

type CodeTable = Pick<StateStore, "getTable">;

/** A reader of module stores that also answers for the code table. */
export function withCodeTable(reader: StateReader, tables: CodeTable): StateReader {
  return {
    get: (store, key) => (store === CODE ? tables.getTable("code", key) : reader.get(store, key)),
    iterate: (store, range) => reader.iterate(store, range),
  };
}

/** @param codeHash 32 bytes */
export function readCode(state: Branch, codeHash: Uint8Array): Uint8Array | undefined {
  return state.get(CODE, codeHash);
}

export function writeCode(state: Branch, codeHash: Uint8Array, code: Uint8Array): void {
  state.set(CODE, codeHash, code);
}

/** Takes the changes of a block apart. */
export function splitChanges(changes: readonly StateChange[]): {
  readonly state: StateChange[];
  readonly tables: TableChange[];
} {
  const state: StateChange[] = [];
  const tables: TableChange[] = [];
  for (const change of changes) {
    if (change.store === CODE) tables.push({ table: "code", key: change.key, value: change.value });
    else state.push(change);
  }
  return { state, tables };
}
