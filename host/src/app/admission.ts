/**
 * Admission to the mempool (CheckTx): the ante chain on a state of its own, in whatever thread (chain §1.7).
 *
 * No message runs and the enclave is not asked. What admitted transactions changed is visible to later ones until `reset`.
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { StateView } from "../store/store.ts";
import { withTxMeter } from "./ante/anteHandler.ts";
import type { AnteDeps } from "./ante/anteStep.ts";
import { AppError, sdkError } from "./core/appError.ts";
import { Branch } from "./core/branch.ts";
import { type Amount, decimalToWire } from "./core/coins.ts";
import { type Context, makeContext } from "./core/context.ts";
import { decodeOnce } from "./core/decodeOnce.ts";
import { infiniteGasMeter } from "./core/gas.ts";
import { makeSignatureVerifier, type SignatureVerifier } from "./core/signatureVerifier.ts";
import { isRandomTransaction } from "./core/tx.ts";
import type { ComputePowers } from "./modules/compute/computePowers.ts";
import { consensusKeeper } from "./modules/consensusModule.ts";
import { makeModules } from "./modules/modules.ts";
import { openTx, passAnte } from "./runTx.ts";

export type CheckResult = {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
};

export interface Admission {
  /** @param recheck the transaction was admitted before the last block */
  check(tx: Uint8Array, recheck: boolean): CheckResult;
  /** Starts over from a committed state; `view` is the caller's to release, after the next reset. */
  reset(view: StateView, timeNs: bigint): void;
}

export type AdmissionDeps = {
  readonly chainId: string;
  readonly crypto: Crypto;
  /** Such as `0.0125uscrt`, several separated by commas; empty: any fee will do. */
  readonly minimumGasPrices: string;
  readonly signatures?: SignatureVerifier;
};

const runsNothing = (): never => {
  throw new TypeError("admission runs no messages");
};
const NO_POWERS: ComputePowers = {
  enclave: { call: runsNothing },
  gunzip: runsNothing,
  readProven: runsNothing,
  headers: runsNothing,
};

/** Prices times 10^18. @throws {RangeError} */
export function parseGasPrices(text: string): Amount[] {
  return text.split(",").flatMap((price) => {
    if (price.trim() === "") return [];
    const match = /^([0-9.]+)([a-zA-Z].*)$/.exec(price.trim());
    if (match === null)
      throw new RangeError(`gas price: expected a number and a denom such as 0.0125uscrt, got ${price}`);
    return [{ denom: match[2] as string, amount: BigInt(decimalToWire(match[1] as string)) }];
  });
}

/** Checks nothing until the first `reset`. */
export function makeAdmission(deps: AdmissionDeps): Admission {
  const { chainId, crypto } = deps;
  const modules = makeModules(crypto, NO_POWERS);
  const ante: AnteDeps = {
    auth: modules.auth,
    bank: modules.bank,
    crypto,
    signatures: deps.signatures ?? makeSignatureVerifier(crypto),
    minimumGasPrices: parseGasPrices(deps.minimumGasPrices),
  };
  // A waiting transaction is checked again after each block, from the same array.
  const open = decodeOnce((bytes) => openTx(modules.messages, bytes));
  let checkState: Context | undefined;

  const check = (bytes: Uint8Array, recheck: boolean): CheckResult => {
    const context = checkState;
    if (context === undefined) return refused(sdkError(26, "secret is not ready; please wait for first block"));
    try {
      if (isRandomTransaction(bytes)) throw sdkError(2, "byte 0 is no field of a transaction");
      const tx = open(bytes);
      const metered = withTxMeter({ ...context, mode: recheck ? "recheck" : "check", events: [] }, tx);
      const blockMaxGas = consensusKeeper.maxGas({ ...context, gas: infiniteGasMeter() });
      const passed = passAnte(ante, metered, tx, blockMaxGas);
      const { limit: gasWanted, consumed: gasUsed } = metered.gas;
      if (passed instanceof AppError) return { ...refused(passed), gasWanted, gasUsed };
      return { code: 0, codespace: "", log: "", gasWanted, gasUsed };
    } catch (error) {
      if (error instanceof AppError) return refused(error);
      throw error;
    }
  };

  return {
    check,
    reset: (view, timeNs) => {
      checkState = makeContext({ chainId, height: view.height, timeNs }, "check", new Branch(view));
    },
  };
}

function refused({ code, codespace, log }: AppError): CheckResult {
  return { code, codespace, log, gasWanted: 0n, gasUsed: 0n };
}
