/**
 * The REST server: conventions of the wire around the gateway (clients §1.1).
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { ApiError, GrpcCode } from "../apiError.ts";
import type { NodeBackend } from "../backend.ts";
import {
  allowAllOrigins,
  answerPreflight,
  type HttpLimits,
  type HttpRefusal,
  makeHttpServer,
  readBody,
  sendText,
} from "../httpServer.ts";
import { goQuote, quote } from "../json/text.ts";
import type { Gateway, GatewayAnswer } from "./gateway.ts";
import { legacyKeyJson } from "./legacyRoutes.ts";
import { decodePercent } from "./urlText.ts";

/** Encrypted queries travel in the URL, code in base64 in the body: 2 MiB of it and as much again for the rest. */
export const REST_LIMITS: HttpLimits = { maxHeaderBytes: 1_310_720, maxBodyBytes: 12_582_912 };

export type RestServerOptions = { readonly onInternalError: (error: unknown) => void };

export function makeRestServer(backend: NodeBackend, options: RestServerOptions): Server {
  let gateway: Promise<Gateway> | undefined;
  /** The descriptors take a tenth of a second to load, which neither a start nor its first block need wait for. */
  function loadGateway(): Promise<Gateway> {
    gateway ??= import("./gateway.ts").then(({ makeGateway }) => makeGateway(backend));
    return gateway;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    allowAllOrigins(response);
    if (request.method === "OPTIONS") {
      answerPreflight(response);
      return;
    }
    try {
      const answer = await answerRequest(await loadGateway(), backend, request);
      if (answer.height !== undefined) response.setHeader("Grpc-Metadata-X-Cosmos-Block-Height", String(answer.height));
      sendText(response, 200, answer.json);
    } catch (error) {
      if (!(error instanceof ApiError)) options.onInternalError(error);
      const known = error instanceof ApiError ? error : new ApiError(GrpcCode.Internal, "internal error");
      sendText(response, known.httpStatus, formatError(known.code, known.message));
    }
  }

  const server = makeHttpServer(handle, {
    limits: REST_LIMITS,
    formatRefusal: ({ status, message }) => formatError(grpcCodeOf(status), message),
    onInternalError: options.onInternalError,
  });
  // Every request sees a failure to load; it must not end the process before.
  server.once("listening", () => loadGateway().catch(options.onInternalError));
  return server;
}

async function answerRequest(gateway: Gateway, backend: NodeBackend, request: IncomingMessage): Promise<GatewayAnswer> {
  const target = request.url ?? "/";
  const question = target.indexOf("?");
  const segments = segmentsOf(question < 0 ? target : target.slice(0, question));
  const height = parseHeight(request.headers["x-cosmos-block-height"], backend.latestHeight);
  const legacy = request.method === "GET" ? await legacyKeyJson(backend, segments) : undefined;
  if (legacy !== undefined) return { json: legacy, height: undefined };
  return gateway({
    httpMethod: request.method ?? "GET",
    segments,
    query: question < 0 ? "" : target.slice(question + 1),
    height,
    body: () => bodyOf(request),
  });
}

/** Runs of slashes count as one; escapes are decoded before the path is cut, so `%2F` separates (chain §3.6). */
function segmentsOf(path: string): readonly string[] {
  const decoded = path.includes("%") ? decodePercent(path) : path;
  return decoded
    .replace(/\/{2,}/g, "/")
    .split("/")
    .slice(1);
}

/** @throws {ApiError} Unknown with the texts of clients §1.1, chain §3.6 */
function parseHeight(header: string | string[] | undefined, latest: number): number {
  if (header === undefined || header === "") return 0;
  const text = String(header);
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ApiError(GrpcCode.Unknown, `strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  }
  const height = Number(text);
  if (height < 0) {
    throw new ApiError(
      GrpcCode.Unknown,
      "codespace sdk code 18: invalid request: cannot query with height < 0; please provide a valid height",
    );
  }
  if (height > latest) {
    throw new ApiError(
      GrpcCode.Unknown,
      "codespace sdk code 26: invalid height: cannot query with height in the future; please provide a valid height",
    );
  }
  return height;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const body = await readBody(request, REST_LIMITS.maxBodyBytes);
  if (!("status" in body)) return body;
  throw new ApiError(grpcCodeOf(body.status), body.message, body.status);
}

function grpcCodeOf(status: HttpRefusal["status"]): GrpcCode {
  if (status === 503) return GrpcCode.Unavailable;
  return status >= 500 ? GrpcCode.Internal : GrpcCode.InvalidArgument;
}

function formatError(code: number, message: string): string {
  return `{"code":${code},"message":${quote(message)},"details":[]}`;
}
