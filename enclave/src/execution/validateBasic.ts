/**
 * Stateless checks of contract messages (chain §2.3).
 *
 * The host admits no signed message that fails them; messages between contracts are checked here alone.
 * @module
 */
import type { Coin } from "@sotto/boundary/messages";
import { utf8ToBytes } from "@sotto/common/bytes";
import { ComputeCode, computeFailure, SdkCode, sdkFailure } from "./chainFailure.ts";
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
