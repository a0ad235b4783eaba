/**
 * Ante row 9: the fee is enough for this node (in admission) and is taken from the payer (chain §1.7, §6.7).
 * @module
 */

import { formatAddress, parseAddress } from "../core/addresses.ts";
import { AppError, sdkError } from "../core/appError.ts";
import { type Amount, ceilDecimal, formatCoins, parseInteger, validCoins } from "../core/coins.ts";
import { type Context, emit } from "../core/context.ts";
import { type AppTx, feeOf } from "../core/tx.ts";
import type { AnteDeps, AnteStep } from "./anteStep.ts";

export const deductFee: AnteStep = (deps, context, tx) => {
  const { gasLimit } = feeOf(tx);
  const simulated = context.mode === "simulate";
  if (!simulated && context.block.height > 0 && gasLimit === 0n) throw sdkError(41, "must provide positive gas");
  if (context.mode === "check" || context.mode === "recheck") requireMinimumFee(deps, tx, gasLimit);

  const payer = feePayer(tx);
  if (deps.auth.account(context, payer) === undefined) {
    throw sdkError(9, `fee payer address: ${formatAddress(payer)} does not exist`);
  }
  const fee = feeAmounts(tx);
  if (fee.some(({ amount }) => amount !== 0n)) takeFee(deps, context, payer, tx);
  emit(context, "tx", ["fee", formatCoins(fee)], ["fee_payer", formatAddress(payer)]);
};

/** The fee as numbers; a text that is none was refused before. */
function feeAmounts(tx: AppTx): Amount[] {
  return feeOf(tx).amount.map(({ denom, amount }) => ({ denom, amount: parseInteger(amount) ?? 0n }));
}

/** The first signer unless the fee names another; grants of fees come with their module. */
function feePayer(tx: AppTx): Uint8Array {
  const { payer, granter } = feeOf(tx);
  if (granter !== "") throw sdkError(18, "fee grants are not enabled");
  if (payer !== "") return parseAddress(payer);
  const first = tx.signers[0];
  if (first === undefined) throw sdkError(15);
  return first;
}

/** ceil(price × gas) in at least one of the denoms (chain §6.7). */
function requireMinimumFee({ minimumGasPrices }: AnteDeps, tx: AppTx, gasLimit: bigint): void {
  if (minimumGasPrices.every(({ amount }) => amount === 0n)) return;
  const required: Amount[] = minimumGasPrices.map(({ denom, amount }) => ({
    denom,
    amount: ceilDecimal(amount * gasLimit),
  }));
  const fee = feeAmounts(tx);
  const enough = required.some(({ denom, amount }) => fee.some((got) => got.denom === denom && got.amount >= amount));
  if (!enough) throw sdkError(13, `insufficient fees; got: ${formatCoins(fee)} required: ${formatCoins(required)}`);
}

function takeFee({ bank }: AnteDeps, context: Context, payer: Uint8Array, tx: AppTx): void {
  const coins = validCoins(feeOf(tx).amount);
  if (coins === undefined) throw sdkError(13, `invalid fee amount: ${formatCoins(feeOf(tx).amount)}`);
  try {
    bank.sendToModule(context, payer, "fee_collector", coins);
  } catch (error) {
    // Quirk: the registered text of the inner error stays, so that it is there twice.
    throw error instanceof AppError ? sdkError(5, error.log) : error;
  }
}
