import { randomInt } from "node:crypto";
import { MsgSend, Wallet } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type Sotto, startSotto, within } from "./harness.ts";
import {
  clientPaths,
  expectDecentAnswer,
  expectDecentText,
  makeRandom,
  openHalf,
  type Random,
  sendRaw,
} from "./hostile.ts";
import { ask, balanceOf, type Client, connect, FAST, succeeded, toBase64, uscrt } from "./network.ts";

const SEED = Number(process.env.E2E_SEED ?? randomInt(2 ** 31));
const paths = clientPaths();

let sotto: Sotto;
let a: Client;

beforeAll(async () => {
  sotto = await startSotto();
  a = connect(sotto.rest, "a");
}, 30_000);

async function expectAlive(): Promise<void> {
  const to = new Wallet().address;
  succeeded(await a.tx.bank.send({ from_address: a.address, to_address: to, amount: uscrt(3) }, { ...FAST }));
  expect(await balanceOf(a, to)).toBe(3n);
  expect(sotto.output()).not.toMatch(/internal error|^\s+at /m);
}

/** Runs them a few at a time. */
async function inParallel(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job();
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

const post = (path: string, body: string | Uint8Array): Promise<void> =>
  expectDecentAnswer(`${sotto.rest}${path}`, { method: "POST", body });
const filled = (path: string, value: () => string): string => path.replace(/\$\{[^}]*\}/g, value);
const noise = (random: Random, length: number): string =>
  [...random.bytes(random.below(length))].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

