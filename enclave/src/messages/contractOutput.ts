/**
 * What a contract returned, told apart by its shape (enclave §3.1, contracts §5.2).
 * @module
 */
import { CodedError } from "@sotto/common/errors";
import { formatJsonSorted, type JsonObject, type JsonValue, parseJson } from "@sotto/common/json";
import type { ContractApi } from "../engine/engine.ts";
import type { SubMessage } from "./contractMessage.ts";
import { asBoolean, asBytes, asList, asObject, asOptional, asText, misfit } from "./jsonShape.ts";
import { parseSubMessage, parseV010Message } from "./parseContractMessage.ts";

export type ContractAttribute = { readonly key: string; readonly value: string; readonly encrypted: boolean };
export type ContractEvent = { readonly type: string; readonly attributes: readonly ContractAttribute[] };

/** Result of any call but a query. */
export type ContractResponse = {
  /** By the shape of the output, which decides from here on (contracts §5.2). */
  readonly api: ContractApi;
  readonly messages: readonly SubMessage[];
  readonly attributes: readonly ContractAttribute[];
  readonly events: readonly ContractEvent[];
  /** Empty is not absent. */
  readonly data: Uint8Array | undefined;
};

export type ContractOutput =
  /** The text that clients see once it is decrypted. */
  | { readonly kind: "error"; readonly text: string }
  /** Base64, as the contract gave it. */
  | { readonly kind: "query"; readonly text: string }
  | { readonly kind: "response"; readonly response: ContractResponse }
  /** Packet receive and channel open results. */
  | { readonly kind: "ibc" };

/** @throws {EnclaveError} FailedToDeserialize: none of the shapes */
export function parseContractOutput(output: Uint8Array): ContractOutput {
  const top = asObject(parse(output));
  const failure = top.get("Err");
  if (failure !== undefined) return { kind: "error", text: trimQuotes(formatJsonSorted(failure)) };
  const ok = top.get("Ok");
  if (typeof ok === "string") return { kind: "query", text: ok };
  const lowerOk = top.get("ok");
  if (typeof lowerOk === "string") return { kind: "query", text: lowerOk };
  if (ok instanceof Map) return parseResult(ok);
  // Quirk: any object without `Ok` passes for a channel open result (enclave §3.1).
  if (ok === null || ok === undefined) return { kind: "ibc" };
  throw misfit();
}

function parseResult(fields: JsonObject): ContractOutput {
  if (hasExactly(fields, ["messages", "log"], "data")) return { kind: "response", response: parseV010Response(fields) };
  if (hasExactly(fields, ["messages", "attributes", "events"], "data")) {
    return { kind: "response", response: parseResponse(fields) };
  }
  if (hasExactly(fields, ["messages", "attributes", "events", "acknowledgement"])) {
    parseResponse(fields);
    asBytes(fields.get("acknowledgement"));
    return { kind: "ibc" };
  }
  if (typeof fields.get("version") === "string") return { kind: "ibc" };
  throw misfit();
}

function parse(output: Uint8Array): JsonValue {
  try {
    return parseJson(output);
  } catch (error) {
    if (error instanceof CodedError) throw misfit();
    throw error;
  }
}

/** True if the members are these, with `optional` allowed beside them. */
function hasExactly(object: JsonObject, members: readonly string[], optional?: string): boolean {
  const others = object.size - (optional !== undefined && object.has(optional) ? 1 : 0);
  return others === members.length && members.every((member) => object.has(member));
}

function parseV010Response(fields: JsonObject): ContractResponse {
  return {
    api: "v0.10",
    messages: asList(fields.get("messages"), parseV010Message),
    attributes: asList(fields.get("log"), parseAttribute),
    events: [],
    data: asOptional(fields.get("data"), asBytes),
  };
}

function parseResponse(fields: JsonObject): ContractResponse {
  return {
    api: "v1",
    messages: asList(fields.get("messages"), parseSubMessage),
    attributes: asList(fields.get("attributes"), parseAttribute),
    events: asList(fields.get("events"), parseEvent),
    data: asOptional(fields.get("data"), asBytes),
  };
}

function parseAttribute(value: JsonValue): ContractAttribute {
  const fields = asObject(value);
  const flag = fields.get("encrypted");
  return {
    key: asText(fields.get("key")),
    value: asText(fields.get("value")),
    encrypted: flag === undefined ? true : asBoolean(flag),
  };
}

function parseEvent(value: JsonValue): ContractEvent {
  const fields = asObject(value);
  return { type: asText(fields.get("type")), attributes: asList(fields.get("attributes"), parseAttribute) };
}

/**
 * Quirk: all double quotes at both ends go, so a message that ends in a quote keeps the backslash in front of it (enclave §3.2).
 */
function trimQuotes(text: string): string {
  return text.replace(/^"+/, "").replace(/"+$/, "");
}
