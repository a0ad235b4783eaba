/**
 * Ante row 13: sequence, then signature (chain §1.7, §6.3, §6.8). Sign mode DIRECT.
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import { type ModeInfo, SignDoc, SignMode } from "@sotto/common/wire/tx";
import { type AppError, sdkError } from "../core/appError.ts";
import type { Context } from "../core/context.ts";
import { type AppTx, signerInfosOf } from "../core/tx.ts";
import type { Account } from "../modules/authKeeper.ts";
import type { AnteDeps, AnteStep } from "./anteStep.ts";
import { secp256k1KeyOf, signerAccount } from "./signerChecks.ts";

const MODE_NAMES: { readonly [mode: number]: string } = {
  0: "SIGN_MODE_UNSPECIFIED",
  [SignMode.Direct]: "SIGN_MODE_DIRECT",
  [SignMode.Textual]: "SIGN_MODE_TEXTUAL",
  [SignMode.DirectAux]: "SIGN_MODE_DIRECT_AUX",
  [SignMode.LegacyAminoJson]: "SIGN_MODE_LEGACY_AMINO_JSON",
  [SignMode.Eip191]: "SIGN_MODE_EIP_191",
};

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

function verifySignature(deps: AnteDeps, context: Context, tx: AppTx, account: Account, index: number): void {
  const mode = modeOf(signerInfosOf(tx)[index]?.modeInfo);
  if (mode !== SignMode.Direct) {
    const name = mode === undefined ? "of a multisig" : (MODE_NAMES[mode] ?? String(mode));
    throw verificationFailed(context, account, mode, `unsupported sign mode ${name}`);
  }
  const publicKey = account.publicKey === undefined ? undefined : secp256k1KeyOf(account.publicKey);
  const signature = tx.decoded.raw.signatures[index] ?? new Uint8Array(0);
  const { accountNumber } = account;
  const { chainId } = context.block;
  const good =
    publicKey !== undefined && deps.signatures.verifyDirect({ tx, signature, publicKey, accountNumber, chainId });
  if (good) return;
  const { bodyBytes, authInfoBytes } = tx.decoded.raw;
  const signBytes = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber });
  const inner = `unable to verify single signer signature ${bytesToHex(signature)} for signBytes ${bytesToHex(signBytes)}`;
  throw verificationFailed(context, account, mode, inner);
}

/** Undefined for a multisig. */
function modeOf(modeInfo: ModeInfo | undefined): number | undefined {
  return modeInfo?.multi === undefined ? (modeInfo?.single?.mode ?? 0) : undefined;
}

/** The hint differs where the sign document carries the sequence (chain §6.8). */
function verificationFailed(context: Context, account: Account, mode: number | undefined, inner: string): AppError {
  const please = `signature verification failed; please verify account number (${account.accountNumber})`;
  const { chainId } = context.block;
  return mode === SignMode.LegacyAminoJson
    ? sdkError(4, `${please}, sequence (${account.sequence}) and chain-id (${chainId}): ${inner}`)
    : sdkError(4, `${please} and chain-id (${chainId}): (${inner})`);
}
