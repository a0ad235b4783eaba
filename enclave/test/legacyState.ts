/** Entries of the legacy format (enclave §5.2), which no code of ours writes: made here from the text of the protocol. */
import { concatBytes, hexToBytes } from "@sotto/common/bytes";
import { testCrypto as crypto } from "./harness.ts";

const SALT = hexToBytes("000000000000000000024bead8df69990852c202db0e0097c1a12ea637d7e96d");

/**
 * @param stateIkm key 3 of the genesis seed
 * @returns store key below the contract's prefix, and stored value
 */
export function legacyEntry(
  stateIkm: Uint8Array,
  contractKey: Uint8Array,
  key: Uint8Array,
  value: Uint8Array,
  ad: Uint8Array = new Uint8Array(32).fill(7),
): { readonly key: Uint8Array; readonly value: Uint8Array } {
  const hashed = crypto.sha256(concatBytes(key, contractKey));
  const valueKey = crypto.hkdfSha256(concatBytes(stateIkm, hashed, contractKey), SALT, new Uint8Array(0), 32);
  return { key: hashed, value: concatBytes(ad, crypto.aesSivEncrypt(valueKey, [ad], value)) };
}
