/**
 * From what a contract returned to the result of its call: a response, or a failure that only the user can read (enclave §3).
 * @module
 */
import { type ContractOutput, type ContractResponse, parseContractOutput } from "../messages/contractOutput.ts";
import { OutputEncryption } from "../messages/outputEncryption.ts";
import type { TxSecret } from "../messages/secretMessage.ts";
import type { CallTree } from "./callTree.ts";
import { type CallKind, callFailure } from "./chainFailure.ts";

/** Who gets the output of a call. */
export type Addressee = {
  readonly secret: TxSecret;
  /** Code hash text of the contract that waits for a reply; empty if none does. */
  readonly recipient: string;
};

/** Of a shape that does not suit the call. */
const UNDETECTED = "cannot detect response type";

/** The call's name in the chain's own refusals (enclave §3.1). */
const REFUSAL_NAMES: Readonly<Record<CallKind, string>> = {
  instantiate: "instantiate",
  execute: "handle",
  query: "query",
  migrate: "migrate",
  reply: "handle",
};

type Reader = Pick<CallTree, "services" | "workBudget">;

function parseFor(
  { services }: Reader,
  kind: CallKind,
  output: Uint8Array,
  to: Addressee,
): Exclude<ContractOutput, { kind: "error" }> {
  const parsed = parseContractOutput(output);
  if (parsed.kind !== "error") return parsed;
  const encrypted = new OutputEncryption(services.crypto, to.secret.txKey).error(parsed.text, to.recipient);
  throw callFailure(kind, `encrypted: ${encrypted}`, parsed.text);
}

/**
 * The response of any call but a query.
 * @throws {EnclaveError} FailedToDeserialize; FailedFunctionCall: see `WorkBudget`; {ChainFailure} what the contract said, encrypted, or a shape that does not suit
 */
export function interpretResponse(
  reader: Reader,
  kind: Exclude<CallKind, "query">,
  output: Uint8Array,
  to: Addressee,
): ContractResponse {
  const parsed = parseFor(reader, kind, output, to);
  if (parsed.kind === "response") {
    reader.workBudget.takeItems(countItems(parsed.response));
    return parsed.response;
  }
  const dumped = parsed.kind === "ibc" && (kind === "execute" || kind === "reply");
  const what = dumped ? UNDETECTED : `${REFUSAL_NAMES[kind]}: ${UNDETECTED} (v0.10 or v1)`;
  throw callFailure(kind, what);
}

function countItems({ messages, attributes, events }: ContractResponse): number {
  let count = messages.length + attributes.length + events.length;
  for (const event of events) count += event.attributes.length;
  return count;
}

/** The base64 text that a query returned. @throws as {@link interpretResponse} */
export function interpretQueryResult(reader: Reader, output: Uint8Array, secret: TxSecret): string {
  const parsed = parseFor(reader, "query", output, { secret, recipient: "" });
  if (parsed.kind !== "query") throw callFailure("query", `query: ${UNDETECTED}`);
  return parsed.text;
}
