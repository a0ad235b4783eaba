import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homePaths } from "@sotto/host/node/home";
import { Wallet } from "secretjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Sotto, startSotto, temporaryFolder } from "./harness.ts";
import {
  ask,
  balanceOf,
  type Contract,
  connect,
  deployProbe,
  execute,
  FAST,
  query,
  succeeded,
  toBase64,
  uscrt,
} from "./network.ts";
import { expectSameChain, heightOf, reach, rpc } from "./two.ts";

const FLAGS = ["--collect", "20", "--block-interval", "300"];

/** As a home that had joined would be: another validator key, and somebody to follow. */
function makeFollower(original: string, url: string): string {
  const home = join(temporaryFolder(), "follower");
  cpSync(original, home, { recursive: true });
  const paths = homePaths(home);
  rmSync(paths.validatorKey);
  rmSync(paths.lock, { force: true });
  writeFileSync(paths.nodeFile, JSON.stringify({ peers: ["http://127.0.0.1:1", url] }));
  return home;
}

describe("consensus §2.7: a node that follows another", () => {
  let first: Sotto;
  let second: Sotto;
  let probe: Contract;
  const key = toBase64("key");

  beforeAll(async () => {
    const seed = await startSotto({ flags: FLAGS });
    probe = await deployProbe(connect(seed.rest, "a"));
    await seed.stop();
    first = await startSotto({ home: seed.home, flags: FLAGS });
    // A copy of what was, so that its enclave can open what the first one sealed.
    const home = makeFollower(seed.home, first.rpc);
    second = await startSotto({ home });
    await reach(second, await heightOf(first));
  }, 60_000);
  afterAll(async () => {
    await first.stop();
    await second.stop();
  });

  /** An enclave that has just started waits for its boot transaction. */
  const ready = (node: Sotto): Promise<unknown> =>
    eventually(
      () =>
        query(connect(node.rest, "a"), probe, { get: { key } }).then(
          () => true,
          () => undefined,
        ),
      () => `an answer to a query:\n${node.output()}`,
    );

  it("says in its banner that it follows, and what it does with its validator key", () => {
    expect(second.output()).toMatch(/^sotto follows at height \d+: secretdev-1/m);
    expect(second.output()).toMatch(/validator +[0-9A-F]{40}, which signs nothing here/);
    expect(second.output()).not.toContain("keys are PUBLIC");
    expect(second.output()).toMatch(/left peer http:\/\/127\.0\.0\.1:1: connection refused/);
  });

  it("answers encrypted queries and takes transactions; each node shows what came in by the other", async () => {
    await ready(second);
    for (const [writer, reader, value] of [
      [second, first, "by the second"],
      [first, second, "by the first"],
    ] as const) {
      const tx = succeeded(await execute(connect(writer.rest, "a"), probe, { set: { key, value: toBase64(value) } }));
      await reach(reader, tx.height);
      const client = connect(reader.rest, "a");
      expect(await query(client, probe, { get: { key } })).toBe(toBase64(value));
      expect((await client.query.getTx(tx.transactionHash))?.height).toBe(tx.height);
    }
  });

  it("simulates, and hands on what the first node refuses", async () => {
    const b = connect(second.rest, "b");
    const message = { from_address: b.address, to_address: b.address, amount: uscrt(1) };
    const { gas_info } = await b.tx.bank.send.simulate(message);
    expect(Number(gas_info?.gas_used)).toBeGreaterThan(10_000);
    await expect(b.tx.bank.send({ ...message, amount: uscrt("9".repeat(30)) }, FAST)).resolves.toMatchObject({
      code: 5,
    });
    const { body } = await ask(`${second.rest}/cosmos/tx/v1beta1/txs`, {
      method: "POST",
      body: JSON.stringify({ tx_bytes: toBase64("no transaction"), mode: "BROADCAST_MODE_SYNC" }),
    });
    expect(body).toMatchObject({ tx_response: { code: 2, codespace: "sdk" } });
  });

  it("says who it is, and that it signs nothing", async () => {
    const status = await rpc<{ validator_info: unknown; sync_info: unknown }>(second, "status");
    expect(status).toMatchObject({ validator_info: { voting_power: "0" }, sync_info: { catching_up: false } });
    const { body } = await ask(`${second.rest}/cosmos/base/tendermint/v1beta1/syncing`);
    expect(body).toEqual({ syncing: false });
  });

  it("goes on where it ended, and waits for a first node that is away", async () => {
    const to = new Wallet().address;
    const port = new URL(first.rpc).port;
    await second.stop();
    succeeded(
      await connect(first.rest, "c").tx.bank.send(
        { from_address: connect(first.rest, "c").address, to_address: to, amount: uscrt(7) },
        FAST,
      ),
    );
    await first.kill();
    second = await startSotto({ home: second.home });
    expect(await balanceOf(connect(second.rest, "c"), to)).toBe(0n);
    const refused = await ask(`${second.rest}/cosmos/tx/v1beta1/txs`, {
      method: "POST",
      body: JSON.stringify({ tx_bytes: toBase64("whatever"), mode: "BROADCAST_MODE_SYNC" }),
    });
    expect(refused.status).toBe(503);
    expect(refused.body.message).toMatch(/^no peer of this node takes transactions now: connection refused/);
    first = await startSotto({ home: first.home, flags: [...FLAGS, "--rpc", `127.0.0.1:${port}`] });
    await reach(second, await heightOf(first));
    expect(await balanceOf(connect(second.rest, "c"), to)).toBe(7n);
    await ready(second);
    await ready(first);
  });

  it("has the same blocks, results and validators at every height", async () => {
    await reach(second, await heightOf(first));
    expect(await expectSameChain(first, second)).toBeGreaterThan(5);
  });
});
