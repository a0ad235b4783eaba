/**
 * Ante rows 10, 11, 12 and 14: public keys, their number and price, and sequences (chain §1.7).
 * @module
 */
import { bytesToBase64, equalBytes } from "@sotto/common/bytes";
import { type AccountKey, countKeys } from "@sotto/common/signing/accountKey";
import type { Any } from "@sotto/common/wire/any";
import { packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { accountKeyOf, addressOfKey, Ed25519PubKey } from "../core/accountKey.ts";
import { formatAddress } from "../core/addresses.ts";
import { AppError, sdkError } from "../core/appError.ts";
import { type Context, emit } from "../core/context.ts";
import { type SignatureData, setBits, signatureDataOf, signatureTexts } from "../core/signatureData.ts";
import { type AppTx, signerInfosOf } from "../core/tx.ts";
import type { Account, AuthKeeper, AuthParams } from "../modules/authKeeper.ts";
import type { AnteDeps, AnteStep } from "./anteStep.ts";

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

export const setPublicKeys: AnteStep = (deps, context, tx) => {
  const infos = signerInfosOf(tx);
  if (infos.length !== tx.signers.length) {
    throw sdkError(4, `invalid number of signer;  expected: ${tx.signers.length}, got ${infos.length}`);
  }
  for (const [index, signer] of tx.signers.entries()) setPublicKey(deps, context, tx, signer, index);
  for (const [index, signer] of tx.signers.entries()) {
    emit(context, "tx", ["acc_seq", `${formatAddress(signer)}/${infos[index]?.sequence ?? 0n}`]);
    for (const one of signatureTexts(signatureDataOf(tx, index))) {
      emit(context, "tx", ["signature", bytesToBase64(one)]);
    }
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
  const address = addressOfKey(deps.crypto, publicKey);
  if (!simulated && address !== undefined && !equalBytes(address, signer)) {
    throw sdkError(8, `pubKey does not match signer address ${formatAddress(signer)} with signer index: ${index}`);
  }
  if (account.publicKey === undefined) deps.auth.setAccount(context, { ...account, publicKey });
}

function isSameKey(a: Any, b: Any): boolean {
  return a.typeUrl === b.typeUrl && equalBytes(a.value, b.value);
}

/** Members of thresholds count one by one, keys that were left out not at all. */
export const validateSignatureCount: AnteStep = ({ auth }, context, tx) => {
  const { txSigLimit } = auth.params(context);
  let count = 0;
  for (const { publicKey } of signerInfosOf(tx)) {
    if (publicKey === undefined) continue;
    const key = accountKeyOf(publicKey);
    count += key === undefined ? 1 : countKeys(key);
    if (BigInt(count) > txSigLimit) throw sdkError(14, `signatures: ${count}, limit: ${txSigLimit}`);
  }
};

export const consumeSignatureGas: AnteStep = ({ auth }, context, tx) => {
  const params = auth.params(context);
  for (const [index, signer] of tx.signers.entries()) {
    const publicKey = signerAccount(auth, context, signer).publicKey ?? PLACEHOLDER_KEY;
    if (publicKey.typeUrl === Ed25519PubKey.typeUrl) {
      context.gas.consume(params.sigVerifyCostEd25519, "ante verify: ed25519");
      throw sdkError(8, "ED25519 public keys are unsupported");
    }
    const key = accountKeyOf(publicKey);
    if (key === undefined) throw sdkError(8, `unrecognized public key type: ${publicKey.typeUrl}`);
    consumeKeyGas(context, params, key, signatureDataOf(tx, index));
  }
};

/** One price for each signature that is there to be checked. */
function consumeKeyGas(context: Context, params: AuthParams, key: AccountKey, data: SignatureData): void {
  if (key.kind === "secp256k1") {
    context.gas.consume(params.sigVerifyCostSecp256k1, "ante verify: secp256k1");
    return;
  }
  if (data.kind === "single") {
    throw AppError.plain("expected *signing.MultiSignatureData, got, *signing.SingleSignatureData");
  }
  for (const [at, place] of setBits(data.signed).entries()) {
    const [member, signature] = [key.members[place], data.signatures[at]];
    if (member === undefined || signature === undefined) {
      throw AppError.plain(`improper signature data type for index ${place}`);
    }
    consumeKeyGas(context, params, member, signature);
  }
}

export const incrementSequences: AnteStep = ({ auth }, context, tx) => {
  for (const signer of tx.signers) {
    const account = signerAccount(auth, context, signer);
    auth.setAccount(context, { ...account, sequence: account.sequence + 1n });
  }
};
