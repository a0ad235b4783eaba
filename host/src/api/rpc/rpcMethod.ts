/**
 * The shape of an RPC method, and what several of them share: heights and pages.
 * @module
 */
import type { NodeBackend, StoredBlock } from "../backend.ts";
import type { Json } from "./cometJson.ts";
import { failed } from "./rpcError.ts";
import type { Params, ParamTypes } from "./rpcParams.ts";

export type RpcMethod = {
  readonly params: ParamTypes;
  readonly run: (backend: NodeBackend, params: Params<ParamTypes>) => Promise<Json>;
};

/** Ties the types of the arguments to the method. */
export function rpcMethod<const P extends ParamTypes>(
  params: P,
  run: (backend: NodeBackend, params: Params<P>) => Json | Promise<Json>,
): RpcMethod {
  return { params, run: async (backend, values) => run(backend, values as Params<P>) };
}

/** Latest if none is given. @throws {RpcError} with CometBFT's text (chain §8.2) */
export function heightOf(backend: NodeBackend, height: bigint | undefined): number {
  if (height === undefined) return backend.latestHeight;
  if (height <= 0n) throw failed(`height must be greater than 0, but got ${height}`);
  if (height > BigInt(backend.latestHeight)) {
    throw failed(
      `height ${height} must be less than or equal to the current blockchain height ${backend.latestHeight}`,
    );
  }
  if (height < BigInt(backend.earliestHeight)) {
    throw failed(`height ${height} is not available, lowest height is ${backend.earliestHeight}`);
  }
  return Number(height);
}

export function blockAt(backend: NodeBackend, height: bigint | undefined): StoredBlock {
  const stored = backend.block(heightOf(backend, height));
  if (stored === undefined) throw failed("the node has no block yet");
  return stored;
}

export type Page = { readonly page: number; readonly perPage: number };

const DEFAULT_PER_PAGE = 30;
const MAX_PER_PAGE = 100;

/** Pages count from 1; whether the page exists is known when the total is: {@link checkPage}. */
export function pageOf(page: bigint | undefined, perPage: bigint | undefined): Page {
  const size = perPage === undefined || perPage < 1n ? DEFAULT_PER_PAGE : Number(perPage);
  return {
    page: page === undefined ? 1 : Math.min(Math.max(Number(page), -1), Number.MAX_SAFE_INTEGER / MAX_PER_PAGE),
    perPage: Math.min(size, MAX_PER_PAGE),
  };
}

/** @throws {RpcError}, if there is no such page; an empty result has one */
export function checkPage({ page, perPage }: Page, total: number): void {
  const pages = Math.max(1, Math.ceil(total / perPage));
  if (page < 1 || page > pages) throw failed(`page should be within [1, ${pages}] range, given ${page}`);
}
