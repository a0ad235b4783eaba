/**
 * The messages that run inside, as transactions carry them: those of module compute are decoded, checked, run and answered here (chain
 * §2.1, enclave §6), those of registration in a folder of their own.
 *
 * Sender, message, funds and limits come from the transaction's own bytes; who vouches for the sender is the caller's to say.
 * @module
 */
import { type Event, LIMITS } from "@sotto/boundary/messages";
import { EMPTY_BYTES } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import type { Any } from "@sotto/common/wire/any";
import {
  MsgClearAdmin,
  MsgClearAdminResponse,
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgInstantiateContractResponse,
  MsgMigrateContract,
  MsgMigrateContractResponse,
  MsgStoreCode,
  MsgStoreCodeResponse,
  MsgUpdateAdmin,
  MsgUpdateAdminResponse,
} from "@sotto/common/wire/compute";
import type { MessageCodec } from "@sotto/common/wire/message";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { OutputEncryption } from "../messages/outputEncryption.ts";
import { formatReplyInfo } from "../messages/replyInfo.ts";
import { parseSecretMessage, recipientOf } from "../messages/secretMessage.ts";
import { REGISTRATION_RUNNERS } from "../registration/registrationMessages.ts";
import type { CallResult, Frame, OpenedInput } from "./callTree.ts";
import {
  adminChangeFailure,
  type CallKind,
  type ChainFailure,
  enclaveFailure,
  unregisteredFailure,
} from "./chainFailure.ts";
import { addressBytes } from "./contract.ts";
import { storeCode } from "./storeCode.ts";
import {
  validateClearAdmin,
  validateExecute,
  validateInstantiate,
  validateMigrate,
  validateUpdateAdmin,
} from "./validateBasic.ts";

/** Makes sure that whoever `sender` (20 bytes) is has signed. @throws {EnclaveError}; {ChainFailure} compute 16 */
export type Authenticate = (sender: Uint8Array) => void;

/** A message that has run: its protobuf response and its events. */
export type MessageRan = { readonly response: Uint8Array; readonly events: readonly Event[] };

type Runner = (frame: Frame, value: Uint8Array, authenticate: Authenticate) => MessageRan;

const RUNNERS: Readonly<Record<string, Runner>> = {
  [MsgStoreCode.typeUrl]: runStoreCode,
  [MsgExecuteContract.typeUrl]: runExecute,
  [MsgInstantiateContract.typeUrl]: runInstantiate,
  [MsgMigrateContract.typeUrl]: runMigrate,
  [MsgUpdateAdmin.typeUrl]: runUpdateAdmin,
  [MsgClearAdmin.typeUrl]: runClearAdmin,
  ...REGISTRATION_RUNNERS,
};

/**
 * Runs one message of a transaction with its whole call tree.
 * @param message one that `isEnclaveMessage` accepts
 * @throws {ChainFailure}; {ChainPanic}; {OutOfGas}; {RefusalError} HostMisbehavior
 */
export function runSignedMessage(frame: Frame, message: Any, authenticate: Authenticate): MessageRan {
  const run = RUNNERS[message.typeUrl];
  if (run === undefined) throw new RangeError(`no message of the enclave's: ${message.typeUrl}`);
  return run(frame, message.value, authenticate);
}

function runStoreCode(frame: Frame, value: Uint8Array): MessageRan {
  const message = decodeOr((error) => unregisteredFailure(error.message), MsgStoreCode, value);
  const { codeId, events } = storeCode(frame, message);
  return { response: MsgStoreCodeResponse.encode({ codeId }), events };
}

function runExecute(frame: Frame, value: Uint8Array, authenticate: Authenticate): MessageRan {
  const message = decodeFor("execute", MsgExecuteContract, value);
  const { sender, contract, msg, sentFunds, callbackSig } = message;
  validateExecute({ funds: sentFunds });
  const open = openerOf(frame, { sender, input: msg, callbackSig }, authenticate);
  const result = frame.tree.calls.execute(frame, { sender, contract, funds: sentFunds, open });
  return { response: MsgExecuteContractResponse.encode({ data: encryptData(frame, result) }), events: result.events };
}

function runInstantiate(frame: Frame, value: Uint8Array, authenticate: Authenticate): MessageRan {
  const message = decodeFor("instantiate", MsgInstantiateContract, value);
  const { sender, codeId, label, initMsg, initFunds, callbackSig, admin } = message;
  validateInstantiate({ codeId, label, funds: initFunds });
  const open = openerOf(frame, { sender, input: initMsg, callbackSig }, authenticate);
  const call = { creator: sender, codeId, label, admin, funds: initFunds, sent: initMsg, open };
  const result = frame.tree.calls.instantiate(frame, call);
  const { address, events } = result;
  return { response: MsgInstantiateContractResponse.encode({ address, data: encryptData(frame, result) }), events };
}

