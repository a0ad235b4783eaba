/**
 * A node's REST interface, as far as commands need it (clients §1.2).
 * @module
 */

import type { AccountState } from "@sotto/host/node/nodeAccount";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";

export type TxOutcome = { readonly height: number; readonly code: number; readonly log: string; readonly hash: string };

const POLL_MS = 100;
const WAIT_MS = 30_000;

/** @throws {NodeError} CannotReach, with the node's own text where it has one */
export async function get(url: string, path: string): Promise<Record<string, unknown>> {
  return request(`${url}${path}`, {});
}

async function request(url: string, init: RequestInit): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new NodeError(NodeErrorCode.CannotReach, `no node answers at ${url}; give its REST endpoint with --url`);
  }
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (typeof json !== "object" || json === null)
    throw new NodeError(NodeErrorCode.CannotReach, `${url} answers with no JSON: it is no REST endpoint of a node`);
  const { message } = json as { message?: unknown };
  if (!response.ok)
    throw new NodeError(NodeErrorCode.CannotReach, typeof message === "string" ? message : `HTTP ${response.status}`);
  return json as Record<string, unknown>;
}

export async function chainIdOf(url: string): Promise<string> {
  const info = (await get(url, "/cosmos/base/tendermint/v1beta1/node_info")) as {
    default_node_info: { network: string };
  };
  return info.default_node_info.network;
}

export async function accountOf(url: string, address: string): Promise<AccountState> {
  const { account } = (await get(url, `/cosmos/auth/v1beta1/accounts/${address}`)) as {
    account: { account_number: string; sequence: string };
  };
  return { accountNumber: BigInt(account.account_number), sequence: BigInt(account.sequence) };
}

/** Waits until the transaction is in a block. @throws {NodeError} NotAdmitted, with the log of one that was refused before */
export async function broadcast(url: string, tx: Uint8Array): Promise<TxOutcome> {
  const body = JSON.stringify({ tx_bytes: Buffer.from(tx).toString("base64"), mode: "BROADCAST_MODE_SYNC" });
  const { tx_response: admission } = (await request(`${url}/cosmos/tx/v1beta1/txs`, { method: "POST", body })) as {
    tx_response: { code: number; raw_log: string; txhash: string };
  };
  const { code, raw_log: log, txhash: hash } = admission;
  if (code !== 0) return { height: 0, code, log, hash };
  for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const found = await find(url, hash);
    if (found !== undefined) return found;
  }
  throw new NodeError(
    NodeErrorCode.CannotReach,
    `transaction ${hash} came into no block within ${WAIT_MS / 1_000} seconds`,
  );
}

async function find(url: string, hash: string): Promise<TxOutcome | undefined> {
  const response = await fetch(`${url}/cosmos/tx/v1beta1/txs/${hash}`);
  if (!response.ok) return undefined;
  const { tx_response: found } = (await response.json()) as {
    tx_response: { height: string; code: number; raw_log: string };
  };
  return { height: Number(found.height), code: found.code, log: found.raw_log, hash };
}
