/**
 * Keys of the `compute` store (chain §2.5).
 * @module
 */
import { concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";

export const COMPUTE_STORE = "compute";

const key = (prefix: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  concatBytes(Uint8Array.of(prefix), ...parts);

export const CODE_PREFIX = key(0x01);
export const codeKey = (codeId: bigint): Uint8Array => key(0x01, u64be(codeId));
export const CONTRACT_PREFIX = key(0x02);
export const contractKey = (address: Uint8Array): Uint8Array => key(0x02, address);
export const labelKey = (label: string): Uint8Array => key(0x07, utf8ToBytes(label));
export const historyPrefix = (address: Uint8Array): Uint8Array => key(0x09, address);
export const PARAMS_KEY = key(0x0b);
/** Keyed by the text of the address. */
export const authorizedCodeKey = (contract: string): Uint8Array => key(0x0c, utf8ToBytes(contract));
export const authorizedAdminKey = (contract: string): Uint8Array => key(0x0d, utf8ToBytes(contract));

export function readU64(value: Uint8Array): bigint {
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getBigUint64(0);
}
