import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { makeJsonRpc } from "../../src/peer/jsonRpc.ts";
import { makePeer } from "../../src/peer/peer.ts";
import { PeerErrorCode } from "../../src/peer/peerError.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type Call = { readonly id: number; readonly method: string; readonly params: Record<string, unknown> };

/** A server that answers what it is told to. */
async function serve(
  answer: (body: string, response: ServerResponse, request: IncomingMessage) => void,
): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    answer(body, response, request);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connect(url: string, limits: { timeoutMs?: number; maxAnswerBytes?: number } = {}) {
  const rpc = makeJsonRpc({ url, timeoutMs: 2_000, maxAnswerBytes: 10_000, ...limits });
  closers.push(() => rpc.close());
  return rpc;
}

const CALLS = [
  { method: "status", params: {} },
  { method: "block", params: { height: "5" } },
];

describe("chain §8.1: asking another node", () => {
  it("puts calls into one request, keeps the connection, and takes answers in any order", async () => {
    const sockets = new Set<unknown>();
    const bodies: unknown[] = [];
    const url = await serve((body, response, request) => {
      sockets.add(request.socket);
      const calls = JSON.parse(body) as Call[];
      bodies.push(calls);
      response.end(JSON.stringify(calls.map(({ id, method }) => ({ jsonrpc: "2.0", id, result: method })).reverse()));
    });
    const rpc = connect(url);
    for (let i = 0; i < 3; i++)
      expect((await rpc.call(CALLS)).map((result) => result.text())).toEqual(["status", "block"]);
    expect(sockets.size).toBe(1);
    expect(bodies[0]).toEqual([
      { jsonrpc: "2.0", id: 0, method: "status", params: {} },
      { jsonrpc: "2.0", id: 1, method: "block", params: { height: "5" } },
    ]);
  });

  it("takes a single answer that stands alone", async () => {
    const rpc = connect(await serve((_, response) => response.end('{"jsonrpc":"2.0","id":0,"result":{"a":"b"}}')));
    const [result] = await rpc.call([CALLS[0] as (typeof CALLS)[number]]);
    expect(result?.member("a").text()).toBe("b");
  });

  it("hands on the error that the peer answered with", async () => {
    const error = { code: -32603, message: "Internal error", data: "height 9 must be less than or equal to …" };
    const rpc = connect(
      await serve((_, response) =>
        response.end(
          JSON.stringify([
            { id: 0, result: {} },
            { id: 1, error },
          ]),
        ),
      ),
    );
    await expect(rpc.call(CALLS)).rejects.toMatchObject({
      code: PeerErrorCode.Refused,
      message: "block: height 9 must be less than or equal to …",
    });
    const whole = connect(
      await serve((_, response) =>
        response.end('{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request","data":"too many"}}'),
      ),
    );
    await expect(whole.call(CALLS)).rejects.toMatchObject({
      code: PeerErrorCode.Refused,
      message: "request: too many",
    });
  });

  it.each<[string, string, RegExp]>([
    ["no JSON", "<html>", /no JSON/],
    ["nothing", "", /no JSON/],
    ["a number", "5", /status: no answer with the id/],
    ["null", "null", /status: no answer with the id/],
    ["answers to other questions", '[{"id":7,"result":1},{"id":8,"result":2}]', /status: no answer with the id/],
    ["an answer less", '[{"id":0,"result":1}]', /block: no answer with the id/],
  ])("names nonsense: %s", async (_, answer, sentence) => {
    const rpc = connect(await serve((__, response) => response.end(answer)));
    await expect(rpc.call(CALLS)).rejects.toMatchObject({
      code: PeerErrorCode.Nonsense,
      message: expect.stringMatching(sentence),
    });
  });

  it("stops reading what is too long, and waiting for what does not come", async () => {
    const long = connect(
      await serve((_, response) => {
        const timer = setInterval(() => response.write("x".repeat(5_000)), 1);
        response.on("close", () => clearInterval(timer));
      }),
    );
    await expect(long.call(CALLS)).rejects.toMatchObject({ code: PeerErrorCode.TooLong });
    const silent = connect(await serve(() => {}), { timeoutMs: 100 });
    await expect(silent.call(CALLS)).rejects.toMatchObject({
      code: PeerErrorCode.Unreachable,
      message: "no answer within 100 ms",
    });
    const slow = connect(await serve((_, response) => void response.write('{"id":0,')), { timeoutMs: 100 });
    await expect(slow.call(CALLS)).rejects.toMatchObject({ code: PeerErrorCode.Unreachable });
  });

  it("says that nobody is there, or that the connection broke", async () => {
    const url = await serve((_, response) => response.destroy());
    await expect(connect(url).call(CALLS)).rejects.toMatchObject({ code: PeerErrorCode.Unreachable });
    await expect(connect("http://127.0.0.1:1").call(CALLS)).rejects.toMatchObject({
      code: PeerErrorCode.Unreachable,
      message: "connection refused",
    });
    for (const bad of ["ftp://host", "http://", "not a url"])
      expect(() => makePeer(bad)).toThrow(/expected the URL of a node's RPC/);
  });
});

describe("chain §8.2: routes of a peer", () => {
  const peerOf = async (answers: Record<string, unknown>) => {
    const peer = makePeer(
      await serve((body, response) => {
        const calls = [JSON.parse(body)].flat() as Call[];
        const all = calls.map(({ id, method, params }) => {
          const answer = answers[method];
          const value = typeof answer === "function" ? (answer as (params: unknown) => object)(params) : answer;
          return { jsonrpc: "2.0", id, ...(value as object) };
        });
        response.end(JSON.stringify(all.length === 1 ? all[0] : all));
      }),
    );
    closers.push(() => peer.close());
    return peer;
  };

  it("validators of all pages", async () => {
    const one = (index: number) => ({
      address: "00".repeat(20),
      pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.alloc(32, index).toString("base64") },
      voting_power: String(index),
      proposer_priority: "0",
    });
    const all = Array.from({ length: 140 }, (_, index) => one(index));
    const peer = await peerOf({
      validators: ({ page, per_page }: { page: string; per_page: string }) => {
        const start = (Number(page) - 1) * Number(per_page);
        return { result: { validators: all.slice(start, start + Number(per_page)), total: "140" } };
      },
    });
    expect((await peer.validators(3)).map(({ power }) => Number(power))).toEqual(all.map((_, index) => index));
    const endless = await peerOf({ validators: { result: { validators: [], total: "5" } } });
    await expect(endless.validators(3)).rejects.toThrow(/0 of 5 and no more/);
  });

  it("a transaction that is known, not known yet, or in the cache already", async () => {
    const tx_result = { code: 3, codespace: "compute", log: "failed", data: null };
    const known = await peerOf({
      tx: { result: { hash: "AA", height: "12", tx_result } },
      broadcast_tx_sync: { error: { code: -32603, message: "Internal error", data: "tx already exists in cache" } },
    });
    expect(await known.transaction(new Uint8Array(32))).toEqual({
      height: 12,
      code: 3,
      codespace: "compute",
      log: "failed",
    });
    expect(await known.broadcast(new Uint8Array(3))).toMatchObject({ code: 19, codespace: "sdk" });
    const unknown = await peerOf({
      tx: { error: { code: -32603, message: "Internal error", data: "tx (AA) not found" } },
    });
    expect(await unknown.transaction(new Uint8Array(32))).toBeUndefined();
    const disabled = await peerOf({ tx: { error: { code: -32603, data: "transaction indexing is disabled" } } });
    await expect(disabled.transaction(new Uint8Array(32))).rejects.toThrow(/indexing is disabled/);
  });

  it("the answer of an ABCI query, with null for no bytes", async () => {
    const peer = await peerOf({
      abci_query: ({ path, data }: { path: string; data: string }) => ({
        result: { response: { code: 0, log: `${path} ${data}`, key: null, value: null } },
      }),
    });
    expect(await peer.query("/a.B/C", Uint8Array.of(0xab))).toEqual({
      code: 0,
      log: "/a.B/C ab",
      value: new Uint8Array(0),
    });
  });
});
