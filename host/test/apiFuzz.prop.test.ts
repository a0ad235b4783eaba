import { connect, type Socket } from "node:net";
import { getOption, hasOption } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRestServer } from "../src/api/rest/restServer.ts";
import { makeRpcServer } from "../src/api/rpc/rpcServer.ts";
import { http } from "../src/proto/gen/google/api/annotations_pb.ts";
import { makeRegistry } from "../src/proto/registry.ts";
import { makeFakeBackend, type RunningServer, start } from "./apiFixture.ts";

const internalErrors: unknown[] = [];
const options = { onInternalError: (error: unknown) => internalErrors.push(error) };
let rest: RunningServer;
let rpc: RunningServer;
beforeAll(async () => {
  const backend = makeFakeBackend();
  rest = await start(makeRestServer(backend, options));
  rpc = await start(makeRpcServer(backend, options));
});
afterAll(() => Promise.all([rest.close(), rpc.close()]));

const templates = [...makeRegistry()]
  .flatMap((type) => (type.kind === "service" ? type.methods : []))
  .flatMap((method) => (hasOption(method, http) ? [{ method, pattern: getOption(method, http).pattern }] : []));

const noise = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom("0", "-1", "AAAA", "99999999999999999999", ".", ".."),
);

/** Fills the variables of a template, and adds parameters under real and invented names. */
const requests = fc
  .tuple(
    fc.constantFrom(...templates),
    fc.array(noise, { minLength: 4, maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(8), noise), { maxLength: 5 }),
    fc.oneof(fc.string(), fc.json(), fc.uint8Array()),
  )
  .map(([{ method, pattern }, values, params, body]) => {
    let next = 0;
    const path = String(pattern.value).replace(/\{[^}]*\}/g, () =>
      encodeURIComponent(wellFormed(values[next++ % 4] as string)),
    );
    const names = [...method.input.fields.map(({ name }) => name), "pagination.limit", "pagination.key", "a.b.c"];
    const query = params
      .map(([i, value]) => `${names[i % names.length]}=${encodeURIComponent(wellFormed(value))}`)
      .join("&");
    return { url: `${path}?${query}`, verb: pattern.case === "post" ? "POST" : "GET", body };
  });

/** What `encodeURIComponent` takes: without lone surrogates. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString("utf8");
}

describe("servers under noise", () => {
  it(`REST answers each of ${templates.length} routes with JSON and a status of its table, whatever comes`, async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ url, verb, body }) => {
        const init = verb === "POST" ? { method: verb, body: body as string } : {};
        const response = await fetch(rest.url + url, init);
        expect([200, 400, 404, 500, 501]).toContain(response.status);
        const text = await response.text();
        expect(text).not.toMatch(/node_modules|\.ts:\d|at \S+ \(/);
        const json = JSON.parse(text);
        if (response.status !== 200) {
          expect(json).toEqual({ code: expect.any(Number), message: expect.any(String), details: [] });
        }
      }),
      { numRuns: 600 },
    );
    expect(internalErrors).toEqual([]);
  });

  it("RPC answers with JSON, whatever comes", async () => {
    const call = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          id: fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
          method: fc.constantFrom(
            "block",
            "tx",
            "tx_search",
            "abci_query",
            "blockchain",
            "validators",
            "broadcast_tx_sync",
            "x",
          ),
          params: fc.oneof(
            fc.dictionary(
              fc.constantFrom("height", "hash", "query", "path", "data", "tx", "page", "minHeight"),
              fc.jsonValue(),
            ),
            fc.array(fc.jsonValue()),
          ),
        })
        .map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(call, async (body) => {
        const text = await (await fetch(rpc.url, { method: "POST", body })).text();
        if (text !== "") JSON.parse(text);
      }),
      { numRuns: 600 },
    );
    expect(internalErrors).toEqual([]);
  });

  it("sees a transaction nested ten thousand deep as bytes that are no transaction", async () => {
    // AuthInfo.signer_infos.mode_info of modes within modes.
    let mode: Buffer = Buffer.alloc(0);
    const wrap = (tag: number, content: Buffer): Buffer => {
      const length: number[] = [];
      for (let rest = content.length; ; rest >>>= 7) {
        length.push(rest < 128 ? rest : (rest & 127) | 128);
        if (rest < 128) break;
      }
      return Buffer.concat([Buffer.from([tag, ...length]), content]);
    };
    for (let i = 0; i < 10_000; i++) mode = wrap(0x12, wrap(0x12, mode));
    const tx = wrap(0x12, wrap(0x0a, wrap(0x12, mode)));
    const body = JSON.stringify({ tx_bytes: tx.toString("base64") });
    const response = await fetch(`${rest.url}/cosmos/tx/v1beta1/decode`, { method: "POST", body });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ code: 2, message: "codespace sdk code 2: tx parse error", details: [] });
  });

  it("is not held up by 500 half-open connections", async () => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 500; i++) {
      const socket = connect(rest.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(
        i % 2 === 0
          ? "GET /cosmos/base/node/v1beta1/config HTTP/1.1\r\nHost:"
          : "POST /cosmos/tx/v1beta1/txs HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{",
      );
      sockets.push(socket);
    }
    const started = performance.now();
    for (let i = 0; i < 50; i++) {
      expect((await fetch(`${rest.url}/cosmos/base/node/v1beta1/config`)).status).toBe(200);
    }
    expect(performance.now() - started).toBeLessThan(10_000);
    for (const socket of sockets) socket.destroy();
  });
});
