/**
 * JSON-RPC 2.0 over HTTP as CometBFT serves it (chain §8.1): batches of at most ten, connections kept open, bounded in time and size.
 * @module
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Json } from "../api/rpc/cometJson.ts";
import { JsonReader } from "./jsonReader.ts";
import { PeerError, PeerErrorCode } from "./peerError.ts";

/** Requests of one batch (consensus §2.8). */
export const MAX_BATCH = 10;

export type RpcCall = { readonly method: string; readonly params: Readonly<Record<string, Json>> };

export type JsonRpcOptions = {
  readonly url: string;
  readonly timeoutMs: number;
  /** Of one answer, batches included. */
  readonly maxAnswerBytes: number;
};

export interface JsonRpc {
  /**
   * Results in the order of the calls.
   * @throws {PeerError} Refused with the first error that the peer answered with; Unreachable, Nonsense
   */
  call(calls: readonly RpcCall[]): Promise<readonly JsonReader[]>;
  close(): void;
}

/** @throws {PeerError} Unreachable, if the text is no URL of a server */
export function makeJsonRpc(options: JsonRpcOptions): JsonRpc {
  const url = parseUrl(options.url);
  const isSecure = url.protocol === "https:";
  const agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const send = isSecure ? httpsRequest : httpRequest;

  function post(body: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const unreachable = (error: Error): void =>
        reject(
          error instanceof PeerError
            ? error
            : new PeerError(PeerErrorCode.Unreachable, describe(error), { cause: error }),
        );
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const signal = AbortSignal.timeout(options.timeoutMs);
      const request = send(url, { method: "POST", agent, headers, signal }, (response) => {
        readAll(response, options.maxAnswerBytes).then(resolve, unreachable);
      });
      request.on("error", unreachable);
      request.end(body);
    });
  }

  function describe(error: Error): string {
    if (error.name === "AbortError" || error.name === "TimeoutError") return `no answer within ${options.timeoutMs} ms`;
    const code = (error as { code?: string }).code;
    const reason = { ECONNREFUSED: "connection refused", ENOTFOUND: "no such host", ECONNRESET: "connection closed" };
    return reason[code as keyof typeof reason] ?? code ?? error.message;
  }

  return {
    async call(calls) {
      if (calls.length === 0 || calls.length > MAX_BATCH) throw new RangeError(`a batch of ${calls.length} calls`);
      const requests = calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call }));
      const answers = parseAnswers(await post(JSON.stringify(requests.length === 1 ? requests[0] : requests)));
      return calls.map(({ method }, id) => resultOf(answers, id, method));
    },
    close: () => agent.destroy(),
  };
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text.includes("://") ? text : `http://${text}`);
    if ((url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "") return url;
  } catch {
    // told below
  }
  throw new PeerError(PeerErrorCode.Unreachable, `expected the URL of a node's RPC, such as http://127.0.0.1:26657`);
}

async function readAll(response: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) {
      response.destroy();
      throw new PeerError(PeerErrorCode.TooLong, `an answer of more than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type Answers = ReadonlyMap<unknown, { readonly result?: unknown; readonly error?: unknown }>;

/** By id, in whatever order they came. Quirk: one answer stands alone, also of a batch (chain §8.1). */
function parseAnswers(body: Buffer): Answers {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    throw new PeerError(PeerErrorCode.Nonsense, "an answer that is no JSON");
  }
  const answers = (Array.isArray(json) ? json : [json]).filter(
    (answer): answer is { id?: unknown; error?: unknown } => typeof answer === "object" && answer !== null,
  );
  const failed = answers.find(({ id, error }) => id === undefined && error !== undefined);
  // An error of the whole batch has no id.
  if (failed !== undefined) throw refusal("request", failed.error);
  return new Map(answers.map((answer) => [answer.id, answer]));
}

function resultOf(answers: Answers, id: number, method: string): JsonReader {
  const answer = answers.get(id);
  if (answer === undefined)
    throw new PeerError(PeerErrorCode.Nonsense, `${method}: no answer with the id of the request`);
  if (answer.error !== undefined && answer.error !== null) throw refusal(method, answer.error);
  return new JsonReader(answer.result, method);
}

function refusal(method: string, error: unknown): PeerError {
  const { data, message } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const text = [data, message].find((each): each is string => typeof each === "string" && each !== "");
  return new PeerError(PeerErrorCode.Refused, `${method}: ${(text ?? "an error without a text").slice(0, 500)}`);
}
