/**
 * `cosmos.tx.v1beta1.Service`: simulate, broadcast, find transactions (chain §6.10, §6.11; clients §1.2 items 4 to 7).
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodedError } from "@sotto/common/errors";
import { TxMsgDataSchema } from "../../proto/gen/cosmos/base/abci/v1beta1/abci_pb.ts";
import {
  BroadcastMode,
  BroadcastTxResponseSchema,
  GetBlockWithTxsResponseSchema,
  GetTxResponseSchema,
  GetTxsEventResponseSchema,
  OrderBy,
  Service,
  type SimulateRequest,
  SimulateResponseSchema,
  TxDecodeResponseSchema,
  TxEncodeResponseSchema,
} from "../../proto/gen/cosmos/tx/v1beta1/service_pb.ts";
import { type Tx, TxSchema } from "../../proto/gen/cosmos/tx/v1beta1/tx_pb.ts";
import { ApiError, GrpcCode, invalidArgument } from "../apiError.ts";
import type { IndexedTx, NodeBackend } from "../backend.ts";
import { toBlockMessages } from "./blockMessages.ts";
import { implementService } from "./localMethod.ts";
import { parseTxHash } from "./txHash.ts";
import { broadcastResponse, toEvents, toTxResponse } from "./txResponse.ts";

/** The meter of a simulation has no limit, and says so. */
const INFINITE_GAS = 18_446_744_073_709_551_615n;
const MAX_PAGE = 100n;
/** Of the errors that name a mistake in a query. */
const INDEX_CODESPACE = "index";

/** The random of a block is no transaction of the chain (consensus §3.7), and other bytes may not decode either. */
export function tryDecodeTx(bytes: Uint8Array): Tx | undefined {
  if (bytes[0] === 0) return undefined;
  try {
    return fromBinary(TxSchema, bytes);
  } catch {
    return undefined;
  }
}

async function simulate(backend: NodeBackend, request: SimulateRequest) {
  const bytes = request.tx === undefined ? request.txBytes : toBinary(TxSchema, request.tx);
  if (bytes.length === 0) throw invalidArgument("empty txBytes is not allowed");
  const outcome = await backend.simulate(bytes);
  if (!outcome.ok) throw new ApiError(GrpcCode.Unknown, `${outcome.log} with gas used: '${outcome.gasUsed}'`);
  const { data, log, events } = outcome.result;
  return create(SimulateResponseSchema, {
    gasInfo: { gasWanted: INFINITE_GAS, gasUsed: outcome.gasUsed },
    result: {
      data,
      log,
      events: toEvents(events, false),
      msgResponses: fromBinary(TxMsgDataSchema, outcome.msgResponses).msgResponses,
    },
  });
}

async function search(backend: NodeBackend, query: string, page: bigint, limit: bigint, order: "asc" | "desc") {
  try {
    // Far out one place is as good as another: all are beyond the end.
    const offset = Math.min(Number((page - 1n) * limit), Number.MAX_SAFE_INTEGER);
    const found = await backend.searchTransactions({ query, order, offset, limit: Number(limit) });
    const pages = found.total === 0 ? 1n : (BigInt(found.total) + limit - 1n) / limit;
    if (page <= pages) return found;
    throw new ApiError(
      GrpcCode.Internal,
      `failed to search for txs: page should be within [1, ${pages}] range, given ${page}`,
    );
  } catch (error) {
    if (error instanceof CodedError && error.codespace === INDEX_CODESPACE) {
      throw new ApiError(GrpcCode.Internal, `failed to search for txs: ${error.message}`);
    }
    throw error;
  }
}

/** Missing or not positive is the first page; more than the maximum, or no limit, is the maximum. */
function pageOf(request: { readonly page: bigint; readonly limit: bigint }): { page: bigint; limit: bigint } {
  const limit = request.limit === 0n || request.limit > MAX_PAGE ? MAX_PAGE : request.limit;
  // 2^63 and more are negative where Go reads them.
  const isPositive = request.page > 0n && request.page < 1n << 63n;
  return { page: isPositive ? request.page : 1n, limit };
}

function shown(found: readonly IndexedTx[]): { readonly indexed: IndexedTx; readonly tx: Tx }[] {
  return found.flatMap((indexed) => {
    const tx = tryDecodeTx(indexed.tx);
    return tx === undefined ? [] : [{ indexed, tx }];
  });
}

