/**
 * Ante row 13: sequence, then signature (chain §1.7, §6.2 to §6.6, §6.8).
 * @module
 */
import { AppError, sdkError } from "../core/appError.ts";
import type { Context } from "../core/context.ts";
import { isAminoOnly, signatureDataOf } from "../core/signatureData.ts";
import { type AppTx, signerInfosOf } from "../core/tx.ts";
import type { Account } from "../modules/authKeeper.ts";
import type { AnteDeps, AnteStep } from "./anteStep.ts";
import { signerAccount } from "./signerChecks.ts";

export const verifySignatures: AnteStep = (deps, context, tx) => {
  const infos = signerInfosOf(tx);
  for (const [index, signer] of tx.signers.entries()) {
    const account = signerAccount(deps.auth, context, signer);
    const simulated = context.mode === "simulate";
    if (!simulated && account.publicKey === undefined) throw sdkError(8, "pubkey on account is not set");
    const sequence = infos[index]?.sequence ?? 0n;
    if (sequence !== account.sequence) {
      throw sdkError(32, `account sequence mismatch, expected ${account.sequence}, got ${sequence}`);
    }
    if (!simulated && context.mode !== "recheck") verifySignature(deps, context, tx, account, index);
  }
};

function verifySignature({ signatures }: AnteDeps, context: Context, tx: AppTx, account: Account, index: number): void {
  const { accountNumber, publicKey } = account;
  if (publicKey === undefined) throw sdkError(8, "pubkey on account is not set");
  try {
    signatures.verify({ tx, index, publicKey, accountNumber, chainId: context.block.chainId });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw verificationFailed(context, account, isAminoOnly(signatureDataOf(tx, index)), error.log);
  }
}

/** The hint differs where the sign document alone carries the sequence (chain §6.8). */
function verificationFailed(context: Context, account: Account, aminoOnly: boolean, inner: string): AppError {
  const please = `signature verification failed; please verify account number (${account.accountNumber})`;
  const { chainId } = context.block;
  return aminoOnly
    ? sdkError(4, `${please}, sequence (${account.sequence}) and chain-id (${chainId}): ${inner}`)
    : sdkError(4, `${please} and chain-id (${chainId}): (${inner})`);
}
