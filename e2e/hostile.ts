/**
 * Bad input for a running node, and what every answer to it has to look like.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { connect as connectSocket, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { ROOT } from "./harness.ts";

export type Random = { below(limit: number): number; bytes(length: number): Buffer };

/** Repeatable noise (mulberry32). */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (limit) => next() % limit,
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 0xff)),
  };
}

/** Paths that `secretjs` can call, with `${…}` where it puts a value (clients, appendix A). */
export function clientPaths(): string[] {
  const folder = join(ROOT, "node_modules/secretjs/dist/grpc_gateway");
  const paths = new Set<string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".js")) continue;
    for (const [, path] of readFileSync(join(folder, name), "utf8").matchAll(/`(\/[a-z][^`?]*)\??/g))
      paths.add((path as string).replace(/\$\{[^}]*\}*\s*$/, ""));
  }
  return [...paths];
}

/** Every answer is JSON of the agreed form and gives nothing of the node's inside away. */
export async function expectDecentAnswer(url: string, init: RequestInit = {}): Promise<void> {
  const response = await fetch(url, init);
  const text = await response.text();
  expectDecentText(text, `${init.method ?? "GET"} ${url.slice(0, 300)}`);
  if (response.status === 200) return;
  expect(JSON.parse(text), url.slice(0, 300)).toEqual({
    code: expect.any(Number),
    message: expect.any(String),
    details: [],
  });
}

/** @param what asked, for the message of a failure */
export function expectDecentText(text: string, what: string): void {
  expect(() => JSON.parse(text), `${what} answered ${JSON.stringify(text.slice(0, 300))}`).not.toThrow();
  expect(text, what).not.toMatch(/\\n +at |node_modules|file:\/\/|node:internal|\.[tj]s:\d+|\/dist\/|\/bundle\//);
  expect(text, what).not.toContain(ROOT);
  expect(text, what).not.toContain('"internal error"');
}

/** Writes raw bytes to a port. @returns what came back until the node hung up, or `patienceMs` had passed */
export function sendRaw(url: string, bytes: Uint8Array | string, patienceMs = 3_000): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = openSocket(url, () => socket.write(bytes));
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(finish, patienceMs);
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
    socket.on("end", finish).on("close", finish);
  });
}

/** Connections that begin a request and never end it, or say nothing at all. @returns closes them */
export async function openHalf(url: string, count: number): Promise<() => void> {
  const beginnings = ["", "GET / HT", "GET /cosmos/base/node/v1beta1/config HTTP/1.1\r\nHost: x\r\n", HALF_A_BODY];
  const sockets = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      return new Promise<Socket>((resolve, reject) => {
        const socket = openSocket(url, () => {
          socket.write(beginnings[index % beginnings.length] as string);
          socket.off("error", reject).on("error", () => {});
          resolve(socket);
        });
        socket.once("error", reject);
      });
    }),
  );
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

const HALF_A_BODY = 'POST /cosmos/tx/v1beta1/txs HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"txBytes":"';

function openSocket(url: string, connected: () => void): Socket {
  const { hostname, port } = new URL(url);
  const socket = connectSocket(Number(port), hostname, connected);
  socket.on("error", () => {});
  return socket;
}
