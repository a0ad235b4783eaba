/**
 * What every step of the ante chain is and gets.
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { Amount } from "../core/coins.ts";
import type { Context } from "../core/context.ts";
import type { SignatureVerifier } from "../core/signatureVerifier.ts";
import type { AppTx } from "../core/tx.ts";
import type { AuthKeeper } from "../modules/authKeeper.ts";
import type { BankKeeper } from "../modules/bankKeeper.ts";

export type AnteDeps = {
  readonly auth: AuthKeeper;
  readonly bank: BankKeeper;
  readonly crypto: Crypto;
  readonly signatures: SignatureVerifier;
  /** Price of a unit of gas, times 10^18; asked for in admission alone. */
  readonly minimumGasPrices: readonly Amount[];
};

/** Passes, changing state and events of the context, or throws an AppError. */
export type AnteStep = (deps: AnteDeps, context: Context, tx: AppTx) => void;
