/**
 * What the enclave trusts across blocks and restarts (consensus §3.5), and the form in which it is sealed.
 * @module
 */

import type { Of } from "@sotto/boundary/codec";
import { bool, decode, encode, fixed, list, option, struct, text, u8, u64 } from "@sotto/boundary/codec";
import { LIMITS } from "@sotto/boundary/messages";

const hash = fixed(32);

const anchor = struct({ initialHeight: u64, genesisTimeNs: u64, validatorsHash: hash, appHash: hash });

const acceptedBlock = struct({
  height: u64,
  hash,
  /** The set that signed this block. */
  validatorsHash: hash,
  nextValidatorsHash: hash,
  timeNs: u64,
  /** The header's: outcome of the block before. */
  appHash: hash,
});

const record = struct({
  /** Form of this record. */
  version: u8,
  chainId: text(LIMITS.chainId),
  /** Two to five, oldest first. */
  seeds: list(fixed(32), 5),
  anchor,
  /** The last block accepted; absent before the first. */
  last: option(acceptedBlock),
  /** Grows with every sealing. */
  counter: u64,
  latched: bool,
});

/** What a network's first block must fit (consensus §3.5); times in nanoseconds since 1970. */
export type GenesisAnchor = Of<typeof anchor>;
export type AcceptedBlock = Of<typeof acceptedBlock>;
export type TrustedRecord = Of<typeof record>;

export const RECORD_VERSION = 1;

export function encodeTrustedRecord(value: TrustedRecord): Uint8Array {
  return encode(record, value);
}

/** @throws {BoundaryError} unless the bytes are one record */
export function decodeTrustedRecord(bytes: Uint8Array): TrustedRecord {
  return decode(record, bytes);
}