function runMigrate(frame: Frame, value: Uint8Array, authenticate: Authenticate): MessageRan {
  const message = decodeFor("migrate", MsgMigrateContract, value);
  validateMigrate(message);
  const { codeId, msg, callbackSig } = message;
  const sender = addressBytes(message.sender);
  const undecryptable = EnclaveErrorCode.DecryptionError;
  const open = openerOf(frame, { sender, input: msg, callbackSig, undecryptable }, authenticate);
  const call = { sender, contract: addressBytes(message.contract), codeId, sent: msg, open };
  const result = frame.tree.calls.migrate(frame, call);
  return { response: MsgMigrateContractResponse.encode({ data: encryptData(frame, result) }), events: result.events };
}

function runUpdateAdmin(frame: Frame, value: Uint8Array, authenticate: Authenticate): MessageRan {
  const message = decodeOr(adminChangeFailure, MsgUpdateAdmin, value);
  validateUpdateAdmin(message);
  const events = changeAdmin(frame, message, authenticate);
  return { response: MsgUpdateAdminResponse.encode({}), events };
}

function runClearAdmin(frame: Frame, value: Uint8Array, authenticate: Authenticate): MessageRan {
  const message = decodeOr(adminChangeFailure, MsgClearAdmin, value);
  validateClearAdmin(message);
  const events = changeAdmin(frame, { ...message, newAdmin: "" }, authenticate);
  return { response: MsgClearAdminResponse.encode({}), events };
}

function changeAdmin(frame: Frame, message: MsgUpdateAdmin, authenticate: Authenticate): readonly Event[] {
  const sender = addressBytes(message.sender);
  const { newAdmin, callbackSig } = message;
  return frame.tree.calls.changeAdmin(frame, {
    sender,
    contract: addressBytes(message.contract),
    newAdmin,
    authenticate: () => {
      authenticate(sender);
      requireNoCallback(callbackSig);
    },
  });
}

function decodeFor<T>(kind: CallKind, codec: MessageCodec<T>, bytes: Uint8Array): T {
  return decodeOr((error) => enclaveFailure(kind, error), codec, bytes);
}

function decodeOr<T>(
  failure: (error: EnclaveError) => ChainFailure | undefined,
  codec: MessageCodec<T>,
  bytes: Uint8Array,
): T {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (error instanceof InputError) throw failure(new EnclaveError(EnclaveErrorCode.FailedToDeserialize));
    throw error;
  }
}

/** Input as it is in the message. */
type Signed = {
  readonly sender: Uint8Array;
  readonly input: Uint8Array;
  readonly callbackSig: Uint8Array;
  /** If the input is not encrypted to this network. */
  readonly undecryptable?: EnclaveErrorCode;
};

/**
 * What authenticates a message and decrypts it (enclave §6.2, §2.3, §11.5). An input of an execute or instantiate that is not
 * encrypted to this network cannot be one that a user signed, hence the same error.
 * @returns throws {EnclaveError} FailedFunctionCall, FailedTxVerification, DecryptionError, ValidationFailure; {ChainFailure} compute 16
 */
function openerOf({ tree }: Frame, signed: Signed, authenticate: Authenticate): () => OpenedInput {
  const { sender, input, callbackSig, undecryptable = EnclaveErrorCode.FailedTxVerification } = signed;
  return () => {
    if (input.length === 0 || input.length > LIMITS.message) {
      throw new EnclaveError(EnclaveErrorCode.FailedFunctionCall);
    }
    authenticate(sender);
    const opened = tree.services.inputs.open(input);
    requireNoCallback(callbackSig);
    if (opened === undefined) throw new EnclaveError(undecryptable);
    return { secret: opened.secret, input: parseSecretMessage(opened.plaintext) };
  };
}

/** Messages between contracts never come from the host, so a callback signature proves nothing here. */
function requireNoCallback(callbackSig: Uint8Array): void {
  if (callbackSig.length !== 0) throw new EnclaveError(EnclaveErrorCode.FailedTxVerification);
}

/** Quirk: a client that says somebody waits for a reply is answered in the form of one (enclave §2.2, §7.4). */
function encryptData({ tree }: Frame, { data: { bytes, replyChain }, secret }: CallResult): Uint8Array {
  const { crypto, keys } = tree.services;
  const data = bytes && new OutputEncryption(crypto, secret.txKey).data(bytes, recipientOf(replyChain));
  if (replyChain.length === 0) return data ?? EMPTY_BYTES;
  return formatReplyInfo(crypto, keys.last.callbackSecret, { secret, chain: replyChain, data });
}
