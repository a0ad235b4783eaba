/**
 * Quotes of the TD that the process runs in. There is no sealing key: the one given here ends with the process, so an enclave that
 * restarts has to be given its seeds by a peer again (registration §5.5).
 * @module
 */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import type { MachinePowers } from "../powers.ts";
import { tsmQuote } from "./tsmReport.ts";

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** @param reportFolder of configfs-tsm */
export function tdxMachinePowers(reportFolder: string): MachinePowers {
  const sealingKey = new Uint8Array(randomBytes(32));
  return {
    sealingKey: () => new Uint8Array(sealingKey),
    quote: (reportData) => {
      const entryName = `sotto-${process.pid}-${randomBytes(6).toString("hex")}`;
      return tsmQuote({ fs, reportFolder, entryName, pause }, reportData);
    },
  };
}
