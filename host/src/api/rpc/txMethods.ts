/**
 * RPC methods about transactions: broadcast, find, the mempool (chain §8.2).
 * @module
 */
import { CodedError } from "@sotto/common/errors";
import type { AdmissionResult, IndexedTx, NodeBackend } from "../backend.ts";
import { toBase64, toUpperHex } from "../json/text.ts";
import { hashTx } from "../rest/txHash.ts";
import { type Json, txResultJson } from "./cometJson.ts";
import { failed } from "./rpcError.ts";
import { checkPage, pageOf, type RpcMethod, rpcMethod } from "./rpcMethod.ts";

const COMMIT_TIMEOUT_MS = 10_000;
const COMMIT_POLL_MS = 50;
const MAX_QUERY_LENGTH = 512;
/** In the mempool's cache (clients §1.2 item 5). */
const ALREADY_IN_CACHE = 19;

function indexedJson(indexed: IndexedTx): Json {
  return {
    hash: toUpperHex(indexed.hash),
    height: String(indexed.height),
    index: indexed.position,
    tx_result: txResultJson(indexed.result),
    tx: toBase64(indexed.tx),
  };
}

async function admit(backend: NodeBackend, tx: Uint8Array): Promise<AdmissionResult> {
  const admission = await backend.broadcast(tx).catch((error: unknown) => {
    throw error instanceof CodedError && error.codespace === "peer" ? failed(error.message) : error;
  });
  if (admission.code === ALREADY_IN_CACHE && admission.codespace === "sdk") throw failed("tx already exists in cache");
  return admission;
}

function admissionJson(tx: Uint8Array, admission: AdmissionResult | undefined): Json {
  return {
    code: admission?.code ?? 0,
    data: "",
    log: admission?.log ?? "",
    codespace: admission?.codespace ?? "",
    hash: toUpperHex(hashTx(tx)),
  };
}

function checkTxJson(admission: AdmissionResult): Json {
  return {
    code: admission.code,
    data: null,
    log: admission.log,
    info: "",
    gas_wanted: String(admission.gasWanted),
    gas_used: String(admission.gasUsed),
    events: [],
    codespace: admission.codespace,
  };
}

const NO_RESULT: Json = txResultJson({
  code: 0,
  codespace: "",
  data: new Uint8Array(0),
  log: "",
  gasWanted: 0n,
  gasUsed: 0n,
  events: [],
});

async function waitForTx(backend: NodeBackend, hash: Uint8Array): Promise<IndexedTx> {
  const end = Date.now() + COMMIT_TIMEOUT_MS;
  while (Date.now() < end) {
    const indexed = await backend.transaction(hash);
    if (indexed !== undefined) return indexed;
    await new Promise((resolve) => setTimeout(resolve, COMMIT_POLL_MS));
  }
  throw failed("timed out waiting for tx to be included in a block");
}

async function broadcastCommit(backend: NodeBackend, tx: Uint8Array): Promise<Json> {
  const hash = hashTx(tx);
  const admission = await admit(backend, tx);
  const check = { check_tx: checkTxJson(admission), hash: toUpperHex(hash) };
  if (admission.code !== 0) return { ...check, tx_result: NO_RESULT, height: "0" };
  const indexed = await waitForTx(backend, hash);
  return { ...check, tx_result: txResultJson(indexed.result), height: String(indexed.height) };
}

async function searchJson(
  backend: NodeBackend,
  query: string,
  paging: ReturnType<typeof pageOf>,
  orderBy: string,
): Promise<Json> {
  if (query.length > MAX_QUERY_LENGTH) throw failed("maximum query length exceeded");
  if (orderBy !== "" && orderBy !== "asc" && orderBy !== "desc") {
    throw failed("expected order_by to be either `asc` or `desc` or empty");
  }
  const { page, perPage } = paging;
  try {
    const offset = Math.max(0, page - 1) * perPage;
    const order = orderBy === "desc" ? "desc" : "asc";
    const { found, total } = await backend.searchTransactions({ query, order, offset, limit: perPage });
    checkPage(paging, total);
    return { txs: found.map(indexedJson), total_count: String(total) };
  } catch (error) {
    if (error instanceof CodedError && error.codespace === "index") throw failed(error.message);
    throw error;
  }
}

function mempoolJson(backend: NodeBackend, limit: number | undefined): Json {
  const waiting = backend.unconfirmed();
  const shown = limit === undefined ? undefined : waiting.slice(0, limit);
  return {
    n_txs: String(shown === undefined ? waiting.length : shown.length),
    total: String(waiting.length),
    total_bytes: String(waiting.reduce((sum, tx) => sum + tx.length, 0)),
    txs: shown === undefined ? null : shown.map(toBase64),
  };
}

const TX = { tx: "bytes" } as const;
const EMPTY = new Uint8Array(0);

export const TX_METHODS: Readonly<Record<string, RpcMethod>> = {
  broadcast_tx_sync: rpcMethod(TX, async (backend, { tx = EMPTY }) => admissionJson(tx, await admit(backend, tx))),
  broadcast_tx_async: rpcMethod(TX, (backend, { tx = EMPTY }) => {
    // The outcome of the check is nobody's.
    backend.broadcast(tx).catch(() => undefined);
    return admissionJson(tx, undefined);
  }),
  broadcast_tx_commit: rpcMethod(TX, (backend, { tx = EMPTY }) => broadcastCommit(backend, tx)),
  tx: rpcMethod({ hash: "bytes", prove: "boolean" }, async (backend, { hash = EMPTY }) => {
    const indexed = await backend.transaction(hash);
    if (indexed === undefined) throw failed(`tx (${toUpperHex(hash)}) not found`);
    return indexedJson(indexed);
  }),
  tx_search: rpcMethod(
    { query: "string", prove: "boolean", page: "integer", per_page: "integer", order_by: "string" },
    (backend, { query = "", page, per_page, order_by = "" }) =>
      searchJson(backend, query, pageOf(page, per_page), order_by),
  ),
  unconfirmed_txs: rpcMethod({ limit: "integer" }, (backend, { limit }) =>
    mempoolJson(backend, pageOf(undefined, limit).perPage),
  ),
  num_unconfirmed_txs: rpcMethod({}, (backend) => mempoolJson(backend, undefined)),
};
