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
import {
  MsgRemoveMachines,
  MsgUpdateMachineWhitelistProposal,
  MsgUpdatePolicy,
  RaAuthenticate,
} from "@sotto/common/wire/registration";
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

/** Of module compute. */
const COMPUTE_MESSAGES: ReadonlySet<string> = new Set([
  MsgStoreCode.typeUrl,
  MsgInstantiateContract.typeUrl,
  MsgExecuteContract.typeUrl,
  MsgMigrateContract.typeUrl,
  MsgUpdateAdmin.typeUrl,
  MsgClearAdmin.typeUrl,
]);

const REGISTRATION_MESSAGES: ReadonlySet<string> = new Set([
  RaAuthenticate.typeUrl,
  MsgUpdateMachineWhitelistProposal.typeUrl,
  MsgRemoveMachines.typeUrl,
  MsgUpdatePolicy.typeUrl,
]);

/** True for messages that only the enclave can run; all others are the host's. */
export function isEnclaveMessage(message: Any): boolean {
  return COMPUTE_MESSAGES.has(message.typeUrl) || isRegistration(message);
}

/** True for those of them that change who is admitted. */
export function isRegistration(message: Any): boolean {
  return REGISTRATION_MESSAGES.has(message.typeUrl);
}
