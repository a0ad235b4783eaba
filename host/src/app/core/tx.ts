/**
 * Transactions as the application reads them: envelope, messages with their handlers, signers.
 * @module
 */
import { equalBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { type DecodedTx, decodeTx, type Fee, type SignerInfo } from "@sotto/common/wire/tx";
import { parseAddress } from "./addresses.ts";
import { AppError, sdkError } from "./appError.ts";
import type { MessageRouter, RoutedMessage } from "./messageRouter.ts";

export type AppTx = {
  readonly bytes: Uint8Array;
  readonly decoded: DecodedTx;
  readonly messages: readonly RoutedMessage[];
  /** Unique signers of the messages in order of appearance, then the fee payer if it is not among them (chain §6.2). */
  readonly signers: readonly Uint8Array[];
};

/** @throws {AppError} sdk/2 for bytes that are no transaction, or the error of a message whose signer does not parse */
export function readTx(bytes: Uint8Array, router: MessageRouter): AppTx {
  let decoded: DecodedTx;
  try {
    decoded = decodeTx(bytes);
  } catch (error) {
    if (error instanceof CodedError) throw sdkError(2, error.message);
    throw error;
  }
  const messages = decoded.body.messages.map((any) => router.read(any));
  return { bytes, decoded, messages, signers: signersOf(decoded, messages) };
}

function signersOf({ authInfo }: DecodedTx, messages: readonly RoutedMessage[]): Uint8Array[] {
  const signers: Uint8Array[] = [];
  const add = (signer: Uint8Array) => {
    if (!signers.some((known) => equalBytes(known, signer))) signers.push(signer);
  };
  for (const message of messages) for (const signer of readSigners(message)) add(signer);
  const payer = authInfo.fee?.payer ?? "";
  if (payer !== "") add(readPayer(payer));
  return signers;
}

/** @throws {AppError} sdk/2: who signs is part of reading a transaction */
function readSigners(message: RoutedMessage): readonly Uint8Array[] {
  try {
    return message.signers();
  } catch (error) {
    throw error instanceof AppError ? sdkError(2, error.log) : error;
  }
}

/** @throws {AppError} sdk/7 */
function readPayer(text: string): Uint8Array {
  try {
    return parseAddress(text);
  } catch (error) {
    throw error instanceof AppError ? sdkError(7, `Invalid fee payer address (${error.log})`) : error;
  }
}

export function feeOf(tx: AppTx): Fee {
  return tx.decoded.authInfo.fee ?? { amount: [], gasLimit: 0n, payer: "", granter: "" };
}

export function signerInfosOf(tx: AppTx): readonly SignerInfo[] {
  return tx.decoded.authInfo.signerInfos;
}

/** Byte 0 is 00 in the encrypted random alone: it is no protobuf tag (consensus §3.7). */
export function isRandomTransaction(bytes: Uint8Array): boolean {
  return bytes[0] === 0;
}
