/**
 * Another node, by the routes of its CometBFT RPC that this one uses (chain §8.2): *solo*, a follower or a stock CometBFT.
 * @module
 */
import { Commit } from "@sotto/common/wire/commit";
import { Header } from "@sotto/common/wire/header";
import type { AdmissionResult } from "../api/backend.ts";
import { toBase64 } from "../api/json/text.ts";
import type { JsonReader } from "./jsonReader.ts";
import { type JsonRpc, MAX_BATCH, makeJsonRpc, type RpcCall } from "./jsonRpc.ts";
import {
  type CometBlock,
  type CometValidator,
  parseBlock,
  parseSignedHeader,
  parseValidators,
} from "./parseCometJson.ts";
import { PeerError, PeerErrorCode } from "./peerError.ts";

export type PeerStatus = {
  readonly network: string;
  readonly latestHeight: number;
  readonly earliestHeight: number;
};

/** A block with the commit for it; protobuf. */
export type PeerBlock = {
  readonly header: Uint8Array;
  readonly transactions: readonly Uint8Array[];
  readonly evidenceCount: number;
  /** Empty at the initial height. */
  readonly lastCommit: Uint8Array;
  readonly commit: Uint8Array;
  readonly validatorsHash: Uint8Array;
  readonly nextValidatorsHash: Uint8Array;
};

export type PeerTx = {
  readonly height: number;
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
};

export type PeerQueryAnswer = { readonly code: number; readonly log: string; readonly value: Uint8Array };

export interface Peer {
  readonly url: string;
  status(): Promise<PeerStatus>;
  /** Blocks from the lower height upward, both included; at most {@link MAX_BLOCKS}. */
  blocks(from: number, to: number): Promise<readonly PeerBlock[]>;
  /** The set that signs a height, in its order. */
  validators(height: number): Promise<readonly CometValidator[]>;
  /** A gRPC method through `abci_query`, at the latest height. */
  query(path: string, data: Uint8Array): Promise<PeerQueryAnswer>;
  broadcast(tx: Uint8Array): Promise<AdmissionResult>;
  /** Undefined while the peer does not know it. */
  transaction(hash: Uint8Array): Promise<PeerTx | undefined>;
  close(): void;
}

/** Of one request: the last call of a batch asks for the commit of the last block. */
export const MAX_BLOCKS = MAX_BATCH - 1;

const TIMEOUT_MS = 10_000;
/** Two blocks of the largest size in base64. Smaller batches are for the caller to ask for. */
const MAX_ANSWER_BYTES = 67_108_864;
const VALIDATORS_PER_PAGE = 100;
const MAX_VALIDATORS = 10_000;
/** In the mempool's cache (clients §1.2 item 5). */
const ALREADY_IN_CACHE: AdmissionResult = { code: 19, codespace: "sdk", log: "", gasWanted: 0n, gasUsed: 0n };

/** @throws {PeerError} Unreachable, if `url` is no URL */
export function makePeer(url: string, rpc: JsonRpc = connectTo(url)): Peer {
  const one = async (method: string, params: RpcCall["params"]): Promise<JsonReader> =>
    (await rpc.call([{ method, params }]))[0] as JsonReader;

  async function blocks(from: number, to: number): Promise<readonly PeerBlock[]> {
    const heights = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const calls = heights.map((height) => ({ method: "block", params: { height: String(height) } }));
    const answers = await rpc.call([...calls, { method: "commit", params: { height: String(to) } }]);
    const parsed = answers.slice(0, -1).map(parseBlock);
    const { commit } = parseSignedHeader(answers.at(-1) as JsonReader);
    // The commit for a block is in the next one.
    return parsed.map((block, index) => toPeerBlock(block, parsed[index + 1]?.lastCommit ?? commit));
  }

  async function validators(height: number): Promise<readonly CometValidator[]> {
    const found: CometValidator[] = [];
    for (let page = 1; ; page++) {
      const params = { height: String(height), page: String(page), per_page: String(VALIDATORS_PER_PAGE) };
      const answer = parseValidators(await one("validators", params));
      found.push(...answer.validators);
      if (found.length >= answer.total) return found;
      if (answer.validators.length === 0 || found.length > MAX_VALIDATORS)
        throw new PeerError(PeerErrorCode.Nonsense, `validators: ${found.length} of ${answer.total} and no more`);
    }
  }

  return {
    url,
    async status() {
      const status = await one("status", {});
      const sync = status.member("sync_info");
      return {
        network: status.member("node_info").member("network").text(),
        latestHeight: sync.member("latest_block_height").count(),
        earliestHeight: sync.member("earliest_block_height").count(),
      };
    },
    blocks,
    validators,
    async query(path, data) {
      const params = { path, data: Buffer.from(data).toString("hex"), height: "0", prove: false };
      const response = (await one("abci_query", params)).member("response");
      return {
        code: response.member("code").uint31(),
        log: response.member("log").isNull ? "" : response.member("log").text(),
        value: response.member("value").base64(),
      };
    },
    async broadcast(tx) {
      try {
        const answer = await one("broadcast_tx_sync", { tx: toBase64(tx) });
        return {
          code: answer.member("code").uint31(),
          codespace: answer.member("codespace").isNull ? "" : answer.member("codespace").text(),
          log: answer.member("log").text(),
          gasWanted: 0n,
          gasUsed: 0n,
        };
      } catch (error) {
        if (error instanceof PeerError && error.message.includes("tx already exists in cache")) return ALREADY_IN_CACHE;
        throw error;
      }
    },
    async transaction(hash) {
      try {
        const answer = await one("tx", { hash: toBase64(hash), prove: false });
        const result = answer.member("tx_result");
        return {
          height: answer.member("height").count(),
          code: result.member("code").uint31(),
          codespace: result.member("codespace").isNull ? "" : result.member("codespace").text(),
          log: result.member("log").text(),
        };
      } catch (error) {
        if (error instanceof PeerError && / not found$/.test(error.message)) return undefined;
        throw error;
      }
    },
    close: () => rpc.close(),
  };
}

function connectTo(url: string): JsonRpc {
  return makeJsonRpc({ url, timeoutMs: TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES });
}

function toPeerBlock({ header, transactions, evidenceCount, lastCommit }: CometBlock, commit: Commit): PeerBlock {
  return {
    header: Header.encode(header),
    transactions,
    evidenceCount,
    lastCommit: lastCommit.height === 0n ? new Uint8Array(0) : Commit.encode(lastCommit),
    commit: Commit.encode(commit),
    validatorsHash: header.validatorsHash,
    nextValidatorsHash: header.nextValidatorsHash,
  };
}
