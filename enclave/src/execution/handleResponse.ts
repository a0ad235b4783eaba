/**
 * What follows a contract's response: its events, then its messages one after the other, each with its whole tree and its reply
 * (chain §2.10, §2.11, contracts §6.3, §6.4).
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import type { ReplyOn, SubMessage } from "../messages/contractMessage.ts";
import type { ContractResponse } from "../messages/contractOutput.ts";
import { OutputEncryption } from "../messages/outputEncryption.ts";
import { recipientOf } from "../messages/secretMessage.ts";
import type { Frame, HandledResponse, Responder, ResultData } from "./callTree.ts";
import { ComputeCode, computeFailure, prefixFailures, SdkCode, sdkFailure } from "./chainFailure.ts";
import { responseEvents } from "./contractEvents.ts";
import { replyTo } from "./replyToContract.ts";
import { runSubMessage } from "./subMessage.ts";

/** Responses may be nested this deep (contracts §4.7), counted from 1 for the message itself. */
const MAX_CALL_DEPTH = 100;
const AFTER_LAST = "Cannot send messages after last tx marker was set";

/** @throws {ChainFailure} without the `dispatch: ` of the caller; {OutOfGas}; {RefusalError} HostMisbehavior */
export function handleResponse(
  frame: Frame,
  ran: Responder & { readonly response: ContractResponse },
): HandledResponse {
  const { contract, secret, replyChain, response } = ran;
  const encryption = new OutputEncryption(frame.tree.services.crypto, secret.txKey);
  const events = responseEvents(contract.address, response, encryption);
  if (frame.depth + 1 > MAX_CALL_DEPTH) throw computeFailure(ComputeCode.MaxCallDepth, "max call depth exceeded");
  let data: ResultData | undefined = response.data && { bytes: response.data, recipient: recipientOf(replyChain) };
  prefixFailures("submessages: ", () => {
    for (const message of response.messages) {
      if (frame.tree.transaction?.finalized) {
        throw sdkFailure(
          SdkCode.AfterLastMessage,
          `Cannot send messages or submessages after last tx marker was set: ${AFTER_LAST}`,
        );
      }
      if (message.message.kind === "finalizeTx") {
        if (frame.tree.transaction !== undefined) frame.tree.transaction.finalized = true;
        break;
      }
      const handled = handleSubMessage(frame, ran, message);
      events.push(...handled.events);
      data = handled.data ?? data;
    }
  });
  return { events, data };
}

const REPLIES_TO_SUCCESS: readonly ReplyOn[] = ["always", "success"];
const REPLIES_TO_FAILURE: readonly ReplyOn[] = ["always", "error"];

/** One message with its reply; `data` only if a reply gave some. */
function handleSubMessage(frame: Frame, responder: Responder, message: SubMessage): HandledResponse {
  const nested = { ...frame, depth: frame.depth + 1 };
  const own = { id: message.id, codeHashText: bytesToHex(responder.contract.codeHash) };
  const waiting = message.replyOn === "never" ? responder.replyChain : [own, ...responder.replyChain];
  const outcome = runSubMessage(nested, { ...responder, replyChain: waiting }, message);
  if (outcome.kind === "failed") {
    if (!REPLIES_TO_FAILURE.includes(message.replyOn)) throw outcome.failure;
    return replyTo(nested, responder, message, outcome);
  }
  if (!REPLIES_TO_SUCCESS.includes(message.replyOn)) return { events: outcome.events, data: undefined };
  const reply = replyTo(nested, responder, message, outcome);
  return { events: [...outcome.events, ...reply.events], data: reply.data };
}
