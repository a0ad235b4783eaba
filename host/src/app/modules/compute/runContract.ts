/**
 * One message that runs in the enclave: the host hands over positions, answers ocalls and applies what comes back.
 *
 * Sender, funds, message and gas limit are the enclave's own (boundary `execMessage`).
 * @module
 */
import type { Signer } from "@sotto/boundary/messages";
import { AppError } from "../../core/appError.ts";
import { type Context, makeContext, type TxInfo } from "../../core/context.ts";
import { OutOfGas } from "../../core/gas.ts";
import { COMPUTE_STORE } from "./keys.ts";
import { makeOcalls, type OcallDeps } from "./ocalls.ts";

/** A message of a transaction that entered the enclave with its block; undefined in simulations and for contracts. */
function positionOf(context: Context): { readonly tx: TxInfo; readonly messageIndex: number } | undefined {
  const { tx, messageIndex, mode, isForContract } = context;
  if (mode !== "deliver" || isForContract === true || tx === undefined || messageIndex === undefined) return undefined;
  return { tx, messageIndex };
}

function describeSigners(deps: OcallDeps, context: Context, tx: TxInfo): Signer[] {
  // What the enclave needs for its own check is not the transaction's to pay.
  const unmetered = makeContext(context.block, context.mode, context.state);
  return tx.signers.map((signer) => ({
    accountNumber: deps.auth.account(unmetered, signer)?.accountNumber ?? 0n,
    signBytes: undefined,
  }));
}

/**
 * @param failureCode the code of `compute` that a failure of this kind of message has
 * @param signedDirectly sender of a message that carries no callback signature: its account record is read (contracts §4.5)
 * @returns the response message
 * @throws {AppError, OutOfGas}
 */
export function runContract(
  deps: OcallDeps,
  context: Context,
  { failureCode, signedDirectly }: { readonly failureCode: number; readonly signedDirectly?: Uint8Array | undefined },
): Uint8Array {
  const position = positionOf(context);
  if (position === undefined) {
    // As the reference does: the enclave runs only what is in the block that it verified (clients §1.2 item 4).
    throw AppError.registered("compute", failureCode, "Execution error: Enclave: failed to validate transaction");
  }
  const { tx, messageIndex } = position;
  if (signedDirectly !== undefined) deps.auth.account(context, signedDirectly);
  const answer = deps.powers.enclave.call(
    "execMessage",
    { transaction: tx.position, message: messageIndex, signers: describeSigners(deps, context, tx) },
    makeOcalls(deps, context),
  );
  context.gas.consume(answer.gasUsed, "wasm contract");
  const { result } = answer;
  if (result.kind === "outOfGas") throw new OutOfGas(result.value.location);
  if (result.kind === "failed") {
    const { codespace, code, log } = result.value;
    throw AppError.fromLog(codespace, code, log);
  }
  for (const { key, value } of answer.writes) {
    if (value === undefined) context.state.delete(COMPUTE_STORE, key);
    else context.state.set(COMPUTE_STORE, key, value);
  }
  context.events.push(...answer.events);
  return result.value;
}
