import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRpcServer } from "../src/api/rpc/rpcServer.ts";
import { IndexError, IndexErrorCode } from "../src/indexer/indexError.ts";
import { fill, INDEXED, makeFakeBackend, RANDOM, type RunningServer, start, TX } from "./apiFixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not used
type Loose = any;

const HASH = Buffer.from(INDEXED.hash).toString("hex").toUpperCase();
const TX64 = Buffer.from(TX).toString("base64");
let admission = { code: 0, codespace: "", log: "", gasWanted: 0n, gasUsed: 0n };
const internalErrors: unknown[] = [];

const backend = makeFakeBackend(
  {
    "/a/b": ({ data }) => ({ value: data }),
    "/fails": () => ({
      code: 22,
      codespace: "sdk",
      log: "rpc error: code = NotFound desc = account a not found: key not found",
    }),
  },
  {
    genesis: '{"chain_id":"secretdev-1"}',
    broadcast: async () => admission,
    searchTransactions: async ({ query, offset }) => {
      if (query === "") throw new IndexError(IndexErrorCode.BadQuery, "offset 0: EOF");
      if (query === "crash") throw new Error("disk on fire at /var/lib");
      return { found: offset === 0 ? [INDEXED] : [], total: 1 };
    },
  },
);

let server: RunningServer;
beforeAll(async () => {
  server = await start(makeRpcServer(backend, { onInternalError: (error) => internalErrors.push(error) }));
});
afterAll(() => server.close());

