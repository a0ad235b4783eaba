/**
 * Looking into a node's database from outside, as its operator can.
 * @module
 */
import { decodeBech32 } from "@sotto/common/bech32";
import { concatBytes } from "@sotto/common/bytes";
import { openLmdbEngine } from "../store/lmdbEngine.ts";
import { makeStateStore } from "../store/stateStore.ts";
import type { KeyValue } from "../store/store.ts";
import { makeHostCrypto } from "./hostCrypto.ts";

/** The stored rows of one contract (chain §2.5, prefix 03): ciphertext under ciphertext. Empty if the database is elsewhere. */
export function readContractRows(statePath: string, contract: string): readonly KeyValue[] {
  const { sha256 } = makeHostCrypto();
  const store = makeStateStore(openLmdbEngine({ path: statePath, readOnly: true }), { sha256, stores: [] });
  try {
    const prefix = concatBytes(Uint8Array.of(3), decodeBech32(contract).data);
    const view = store.latest();
    const rows = [
      ...view.iterate("compute", { start: prefix, end: concatBytes(prefix, new Uint8Array(64).fill(255)) }),
    ];
    view.release();
    return rows;
  } finally {
    store.close();
  }
}
