/**
 * Runs one contract message of a signed transaction: sender, message, funds and limits come from the verified block alone
 * (enclave §6, consensus §3.5).
 * @module
 */
import type { Coin, EcallResponse } from "@sotto/boundary/messages";
import { InputError } from "@sotto/common/errors";
import type { Any } from "@sotto/common/wire/any";
import {
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgInstantiateContractResponse,
} from "@sotto/common/wire/compute";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { OutputEncryption } from "../messages/outputEncryption.ts";
import { parseSecretMessage } from "../messages/secretMessage.ts";
import { notImplemented } from "../notImplemented.ts";
import { ComputeStore } from "../state/computeStore.ts";
import { GasMeter, OutOfGas } from "../state/gasMeter.ts";
import { ScopedState } from "../state/scopedState.ts";
import { makeStoreReader } from "../state/storeReader.ts";
import type {
  BlockContext,
  CallResult,
  CallTree,
  Frame,
  OpenedInput,
  Services,
  TransactionContext,
} from "./callTree.ts";
import { type CallKind, ChainFailure, enclaveFailure, SdkCode, sdkFailure } from "./chainFailure.ts";
import { areValidCoins, hasHiddenCoins } from "./coins.ts";
import { executeContract } from "./executeContract.ts";
import { instantiateContract } from "./instantiateContract.ts";
import type { SignerCheck } from "./verifySigner.ts";

/** A transaction while its messages run. */
export type RunningTransaction = {
  readonly context: TransactionContext;
  readonly signers: SignerCheck;
  /** S of the signed fee. */
  readonly gasLimit: bigint;
  /** S that the enclave has metered in it so far. */
  gasUsed: bigint;
};

export type MessageOutcome = EcallResponse<"execMessage">;

/** Signed input as it is in the message. */
type Signed = {
  readonly sender: Uint8Array;
  readonly input: Uint8Array;
  readonly funds: readonly Coin[];
  readonly callbackSig: Uint8Array;
};

/**
 * Runs a message; its failure is an outcome, what the host did wrong is not.
 * @param accountNumbers of the transaction's signers in order, as the host says
 * @throws {RefusalError} HostMisbehavior
 */
export function runMessage(
  services: Services,
  block: BlockContext,
  transaction: RunningTransaction,
  request: { readonly message: Any; readonly accountNumbers: readonly bigint[] },
): MessageOutcome {
  const state = new ScopedState(services.host, makeStoreReader(services.host));
  const tree: CallTree = { services, block, transaction: transaction.context, state };
  const left = transaction.gasLimit > transaction.gasUsed ? transaction.gasLimit - transaction.gasUsed : 0n;
  const meter = new GasMeter(left, { countsNative: false });
  const frame: Frame = { tree, meter, store: new ComputeStore(state, meter), depth: 0, queryDepth: 1 };
  const outcome = settle(() => run(frame, transaction, request));
  transaction.gasUsed += meter.own;
  const writes = outcome.result.kind === "ok" ? state.writes() : [];
  return { ...outcome, gasUsed: meter.own, writes };
}

type Settled = Pick<MessageOutcome, "result" | "events">;

function settle(work: () => { readonly response: Uint8Array; readonly events: CallResult["events"] }): Settled {
  try {
    const { response, events } = work();
    return { result: { kind: "ok", value: response }, events };
  } catch (error) {
    if (error instanceof OutOfGas)
      return { result: { kind: "outOfGas", value: { location: error.location } }, events: [] };
    if (!(error instanceof ChainFailure)) throw error;
    const { codespace, code, message: log } = error;
    return { result: { kind: "failed", value: { codespace, code, log } }, events: [] };
  }
}

function run(
  frame: Frame,
  transaction: RunningTransaction,
  { message, accountNumbers }: { readonly message: Any; readonly accountNumbers: readonly bigint[] },
): { response: Uint8Array; events: CallResult["events"] } {
  const { crypto } = frame.tree.services;
  if (transaction.context.finalized) {
    throw sdkFailure(SdkCode.AfterLastMessage, "Cannot send messages after last tx marker was set");
  }
  const opener = (signed: Signed) => () => openSigned(frame, transaction, signed, accountNumbers);
  if (message.typeUrl === MsgExecuteContract.typeUrl) {
    const { sender, contract, msg, sentFunds, callbackSig } = decode(
      "execute",
      MsgExecuteContract.decode,
      message.value,
    );
    checkFunds(sentFunds, "sentFunds: invalid coins");
    const open = opener({ sender, input: msg, funds: sentFunds, callbackSig });
    const result = executeContract(frame, { sender, contract, funds: sentFunds, open });
    const data = encryptData(crypto, result);
    return { response: MsgExecuteContractResponse.encode({ data }), events: result.events };
  }
  if (message.typeUrl === MsgInstantiateContract.typeUrl) {
    const { sender, codeId, label, initMsg, initFunds, callbackSig, admin } = decode(
      "instantiate",
      MsgInstantiateContract.decode,
      message.value,
    );
    checkFunds(initFunds, "invalid coins");
    const open = opener({ sender, input: initMsg, funds: initFunds, callbackSig });
    const call = { creator: sender, codeId, label, admin, funds: initFunds, sent: initMsg, open };
    const result = instantiateContract(frame, call);
    const data = encryptData(crypto, result);
    return {
      response: MsgInstantiateContractResponse.encode({ address: result.address, data }),
      events: result.events,
    };
  }
  // Migrate, update admin, clear admin: the only others that the cursor lets through.
  throw enclaveFailure("migrate", notImplemented());
}

function decode<T>(kind: CallKind, read: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof InputError) throw enclaveFailure(kind, new EnclaveError(EnclaveErrorCode.FailedToDeserialize));
    throw error;
  }
}

/** The host admits no transaction with other coins (chain §2.3); the enclave does not rely on it. */
function checkFunds(coins: readonly Coin[], text: string): void {
  if (!areValidCoins(coins)) throw sdkFailure(SdkCode.InvalidCoins, text);
}

/**
 * Authenticates a signed message and decrypts it (enclave §6.2, §2.3). An input that is not encrypted to this network cannot be
 * one that a user signed, hence the same error.
 * @throws {EnclaveError} FailedTxVerification, ValidationFailure; {ChainFailure} compute 16
 */
function openSigned(
  { tree }: Frame,
  transaction: RunningTransaction,
  { sender, input, funds, callbackSig }: Signed,
  accountNumbers: readonly bigint[],
): OpenedInput {
  const position = transaction.signers.find(sender);
  transaction.signers.verify(position, accountNumbers);
  const opened = tree.services.inputs.open(input);
  // Messages between contracts never come from the host, so a callback signature proves nothing here.
  if (opened === undefined || callbackSig.length !== 0 || hasHiddenCoins(funds)) {
    throw new EnclaveError(EnclaveErrorCode.FailedTxVerification);
  }
  return { secret: opened.secret, input: parseSecretMessage(opened.plaintext) };
}

function encryptData(crypto: Services["crypto"], { data, secret }: CallResult): Uint8Array {
  if (data === undefined) return new Uint8Array(0);
  return new OutputEncryption(crypto, secret.txKey).data(data.bytes, data.recipient);
}
