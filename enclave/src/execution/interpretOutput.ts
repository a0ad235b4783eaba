/**
 * From what a contract returned to the result of its call: a response, or a failure that only the user can read (enclave §3).
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import { type ContractOutput, type ContractResponse, parseContractOutput } from "../messages/contractOutput.ts";
import { OutputEncryption } from "../messages/outputEncryption.ts";
import type { TxSecret } from "../messages/secretMessage.ts";
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

function parseFor(
  crypto: Crypto,
  kind: CallKind,
  output: Uint8Array,
  to: Addressee,
): Exclude<ContractOutput, { kind: "error" }> {
  const parsed = parseContractOutput(output);
  if (parsed.kind !== "error") return parsed;
  const encrypted = new OutputEncryption(crypto, to.secret.txKey).error(parsed.text, to.recipient);
  throw callFailure(kind, `encrypted: ${encrypted}`, parsed.text);
}

/**
 * The response of any call but a query.
 * @throws {EnclaveError} FailedToDeserialize; {ChainFailure} what the contract said, encrypted, or a shape that does not suit
 */
export function interpretResponse(
  crypto: Crypto,
  kind: Exclude<CallKind, "query">,
  output: Uint8Array,
  to: Addressee,
): ContractResponse {
  const parsed = parseFor(crypto, kind, output, to);
  if (parsed.kind === "response") return parsed.response;
  const dumped = parsed.kind === "ibc" && (kind === "execute" || kind === "reply");
  const what = dumped ? UNDETECTED : `${REFUSAL_NAMES[kind]}: ${UNDETECTED} (v0.10 or v1)`;
  throw callFailure(kind, what);
}

/** The base64 text that a query returned. @throws as {@link interpretResponse} */
export function interpretQueryResult(crypto: Crypto, output: Uint8Array, secret: TxSecret): string {
  const parsed = parseFor(crypto, "query", output, { secret, recipient: "" });
  if (parsed.kind !== "query") throw callFailure("query", `query: ${UNDETECTED}`);
  return parsed.text;
}
