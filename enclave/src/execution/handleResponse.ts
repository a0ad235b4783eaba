/**
 * What follows a contract's response: its events, then its messages one after the other, each with its whole tree and its reply
 * (chain §2.10, §2.11, contracts §6.3, §6.4).
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import type { ContractMessage, ReplyOn, SubMessage } from "../messages/contractMessage.ts";
import type { ContractResponse } from "../messages/contractOutput.ts";
import { OutputEncryption } from "../messages/outputEncryption.ts";
import type { ReplyChain } from "../messages/secretMessage.ts";
import type { Answered, Frame, HandledResponse, ResultData } from "./callTree.ts";
import {
  ComputeCode,
  computeFailure,
  prefixFailures,
  SdkCode,
  sdkFailure,
  unregisteredFailure,
} from "./chainFailure.ts";
import type { Contract } from "./contract.ts";
import { responseEvents } from "./contractEvents.ts";
import { replyTo } from "./replyToContract.ts";
import { runSubMessage } from "./subMessage.ts";

/** Responses may be nested this deep (contracts §4.7), counted from 1 for the message itself. */
const MAX_CALL_DEPTH = 100;
const AFTER_LAST = "Cannot send messages after last tx marker was set";

/**
 * What follows the response of an instantiate, execute or migrate.
 * @throws as {@link handleResponse}, with `dispatch: ` in front
 */
export function dispatchResponse(frame: Frame, ran: Answered): HandledResponse {
  if (ran.response.api === "v0.10") refuseInconvertible(ran.contract, ran.response);
  return prefixFailures("dispatch: ", () => handleResponse(frame, ran));
}

/** Kinds of messages to contracts that a v0.10 contract can write, but not send. */
const INCONVERTIBLE: readonly ContractMessage["kind"][] = ["wasmMigrate", "wasmUpdateAdmin", "wasmClearAdmin"];

/** The chain turns v0.10 messages into v1 ones before it runs the first, so one bad message refuses them all (contracts §5.4). */
function refuseInconvertible(contract: Contract, { messages }: ContractResponse): void {
  prefixFailures("couldn't convert v0.10 messages to v1 messages: ", () => {
    for (const { message } of messages) {
      if (message.kind === "bankSend" && message.from !== contract.address) {
        const text = "contract doesn't have permission to send funds from another account (using BankMsg)";
        throw unregisteredFailure(text);
      }
      if (INCONVERTIBLE.includes(message.kind)) {
        throw unregisteredFailure(`exactly one message type is supported: ${message.kind}`);
      }
    }
  });
}

/** @throws {ChainFailure} without the `dispatch: ` of the caller; {OutOfGas}; {RefusalError} HostMisbehavior */
export function handleResponse(frame: Frame, ran: Answered): HandledResponse {
  const { contract, secret, response } = ran;
  const encryption = new OutputEncryption(frame.tree.services.crypto, secret.txKey);
  const events = responseEvents(contract.address, response, encryption);
  if (frame.depth + 1 > MAX_CALL_DEPTH) throw computeFailure(ComputeCode.MaxCallDepth, "max call depth exceeded");
  let data = dataOf(ran);
  prefixFailures("submessages: ", () => {
    for (const message of response.messages) {
      const { transaction } = frame.tree;
      if (transaction?.finalized) {
        throw sdkFailure(
          SdkCode.AfterLastMessage,
          `Cannot send messages or submessages after last tx marker was set: ${AFTER_LAST}`,
        );
      }
      if (message.message.kind === "finalizeTx") {
        if (transaction !== undefined) transaction.finalized = true;
        break;
      }
      const handled = handleSubMessage(frame, ran, message);
      for (const event of handled.events) events.push(event);
      if (handled.data?.bytes !== undefined) data = handled.data;
    }
  });
  return { events, data };
}

const REPLIES_TO_SUCCESS: readonly ReplyOn[] = ["always", "success"];
const REPLIES_TO_FAILURE: readonly ReplyOn[] = ["always", "error"];

/** Quirk: what a v0.10 contract returned is addressed to its caller alone, not to those who wait for that one (enclave §7.3). */
function dataOf({ replyChain, response }: Answered): ResultData {
  return { bytes: response.data, replyChain: response.api === "v0.10" ? replyChain.slice(0, 1) : replyChain };
}

/** One message with its reply, and what the reply returned. */
function handleSubMessage(
  frame: Frame,
  ran: Answered,
  message: SubMessage,
): Pick<HandledResponse, "events"> & Partial<HandledResponse> {
  const { replyOn } = message;
  const nested = { ...frame, depth: frame.depth + 1 };
  const outcome = runSubMessage(nested, { ...ran, replyChain: waitingFor(ran, message) }, message);
  if (outcome.kind === "failed") {
    if (!REPLIES_TO_FAILURE.includes(replyOn)) throw outcome.failure;
    return replyTo(nested, ran, message, outcome);
  }
  if (!REPLIES_TO_SUCCESS.includes(replyOn)) return { events: outcome.events };
  const reply = replyTo(nested, ran, message, outcome);
  return { events: outcome.events.concat(reply.events), data: reply.data };
}

/** The contracts that the receiver of a message answers to, nearest first (enclave §7.1). */
function waitingFor({ contract, replyChain, response }: Answered, { id, replyOn }: SubMessage): ReplyChain {
  // Quirk: what a v0.10 contract sends does not say who waits for it (enclave §7.2).
  if (response.api === "v0.10") return [];
  return replyOn === "never" ? replyChain : [{ id, codeHashText: bytesToHex(contract.codeHash) }, ...replyChain];
}
