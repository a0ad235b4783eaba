/**
 * Keys of the `register` store (chain §4.3), and ours: 05 policy, 06 allow list, 07 evidence seen, 08 when a node attested, 09 since when the
 * policy is what it is.
 *
 * The host writes it in genesis alone; after that every change is the enclave's.
 * @module
 */
import { concatBytes, utf8ToBytes } from "@sotto/common/bytes";

export const REGISTER_STORE = "register";

const key = (prefix: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  concatBytes(Uint8Array.of(prefix), ...parts);

export const nodeInfoKey = (nodeKey: Uint8Array): Uint8Array => key(0x01, nodeKey);
export const NODE_EXCHANGE_KEY = key(0x02, utf8ToBytes("NodeExchMasterKey"));
export const IO_EXCHANGE_KEY = key(0x02, utf8ToBytes("IoExchMasterKey"));
export const MACHINE_RECORD_PREFIX = key(0x03);
export const LAST_RECORD_KEY = key(0x04);
export const POLICY_KEY = key(0x05);
export const MACHINE_PREFIX = key(0x06);
export const ATTESTED_PREFIX = key(0x08);
