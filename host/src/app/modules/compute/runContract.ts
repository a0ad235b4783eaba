/**
 * One message that runs in the enclave: the host hands over positions, answers ocalls and applies what comes back.
 *
 * Sender, funds, message and gas limit are the enclave's own (boundary `execMessage`).
 * @module
 */
import { RefusedError } from "@sotto/boundary/calls";
import { LIMITS, type MessageOutcome, type Signer } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import { AppError } from "../../core/appError.ts";
import { type Context, makeContext, type SimulatedTx, type TxInfo } from "../../core/context.ts";
import { OutOfGas } from "../../core/gas.ts";
import { makeOcalls, type OcallDeps } from "./ocalls.ts";

/** The enclave's word for "not on this network" (its RefusalCode.SimulationNotAllowed). */
const SIMULATION_NOT_ALLOWED = 61;

/** @param sender whose signature the enclave will check; none, if an enclave sent the message */
function describeSigners(deps: OcallDeps, context: Context, tx: TxInfo, sender: Uint8Array | undefined): Signer[] {
  // What the enclave needs for its own check is not the transaction's to pay.
  const unmetered = makeContext(context.block, context.mode, context.state);
  return tx.signers.map((signer, index) => {
    const accountNumber = deps.auth.account(unmetered, signer)?.accountNumber ?? 0n;
    const isSender = sender !== undefined && equalBytes(signer, sender);
    return { accountNumber, signBytes: isSender ? signDocument(tx, index, accountNumber) : undefined };
  });
}

/** A document too long for the boundary is as good as none: the enclave refuses the message, as on every other node. */
function signDocument(tx: TxInfo, index: number, accountNumber: bigint): Uint8Array | undefined {
  const document = tx.takeSignDocument(index, accountNumber);
  return document !== undefined && document.length <= LIMITS.transactions ? document : undefined;
}

/** The kind of message that the enclave is to run. */
export type ContractCall = {
  /** The code of `compute` that its failure has; changes of an admin have none (enclave §12.2). */
  readonly failureCode: number | undefined;
  /** Sender of a message that carries no callback signature: its account record is read (contracts §4.5). */
  readonly signedDirectly?: Uint8Array | undefined;
  /** Where the gas runs out if it does so on the host's meter. */
  readonly gasLocation?: string;
};

/**
 * @returns the response message
 * @throws {AppError, OutOfGas}
 */
export function runContract(deps: OcallDeps, context: Context, call: ContractCall): Uint8Array {
  const answer = askEnclave(deps, context, call);
  const { result } = answer;
  context.gas.consume(
    answer.gasUsed,
    result.kind === "outOfGas" ? result.value.location : (call.gasLocation ?? "wasm contract"),
  );
  if (result.kind === "outOfGas") throw new OutOfGas(result.value.location);
  if (result.kind === "failed") {
    const { codespace, code, log } = result.value;
    throw AppError.fromLog(codespace, code, log);
  }
  for (const { store, key, value } of answer.writes) {
    if (value === undefined) context.state.delete(store, key);
    else context.state.set(store, key, value);
  }
  for (const event of answer.events) context.events.push(event);
  if (answer.finalized && context.lastMessage !== undefined) context.lastMessage.declared = true;
  return result.value;
}

/**
 * The enclave runs messages that a transaction itself carries, and none that a contract sends past it.
 * @throws {AppError}
 */
function askEnclave(deps: OcallDeps, context: Context, call: ContractCall): MessageOutcome {
  const { tx, simulated, messageIndex: message, isForContract } = context;
  if (message === undefined || isForContract === true) throw notInBlock(call);
  if (call.signedDirectly !== undefined) deps.auth.account(context, call.signedDirectly);
  if (simulated !== undefined) return simulate(deps, context, { call, simulated, message });
  if (tx === undefined) throw notInBlock(call);
  const signers = describeSigners(deps, context, tx, call.signedDirectly);
  const request = { transaction: tx.position, message, signers };
  return deps.powers.enclave.call("execMessage", request, makeOcalls(deps, context));
}

/** As the reference does: the enclave runs only what is in the block that it verified (clients §1.2 item 4). */
function notInBlock({ failureCode }: ContractCall): AppError {
  const text = "Execution error: Enclave: failed to validate transaction";
  return failureCode === undefined ? AppError.plain(text) : AppError.registered("compute", failureCode, text);
}

type SimulatedMessage = { readonly call: ContractCall; readonly simulated: SimulatedTx; readonly message: number };

function simulate(deps: OcallDeps, context: Context, { call, simulated, message }: SimulatedMessage): MessageOutcome {
  const { bytes: transaction, gasUsed } = simulated;
  try {
    const request = { transaction, message, gasUsed };
    const outcome = deps.powers.enclave.call("simulateMessage", request, makeOcalls(deps, context));
    simulated.gasUsed += outcome.gasUsed;
    return outcome;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    // No block depends on it, so whatever else the enclave refused is an answer too.
    throw error.code === SIMULATION_NOT_ALLOWED ? notInBlock(call) : AppError.plain(error.message);
  }
}
