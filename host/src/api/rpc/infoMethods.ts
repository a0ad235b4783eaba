/**
 * RPC methods about the node: `health`, `status`, `net_info`, `abci_info`, `abci_query`, `genesis` (chain §8.2, §8.3).
 * @module
 */
import { Header } from "@sotto/common/wire/header";
import { formatTimestamp } from "@sotto/common/wire/timestamp";
import type { NodeBackend } from "../backend.ts";
import { toBase64, toUpperHex } from "../json/text.ts";
import { COMET_VERSION, PROTOCOL_VERSION, RPC_ADDRESS } from "../nodeVersions.ts";
import { base64OrNull, type Json, publicKeyJson } from "./cometJson.ts";
import { failed } from "./rpcError.ts";
import { type RpcMethod, rpcMethod } from "./rpcMethod.ts";

function nodeInfoJson({ identity }: NodeBackend): Json {
  return {
    protocol_version: {
      p2p: String(PROTOCOL_VERSION.p2p),
      block: String(PROTOCOL_VERSION.block),
      app: String(PROTOCOL_VERSION.app),
    },
    id: identity.nodeId,
    listen_addr: "tcp://0.0.0.0:26656",
    network: identity.chainId,
    version: COMET_VERSION,
    channels: "",
    moniker: identity.moniker,
    other: { tx_index: "on", rpc_address: RPC_ADDRESS },
  };
}

/** Hash, app hash, height and time of a block, under names that begin with `latest` or `earliest`. */
function syncJson(backend: NodeBackend, which: "latest" | "earliest", height: number): Record<string, Json> {
  const stored = backend.block(height);
  const header = stored === undefined ? undefined : Header.decode(stored.header);
  return {
    [`${which}_block_hash`]: stored === undefined ? "" : toUpperHex(stored.blockId.hash),
    [`${which}_app_hash`]: header === undefined ? "" : toUpperHex(header.appHash),
    [`${which}_block_height`]: String(stored === undefined ? 0 : height),
    [`${which}_block_time`]: header === undefined ? "1970-01-01T00:00:00Z" : formatTimestamp(header.time),
  };
}

function statusJson(backend: NodeBackend): Json {
  const { address, publicKey, power } = backend.identity.validator;
  return {
    node_info: nodeInfoJson(backend),
    sync_info: {
      ...syncJson(backend, "latest", backend.latestHeight),
      ...syncJson(backend, "earliest", backend.earliestHeight),
      catching_up: backend.isCatchingUp,
    },
    validator_info: {
      address: toUpperHex(address),
      pub_key: publicKeyJson(publicKey),
      voting_power: String(power),
    },
  };
}

function abciInfoJson(backend: NodeBackend): Json {
  const { appHash } = backend.blockResults(backend.latestHeight) ?? { appHash: new Uint8Array(0) };
  return {
    response: {
      data: "secret",
      version: backend.identity.version,
      last_block_height: String(backend.latestHeight),
      last_block_app_hash: toBase64(appHash),
    },
  };
}

export const INFO_METHODS: Readonly<Record<string, RpcMethod>> = {
  health: rpcMethod({}, () => ({})),
  status: rpcMethod({}, statusJson),
  net_info: rpcMethod({}, () => ({
    listening: true,
    listeners: [],
    n_peers: "0",
    peers: [],
  })),
  genesis: rpcMethod({}, ({ genesis }) => {
    if (genesis === undefined) throw failed("the node keeps no genesis file");
    return { genesis: JSON.parse(genesis) as Json };
  }),
  abci_info: rpcMethod({}, abciInfoJson),
  abci_query: rpcMethod(
    { path: "string", data: "hex", height: "integer", prove: "boolean" },
    async (backend, { path, data, height }) => {
      const answer = await backend.query({
        path: path ?? "",
        data: data ?? new Uint8Array(0),
        height: Number(height ?? 0n),
      });
      return {
        response: {
          code: answer.code,
          log: answer.log,
          info: "",
          index: "0",
          key: base64OrNull(answer.key),
          value: base64OrNull(answer.value),
          proofOps: null,
          height: String(answer.height),
          codespace: answer.codespace,
        },
      };
    },
  ),
};