async function send(path: string, init?: RequestInit): Promise<{ status: number; text: string; json: Loose }> {
  const response = await fetch(server.url + path, init);
  const text = await response.text();
  return {
    status: response.status,
    text,
    json: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : undefined,
  };
}
const post = (body: unknown) =>
  send("/", { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
const call = async (method: string, params?: unknown): Promise<Loose> =>
  (await post({ jsonrpc: "2.0", id: 1, method, params })).json;

describe("shapes that clients read (clients §5.2)", () => {
  it("status names a 0.38 version, hashes in upper hex and heights as strings", async () => {
    const { json } = await send("/status?");
    expect(json.id).toBe(-1);
    expect(json.result.node_info).toMatchObject({
      version: expect.stringMatching(/^0\.38\./),
      network: "secretdev-1",
      other: { tx_index: "on" },
    });
    expect(json.result.sync_info).toMatchObject({
      latest_block_hash: "05".repeat(32),
      latest_app_hash: "06".repeat(32),
      latest_block_height: "2",
      latest_block_time: "2026-11-25T09:30:06.449850123Z",
      earliest_block_height: "1",
      catching_up: false,
    });
    expect(json.result.validator_info.pub_key.type).toBe("tendermint/PubKeyEd25519");
  });

  it("block and commit have parts, numbers and hex where CometBFT has them", async () => {
    const { result } = await call("block", { height: "2" });
    expect(result.block_id).toEqual({ hash: "05".repeat(32), parts: { total: 1, hash: "05".repeat(32) } });
    expect(result.block.header).toMatchObject({
      version: { block: "11" },
      height: "2",
      last_block_id: { parts: { total: 1 } },
    });
    expect(result.block.data.txs).toEqual([Buffer.from(RANDOM).toString("base64"), TX64]);
    expect(result.block.last_commit.signatures[0]).toMatchObject({
      block_id_flag: 2,
      validator_address: "08".repeat(20),
    });
    expect((await call("block", { height: "1" })).result.block.last_commit).toEqual({
      height: "0",
      round: 0,
      block_id: { hash: "", parts: { total: 0, hash: "" } },
      signatures: [],
    });
    expect((await call("commit", [2])).result).toMatchObject({
      canonical: false,
      signed_header: { commit: { height: "2" } },
    });
    expect((await call("commit", ["1"])).result.canonical).toBe(true);
    expect((await call("header")).result.header.height).toBe("2");
    expect(
      (await call("block_by_hash", { hash: Buffer.from(fill(5, 32)).toString("base64") })).result.block.header.height,
    ).toBe("2");
    expect((await call("block_by_hash", { hash: "AAAA" })).result).toEqual({
      block_id: { hash: "", parts: { total: 0, hash: "" } },
      block: null,
    });
  });

  it("pages validators, and says of which height it knows none", async () => {
    const set = Array.from({ length: 140 }, (_, index) => ({
      address: fill(index, 20),
      publicKey: fill(1, 32),
      power: 5n,
    }));
    const backend = makeFakeBackend({}, { validators: (height) => (height === 1 ? set : undefined) });
    const server = await start(makeRpcServer(backend, { onInternalError: () => {} }));
    const ask = async (query: string) =>
      (await fetch(`${server.url}/validators?${query}`)).json() as Promise<Record<string, unknown>>;
    expect((await ask("height=1")).result).toMatchObject({ block_height: "1", count: "30", total: "140" });
    const last = (await ask("height=1&page=2&per_page=100")).result as { validators: { address: string }[] };
    expect(last).toMatchObject({ count: "40", total: "140" });
    expect(last.validators[0]?.address).toBe("64".repeat(20));
    expect((await ask("height=1&page=6")).error).toMatchObject({ data: "page should be within [1, 5] range, given 6" });
    expect((await ask("height=2")).error).toMatchObject({ data: "could not find validator set for height #2" });
    await server.close();
  });

  it("block_results, validators, consensus_params and blockchain answer", async () => {
    const { result } = await call("block_results", { height: "2" });
    expect(result.txs_results[1]).toMatchObject({
      code: 0,
      gas_used: "65432",
      events: [{ type: "message", attributes: [{ index: true }] }],
    });
    expect(result.txs_results[0].data).toBeNull();
    expect(result).toMatchObject({ finalize_block_events: null, validator_updates: null });
    expect((await call("block_results", { height: "1" })).result.txs_results).toBeNull();
    expect((await call("validators")).result).toMatchObject({ block_height: "3", count: "1", total: "1" });
    expect((await call("consensus_params", { height: "1" })).result.consensus_params.block).toEqual({
      max_bytes: "22020096",
      max_gas: "-1",
    });
    const metas = (await send("/blockchain?minHeight=1&maxHeight=10")).json.result.block_metas;
    expect(metas.map((meta: Loose) => [meta.header.height, meta.num_txs])).toEqual([
      ["2", "2"],
      ["1", "1"],
    ]);
  });

  it("abci_query takes hex, and shows an error as a result", async () => {
    expect((await call("abci_query", { path: "/a/b", data: "0102", prove: false })).result.response).toMatchObject({
      code: 0,
      value: "AQI=",
      key: null,
      height: "2",
    });
    expect((await send('/abci_query?path="/a/b"&data=0x0102')).json.result.response.value).toBe("AQI=");
    expect((await call("abci_query", { path: "/fails" })).result.response).toMatchObject({
      code: 22,
      log: expect.stringContaining("rpc error: code = NotFound"),
    });
  });

  it("finds transactions by hash in base64, in URI hex, and by search", async () => {
    const expected = { hash: HASH, height: "2", index: 1, tx: TX64 };
    expect(
      (await call("tx", { hash: Buffer.from(INDEXED.hash).toString("base64"), prove: false })).result,
    ).toMatchObject(expected);
    expect((await send(`/tx?hash=0x${HASH}&prove=false`)).json.result).toMatchObject(expected);
    expect((await send(`/tx_search?query="tx.hash='${HASH}'"&page=1`)).json.result).toMatchObject({
      txs: [expected],
      total_count: "1",
    });
    expect((await call("tx", { hash: "AAAA" })).error).toEqual({
      code: -32603,
      message: "Internal error",
      data: "tx (000000) not found",
    });
    expect((await call("tx_search", { query: "a", page: "9" })).error.data).toBe(
      "page should be within [1, 1] range, given 9",
    );
    expect((await call("tx_search", { query: "" })).error.data).toBe("offset 0: EOF");
    expect((await call("tx_search", { query: "a", order_by: "up" })).error.data).toMatch(/^expected order_by/);
    expect((await call("tx_search", { query: "a".repeat(513) })).error.data).toBe("maximum query length exceeded");
  });

  it("broadcasts", async () => {
    const accepted = { code: 0, data: "", log: "", codespace: "", hash: HASH };
    expect((await call("broadcast_tx_sync", { tx: TX64 })).result).toEqual(accepted);
    expect((await call("broadcast_tx_async", { tx: TX64 })).result).toEqual(accepted);
    expect((await call("broadcast_tx_commit", { tx: TX64 })).result).toMatchObject({
      height: "2",
      hash: HASH,
      tx_result: { gas_used: "65432" },
    });
    admission = { ...admission, code: 5, codespace: "sdk", log: "insufficient funds" };
    expect((await call("broadcast_tx_sync", { tx: TX64 })).result).toMatchObject({
      code: 5,
      log: "insufficient funds",
    });
    expect((await call("broadcast_tx_commit", { tx: TX64 })).result).toMatchObject({
      check_tx: { code: 5 },
      height: "0",
    });
    admission = { ...admission, code: 19, log: "" };
    expect((await call("broadcast_tx_sync", { tx: TX64 })).error.data).toBe("tx already exists in cache");
    admission = { ...admission, code: 0, codespace: "", log: "" };
  });

  it("shows mempool, genesis and health", async () => {
    expect((await call("unconfirmed_txs")).result).toMatchObject({ n_txs: "1", total: "1", txs: [TX64] });
    expect((await call("num_unconfirmed_txs")).result).toEqual({
      n_txs: "1",
      total: "1",
      total_bytes: String(TX.length),
      txs: null,
    });
    expect((await call("genesis")).result.genesis.chain_id).toBe("secretdev-1");
    expect((await call("health")).result).toEqual({});
    expect((await call("abci_info")).result.response.last_block_height).toBe("2");
    expect((await call("net_info")).result.n_peers).toBe("0");
  });
});

describe("the transport (chain §8.1)", () => {
  it("echoes ids, runs no notification, and answers batches", async () => {
    expect((await post({ id: "x", method: "health" })).json).toEqual({ jsonrpc: "2.0", id: "x", result: {} });
    expect(await post({ method: "health" })).toMatchObject({ status: 200, text: "" });
    expect((await post([{ id: 1, method: "health" }, { method: "health" }, { id: 2, method: "nope" }])).json).toEqual([
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: 2, error: { code: -32601, message: "Method not found" } },
    ]);
    expect((await post([{ id: 1, method: "health" }])).json).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect((await post(Array(11).fill({ id: 1, method: "health" }))).json).toEqual({
      jsonrpc: "2.0",
      error: {
        code: -32600,
        message: "Invalid Request",
        data: "batch request exceeds maximum (10) allowed number of requests",
      },
    });
  });

  it("refuses what is no request or has wrong arguments", async () => {
    expect(await post("{")).toMatchObject({ status: 500, json: { error: { code: -32700 } } });
    expect(await post("null")).toMatchObject({ status: 200, json: { error: { code: -32600 } } });
    expect((await post({ id: {}, method: "health" })).json.error.code).toBe(-32600);
    for (const params of [{ height: "x" }, { height: true }, ["1", "2"], "height"]) {
      expect((await call("block", params)).error).toMatchObject({ code: -32602, message: "Invalid params" });
    }
    expect(await send("/block?height=x")).toMatchObject({ status: 500, json: { error: { code: -32602 } } });
    expect(await send("/tx?hash=ABCD")).toMatchObject({ status: 500, json: { error: { code: -32602 } } });
    expect((await send("/block?height=")).json.result.block.header.height).toBe("2");
  });

  it("refuses heights with CometBFT's texts", async () => {
    expect(await send("/block?height=9")).toMatchObject({
      status: 500,
      json: { error: { code: -32603, data: "height 9 must be less than or equal to the current blockchain height 2" } },
    });
    expect((await call("block", { height: "0" })).error.data).toBe("height must be greater than 0, but got 0");
  });

  it("lists its methods, and knows no others", async () => {
    expect((await send("/")).text).toContain("/abci_query?path=_&amp;data=_");
    expect(await send("/nope")).toMatchObject({ status: 404, text: "404 page not found\n" });
  });

  it("refuses a long body and tells nothing of failures inside", async () => {
    expect(await post("x".repeat(1_000_001))).toMatchObject({
      status: 400,
      json: { error: { code: -32600, data: expect.stringContaining("at most 1000000 bytes") } },
    });
    expect((await call("tx_search", { query: "crash" })).error).toEqual({
      code: -32603,
      message: "Internal error",
      data: "internal error",
    });
    expect(internalErrors).toHaveLength(1);
  });
});
