/**
 * Ante rows 4 to 8: extension options, the form of the transaction, time-out height, memo, size (chain §1.7, §6.7).
 * @module
 */
import { utf8ToBytes } from "@sotto/common/bytes";
import { aminoKeyBytes } from "@sotto/common/signing/accountKey";
import { accountKeyOf } from "../core/accountKey.ts";
import { AppError, sdkError } from "../core/appError.ts";
import { formatCoins, parseInteger } from "../core/coins.ts";
import { isIncomplete, signatureDataOf } from "../core/signatureData.ts";
import type { AnteStep } from "./anteStep.ts";

const MAX_GAS = (1n << 63n) - 1n;

export const refuseExtensionOptions: AnteStep = (_deps, _context, tx) => {
  if (tx.decoded.body.extensionOptions.length > 0) throw sdkError(31);
};

export const validateTx: AnteStep = (_deps, context, tx) => {
  if (context.mode === "recheck") return;
  const { authInfo, raw } = tx.decoded;
  if (authInfo.fee === undefined) throw AppError.plain("missing fee");
  const { gasLimit, amount } = authInfo.fee;
  if (gasLimit > MAX_GAS) throw sdkError(18, `invalid gas supplied; ${gasLimit} > ${MAX_GAS}`);
  const amounts = amount.map((coin) => parseInteger(coin.amount));
  if (amounts.includes(undefined)) throw sdkError(13, "invalid fee provided: null");
  if (amounts.some((value) => (value as bigint) < 0n)) {
    throw sdkError(13, `invalid fee provided: ${formatCoins(amount)}`);
  }
  if (raw.signatures.length === 0) throw sdkError(15);
  if (raw.signatures.length !== tx.signers.length) {
    throw sdkError(4, `wrong number of signers; expected ${tx.signers.length}, got ${raw.signatures.length}`);
  }
};

export const validateHeight: AnteStep = (_deps, context, tx) => {
  const timeout = tx.decoded.body.timeoutHeight;
  if (timeout > 0n && BigInt(context.block.height) > timeout) {
    throw sdkError(30, `block height: ${context.block.height}, timeout height: ${timeout}`);
  }
};

export const validateMemo: AnteStep = ({ auth }, context, tx) => {
  const length = utf8ToBytes(tx.decoded.body.memo).length;
  if (length === 0) return;
  const { maxMemoCharacters } = auth.params(context);
  if (BigInt(length) > maxMemoCharacters) {
    throw sdkError(12, `maximum number of characters is ${maxMemoCharacters} but received ${length} characters`);
  }
};

/** A signature and what frames it and its key, as the reference estimates an empty signature in a simulation. */
const EMPTY_SIGNATURE_BYTES = 76;
/** A key that is not known yet: as long as one of secp256k1 in amino. */
const UNKNOWN_KEY_BYTES = 38;

export const consumeSizeGas: AnteStep = ({ auth }, context, tx) => {
  const { txSizeCostPerByte, txSigLimit } = auth.params(context);
  context.gas.consume(txSizeCostPerByte * BigInt(tx.bytes.length), "txSize");
  if (context.mode !== "simulate") return;
  for (const [index, signer] of tx.signers.entries()) {
    if (!isIncomplete(signatureDataOf(tx, index))) continue;
    const publicKey = auth.account(context, signer)?.publicKey;
    const key = publicKey === undefined ? undefined : accountKeyOf(publicKey);
    const size = EMPTY_SIGNATURE_BYTES + (key === undefined ? UNKNOWN_KEY_BYTES : aminoKeyBytes(key).length);
    // Of a threshold as many may sign as there may be signatures.
    const estimated = BigInt(size) * (key?.kind === "multisig" ? txSigLimit : 1n);
    context.gas.consume(txSizeCostPerByte * estimated, "txSize");
  }
};
