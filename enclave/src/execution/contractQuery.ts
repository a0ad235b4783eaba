/**
 * Queries that a running contract makes (contracts §5.7, §6.2): of contracts inside, of other modules through the host.
 * @module
 */
import type { OcallResponse } from "@sotto/boundary/messages";
import { base64ToBytes, bytesToBase64, utf8ToBytes } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import { formatJson } from "@sotto/common/json";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { EngineError, EngineErrorCode } from "../engine/engineError.ts";
import { parseQueryRequest, QueryAnswer, type QueryRequest } from "../messages/queryRequest.ts";
import type { TxSecret } from "../messages/secretMessage.ts";
import { ComputeStore } from "../state/computeStore.ts";
import { GasLocation, GasMeter, OutOfGas } from "../state/gasMeter.ts";
import type { Frame } from "./callTree.ts";
import { ChainFailure } from "./chainFailure.ts";
import { addressBytes, addressText, type Contract } from "./contract.ts";
import { GAS_MULTIPLIER } from "./wasmGas.ts";

/** A contract at this depth can query no more (contracts §4.6). */
const MAX_QUERY_DEPTH = 10;
/** S that a request costs that is none. */
const INVALID_REQUEST_GAS = 500n;
/** What the chain's own answer of no bytes turns into (contracts §5.7). */
const EMPTY_ANSWER = {
  error: "Parsing Go response: expected value at line 1 column 8",
  response: utf8ToBytes('{"Ok":{}}'),
};

export type AnsweredQuery = {
  /** The envelope. */
  readonly answer: Uint8Array;
  /** S spent on the chain's side. */
  readonly gasUsed: bigint;
};

/** Who asks, and under which secret its call tree runs. */
export type Asking = { readonly contract: Contract; readonly secret: TxSecret };

/**
 * Answers `request` for a contract.
 * @param gasLeft W that the caller has left
 * @throws {EnclaveError} OutOfGas; {OutOfGas} of the caller's meter; {RefusalError} HostMisbehavior
 */
export function answerQuery(frame: Frame, asking: Asking, request: Uint8Array, gasLeft: bigint): AnsweredQuery {
  if (frame.queryDepth >= MAX_QUERY_DEPTH) return { answer: utf8ToBytes(QueryAnswer.tooDeep()), gasUsed: 0n };
  const parsed = parseQueryRequest(request);
  if (parsed.kind === "invalid") {
    return { answer: utf8ToBytes(QueryAnswer.invalidRequest(parsed.error, request)), gasUsed: INVALID_REQUEST_GAS };
  }
  if (parsed.kind === "custom") return { answer: utf8ToBytes(QueryAnswer.unsupported("custom")), gasUsed: 0n };
  if (parsed.kind === "chain")
    return askChain(frame, asking, request, parsed.limited ? gasLeft / GAS_MULTIPLIER : undefined);
  return inNestedQuery(frame, gasLeft / GAS_MULTIPLIER, (nested) => answerInside(nested, asking.secret, parsed));
}

type InsideRequest = Extract<QueryRequest, { kind: "smart" | "contractInfo" }>;

/** Runs `work` on a meter of its own; what it used is added to the caller's, also if it fails. */
function inNestedQuery(frame: Frame, limit: bigint, work: (nested: Frame) => string): AnsweredQuery {
  const meter = new GasMeter(limit, { countsNative: true });
  const store = new ComputeStore(frame.tree.state, meter);
  let answer: string | undefined;
  try {
    answer = work({ ...frame, meter, store, queryDepth: frame.queryDepth + 1 });
  } catch (error) {
    if (!(error instanceof OutOfGas)) throw error;
  }
  frame.meter.consume(meter.own, GasLocation.NestedQuery);
  frame.meter.noteNative(meter.native, GasLocation.NestedQuery);
  if (answer === undefined) throw new EnclaveError(EnclaveErrorCode.OutOfGas);
  return { answer: utf8ToBytes(answer), gasUsed: meter.consumed };
}

function answerInside(frame: Frame, secret: TxSecret, request: InsideRequest): string {
  try {
    const contract = addressBytes(request.contract);
    if (request.kind === "contractInfo") return answerContractInfo(frame, contract, request.contract);
    const { codeHash: codeHashText, message } = request;
    const open = () => ({ secret, input: { codeHashText, replyChain: [], message } });
    const { answer } = frame.tree.calls.query(frame, { contract, open });
    return QueryAnswer.ok(bytesToBase64(decodeAnswer(answer)));
  } catch (error) {
    if (!(error instanceof ChainFailure)) throw error;
    if (error.contractError === undefined) return QueryAnswer.genericError(error.message);
    // Quirk: a v1 error is plain text where the protocol expects an error object (enclave §11.1).
    return QueryAnswer.invalidResponse(jsonFault(error.contractError), utf8ToBytes(error.contractError));
  }
}

function answerContractInfo({ store }: Frame, contract: Uint8Array, asked: string): string {
  const info = store.contractInfo(contract);
  if (info === undefined) return QueryAnswer.genericError(`${asked}: invalid address`);
  const port = info.ibcPortId === "" ? {} : { ibc_port: info.ibcPortId };
  const body = { code_id: info.codeId, creator: addressText(info.creator), pinned: false, ...port };
  return QueryAnswer.ok(bytesToBase64(utf8ToBytes(formatJson(body))));
}

/** @throws {EngineError} Unknown, which traps the caller (enclave §11.1) */
function decodeAnswer(text: string): Uint8Array {
  try {
    return base64ToBytes(text);
  } catch (error) {
    if (error instanceof InputError) throw new EngineError(EngineErrorCode.Unknown);
    throw error;
  }
}

/** What the reference's JSON parser says of a text that is no error object; exact for texts that begin with a letter. */
function jsonFault(text: string): string {
  const first = text.trimStart().charAt(0);
  const looksLikeWord = first === "t" || first === "f" || first === "n";
  return text === ""
    ? "EOF while parsing a value at line 1 column 0"
    : looksLikeWord
      ? "expected ident at line 1 column 2"
      : "expected value at line 1 column 1";
}

/** @param limit S; undefined for kinds that run on the caller's own meter */
function askChain(frame: Frame, { contract }: Asking, request: Uint8Array, limit: bigint | undefined): AnsweredQuery {
  const { host } = frame.tree.services;
  const gasLimit = limit ?? frame.meter.remaining;
  const { result, gasUsed } = host.call("chainQuery", { contract: contract.bytes, request, gasLimit });
  frame.meter.noteNative(gasUsed, GasLocation.NestedQuery);
  if (result.kind === "outOfGas") {
    throw limit === undefined ? new OutOfGas(result.value.location) : new EnclaveError(EnclaveErrorCode.OutOfGas);
  }
  return { answer: utf8ToBytes(formatChainAnswer(result)), gasUsed };
}

type ChainAnswer = Exclude<OcallResponse<"chainQuery">["result"], { kind: "outOfGas" }>;

function formatChainAnswer(result: ChainAnswer): string {
  switch (result.kind) {
    case "ok":
      return result.value.length === 0
        ? QueryAnswer.invalidResponse(EMPTY_ANSWER.error, EMPTY_ANSWER.response)
        : QueryAnswer.ok(bytesToBase64(result.value));
    case "failed":
      return QueryAnswer.genericError(result.value.log);
    case "unsupported":
      return QueryAnswer.unsupported(result.value.what);
  }
}
