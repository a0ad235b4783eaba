/**
 * One transaction through the application: decoding, ante chain, messages, result (chain §1.7, §6.7 to §6.9).
 *
 * Delivery and simulation share it; the mode of the context tells them apart. Admission runs the first half.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { EMPTY_BYTES } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import { TxMsgData } from "@sotto/common/wire/execTxResult";
import type { TxResult } from "../abci/application.ts";
import { outOfGasError, runAnte, withTxMeter } from "./ante/anteHandler.ts";
import type { AnteDeps } from "./ante/anteStep.ts";
import { AppError, sdkError } from "./core/appError.ts";
import { branchOf, type Context, type TxInfo } from "./core/context.ts";
import { type GasMeter, OutOfGas } from "./core/gas.ts";
import type { MessageRouter } from "./core/messageRouter.ts";
import { type AppTx, readTx } from "./core/tx.ts";

export type RunTxDeps = { readonly ante: AnteDeps; readonly messages: MessageRouter };

export type TxOutcome = {
  readonly result: TxResult;
  /** The ante chain let it pass: the enclave has to hear of it. */
  readonly admitted: boolean;
};

/** Reads a transaction and makes the checks that come before the ante chain. @throws {AppError} */
export function openTx(router: MessageRouter, bytes: Uint8Array): AppTx {
  const tx = readTx(bytes, router);
  if (tx.messages.length === 0) throw sdkError(18, "must contain at least one message");
  for (const one of tx.messages) one.validateBasic();
  return tx;
}

function failure(error: AppError, gas: GasMeter | undefined, events: readonly Event[]): TxResult {
  const { codespace, code, log } = error;
  const [gasWanted, gasUsed] = gas === undefined ? [0n, 0n] : [gas.limit, gas.consumed];
  return { code, codespace, data: EMPTY_BYTES, log, gasWanted, gasUsed, events };
}

/**
 * Runs a transaction on the context's state, which it changes as far as the outcome says.
 * @param position in the block; undefined in a simulation
 * @param blockGas paid at the end; messages are undone if it does not suffice
 */
export function runTx(
  deps: RunTxDeps,
  context: Context,
  bytes: Uint8Array,
  { position, blockGas, blockMaxGas }: { position?: number; blockGas?: GasMeter; blockMaxGas: bigint },
): TxOutcome {
  if (blockGas !== undefined && blockGas.consumed >= blockGas.limit) {
    return { result: failure(sdkError(11, "no block gas left to run tx"), undefined, []), admitted: false };
  }
  let tx: AppTx;
  try {
    tx = openTx(deps.messages, bytes);
  } catch (error) {
    return { result: failure(asAppError(error), undefined, []), admitted: false };
  }
  const metered = withTxMeter(context, tx);
  const anteEvents = passAnte(deps.ante, metered, tx, blockMaxGas);
  if (anteEvents instanceof AppError) {
    payBlock(blockGas, metered.gas);
    return { result: failure(anteEvents, metered.gas, []), admitted: false };
  }
  const txInfo =
    position === undefined ? { simulated: { bytes, gasUsed: 0n } } : { tx: txInfoOf(deps.ante, context, tx, position) };
  const run = branchOf({ ...metered, ...txInfo });
  const ran = runMessages(run, tx);
  const unpaid = payBlock(blockGas, metered.gas);
  const outcome = ran instanceof AppError ? ran : (unpaid ?? ran);
  if (outcome instanceof AppError) return { result: failure(outcome, metered.gas, anteEvents), admitted: true };
  run.state.keep();
  const { limit: gasWanted, consumed: gasUsed } = metered.gas;
  const events = [...anteEvents, ...run.events];
  return { result: { code: 0, codespace: "", data: outcome, log: "", gasWanted, gasUsed, events }, admitted: true };
}

function txInfoOf({ signatures }: AnteDeps, { block }: Context, tx: AppTx, position: number): TxInfo {
  const given = new Set<number>();
  return {
    signers: tx.signers,
    position,
    takeSignDocument: (index, accountNumber) => {
      if (given.has(index)) return undefined;
      given.add(index);
      return signatures.signDocument(tx, index, { chainId: block.chainId, accountNumber });
    },
  };
}

/** Errors that are results; others are mistakes of this program and go on. */
function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

/** The events of the ante chain, whose changes stay whatever the messages do; or why it did not pass. */
export function passAnte(
  deps: AnteDeps,
  metered: Context,
  tx: AppTx,
  blockMaxGas: bigint,
): readonly Event[] | AppError {
  const branch = branchOf(metered);
  try {
    runAnte(deps, branch, tx, blockMaxGas);
  } catch (error) {
    return asAppError(error);
  }
  branch.state.keep();
  return branch.events;
}

function payBlock(blockGas: GasMeter | undefined, gas: GasMeter): AppError | undefined {
  if (blockGas === undefined) return undefined;
  try {
    blockGas.consume(gas.consumedToLimit, "block gas meter");
    return undefined;
  } catch (error) {
    if (error instanceof OutOfGas) return outOfGasError(error, gas.limit, gas);
    throw error;
  }
}

/** Events collect in the context, each with the index of its message. @returns TxMsgData */
function runMessages(context: Context, tx: AppTx): Uint8Array | AppError {
  const msgResponses: Any[] = [];
  const lastMessage = { declared: false };
  for (const [index, one] of tx.messages.entries()) {
    if (lastMessage.declared) {
      const text = "message was attempted but last message was marked by a contract";
      return sdkError(40_404, `${text}; message index: ${index}`);
    }
    const branch = branchOf({ ...context, messageIndex: index, lastMessage });
    try {
      msgResponses.push(one.run(branch));
    } catch (error) {
      if (error instanceof OutOfGas) return outOfGasError(error, context.gas.limit, context.gas);
      return asAppError(error).wrap(`failed to execute message; message index: ${index}`);
    }
    branch.state.keep();
    const indexed = { key: "msg_index", value: index.toString() };
    for (const event of branch.events) {
      context.events.push({ type: event.type, attributes: [...event.attributes, indexed] });
    }
  }
  return TxMsgData.encode({ msgResponses });
}
