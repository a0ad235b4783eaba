/**
 * Queries that a running contract makes (contracts §5.7, §6.2): of contracts inside, of other modules through the host.
 * @module
 */
import { LIMITS, type OcallResponse, type StoreWrite } from "@sotto/boundary/messages";
import { base64ToBytes, bytesToBase64, bytesToHex, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import { formatJson } from "@sotto/common/json";
import { EnclaveError, EnclaveErrorCode, RefusalError } from "../enclaveError.ts";
import { EngineError, EngineErrorCode } from "../engine/engineError.ts";
import { ParserFault } from "../messages/parser/parserFault.ts";
import { QueryAnswer } from "../messages/queryAnswer.ts";
import { type ChainRequest, parseQueryRequest, type QueryRequest } from "../messages/queryRequest.ts";
import { receiveNestedMessage, type TxSecret } from "../messages/secretMessage.ts";
import { normalizeStdError } from "../messages/stdError.ts";
import { ComputeStore, contractStatePrefix, isContractEntry } from "../state/computeStore.ts";
import { GasLocation, GasMeter, OutOfGas } from "../state/gasMeter.ts";
import type { CallTree, Frame, OpenedInput } from "./callTree.ts";
import { ChainFailure } from "./chainFailure.ts";
import { addressBytes, addressText, type Contract } from "./contract.ts";
import { GAS_MULTIPLIER } from "./wasmGas.ts";

/** A contract at this depth can query no more (contracts §4.6). */
const MAX_QUERY_DEPTH = 10;
/** S that a request costs that is none. */
const INVALID_REQUEST_GAS = 500n;
/** What looking at one change of the state counts as in the budget, and more than it takes besides its bytes to cross to the host. */
const BYTES_PER_CHANGE = 64;
/** Bytes of changed records that go with one query: they and the request fit into a call. */
const MAX_PENDING = 16_777_216;
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
 * @throws {EnclaveError} OutOfGas; FailedOcall: the chain's side panicked; FailedFunctionCall: see {@link WorkBudget};
 * {EngineError} Unknown; {OutOfGas} of the caller's meter; {RefusalError} HostMisbehavior
 */
export function answerQuery(frame: Frame, asking: Asking, request: Uint8Array, gasLeft: bigint): AnsweredQuery {
  const { workBudget } = frame.tree;
  workBudget.takeQuery(request.length);
  const { answer, gasUsed } = answerText(frame, asking, request, gasLeft);
  workBudget.takeQuery(answer.length);
  return { answer: utf8ToBytes(answer), gasUsed };
}

type TextAnswer = { readonly answer: string; readonly gasUsed: bigint };

function answerText(frame: Frame, asking: Asking, request: Uint8Array, gasLeft: bigint): TextAnswer {
  if (frame.queryDepth >= MAX_QUERY_DEPTH) return { answer: QueryAnswer.tooDeep(), gasUsed: 0n };
  const parsed = parseQueryRequest(request);
  switch (parsed.kind) {
    case "invalid":
      return { answer: QueryAnswer.invalidRequest(parsed.error, request), gasUsed: INVALID_REQUEST_GAS };
    case "unsupported":
      return { answer: QueryAnswer.unsupported(parsed.what), gasUsed: 0n };
    case "chain":
      return askChain(frame, asking, parsed, gasLeft);
    default:
      return inNestedQuery(frame, gasLeft / GAS_MULTIPLIER, (nested) => answerInside(nested, asking.secret, parsed));
  }
}

/** Runs `work` on a meter of its own; what it used is added to the caller's, also if it fails. */
function inNestedQuery(frame: Frame, limit: bigint, work: (nested: Frame) => string): TextAnswer {
  const meter = new GasMeter(limit, { countsNative: true });
  const store = new ComputeStore(frame.tree.state, meter);
  let answer: string | undefined;
  let failure: unknown;
  try {
    answer = work({ ...frame, meter, store, queryDepth: frame.queryDepth + 1 });
  } catch (error) {
    if (error instanceof RefusalError) throw error;
    failure = error instanceof OutOfGas ? new EnclaveError(EnclaveErrorCode.OutOfGas) : error;
  }
  frame.meter.consume(meter.own, GasLocation.NestedQuery);
  frame.meter.noteNative(meter.native, GasLocation.NestedQuery);
  if (answer === undefined) throw failure;
  return { answer, gasUsed: meter.consumed };
}

type InsideRequest = Extract<QueryRequest, { kind: "smart" | "raw" | "contractInfo" }>;

function answerInside(frame: Frame, secret: TxSecret, request: InsideRequest): string {
  try {
    const contract = addressBytes(request.contract);
    if (request.kind === "contractInfo") return answerContractInfo(frame, contract, request.contract);
    if (request.kind === "raw") return answerRaw(frame, contract, request.key);
    const { answer } = frame.tree.calls.query(frame, { contract, open: () => openNested(secret, request) });
    return QueryAnswer.ok(decodeAnswer(answer));
  } catch (error) {
    if (!(error instanceof ChainFailure)) throw error;
    return error.contractError === undefined
      ? QueryAnswer.genericError(error.message)
      : describeContractError(utf8ToBytes(error.contractError));
  }
}

/** The input as it would arrive encrypted; the hash need not have the length of one (contracts §2.7). @throws {EnclaveError} */
function openNested(secret: TxSecret, { codeHash, message }: Extract<QueryRequest, { kind: "smart" }>): OpenedInput {
  return { secret, input: receiveNestedMessage({ codeHashText: codeHash, replyChain: [], message }) };
}

/** Quirk: a v1 error is plain text where the protocol expects an error object (enclave §11.1). */
function describeContractError(text: Uint8Array): string {
  try {
    return QueryAnswer.error(normalizeStdError(text));
  } catch (error) {
    if (error instanceof ParserFault) return QueryAnswer.invalidResponse(error.message, text);
    throw error;
  }
}

function answerContractInfo({ store }: Frame, contract: Uint8Array, asked: string): string {
  const info = store.contractInfo(contract);
  if (info === undefined) return QueryAnswer.genericError(`${asked}: invalid address`);
  const port = info.ibcPortId === "" ? {} : { ibc_port: info.ibcPortId };
  const body = { code_id: info.codeId, creator: addressText(info.creator), pinned: false, ...port };
  return QueryAnswer.ok(utf8ToBytes(formatJson(body)));
}

/** An entry of a contract's encrypted store, by the key that is in the store. */
function answerRaw({ store }: Frame, contract: Uint8Array, key: Uint8Array): string {
  const fullKey = concatBytes(contractStatePrefix(contract), key);
  const value = key.length === 0 || fullKey.length > LIMITS.stateKey ? undefined : store.get(fullKey);
  const found = value === undefined ? [] : [{ Key: bytesToHex(key).toUpperCase(), Value: bytesToBase64(value) }];
  return QueryAnswer.ok(utf8ToBytes(formatJson(found)));
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

/** Queries of other modules. Those that are not limited run on the caller's own meter (contracts §4.6). */
function askChain({ tree, meter }: Frame, { contract }: Asking, request: ChainRequest, gasLeft: bigint): TextAnswer {
  const { result, gasUsed } = tree.services.host.call("chainQuery", {
    contract: contract.bytes,
    request: request.json,
    gasLimit: request.limited ? gasLeft / GAS_MULTIPLIER : meter.remaining,
    pending: request.needsRecords ? pendingRecords(tree) : [],
  });
  meter.noteNative(gasUsed, GasLocation.NestedQuery);
  if (result.kind === "outOfGas") {
    throw request.limited ? new EnclaveError(EnclaveErrorCode.OutOfGas) : new OutOfGas(result.value.location);
  }
  if (result.kind === "panicked") throw new EnclaveError(EnclaveErrorCode.FailedOcall);
  return { answer: formatChainAnswer(result), gasUsed };
}

/**
 * Records of contracts that this message has made or changed so far. To look for them costs the contract nothing.
 * @throws {EnclaveError} FailedFunctionCall for more than can cross to the host: that would stop the chain
 */
function pendingRecords({ state, workBudget }: CallTree): StoreWrite[] {
  const changes = state.visibleChanges();
  const records = changes.filter(({ key }) => !isContractEntry(key));
  const lengths = records.map(({ key, value }) => key.length + (value?.length ?? 0));
  const size = lengths.reduce((sum, length) => sum + length, BYTES_PER_CHANGE * changes.length);
  workBudget.take(size);
  if (size > MAX_PENDING) throw new EnclaveError(EnclaveErrorCode.FailedFunctionCall);
  return records;
}

type ChainAnswer = Exclude<OcallResponse<"chainQuery">["result"], { kind: "outOfGas" | "panicked" }>;

function formatChainAnswer(result: ChainAnswer): string {
  switch (result.kind) {
    case "ok":
      return result.value.length === 0
        ? QueryAnswer.invalidResponse(EMPTY_ANSWER.error, EMPTY_ANSWER.response)
        : QueryAnswer.ok(result.value);
    case "failed":
      return QueryAnswer.genericError(result.value.log);
    case "unsupported":
      return QueryAnswer.unsupported(result.value.what);
  }
}
