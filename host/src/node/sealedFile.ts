/**
 * Where the host keeps what the enclave seals: one file, which after a crash holds the old record or the new one (registration §3.4).
 *
 * The enclave only makes bytes. The record of a block is on the disk before the state of that block is, so that after a crash the
 * enclave is never behind a state of its own.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { describeFileError, writeFileDurably } from "./home.ts";

export interface SealedRecords {
  /** Undefined if there is none. @throws {NodeError} HomeNotUsable */
  load(): Uint8Array | undefined;
  /** Durable when this returns. @throws {NodeError} HomeNotUsable */
  save(sealed: Uint8Array): void;
}

/** Nobody but the node's user may read it: sealed is not secret, but it is nobody else's. */
const MODE = 0o600;

export function sealedFile(path: string): SealedRecords {
  return {
    load: () => {
      if (!existsSync(path)) return undefined;
      try {
        return new Uint8Array(readFileSync(path));
      } catch (error) {
        throw describeFileError(error, `cannot read ${path}`);
      }
    },
    save: (sealed) => writeFileDurably(path, sealed, MODE),
  };
}