/** The transactions of a block that are not the random. */
function pageOfBlock(
  transactions: readonly Uint8Array[],
  offset: bigint,
  limit: bigint,
): { readonly txs: Tx[]; readonly total: bigint } {
  const visible = transactions.filter((tx) => tx[0] !== 0);
  const total = BigInt(visible.length);
  if (total > 0n && offset >= total) {
    throw new ApiError(
      GrpcCode.Unknown,
      `codespace sdk code 18: invalid request: out of range: cannot paginate ${total} txs with offset ${offset} and limit ${limit}`,
    );
  }
  const end = offset + limit > total ? total : offset + limit;
  const txs = visible.slice(Number(offset), Number(end)).flatMap((bytes) => tryDecodeTx(bytes) ?? []);
  return { txs, total };
}

export const txService = implementService(Service, {
  simulate,
  getTx: async (backend, request) => {
    const hash = parseTxHash(request.hash);
    const indexed = await backend.transaction(hash);
    const tx = indexed === undefined ? undefined : tryDecodeTx(indexed.tx);
    if (indexed === undefined || tx === undefined) {
      throw new ApiError(GrpcCode.NotFound, `tx not found: ${request.hash}`);
    }
    return create(GetTxResponseSchema, { tx, txResponse: toTxResponse(indexed) });
  },
  broadcastTx: async (backend, request) => {
    if (request.txBytes.length === 0) throw invalidArgument("invalid empty tx");
    if (request.mode === BroadcastMode.ASYNC) {
      // Answered before the check: its outcome is nobody's, a failure of the node's included.
      backend.broadcast(request.txBytes).catch(() => undefined);
      return create(BroadcastTxResponseSchema, { txResponse: broadcastResponse(request.txBytes) });
    }
    if (request.mode !== BroadcastMode.SYNC) {
      throw new ApiError(GrpcCode.Unknown, "unsupported return type unspecified; supported types: sync, async");
    }
    const admission = await backend.broadcast(request.txBytes).catch((error: unknown) => {
      const isPeers = error instanceof CodedError && error.codespace === "peer";
      throw isPeers ? new ApiError(GrpcCode.Unavailable, error.message) : error;
    });
    return create(BroadcastTxResponseSchema, { txResponse: broadcastResponse(request.txBytes, admission) });
  },
  getTxsEvent: async (backend, request) => {
    if (request.query === "") throw new ApiError(GrpcCode.Internal, "query cannot be empty");
    const { page, limit } = pageOf(request);
    const order = request.orderBy === OrderBy.DESC ? "desc" : "asc";
    const { found, total } = await search(backend, request.query, page, limit, order);
    const results = shown(found);
    return create(GetTxsEventResponseSchema, {
      txs: results.map(({ tx }) => tx),
      txResponses: results.map(({ indexed }) => toTxResponse(indexed)),
      total: BigInt(total),
    });
  },
  getBlockWithTxs: async (backend, request) => {
    const { height, pagination } = request;
    const stored = height < 1n || height > BigInt(backend.latestHeight) ? undefined : backend.block(Number(height));
    if (stored === undefined) {
      throw new ApiError(
        GrpcCode.Unknown,
        `codespace sdk code 26: invalid height: requested height ${height} but height must not be less than 1 or greater than the current height ${backend.latestHeight}`,
      );
    }
    // Quirk: any pagination without a limit is a limit of 0 (chain §6.11).
    const limit = pagination === undefined ? MAX_PAGE : pagination.limit;
    const { txs, total } = pageOfBlock(stored.transactions, pagination?.offset ?? 0n, limit);
    return create(GetBlockWithTxsResponseSchema, { txs, ...toBlockMessages(stored), pagination: { total } });
  },
  txDecode: async (_backend, request) => {
    if (request.txBytes.length === 0) throw invalidArgument("invalid empty tx bytes");
    const tx = tryDecodeTx(request.txBytes);
    if (tx === undefined) throw new ApiError(GrpcCode.Unknown, "codespace sdk code 2: tx parse error");
    return create(TxDecodeResponseSchema, { tx });
  },
  txEncode: async (_backend, request) => {
    if (request.tx === undefined) throw invalidArgument("invalid empty tx");
    return create(TxEncodeResponseSchema, { txBytes: toBinary(TxSchema, request.tx) });
  },
});
