import { join } from "node:path";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { homePaths } from "@sotto/host/node/home";
import { Wallet } from "secretjs";
import { describe, expect, it } from "vitest";
import { joinArguments, nodeOf, spawnSotto, startSotto, temporaryFolder } from "./harness.ts";
import { connectWallet, deployProbe, deployToken, execute, query, succeeded, toBase64 } from "./network.ts";
import { expectSameChain, heightOf } from "./two.ts";

const CHAIN_ID = "private-1-sim";
const BLOCKS = 3_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("registration §1.2: joining a chain that has a past", () => {
  it(`agrees with each of ${BLOCKS} app hashes, made without waiting, with contracts among them`, async () => {
    // A block follows the other at once.
    const eager = await startSotto({ flags: ["--chain-id", CHAIN_ID, "--collect", "0", "--block-interval", "1"] });
    const account = DEVELOPMENT_ACCOUNTS.find(({ name }) => name === "a");
    const client = (rest: string) => connectWallet(rest, new Wallet(account?.mnemonic ?? ""), { chainId: CHAIN_ID });
    const a = client(eager.rest);
    const probe = await deployProbe(a);
    await deployToken(a, { label: "token", balances: [{ address: a.address, amount: "1000" }] });
    const key = toBase64("key");
    for (let round = 0; (await heightOf(eager)) < BLOCKS; round++) {
      if (round % 10 === 0) succeeded(await execute(a, probe, { set: { key, value: toBase64(`round ${round}`) } }));
      else await pause(100);
    }
    const last = await query(a, probe, { get: { key } });
    await eager.stop();

    const first = await startSotto({ home: eager.home });
    const home = join(temporaryFolder(), "second");
    const flags = ["--peer", first.rpc, "--genesis", homePaths(first.home).genesis, "--from", "b"];
    const second = await nodeOf(spawnSotto(joinArguments(home, flags)), home, performance.now());
    const start = performance.now();
    const target = await heightOf(first);
    while ((await heightOf(second)) < target) await pause(50);
    const seconds = (performance.now() - start) / 1_000;
    console.log(
      `caught up ${target} blocks in ${seconds.toFixed(1)} s: ${Math.round(target / seconds)} blocks a second`,
    );
    expect(await expectSameChain(first, second)).toBeGreaterThanOrEqual(BLOCKS);
    for (const end = performance.now() + 20_000; ; await pause(50)) {
      const answer = await query(client(second.rest), probe, { get: { key } }).catch(() => undefined);
      if (answer === undefined && performance.now() < end) continue;
      expect(answer).toBe(last);
      break;
    }
    await second.stop();
    await first.stop();
  }, 900_000);
});
