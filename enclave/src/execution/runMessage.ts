/**
 * Runs one contract message of a transaction: a frame for its call tree, its gas, its outcome (enclave §6, consensus §3.5).
 * @module
 */
import { LIMITS, type MessageOutcome, type Signer } from "@sotto/boundary/messages";
import type { Any } from "@sotto/common/wire/any";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import type { SignerCheck } from "../signatures/signerCheck.ts";
import { ComputeStore } from "../state/computeStore.ts";
import { GasMeter, OutOfGas } from "../state/gasMeter.ts";
import { ScopedState } from "../state/scopedState.ts";
import type { StateReader } from "../state/stateKey.ts";
import { CALLS } from "./calls.ts";
import type { BlockContext, CallTree, Frame, TransactionContext } from "./callTree.ts";
import { ChainFailure, ChainPanic, enclaveFailure, SdkCode, sdkFailure } from "./chainFailure.ts";
import type { Services } from "./services.ts";
import { type MessageRan, runSignedMessage } from "./signedMessage.ts";
import { WorkBudget } from "./workBudget.ts";

/** Where a message runs: a block, the state before the block, and that before the message. */
export type MessagePlace = { readonly block: BlockContext; readonly agreed: StateReader; readonly state: StateReader };

/** A transaction while its messages run. */
export type RunningTransaction = {
  readonly context: TransactionContext;
  readonly signers: SignerCheck;
  /** S of the signed fee. */
  readonly gasLimit: bigint;
  /** S that the enclave has metered in it so far. */
  gasUsed: bigint;
  /** Bytes of its messages' responses so far. */
  responded: number;
};

/** Bytes of an outcome, with what the lengths of its items take: below the frame of the boundary. */
const MAX_OUTCOME_SIZE = LIMITS.frame - 65_536;
/**
 * Bytes of the responses of one transaction's messages: they come back whole with the next block (consensus §2.7 V12), and contracts that
 * answer out of their own data pay nothing for it.
 */
const MAX_RESPONDED = 4_194_304;
/** Lengths of the two or three parts of an item. */
const ITEM_OVERHEAD = 16;
/** Of one UTF-16 unit, in bytes. */
const MAX_UTF8_LENGTH = 3;

/**
 * Runs a message; its failure is an outcome, what the host did wrong is not.
 * @param signers of the transaction in order, as the host describes them
 * @throws {RefusalError} HostMisbehavior, BadProof
 */
export function runMessage(
  services: Services,
  { block, agreed, state: before }: MessagePlace,
  transaction: RunningTransaction,
  { message, signers }: { readonly message: Any; readonly signers: readonly Signer[] },
): MessageOutcome {
  const { context, signers: signatures, gasLimit, gasUsed } = transaction;
  const gasLeft = gasLimit > gasUsed ? gasLimit - gasUsed : 0n;
  const state = new ScopedState(services.host, before);
  const workBudget = new WorkBudget(gasLeft);
  const tree: CallTree = { services, block, transaction: context, state, agreed, workBudget, calls: CALLS };
  const meter = new GasMeter(gasLeft, { countsNative: false });
  const frame: Frame = { tree, meter, store: new ComputeStore(state, meter), depth: 0, queryDepth: 1 };
  const outcome = settle(() => {
    if (context.finalized) {
      throw sdkFailure(SdkCode.AfterLastMessage, "Cannot send messages after last tx marker was set");
    }
    const ran = runSignedMessage(frame, message, (sender) => signatures.verify(signatures.find(sender), signers));
    const writes = state.writes();
    requireCrossable(ran, writes);
    transaction.responded += ran.response.length;
    if (transaction.responded > MAX_RESPONDED) throw tooLarge();
    return { ...ran, writes };
  });
  transaction.gasUsed += meter.own;
  return { ...outcome, gasUsed: meter.own, finalized: context.finalized };
}

function settle(
  work: () => MessageRan & Pick<MessageOutcome, "writes">,
): Pick<MessageOutcome, "result" | "events" | "writes"> {
  const nothing = { events: [], writes: [] };
  try {
    const { response, events, writes } = work();
    return { result: { kind: "ok", value: response }, events, writes };
  } catch (error) {
    if (error instanceof OutOfGas) {
      return { result: { kind: "outOfGas", value: { location: error.location } }, ...nothing };
    }
    if (error instanceof ChainPanic) return { result: { kind: "failed", value: error.failure }, ...nothing };
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
function requireCrossable(ran: MessageRan, writes: MessageOutcome["writes"]): void {
  const { events } = ran;
  const fits = events.length <= LIMITS.events && writes.length <= LIMITS.writes;
  const attributesFit = events.every(({ attributes }) => attributes.length <= LIMITS.attributes);
  if (fits && attributesFit && outcomeSize(ran, writes) <= MAX_OUTCOME_SIZE) return;
  throw tooLarge();
}

function tooLarge(): ChainFailure | undefined {
  return enclaveFailure("execute", new EnclaveError(EnclaveErrorCode.FailedToSerialize));
}

/** At least the bytes that response, events and writes take on their way to the host. */
export function outcomeSize({ response, events }: MessageRan, writes: MessageOutcome["writes"]): number {
  let size = response.length;
  for (const { type, attributes } of events) {
    let characters = ITEM_OVERHEAD + type.length;
    for (const { key, value } of attributes) characters += ITEM_OVERHEAD + key.length + value.length;
    size += characters * MAX_UTF8_LENGTH;
  }
  for (const { store, key, value } of writes) {
    size += ITEM_OVERHEAD + store.length + key.length + (value?.length ?? 0);
  }
  return size;
}
