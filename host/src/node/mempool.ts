/**
 * Transactions that were admitted and wait for a block, in order of arrival, and the hashes of those seen lately.
 *
 * Spec: clients §1.2 item 5 (codes 19, 20, 21 of codespace `sdk`; the cache keeps hashes of committed transactions too).
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import type { AdmissionResult } from "../api/backend.ts";

export type MempoolOptions = {
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** CheckTx. */
  readonly check: (tx: Uint8Array, recheck: boolean) => AdmissionResult;
  readonly maxTransactions: number;
  readonly maxTxBytes: number;
  readonly cacheSize: number;
};

export interface Mempool {
  readonly size: number;
  add(tx: Uint8Array): AdmissionResult;
  /** Those that go into the next block, oldest first: at most this many bytes and this much gas. */
  reap(limits: { readonly maxBytes: number; readonly maxGas: bigint }): readonly Uint8Array[];
  all(): readonly Uint8Array[];
  /** Takes out what a block contained and checks the rest again; the admission state must be that after the block. */
  update(committed: readonly Uint8Array[]): void;
}

type Entry = { readonly tx: Uint8Array; readonly gasWanted: bigint };

function refused(code: number): AdmissionResult {
  return { code, codespace: "sdk", log: "", gasWanted: 0n, gasUsed: 0n };
}

export function makeMempool(options: MempoolOptions): Mempool {
  const entries = new Map<string, Entry>();
  const seen = new Set<string>();
  const keyOf = (tx: Uint8Array): string => bytesToHex(options.sha256(tx));

  function remember(key: string): void {
    seen.delete(key);
    seen.add(key);
    if (seen.size > options.cacheSize) seen.delete(seen.values().next().value as string);
  }

  return {
    get size() {
      return entries.size;
    },
    add(tx) {
      if (tx.length > options.maxTxBytes) return refused(21);
      if (entries.size >= options.maxTransactions) return refused(20);
      const key = keyOf(tx);
      if (seen.has(key)) return refused(19);
      const result = options.check(tx, false);
      if (result.code !== 0) return result;
      remember(key);
      entries.set(key, { tx, gasWanted: result.gasWanted });
      return result;
    },
    reap({ maxBytes, maxGas }) {
      const reaped: Uint8Array[] = [];
      let bytes = 0;
      let gas = 0n;
      for (const { tx, gasWanted } of entries.values()) {
        bytes += tx.length + 8; // the field's tag and length in the block
        gas += gasWanted;
        if (bytes > maxBytes || (maxGas >= 0n && gas > maxGas)) break;
        reaped.push(tx);
      }
      return reaped;
    },
    all: () => [...entries.values()].map((entry) => entry.tx),
    update(committed) {
      for (const tx of committed) {
        const key = keyOf(tx);
        entries.delete(key);
        remember(key);
      }
      for (const [key, { tx }] of entries) {
        if (options.check(tx, true).code === 0) continue;
        entries.delete(key);
        seen.delete(key);
      }
    },
  };
}
