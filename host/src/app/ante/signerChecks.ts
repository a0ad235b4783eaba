/**
 * Ante rows 10, 11, 12 and 14: public keys, their number and price, and sequences (chain §1.7).
 * @module
 */
import { accountAddress } from "@sotto/common/address";
import { bytesToBase64, equalBytes } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import type { Any } from "@sotto/common/wire/any";
import { packSecp256k1PublicKey, Secp256k1PubKey, unpackSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { formatAddress } from "../core/addresses.ts";
import { sdkError } from "../core/appError.ts";
import { type Context, emit } from "../core/context.ts";
import { type AppTx, signerInfosOf } from "../core/tx.ts";
import type { Account, AuthKeeper } from "../modules/authKeeper.ts";
import type { AnteDeps, AnteStep } from "./anteStep.ts";

const ED25519_TYPE_URL = "/cosmos.crypto.ed25519.PubKey";

/** Stands for a key that is not known yet in a simulation. */
const PLACEHOLDER_KEY = packSecp256k1PublicKey(
  Uint8Array.from({ length: 33 }, (_, index) => (index === 0 ? 2 : index)),
);

/** @throws {AppError} sdk/9 */
export function signerAccount(auth: AuthKeeper, context: Context, signer: Uint8Array): Account {
  const account = auth.account(context, signer);
  if (account === undefined) throw sdkError(9, `account ${formatAddress(signer)} does not exist`);
  return account;
}

/** 33 bytes; undefined for other types of keys. @throws {AppError} sdk/8 */
export function secp256k1KeyOf(publicKey: Any): Uint8Array | undefined {
  try {
    return unpackSecp256k1PublicKey(publicKey);
  } catch (error) {
    if (error instanceof InputError) throw sdkError(8, error.message);
    throw error;
  }
}

export const setPublicKeys: AnteStep = (deps, context, tx) => {
  const infos = signerInfosOf(tx);
  if (infos.length !== tx.signers.length) {
    throw sdkError(4, `invalid number of signer;  expected: ${tx.signers.length}, got ${infos.length}`);
  }
  for (const [index, signer] of tx.signers.entries()) setPublicKey(deps, context, tx, signer, index);
  for (const [index, signer] of tx.signers.entries()) {
    emit(context, "tx", ["acc_seq", `${formatAddress(signer)}/${infos[index]?.sequence ?? 0n}`]);
    emit(context, "tx", ["signature", bytesToBase64(tx.decoded.raw.signatures[index] ?? new Uint8Array(0))]);
  }
};

function setPublicKey(deps: AnteDeps, context: Context, tx: AppTx, signer: Uint8Array, index: number): void {
  const simulated = context.mode === "simulate";
  const publicKey = signerInfosOf(tx)[index]?.publicKey ?? (simulated ? PLACEHOLDER_KEY : undefined);
  // A key may be left out once the account has it.
  if (publicKey === undefined) return;
  const account = signerAccount(deps.auth, context, signer);
  // A key that the account has was found to be its own when it got there.
  if (account.publicKey !== undefined && isSameKey(account.publicKey, publicKey)) return;
  const key = secp256k1KeyOf(publicKey);
  if (!simulated && key !== undefined && !equalBytes(accountAddress(deps.crypto, key), signer)) {
    throw sdkError(8, `pubKey does not match signer address ${formatAddress(signer)} with signer index: ${index}`);
  }
  if (account.publicKey === undefined) deps.auth.setAccount(context, { ...account, publicKey });
}

function isSameKey(a: Any, b: Any): boolean {
  return a.typeUrl === b.typeUrl && equalBytes(a.value, b.value);
}

export const validateSignatureCount: AnteStep = ({ auth }, context, tx) => {
  const { txSigLimit } = auth.params(context);
  const count = signerInfosOf(tx).length;
  if (BigInt(count) > txSigLimit) throw sdkError(14, `signatures: ${count}, limit: ${txSigLimit}`);
};

export const consumeSignatureGas: AnteStep = ({ auth }, context, tx) => {
  const params = auth.params(context);
  for (const signer of tx.signers) {
    const publicKey = signerAccount(auth, context, signer).publicKey ?? PLACEHOLDER_KEY;
    if (publicKey.typeUrl === ED25519_TYPE_URL) {
      context.gas.consume(params.sigVerifyCostEd25519, "ante verify: ed25519");
      throw sdkError(8, "ED25519 public keys are unsupported");
    }
    if (publicKey.typeUrl !== Secp256k1PubKey.typeUrl) {
      throw sdkError(8, `unrecognized public key type: ${publicKey.typeUrl}`);
    }
    context.gas.consume(params.sigVerifyCostSecp256k1, "ante verify: secp256k1");
  }
};

export const incrementSequences: AnteStep = ({ auth }, context, tx) => {
  for (const signer of tx.signers) {
    const account = signerAccount(auth, context, signer);
    auth.setAccount(context, { ...account, sequence: account.sequence + 1n });
  }
};
