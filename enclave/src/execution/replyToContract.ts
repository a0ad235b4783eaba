/**
 * The reply to a contract about a message that it sent (chain §2.11 steps 10 to 14, enclave §7.5, §7.6).
 *
 * Sender and receiver are in the same call tree, so nothing is encrypted on the way between them.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { bytesToBase64, equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import { formatJson } from "@sotto/common/json";
import { isDevelopmentChain } from "../developmentChain.ts";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import type { SubMessage } from "../messages/contractMessage.ts";
import { recipientOf } from "../messages/secretMessage.ts";
import { GasLocation, INSTANCE_COST } from "../state/gasMeter.ts";
import type { Frame, HandledResponse, Responder, ResultData } from "./callTree.ts";
import {
  ChainFailure,
  ChainPanic,
  ComputeCode,
  callFailure,
  computeFailure,
  unregisteredFailure,
} from "./chainFailure.ts";
import { loadContractCode, loadContractKey, openContract } from "./contract.ts";
import { contractEvent } from "./contractEvents.ts";
import { interpretResponse } from "./interpretOutput.ts";
import { runContract } from "./runContract.ts";
import { isWasmMessage, type SubMessageOutcome } from "./subMessage.ts";
import { meteredCall } from "./wasmGas.ts";

/**
 * Runs the reply entry point of the contract that sent `message`, and everything that follows from it.
 * @throws {ChainFailure} the reply failed, or a failure that no contract may see; {OutOfGas}
 */
export function replyTo(
  frame: Frame,
  responder: Responder,
  message: SubMessage,
  outcome: SubMessageOutcome,
): HandledResponse {
  const encrypted = isWasmMessage(message);
  refuseUnanswerable(message, outcome);
  const result = outcome.kind === "ok" ? successFor(encrypted, outcome) : failureFor(frame, encrypted, outcome.failure);
  const input = utf8ToBytes(formatJson({ id: message.id, result }));
  const replyChain = keepsChain(encrypted, outcome) ? responder.replyChain : [];
  return runReply(frame, { ...responder, replyChain }, { input, encrypted });
}

/**
 * Quirk: what contracts say about migrations and changes of admins has no form that a reply could carry (contracts §6.4).
 * @throws {ChainPanic} after a migration that the contract itself answered; {ChainFailure} after a change of admin
 */
function refuseUnanswerable({ message: { kind } }: SubMessage, outcome: SubMessageOutcome): void {
  const answered = outcome.kind === "ok" || outcome.failure.contractError !== undefined;
  if (kind === "wasmMigrate" && answered) throw new ChainPanic("a reply was asked for about a migration");
  if ((kind === "wasmUpdateAdmin" || kind === "wasmClearAdmin") && outcome.kind === "ok") {
    throw unregisteredFailure(UNANSWERED);
  }
}

/**
 * Quirk: the chain of callers is lost in a reply to a message that went to no contract (enclave §7.6), and in one to a v0.10 result
 * (enclave §7.3).
 */
function keepsChain(encrypted: boolean, outcome: SubMessageOutcome): boolean {
  return encrypted && !(outcome.kind === "ok" && outcome.api === "v0.10");
}

type ReplyResult =
  | { readonly ok: { readonly events: readonly Event[]; readonly data: string | null } }
  | { readonly error: string };

function successFor(encrypted: boolean, { events, data }: Extract<SubMessageOutcome, { kind: "ok" }>): ReplyResult {
  if (!encrypted) return { ok: { events: [], data: asJson(data) } };
  if (data?.bytes !== undefined && data.replyChain.length === 0) {
    // Quirk: the receiver's own reply had lost its chain, so its data is addressed to nobody (enclave §7.7).
    throw unregisteredFailure("cannot serialize v1 DataWithInternalReplyInfo into json: invalid character");
  }
  const shown = events.map(({ type, attributes }) => ({
    type,
    attributes: attributes.map(({ key, value }) => ({ key, value })),
  }));
  return { ok: { events: shown, data: asJson(data) } };
}

function asJson(data: ResultData | undefined): string | null {
  return data?.bytes === undefined ? null : bytesToBase64(data.bytes);
}

/**
 * Quirk: the chain knows a contract's own error by how its text begins, so what else begins like it is not redacted, and not
 * answered where an encrypted answer would have to be there (chain §2.11 step 10).
 */
const OWN_ERROR = "encrypted:";
/** Quirk: it is spelled like this. */
const UNANSWERED = "when sending a reply both InternaReplyEnclaveSig and InternalMsgId are expected to be initialized";

/** Only what the receiver itself said reaches a contract, besides redacted failures of other modules (contracts §6.4). */
function failureFor(frame: Frame, encrypted: boolean, failure: ChainFailure): ReplyResult {
  if (failure.contractError !== undefined) return { error: failure.contractError };
  if (failure.message.startsWith(OWN_ERROR)) {
    if (encrypted) throw unregisteredFailure(UNANSWERED);
    return { error: failure.message.replace(/encrypted: |: (?:execute|instantiate|migrate) contract failed/g, "") };
  }
  const text = isDevelopmentChain(frame.tree.services.chainId) ? failure.message : redact(failure);
  if (encrypted) throw unregisteredFailure(`an sdk error occurred while sending a sub-message: ${text}`);
  return { error: text };
}

function redact({ codespace, code }: ChainFailure): string {
  return (
    `the error was redacted (codespace: ${codespace}, code: ${code}). ` +
    "For more info use latest localsecret and reproduce the issue"
  );
}

function runReply(
  frame: Frame,
  responder: Responder,
  { input, encrypted }: { readonly input: Uint8Array; readonly encrypted: boolean },
): HandledResponse {
  const { store, meter, tree } = frame;
  const { services } = tree;
  const { bytes, address } = responder.contract;
  meter.consume(INSTANCE_COST, GasLocation.LoadForReply);
  const code = loadContractCode(store, bytes);
  store.chargeBlockRandom();
  const stored = loadContractKey(store, bytes);
  const ran = meteredCall(meter, "reply", (gas) => {
    const contract = openContract(services, bytes, code, stored);
    const { secret, replyChain } = responder;
    // The contract may have migrated meanwhile; then an encrypted reply is not for the code that runs now (enclave §7.5 step 4).
    if (encrypted && !equalBytes(contract.codeHash, responder.contract.codeHash)) {
      throw new EnclaveError(EnclaveErrorCode.ValidationFailure);
    }
    tree.workBudget.take(input.length);
    const output = runContract(frame, gas, { entry: "reply", contract, message: input, secret });
    const to = { secret, recipient: recipientOf(replyChain) };
    const response = interpretResponse(tree, "reply", output, to);
    // Code that the contract got after it had asked for the reply (contracts §6.4).
    if (response.api !== "v1")
      throw callFailure("reply", "response of reply should always be a CosmWasm v1 response type");
    return { contract, secret, replyChain, response };
  });
  const handled = flattenFailures(() => tree.calls.handleResponse(frame, ran));
  return { events: [contractEvent("reply", address), ...handled.events], data: handled.data };
}

/** Whatever fails after a reply becomes a failure of the reply (contracts §6.4). */
function flattenFailures<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ChainFailure)) throw error;
    throw computeFailure(ComputeCode.ReplyFailed, `${error.message}: reply to contract failed`);
  }
}
