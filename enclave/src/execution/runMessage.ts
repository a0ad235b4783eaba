/**
 * Runs one contract message of a signed transaction: sender, message, funds and limits come from the verified block alone
 * (enclave §6, consensus §3.5).
 * @module
 */
import { type Coin, type Event, LIMITS, type MessageOutcome, type Signer } from "@sotto/boundary/messages";
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
import { CALLS } from "./calls.ts";
import type { BlockContext, CallResult, CallTree, Frame, OpenedInput, TransactionContext } from "./callTree.ts";
import { type CallKind, ChainFailure, enclaveFailure, SdkCode, sdkFailure } from "./chainFailure.ts";
import { hasHiddenCoins } from "./coins.ts";
import type { Services } from "./services.ts";
import { validateExecute, validateInstantiate } from "./validateBasic.ts";
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

/** Bytes of an outcome, with what the lengths of its items take: below the frame of the boundary. */
const MAX_OUTCOME_SIZE = LIMITS.frame - 65_536;
const ITEM_OVERHEAD = 12;
/** Of one UTF-16 unit, in bytes. */
const MAX_UTF8_LENGTH = 3;

/** Signed input as it is in the message. */
type Signed = {
  readonly sender: Uint8Array;
  readonly input: Uint8Array;
  readonly funds: readonly Coin[];
  readonly callbackSig: Uint8Array;
};

/**
 * Runs a message; its failure is an outcome, what the host did wrong is not.
 * @param signers of the transaction in order, as the host describes them
 * @throws {RefusalError} HostMisbehavior
 */
export function runMessage(
  services: Services,
  block: BlockContext,
  transaction: RunningTransaction,
  request: { readonly message: Any; readonly signers: readonly Signer[] },
): MessageOutcome {
  const state = new ScopedState(services.host, makeStoreReader(services.host));
  const tree: CallTree = { services, block, transaction: transaction.context, state, calls: CALLS };
  const left = transaction.gasLimit > transaction.gasUsed ? transaction.gasLimit - transaction.gasUsed : 0n;
  const meter = new GasMeter(left, { countsNative: false });
  const frame: Frame = { tree, meter, store: new ComputeStore(state, meter), depth: 0, queryDepth: 1 };
  const outcome = settle(() => {
    const ran = run(frame, transaction, request);
    const writes = state.writes();
    requireCrossable(ran, writes);
    return { ...ran, writes };
  });
  transaction.gasUsed += meter.own;
  return { ...outcome, gasUsed: meter.own };
}

type Ran = { readonly response: Uint8Array; readonly events: readonly Event[] };

function settle(work: () => Ran & Pick<MessageOutcome, "writes">): Omit<MessageOutcome, "gasUsed"> {
  const nothing = { events: [], writes: [] };
  try {
    const { response, events, writes } = work();
    return { result: { kind: "ok", value: response }, events, writes };
  } catch (error) {
    if (error instanceof OutOfGas) {
      return { result: { kind: "outOfGas", value: { location: error.location } }, ...nothing };
    }
    if (!(error instanceof ChainFailure)) throw error;
    const { codespace, code, message: log } = error;
    return { result: { kind: "failed", value: { codespace, code, log } }, ...nothing };
  }
}

/**
 * What a contract puts into its events has no price, so there must be a bound: a result that cannot cross to the host would stop
 * the chain.
 * @throws {ChainFailure} FailedToSerialize
 */
function requireCrossable({ response, events }: Ran, writes: MessageOutcome["writes"]): void {
  let size = response.length;
  let fits = events.length <= LIMITS.events && writes.length <= LIMITS.writes;
  for (const { type, attributes } of events) {
    fits &&= attributes.length <= LIMITS.attributes;
    let characters = type.length;
    for (const { key, value } of attributes) characters += ITEM_OVERHEAD + key.length + value.length;
    size += characters * MAX_UTF8_LENGTH;
  }
  for (const { key, value } of writes) size += ITEM_OVERHEAD + key.length + (value?.length ?? 0);
  if (fits && size <= MAX_OUTCOME_SIZE) return;
  throw enclaveFailure("execute", new EnclaveError(EnclaveErrorCode.FailedToSerialize));
}

function run(
  frame: Frame,
  transaction: RunningTransaction,
  { message, signers }: { readonly message: Any; readonly signers: readonly Signer[] },
): Ran {
  const { crypto } = frame.tree.services;
  if (transaction.context.finalized) {
    throw sdkFailure(SdkCode.AfterLastMessage, "Cannot send messages after last tx marker was set");
  }
  const opener = (signed: Signed) => () => openSigned(frame, transaction, signed, signers);
  if (message.typeUrl === MsgExecuteContract.typeUrl) {
    const { sender, contract, msg, sentFunds, callbackSig } = decode(
      "execute",
      MsgExecuteContract.decode,
      message.value,
    );
    validateExecute({ funds: sentFunds });
    const open = opener({ sender, input: msg, funds: sentFunds, callbackSig });
    const result = CALLS.execute(frame, { sender, contract, funds: sentFunds, open });
    const data = encryptData(crypto, result);
    return { response: MsgExecuteContractResponse.encode({ data }), events: result.events };
  }
  if (message.typeUrl === MsgInstantiateContract.typeUrl) {
    const { sender, codeId, label, initMsg, initFunds, callbackSig, admin } = decode(
      "instantiate",
      MsgInstantiateContract.decode,
      message.value,
    );
    validateInstantiate({ codeId, label, funds: initFunds });
    const open = opener({ sender, input: initMsg, funds: initFunds, callbackSig });
    const call = { creator: sender, codeId, label, admin, funds: initFunds, sent: initMsg, open };
    const result = CALLS.instantiate(frame, call);
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

/**
 * Authenticates a signed message and decrypts it (enclave §6.2, §2.3). An input that is not encrypted to this network cannot be
 * one that a user signed, hence the same error.
 * @throws {EnclaveError} FailedTxVerification, ValidationFailure; {ChainFailure} compute 16
 */
function openSigned(
  { tree }: Frame,
  transaction: RunningTransaction,
  { sender, input, funds, callbackSig }: Signed,
  signers: readonly Signer[],
): OpenedInput {
  const position = transaction.signers.find(sender);
  transaction.signers.verify(position, signers);
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
