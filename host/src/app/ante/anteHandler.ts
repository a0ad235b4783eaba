/**
 * The ante chain (chain §1.7): what a transaction must pass before its messages run, in delivery, admission and simulation.
 *
 * Rows 1 and 3 (the enclave counts transactions itself; no message type is switched off yet) have nothing to do here.
 * @module
 */
import { type AppError, sdkError } from "../core/appError.ts";
import type { Context } from "../core/context.ts";
import { GasMeter, infiniteGasMeter, OutOfGas } from "../core/gas.ts";
import { type AppTx, feeOf } from "../core/tx.ts";
import type { AnteDeps, AnteStep } from "./anteStep.ts";
import { consumeSizeGas, refuseExtensionOptions, validateHeight, validateMemo, validateTx } from "./basicChecks.ts";
import { deductFee } from "./deductFee.ts";
import { consumeSignatureGas, incrementSequences, setPublicKeys, validateSignatureCount } from "./signerChecks.ts";
import { verifySignatures } from "./verifySignatures.ts";

const STEPS: readonly AnteStep[] = [
  refuseExtensionOptions,
  validateTx,
  validateHeight,
  validateMemo,
  consumeSizeGas,
  deductFee,
  setPublicKeys,
  validateSignatureCount,
  consumeSignatureGas,
  verifySignatures,
  incrementSequences,
];

/** A context whose meter is the transaction's (row 2). */
export function withTxMeter(context: Context, tx: AppTx): Context {
  const unmetered = context.mode === "simulate" || context.block.height === 0;
  return { ...context, gas: unmetered ? infiniteGasMeter() : new GasMeter(feeOf(tx).gasLimit) };
}

/**
 * Runs the chain on a context made by {@link withTxMeter}; on an error its state and events are to be dropped.
 * @param blockMaxGas of one block; not positive: no limit
 * @throws {AppError}
 */
export function runAnte(deps: AnteDeps, context: Context, tx: AppTx, blockMaxGas: bigint): void {
  const { gasLimit } = feeOf(tx);
  if (blockMaxGas > 0n && gasLimit > blockMaxGas) {
    throw sdkError(41, `tx gas limit ${gasLimit} exceeds block max gas ${blockMaxGas}`);
  }
  try {
    for (const step of STEPS) step(deps, context, tx);
  } catch (error) {
    throw error instanceof OutOfGas ? outOfGasError(error, gasLimit, context.gas) : error;
  }
}

/** The log of a transaction that ran out of gas (chain §6.8). */
export function outOfGasError(error: OutOfGas, gasWanted: bigint, gas: GasMeter): AppError {
  return sdkError(11, `out of gas in location: ${error.location}; gasWanted: ${gasWanted}, gasUsed: ${gas.consumed}`);
}
