/**
 * What REST and RPC share of HTTP: limits, bodies, CORS, and refusals that a person can read.
 *
 * Slow and half-open connections are cut by time, not by number of bytes; none of them holds up others.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

export type HttpLimits = {
  /** Request line and headers together. */
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
};

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
const CHECK_INTERVAL_MS = 2_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** From a refusal until the connection is gone. */
const LINGER_MS = 1_000;
const MAX_CONNECTIONS = 2_000;
/** All bodies that are being received, together. */
const MAX_BUFFERED_BODY_BYTES = 256 * 1024 * 1024;

/** A request that is refused before a handler saw it. */
export type HttpRefusal = { readonly status: number; readonly message: string };

export type HttpServerOptions = {
  readonly limits: HttpLimits;
  /** The body of a refusal in the form of this server's errors. */
  readonly formatRefusal: (refusal: HttpRefusal) => string;
  /** Something failed that no client caused; the client was told nothing of it. */
  readonly onInternalError: (error: unknown) => void;
};

export function makeHttpServer(handler: HttpHandler, options: HttpServerOptions): Server {
  const { limits, formatRefusal, onInternalError } = options;
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      noDelay: true,
    },
    (request, response) => {
      handler(request, response).catch((error: unknown) => {
        onInternalError(error);
        if (response.headersSent) response.destroy();
        else sendText(response, 500, formatRefusal({ status: 500, message: "internal error" }));
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (socket.writable) socket.end(formatRawRefusal(refusalOf(error, limits), formatRefusal));
    // Not at once, for what is still unread would take the sentence with it; but a peer need not close its side.
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
  return server;
}

function refusalOf(error: NodeJS.ErrnoException, limits: HttpLimits): HttpRefusal {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, message: `request line and headers: expected at most ${limits.maxHeaderBytes} bytes` };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, message: "the request took too long to arrive" };
    default:
      return { status: 400, message: "not an HTTP request" };
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

function formatRawRefusal(refusal: HttpRefusal, formatRefusal: (refusal: HttpRefusal) => string): string {
  const body = formatRefusal(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status] ?? "Error"}`,
    "Content-Type: application/json",
    "Access-Control-Allow-Origin: *",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

let bufferedBytes = 0;

/**
 * The whole body of a request.
 * @returns a refusal, if it is longer than `maxBytes` or the server holds too much already; it comes when the rest of the body
 *   has been read and dropped, for a peer that still writes into a closed connection would not see the answer
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | HttpRefusal> {
  const chunks: Buffer[] = [];
  let length = 0;
  let refusal: HttpRefusal | undefined;
  return new Promise((resolve) => {
    const release = (): void => {
      bufferedBytes -= length;
      length = 0;
      chunks.length = 0;
    };
    const refuse = (why: HttpRefusal): void => {
      refusal = why;
      release();
    };
    const tooLarge = { status: 413, message: `body: expected at most ${maxBytes} bytes` };
    if (Number(request.headers["content-length"] ?? 0) > maxBytes) refuse(tooLarge);
    request.on("data", (chunk: Buffer) => {
      if (refusal !== undefined) return;
      length += chunk.length;
      bufferedBytes += chunk.length;
      chunks.push(chunk);
      if (length > maxBytes) refuse(tooLarge);
      else if (bufferedBytes > MAX_BUFFERED_BODY_BYTES) refuse({ status: 503, message: "too many requests at once" });
    });
    request.once("end", () => {
      const body = Buffer.concat(chunks);
      release();
      resolve(refusal ?? body);
    });
    request.once("error", () => {
      release();
      resolve({ status: 400, message: "the body ended early" });
    });
  });
}

/** Browsers may ask from everywhere: the servers hold no session that a page could misuse (clients §1.1, CORS). */
export function allowAllOrigins(response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Expose-Headers", "Grpc-Metadata-X-Cosmos-Block-Height");
}

export function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, x-cosmos-block-height",
    "Access-Control-Max-Age": "86400",
  });
  response.end();
}

export function sendText(response: ServerResponse, status: number, body: string, type = "application/json"): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "Content-Type": type, "Content-Length": bytes.length });
  response.end(bytes);
}
