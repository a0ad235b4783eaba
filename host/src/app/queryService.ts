/**
 * Queries on committed state (chain §3, §3.6): any thread with a reader of its own and an enclave can answer them.
 * @module
 */

import { EMPTY_BYTES } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import type { QueryRequest, QueryResponse } from "../abci/application.ts";
import type { StateStore, StateView } from "../store/store.ts";
import { AppError, GrpcCode, sdkError } from "./core/appError.ts";
import { Branch } from "./core/branch.ts";
import { type Context, makeContext } from "./core/context.ts";
import { OutOfGas } from "./core/gas.ts";
import type { QueryRoute } from "./core/queryRouter.ts";
import { withCodeTable } from "./core/stateTables.ts";
import type { Modules } from "./modules/modules.ts";

export type QueryDeps = {
  readonly chainId: string;
  readonly modules: Modules;
  readonly store: Pick<StateStore, "latestHeight" | "latest" | "at" | "getTable">;
  /** Block time of a committed height; undefined if it is not known (any more). */
  readonly blockTimeNs: (height: number) => bigint | undefined;
};

function failed(error: AppError, height: number): QueryResponse {
  return { ...error.abciQuery, grpc: error.grpc, key: EMPTY_BYTES, value: EMPTY_BYTES, height };
}

function asQueryError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof OutOfGas) return AppError.panic(`{${error.location}}`);
  if (error instanceof CodedError) return AppError.plain(error.message);
  throw error;
}

/** @param request `height` 0 is the latest */
export function answerQuery(deps: QueryDeps, request: QueryRequest): QueryResponse {
  try {
    const found = deps.modules.queries.find(request.path);
    if (found === undefined) throw AppError.status(GrpcCode.Unimplemented, "Not Implemented");
    return answerAt(deps, found, request);
  } catch (error) {
    return failed(asQueryError(error), request.height);
  }
}

function answerAt(deps: QueryDeps, found: QueryRoute, { data, height }: QueryRequest): QueryResponse {
  const view = openView(deps, height);
  try {
    const value = found.answer(contextOf(deps, view), data);
    const grpc = { code: GrpcCode.Ok, message: "" };
    return { code: 0, codespace: "", log: "", grpc, key: EMPTY_BYTES, value, height: view.height };
  } catch (error) {
    return failed(asQueryError(error), view.height);
  } finally {
    view.release();
  }
}

/** @throws {AppError} sdk/26, sdk/18 */
function openView({ store }: QueryDeps, height: number): StateView {
  if (store.latestHeight === 0) throw sdkError(26, "secret is not ready; please wait for first block");
  if (height < 0) throw sdkError(18, "cannot query with height < 0; please provide a valid height");
  if (height > store.latestHeight) {
    throw sdkError(26, "cannot query with height in the future; please provide a valid height");
  }
  if (height === 0 || height === store.latestHeight) return store.latest();
  try {
    return store.at(height);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw sdkError(18, `failed to load state at height ${height}; the state is pruned`);
  }
}

function contextOf(deps: QueryDeps, view: StateView): Context {
  const { chainId, store } = deps;
  const block = { chainId, height: view.height, timeNs: deps.blockTimeNs(view.height) ?? 0n };
  const context = makeContext(block, "query", new Branch(withCodeTable(view, store)));
  return { ...context, isPast: view.height !== store.latestHeight };
}
