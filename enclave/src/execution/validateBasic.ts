/**
 * Stateless checks of contract messages (chain §2.3).
 *
 * The host admits no signed message that fails them; messages between contracts are checked here alone.
 * @module
 */
import type { Coin } from "@sotto/boundary/messages";
import { ACCOUNT_PREFIX, parseAddress } from "@sotto/common/address";
import { utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { ComputeCode, computeFailure, SdkCode, sdkFailure, unregisteredFailure } from "./chainFailure.ts";
import { areValidCoins } from "./coins.ts";

const MAX_LABEL_LENGTH = 512;

/** @throws {ChainFailure} sdk 10 */
export function validateExecute({ funds }: { readonly funds: readonly Coin[] }): void {
  if (!areValidCoins(funds)) throw sdkFailure(SdkCode.InvalidCoins, "sentFunds: invalid coins");
}

/** Quirk: the text about the label's length names another limit. @throws {ChainFailure} sdk 18, compute 11, compute 12, sdk 10 */
export function validateInstantiate(message: {
  readonly codeId: bigint;
  readonly label: string;
  readonly funds: readonly Coin[];
}): void {
  const { codeId, label, funds } = message;
  if (codeId === 0n) throw sdkFailure(SdkCode.InvalidRequest, "code_id is required: invalid request");
  if (label === "") throw computeFailure(ComputeCode.Empty, "is required: empty");
  if (utf8ToBytes(label).length > MAX_LABEL_LENGTH) {
    throw computeFailure(ComputeCode.ExceedsLimit, "cannot be longer than 128 characters: exceeds limit");
  }
  if (!areValidCoins(funds)) throw sdkFailure(SdkCode.InvalidCoins, "invalid coins");
}

/** Texts of addresses; failures name the field. */
type AdminMessage = { readonly sender: string; readonly contract: string };

/** @throws {ChainFailure} sdk 18, unregistered */
export function validateMigrate(message: AdminMessage & { readonly codeId: bigint }): void {
  if (message.codeId === 0n) throw sdkFailure(SdkCode.InvalidRequest, "code id is required: invalid request");
  validateClearAdmin(message);
}

/** @throws {ChainFailure} unregistered, compute 10 */
export function validateUpdateAdmin(message: AdminMessage & { readonly newAdmin: string }): void {
  validateClearAdmin(message);
  requireAddress("new admin", message.newAdmin);
  if (message.newAdmin.toLowerCase() === message.sender.toLowerCase()) {
    const text = "new admin is the same as the old: invalid CosmosMsg from the contract";
    throw computeFailure(ComputeCode.InvalidMessage, text);
  }
}

/** @throws {ChainFailure} unregistered */
export function validateClearAdmin(message: AdminMessage): void {
  requireAddress("sender", message.sender);
  requireAddress("contract", message.contract);
}

function requireAddress(field: string, text: string): void {
  if (text.trim() === "") throw unregisteredFailure(`${field}: empty address string is not allowed`);
  try {
    parseAddress(text, ACCOUNT_PREFIX);
  } catch (error) {
    if (error instanceof CodedError) throw unregisteredFailure(`${field}: decoding bech32 failed: ${error.message}`);
    throw error;
  }
}
