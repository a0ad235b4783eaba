/**
 * CometBFT's RPC over HTTP: JSON-RPC 2.0 by POST to `/`, and URIs of the form `/method?argument=value` (chain §8.1).
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { NodeBackend } from "../backend.ts";
import {
  allowAllOrigins,
  answerPreflight,
  type HttpLimits,
  makeHttpServer,
  readBody,
  sendText,
} from "../httpServer.ts";
import { escapeHtml } from "../json/text.ts";
import { BLOCK_METHODS } from "./blockMethods.ts";
import type { Json } from "./cometJson.ts";
import { INFO_METHODS } from "./infoMethods.ts";
import { RpcError, RpcErrorCode } from "./rpcError.ts";
import type { RpcMethod } from "./rpcMethod.ts";
import { parseJsonParams, parseUriParams } from "./rpcParams.ts";
import { TX_METHODS } from "./txMethods.ts";

export const RPC_LIMITS: HttpLimits = { maxHeaderBytes: 1_048_576, maxBodyBytes: 1_000_000 };
const MAX_BATCH = 10;

const METHODS: ReadonlyMap<string, RpcMethod> = new Map(
  Object.entries({ ...INFO_METHODS, ...BLOCK_METHODS, ...TX_METHODS }),
);

export type RpcServerOptions = { readonly onInternalError: (error: unknown) => void };

/** An answer, ready to be sent, and whether it is an error. */
type Answer = { readonly json: Json; readonly failed: boolean };

export function makeRpcServer(backend: NodeBackend, options: RpcServerOptions): Server {
  const { onInternalError } = options;

  /** Runs a method and wraps what comes of it. */
  async function answer(id: Json, run: () => Promise<Json>): Promise<Answer> {
    try {
      return { json: { jsonrpc: "2.0", id, result: await run() }, failed: false };
    } catch (error) {
      if (!(error instanceof RpcError)) onInternalError(error);
      const known = error instanceof RpcError ? error : new RpcError(RpcErrorCode.InternalError, "internal error");
      return { json: { jsonrpc: "2.0", id, error: known.toJson() }, failed: true };
    }
  }

  /** @returns undefined for a notification: no id, nothing is run */
  async function answerCall(call: unknown): Promise<Answer | undefined> {
    if (typeof call !== "object" || call === null || Array.isArray(call)) {
      return { json: errorWithoutId(RpcErrorCode.InvalidRequest, "expected an object"), failed: true };
    }
    const { id, method, params } = call as { id?: unknown; method?: unknown; params?: unknown };
    if (id === undefined || id === null) return undefined;
    if (typeof id !== "string" && typeof id !== "number") {
      return {
        json: errorWithoutId(RpcErrorCode.InvalidRequest, "id: expected a string or a number"),
        failed: true,
      };
    }
    return answer(id, async () => {
      const found = typeof method === "string" ? METHODS.get(method) : undefined;
      if (found === undefined) throw new RpcError(RpcErrorCode.MethodNotFound, "");
      return found.run(backend, parseJsonParams(found.params, params));
    });
  }

  async function handlePost(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, RPC_LIMITS.maxBodyBytes);
    if ("status" in body) {
      const status = body.status === 413 ? 400 : body.status;
      sendJson(
        response,
        status,
        errorWithoutId(RpcErrorCode.InvalidRequest, `error reading request body: ${body.message}`),
      );
      return;
    }
    const calls = parseBody(body);
    if (calls === undefined) {
      sendJson(response, 500, errorWithoutId(RpcErrorCode.ParseError, "error unmarshaling request: expected JSON"));
      return;
    }
    if (calls.length > MAX_BATCH) {
      const text = `batch request exceeds maximum (${MAX_BATCH}) allowed number of requests`;
      sendJson(response, 200, errorWithoutId(RpcErrorCode.InvalidRequest, text));
      return;
    }
    const answers = (await Promise.all(calls.map(answerCall))).flatMap((one) => (one === undefined ? [] : [one.json]));
    if (answers.length === 0) sendText(response, 200, "");
    // Quirk: one answer stands alone, also if a batch was asked (chain §8.1).
    else sendJson(response, 200, answers.length === 1 ? (answers[0] as Json) : answers);
  }

  async function handleUri(path: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const method = METHODS.get(path.slice(1));
    if (path === "/") sendText(response, 200, listOfMethods(), "text/html");
    else if (method === undefined) sendText(response, 404, "404 page not found\n", "text/plain; charset=utf-8");
    else {
      const { json, failed } = await answer(-1, async () => method.run(backend, parseUriParams(method.params, query)));
      sendJson(response, failed ? 500 : 200, json);
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    allowAllOrigins(response);
    if (request.method === "OPTIONS") {
      answerPreflight(response);
      return;
    }
    const target = request.url ?? "/";
    const question = target.indexOf("?");
    const path = (question < 0 ? target : target.slice(0, question)).replace(/^\/{2,}/, "/");
    if (path === "/" && request.method === "POST") await handlePost(request, response);
    else await handleUri(path, new URLSearchParams(question < 0 ? "" : target.slice(question + 1)), response);
  }

  return makeHttpServer(handle, {
    limits: RPC_LIMITS,
    formatRefusal: ({ message }) => JSON.stringify(errorWithoutId(RpcErrorCode.InvalidRequest, message)),
    onInternalError,
  });
}

function parseBody(body: Buffer): unknown[] | undefined {
  try {
    const json: unknown = JSON.parse(body.toString("utf8"));
    return Array.isArray(json) ? json : [json];
  } catch {
    return undefined;
  }
}

function errorWithoutId(code: RpcErrorCode, data: string): Json {
  return { jsonrpc: "2.0", error: new RpcError(code, data).toJson() };
}

function sendJson(response: ServerResponse, status: number, json: Json): void {
  sendText(response, status, escapeHtml(JSON.stringify(json)));
}

function listOfMethods(): string {
  const items = [...METHODS].map(([name, { params }]) => {
    const args = Object.keys(params).map((param) => `${param}=_`);
    return `<li>/${name}${args.length === 0 ? "" : `?${args.join("&amp;")}`}</li>`;
  });
  return `<html><body><ul>${items.join("")}</ul></body></html>`;
}
