/**
 * One transaction of a verified block, as the enclave reads it: total, whatever the bytes are (consensus §5, T31).
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import type { Any } from "@sotto/common/wire/any";
import {
  MsgClearAdmin,
  MsgExecuteContract,
  MsgInstantiateContract,
  MsgMigrateContract,
  MsgStoreCode,
  MsgUpdateAdmin,
} from "@sotto/common/wire/compute";
import { type DecodedTx, decodeTx } from "@sotto/common/wire/tx";

export type BlockTransaction = {
  /** SHA-256 of its bytes. */
  readonly hash: Uint8Array;
  /** Undefined if it does not decode; then it has no messages. */
  readonly decoded: DecodedTx | undefined;
  readonly messages: readonly Any[];
};

export function readTransaction(crypto: Crypto, bytes: Uint8Array): BlockTransaction {
  const hash = crypto.sha256(bytes);
  try {
    const decoded = decodeTx(bytes);
    return { hash, decoded, messages: decoded.body.messages };
  } catch (error) {
    if (error instanceof InputError) return { hash, decoded: undefined, messages: [] };
    throw error;
  }
}

const ENCLAVE_MESSAGES: ReadonlySet<string> = new Set([
  MsgStoreCode.typeUrl,
  MsgInstantiateContract.typeUrl,
  MsgExecuteContract.typeUrl,
  MsgMigrateContract.typeUrl,
  MsgUpdateAdmin.typeUrl,
  MsgClearAdmin.typeUrl,
]);

/** True for messages that only the enclave can run; all others are the host's. */
export function isEnclaveMessage(message: Any): boolean {
  return ENCLAVE_MESSAGES.has(message.typeUrl);
}
