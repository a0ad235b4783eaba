/**
 * QuerySecretContract (chain §3.4): a smart query runs in the enclave on the state of one height.
 * @module
 */
import { RefusedError } from "@sotto/boundary/calls";
import { AppError, GrpcCode } from "../../core/appError.ts";
import type { Context } from "../../core/context.ts";
import { computeKeeper } from "./computeKeeper.ts";
import { makeOcalls, type OcallDeps } from "./ocalls.ts";

/** The node's limit for one query, in SDK gas (chain §2.2). */
const QUERY_GAS_LIMIT = 10_000_000n;

/** Refusals that pass by themselves, by the enclave's codes (its RefusalCode.NotFresh, QueryBudget, Behind). */
const NOT_NOW: Readonly<Record<number, GrpcCode>> = {
  62: GrpcCode.Unavailable,
  63: GrpcCode.ResourceExhausted,
  64: GrpcCode.Unavailable,
};

/** @throws {AppError} compute/4 with the contract's encrypted error, compute/9, or a panic when gas runs out */
export function queryContract(deps: OcallDeps, context: Context, contract: Uint8Array, query: Uint8Array): Uint8Array {
  if (computeKeeper.contract(context, contract) === undefined) throw AppError.registered("compute", 9, "contract");
  const { result } = callEnclave(deps, context, contract, query);
  if (result.kind === "ok") return result.value;
  if (result.kind === "outOfGas") throw AppError.panic(`{${result.value.location}}`);
  throw AppError.fromLog(result.value.codespace, result.value.code, result.value.log);
}

function callEnclave(deps: OcallDeps, context: Context, contract: Uint8Array, query: Uint8Array) {
  const { height, timeNs } = context.block;
  const past = context.isPast === true ? { height: BigInt(height), timeNs } : undefined;
  const request = { contract, query, gasLimit: QUERY_GAS_LIMIT, past };
  try {
    return deps.powers.enclave.call("query", request, makeOcalls(deps, context));
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const grpc = NOT_NOW[error.code];
    // A development network alone answers for the past.
    throw grpc === undefined ? AppError.plain(error.message) : AppError.status(grpc, error.message);
  }
}
