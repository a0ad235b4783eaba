/**
 * Work of other modules that the host does for a contract: moving funds and running chain messages.
 *
 * The host's word is taken for the outcome; the next header's app hash exposes a lie.
 * @module
 */
import type { Coin, Event, NativeOutcome } from "@sotto/boundary/messages";
import { OutOfGas } from "../state/gasMeter.ts";
import type { Frame } from "./callTree.ts";
import { ChainFailure } from "./chainFailure.ts";

const NATIVE = "native message";

type NativeResult = { readonly response: Uint8Array; readonly events: readonly Event[] };

function settle(frame: Frame, { result, events, gasUsed }: NativeOutcome): NativeResult {
  frame.meter.noteNative(gasUsed, NATIVE);
  if (result.kind === "outOfGas") throw new OutOfGas(result.value.location);
  if (result.kind === "failed") {
    const { codespace, code, log } = result.value;
    throw new ChainFailure(codespace, code, log);
  }
  return { response: result.value, events };
}

/**
 * Moves coins into a contract before it runs (chain §2.8 steps 5 and 6, §2.9 step 4).
 * @param createAccount the address must be new and becomes an account, also without coins
 * @returns the bank's events
 * @throws {ChainFailure} as the bank module says; {OutOfGas}
 */
export function moveFunds(
  frame: Frame,
  {
    from,
    to,
    coins,
    createAccount,
  }: { from: Uint8Array; to: Uint8Array; coins: readonly Coin[]; createAccount: boolean },
): readonly Event[] {
  const moved = coins.filter(({ amount }) => BigInt(amount) > 0n);
  if (moved.length === 0 && !createAccount) return [];
  frame.tree.state.prepareNativeWork();
  const request = { from, to, coins: moved, createAccount };
  return settle(frame, frame.tree.services.host.call("moveFunds", request)).events;
}

/** Runs a message of another module, signed by a contract. @throws {ChainFailure}; {OutOfGas} */
export function runNativeMessage(
  frame: Frame,
  signer: Uint8Array,
  message: { typeUrl: string; value: Uint8Array },
): NativeResult {
  frame.tree.state.prepareNativeWork();
  const request = { signer, ...message, gasLimit: frame.meter.remaining };
  return settle(frame, frame.tree.services.host.call("runMessage", request));
}