describe(`bad input (E2E_SEED=${SEED})`, () => {
  it("knows the paths of the client", () => {
    expect(paths.length).toBeGreaterThan(120);
    expect(paths).toContain("/registration/v1beta1/tx-key");
  });

  it("is answered decently on every path, whatever stands in the place of a value", async () => {
    const random = makeRandom(SEED);
    const nasty = [
      () => noise(random, 40),
      () => "0",
      () => "-1",
      () => "18446744073709551616",
      () => "%00",
      () => "..%2f..",
      () => "%ff%fe",
      () => a.address,
    ];
    await inParallel(
      paths.flatMap((path) => nasty.map((value) => () => expectDecentAnswer(`${sotto.rest}${filled(path, value)}?`))),
    );
    await expectAlive();
  });

  it("is answered decently on every path, whatever the query string says", async () => {
    const random = makeRandom(SEED + 1);
    const queries = [
      () => noise(random, 200),
      () => "pagination.limit=abc&pagination.offset=-1",
      () => "pagination.key=%%%&query=%zz&pagination.limit=99999999999999999999",
      () => `query=${noise(random, 100)}&denom=${noise(random, 20)}`,
      () => "=&=&&&a[b]=c&pagination[limit]=1&__proto__.x=1&constructor=1",
    ];
    await inParallel(
      paths.flatMap((path) =>
        queries.map(
          (query) => () =>
            expectDecentAnswer(`${sotto.rest}${filled(path, () => "1")}?${query()}`, {
              headers: { "x-cosmos-block-height": random.below(3) === 0 ? "abc" : "0" },
            }),
        ),
      ),
    );
    await expectAlive();
  });

  it("is answered decently as a body of any path", async () => {
    const random = makeRandom(SEED + 2);
    const bodies = [
      () => random.bytes(random.below(300)),
      () => '{"txBytes":',
      () => '{"tx_bytes":17,"mode":"NO_SUCH_MODE"}',
    ];
    await inParallel(
      paths.flatMap((path) =>
        bodies.map(
          (body) => () =>
            post(
              filled(path, () => "1"),
              body(),
            ),
        ),
      ),
    );
    await expectAlive();
  });

  it("is answered decently as JSON that is none or not what is asked for", async () => {
    const bodies = [
      "",
      "{",
      "null",
      "[]",
      '"text"',
      '{"tx_bytes":null}',
      '{"tx_bytes":"%%%"}',
      '{"tx_bytes":"AA","mode":99999999999}',
      '{"tx":{"body":{"messages":[{"@type":"/no.such.Message"}]}}}',
      '{"tx":{"body":{"messages":[{}]}}}',
      '{"__proto__":{"tx_bytes":"AA"}}',
      "[".repeat(100_000),
      `{"tx":${'{"body":'.repeat(50_000)}`,
      '{"tx_bytes":"AA","tx_bytes":"BB"}',
      '{"tx_bytes":"\\ud800"}',
      "\u0000",
    ];
    for (const path of ["txs", "simulate", "encode", "decode", "encode/amino", "decode/amino"])
      for (const body of bodies) await post(`/cosmos/tx/v1beta1/${path}`, body);
    for (const body of bodies) {
      const text = await (await fetch(sotto.rpc, { method: "POST", body })).text();
      // A batch of no calls and a call without id have no answer.
      if (text !== "") expectDecentText(text, `RPC ${body.slice(0, 50)}`);
    }
    await expectAlive();
  });

  it("is refused as a transaction, cut anywhere or with any bit flipped", async () => {
    const random = makeRandom(SEED + 3);
    const message = new MsgSend({ from_address: a.address, to_address: a.address, amount: uscrt(1) });
    const tx = Buffer.from(await a.tx.signTx([message], { gasLimit: 30_000 }));
    const spoilt = [
      ...Array.from({ length: 40 }, () => tx.subarray(0, 1 + random.below(tx.length - 1))),
      ...Array.from({ length: 80 }, () => {
        const copy = Buffer.from(tx);
        const at = random.below(copy.length);
        copy[at] = (copy[at] as number) ^ (1 << random.below(8));
        return copy;
      }),
      ...Array.from({ length: 40 }, () => random.bytes(1 + random.below(400))),
    ];
    for (const bytes of spoilt) {
      const body = JSON.stringify({ txBytes: toBase64(bytes), mode: "BROADCAST_MODE_SYNC" });
      const answer = await ask(`${sotto.rest}/cosmos/tx/v1beta1/txs`, { method: "POST", body });
      expectDecentText(JSON.stringify(answer.body), bytes.toString("hex"));
      expect(answer.status).toBe(200);
      expect((answer.body as { tx_response: { code: number } }).tx_response.code, bytes.toString("hex")).not.toBe(0);
      await post("/cosmos/tx/v1beta1/simulate", body);
      await post("/cosmos/tx/v1beta1/decode", body);
    }
    await expectAlive();
  });

  it("may be ten megabytes long", async () => {
    const large = "A".repeat(10_000_000);
    const bodies = [
      large,
      `{"txBytes":"${large}","mode":"BROADCAST_MODE_SYNC"}`,
      `{"tx":"${large}"}`,
      "[".repeat(10_000_000),
    ];
    for (const body of bodies) {
      await post("/cosmos/tx/v1beta1/txs", body);
      await post("/cosmos/tx/v1beta1/simulate", body);
    }
    await Promise.all(Array.from({ length: 4 }, () => post("/cosmos/tx/v1beta1/decode", bodies[1] as string)));
    await expectAlive();
  });

  it("is refused when it is longer than any body may be", async () => {
    const { status, body } = await ask(`${sotto.rest}/cosmos/tx/v1beta1/txs`, {
      method: "POST",
      body: "A".repeat(13_000_000),
    });
    expect(status).toBe(413);
    expect(body).toMatchObject({ code: 3, message: expect.stringMatching(/at most \d+ bytes/), details: [] });
    await expectAlive();
  });

  it("is refused when it is no HTTP", async () => {
    const random = makeRandom(SEED + 4);
    const requests = [
      random.bytes(500),
      "HELLO\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(2_000_000)}\r\n\r\n`,
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ];
    for (const url of [sotto.rest, sotto.rpc])
      for (const bytes of requests) {
        const answer = await sendRaw(url, bytes);
        expect(answer, String(bytes).slice(0, 60)).toMatch(/^HTTP\/1\.1 4\d\d /);
        expectDecentText(answer.slice(answer.indexOf("\r\n\r\n") + 4), String(bytes).slice(0, 60));
      }
    await expectAlive();
  });

  it("holds up nobody when it is 500 connections that never end their request", async () => {
    const closers = [await openHalf(sotto.rest, 400), await openHalf(sotto.rpc, 100)];
    const startedAt = performance.now();
    for (let round = 0; round < 5; round++) await expectAlive();
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    for (const close of closers) close();
    await expectAlive();
  });

  it("does not keep the node from stopping when it is connections that stay open", async () => {
    const closers = [await openHalf(sotto.rest, 20), await openHalf(sotto.rpc, 20)];
    expect(await within(5_000, sotto.stop(), () => sotto.output())).toEqual({ code: 0, signal: null });
    for (const close of closers) close();
  });
});
