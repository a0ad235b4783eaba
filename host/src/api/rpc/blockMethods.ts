/**
 * RPC methods about blocks, their results, and who made them (chain §8.2, consensus §2.8).
 * @module
 */
import { Header } from "@sotto/common/wire/header";
import type { NodeBackend, StoredBlock } from "../backend.ts";
import { toBase64, toUpperHex } from "../json/text.ts";
import {
  blockJson,
  commitJson,
  eventsJson,
  headerJson,
  type Json,
  publicKeyJson,
  storedBlockIdJson,
  txResultJson,
  validatorUpdatesJson,
} from "./cometJson.ts";
import { failed } from "./rpcError.ts";
import { blockAt, checkPage, heightOf, pageOf, type RpcMethod, rpcMethod } from "./rpcMethod.ts";

const MAX_BLOCK_METAS = 20;

function blockByHash(backend: NodeBackend, hash: Uint8Array | undefined): StoredBlock | undefined {
  const height = hash === undefined ? undefined : backend.heightOfBlock(hash);
  return height === undefined ? undefined : backend.block(height);
}

function blockMetaJson(stored: StoredBlock): Json {
  return {
    block_id: storedBlockIdJson(stored),
    block_size: String(stored.transactions.reduce((sum, tx) => sum + tx.length, stored.header.length)),
    header: headerJson(Header.decode(stored.header)),
    num_txs: String(stored.transactions.length),
  };
}

/** Newest first, at most 20; 0 or missing is an open end. */
function blockchainJson(backend: NodeBackend, minHeight: bigint, maxHeight: bigint): Json {
  if (minHeight < 0n || maxHeight < 0n) throw failed("heights must be non-negative");
  const { latestHeight, earliestHeight } = backend;
  const top = maxHeight === 0n ? latestHeight : Math.min(Number(maxHeight), latestHeight);
  const bottom = Math.max(Number(minHeight), earliestHeight, top - MAX_BLOCK_METAS + 1);
  if (bottom > top) throw failed(`min height ${bottom} can't be greater than max height ${top}`);
  const metas: Json[] = [];
  for (let height = top; height >= bottom; height--) {
    const stored = backend.block(height);
    if (stored !== undefined) metas.push(blockMetaJson(stored));
  }
  return { last_height: String(latestHeight), block_metas: metas };
}

function paramsJson({ identity }: NodeBackend): Json {
  const { maxBytes, maxGas } = identity.consensusParams;
  return {
    block: { max_bytes: String(maxBytes), max_gas: String(maxGas) },
    // What a chain that never changed its evidence parameters has.
    evidence: { max_age_num_blocks: "100000", max_age_duration: "172800000000000", max_bytes: "1048576" },
    validator: { pub_key_types: ["ed25519"] },
    version: {},
    abci: {},
  };
}

/** The same as a member of block results, where the SDK leaves out what is zero. */
function blockResultsJson(backend: NodeBackend, height: bigint | undefined): Json {
  const results = backend.blockResults(heightOf(backend, height));
  if (results === undefined) throw failed(`could not find results for height #${height ?? backend.latestHeight}`);
  return {
    height: String(results.height),
    txs_results: results.results.length === 0 ? null : results.results.map(txResultJson),
    finalize_block_events: results.events.length === 0 ? null : eventsJson(results.events),
    validator_updates: validatorUpdatesJson(results.validatorUpdates),
    consensus_param_updates: paramsJson(backend),
    app_hash: toBase64(results.appHash),
  };
}

/** Priorities are no part of what a header covers, and are not kept. */
function validatorsJson(
  backend: NodeBackend,
  height: number,
  page: bigint | undefined,
  perPage: bigint | undefined,
): Json {
  const set = backend.validators(height);
  if (set === undefined) throw failed(`could not find validator set for height #${height}`);
  const paging = pageOf(page, perPage);
  checkPage(paging, set.length);
  const start = (paging.page - 1) * paging.perPage;
  const shown = set.slice(start, start + paging.perPage).map(({ address, publicKey, power }) => ({
    address: toUpperHex(address),
    pub_key: publicKeyJson(publicKey),
    voting_power: String(power),
    proposer_priority: "0",
  }));
  return {
    block_height: String(height),
    validators: shown,
    count: String(shown.length),
    total: String(set.length),
  };
}

/** Of the next block, if no height is given. */
function heightOrNext(backend: NodeBackend, height: bigint | undefined): number {
  if (height === undefined || height === BigInt(backend.latestHeight + 1)) return backend.latestHeight + 1;
  return heightOf(backend, height);
}

const NO_BLOCK_ID: Json = { hash: "", parts: { total: 0, hash: "" } };

export const BLOCK_METHODS: Readonly<Record<string, RpcMethod>> = {
  blockchain: rpcMethod({ minHeight: "integer", maxHeight: "integer" }, (backend, { minHeight, maxHeight }) =>
    blockchainJson(backend, minHeight ?? 0n, maxHeight ?? 0n),
  ),
  block: rpcMethod({ height: "integer" }, (backend, { height }) => {
    const stored = blockAt(backend, height);
    return { block_id: storedBlockIdJson(stored), block: blockJson(stored) };
  }),
  block_by_hash: rpcMethod({ hash: "bytes" }, (backend, { hash }) => {
    const stored = blockByHash(backend, hash);
    if (stored === undefined) return { block_id: NO_BLOCK_ID, block: null };
    return { block_id: storedBlockIdJson(stored), block: blockJson(stored) };
  }),
  header: rpcMethod({ height: "integer" }, (backend, { height }) => ({
    header: headerJson(Header.decode(blockAt(backend, height).header)),
  })),
  header_by_hash: rpcMethod({ hash: "bytes" }, (backend, { hash }) => {
    const stored = blockByHash(backend, hash);
    return { header: stored === undefined ? null : headerJson(Header.decode(stored.header)) };
  }),
  commit: rpcMethod({ height: "integer" }, (backend, { height }) => {
    const stored = blockAt(backend, height);
    const next = backend.block(stored.height + 1);
    return {
      signed_header: {
        header: headerJson(Header.decode(stored.header)),
        commit: commitJson(next === undefined ? stored.seenCommit : next.lastCommit),
      },
      canonical: next !== undefined,
    };
  }),
  block_results: rpcMethod({ height: "integer" }, (backend, { height }) => blockResultsJson(backend, height)),
  validators: rpcMethod(
    { height: "integer", page: "integer", per_page: "integer" },
    (backend, { height, page, per_page }) => validatorsJson(backend, heightOrNext(backend, height), page, per_page),
  ),
  consensus_params: rpcMethod({ height: "integer" }, (backend, { height }) => ({
    block_height: String(heightOrNext(backend, height)),
    consensus_params: {
      ...(paramsJson(backend) as Readonly<Record<string, Json>>),
      version: { app: "0" },
      abci: { vote_extensions_enable_height: "0" },
    },
  })),
};
