import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { homePaths } from "@sotto/host/node/home";
import { Wallet } from "secretjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  eventually,
  joinArguments,
  launch,
  nodeOf,
  type Running,
  runSotto,
  type Sotto,
  spawnSotto,
  startSotto,
  temporaryFolder,
} from "./harness.ts";
import { type Contract, connectWallet, deployProbe, execute, query, succeeded, toBase64 } from "./network.ts";
import { expectSameChain, heightOf, reach } from "./two.ts";

const CHAIN_ID = "private-1-sim";
const FLAGS = ["--collect", "20", "--block-interval", "300"];
/** Of the past that a restart must not run again. */
const BLOCKS = 60;
const FORGETFUL = fileURLToPath(new URL("forgetfulNode.mjs", import.meta.url));

const STEPS = ["1 home", "2 keys", "3 collateral", "4 registration", "5 seed", "sotto follows"];

type Node = { readonly node_key: string };

const client = (node: Pick<Sotto, "rest">, name: string) => {
  const account = DEVELOPMENT_ACCOUNTS.find((each) => each.name === name);
  return connectWallet(node.rest, new Wallet(account?.mnemonic ?? ""), { chainId: CHAIN_ID });
};

/** A node whose enclave forgets all when its process ends. */
const forgetful = (command: "start" | "join", flags: object): Running =>
  launch(process.execPath, [FORGETFUL, command, JSON.stringify(flags)]);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const says = (running: Running, text: string): Promise<unknown> =>
  eventually(
    () => (running.output().includes(text) ? true : undefined),
    () => `${text}:\n${running.output()}`,
  );

async function nodesOf(node: Sotto): Promise<readonly Node[]> {
  return JSON.parse((await runSotto(["query", "register", "nodes", "--url", node.rest, "--json"])).stdout);
}

async function changePolicy(node: Sotto, change: object): Promise<void> {
  const { stdout } = await runSotto(["query", "register", "policy", "--url", node.rest]);
  const file = join(temporaryFolder(), "policy.json");
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(stdout) as object), ...change }));
  const args = ["tx", "register", "policy", file, "--from", "validator", "--url", node.rest];
  expect(await runSotto(args)).toMatchObject({ code: 0 });
}

describe("registration §5.5: a machine that has no sealing key", () => {
  let first: Sotto;
  let probe: Contract;
  const home = join(temporaryFolder(), "second");
  const key = toBase64("key");

  const set = async (node: Sotto, value: string): Promise<unknown> =>
    succeeded(await execute(client(node, "a"), probe, { set: { key, value: toBase64(value) } }));
  const answers = (node: Sotto, value: string): Promise<unknown> =>
    eventually(
      async () => {
        const answer = await query(client(node, "a"), probe, { get: { key } }).catch(() => undefined);
        return answer === toBase64(value) ? true : undefined;
      },
      () => `${value}:\n${node.output()}`,
    );
  const running = async (started: Running, of = home): Promise<Sotto> => {
    const node = await nodeOf(started, of, performance.now());
    await reach(node, await heightOf(first));
    return node;
  };
  const startAgain = (): Running => forgetful("start", { home, collect: 100, blockInterval: 5_000 });

  beforeAll(async () => {
    // A block follows the other at once.
    const eager = await startSotto({ flags: ["--chain-id", CHAIN_ID, "--collect", "0", "--block-interval", "1"] });
    probe = await deployProbe(client(eager, "a"));
    await set(eager, "from before");
    while ((await heightOf(eager)) < BLOCKS) await pause(50);
    await eager.stop();
    first = await startSotto({ home: eager.home, flags: FLAGS });
    const second = await running(
      forgetful("join", { home, peer: [first.rpc], genesis: homePaths(first.home).genesis, from: "b" }),
    );
    await answers(second, "from before");
    expect(second.output()).toMatch(/^ {2}restart {6}platform sim keeps no secrets: each start attests again/m);
    await second.kill();
  }, 120_000);
  afterAll(async () => {
    await first.stop();
  });

  it("goes on after a restart: it attests again as a new node and runs no block twice", async () => {
    const [before] = await nodesOf(first);
    await set(first, "while it was away");
    const second = await running(startAgain());
    for (const line of [
      /^1 home and genesis: .*this platform keeps no secrets: attesting again$/m,
      /^2 keys: registration key [0-9a-f]{64}$/m,
      /^3 collateral and evidence: \d+ bytes, owner [0-9a-f]{64}$/m,
      /^4 registration: admitted in block \d+$/m,
      /^5 seed: opened by the enclave/m,
    ])
      expect(second.output()).toMatch(line);
    const [, from] = /^sotto follows at height (\d+)/m.exec(second.output()) ?? [];
    expect(Number(from)).toBeGreaterThanOrEqual(BLOCKS);
    await answers(second, "while it was away");
    await set(second, "by the second");
    await answers(first, "by the second");
    expect(await expectSameChain(first, second, 5)).toBeGreaterThan(BLOCKS);
    const nodes = await nodesOf(first);
    expect(nodes).toHaveLength(2);
    expect(nodes.map(({ node_key }) => node_key)).toContain(before?.node_key);
    await second.stop();
  }, 60_000);

  it("goes on where it was killed at any step of that, by start and by join alike", async () => {
    const genesis = homePaths(first.home).genesis;
    const joinAgain = (): Running => forgetful("join", { home, peer: [first.rpc], genesis });
    for (const [index, step] of STEPS.entries()) {
      const again = index % 2 === 0 ? startAgain() : joinAgain();
      await says(again, step);
      await again.kill();
    }
    const second = await running(startAgain());
    await set(first, "after all that");
    await answers(second, "after all that");
    await expectSameChain(first, second, 7);
    await second.stop();
  }, 120_000);

  it("is let in again where only listed machines are: it is listed, and its owner is the same", async () => {
    await changePolicy(first, { machines: "listed" });
    const second = await running(startAgain());
    await answers(second, "after all that");
    await second.stop();

    rmSync(homePaths(home).validatorKey);
    const other = startAgain();
    expect(await other.exited).toMatchObject({ code: 1 });
    expect(other.output()).toMatch(/^sotto: the network did not admit this node: register\/\d+: .*is another owner's/m);
  }, 60_000);

  it("says what it needs where no peer can be reached", async () => {
    const alone = forgetful("start", { home, peer: ["http://127.0.0.1:1"] });
    expect(await alone.exited).toMatchObject({ code: 1 });
    expect(alone.output()).toMatch(
      /^sotto: this platform keeps no secrets over a restart: a running member .* none can be asked \(peer http:\/\/127\.0\.0\.1:1: .*\)\. Start one of its peers, or name another member with --peer URL/m,
    );
  });

  it("ends its network where it made the blocks alone, and says so from the first start on", async () => {
    const founder = join(temporaryFolder(), "founder");
    const flags = { home: founder, chainId: CHAIN_ID, collect: 20, blockInterval: 300 };
    const node = await nodeOf(forgetful("start", flags), founder, performance.now());
    expect(node.output()).toMatch(
      /^ {2}restart {6}platform sim keeps no secrets: this network ends when this node stops$/m,
    );
    await node.stop();
    const again = forgetful("start", flags);
    expect(await again.exited).toMatchObject({ code: 1 });
    expect(again.output()).toMatch(/^sotto: platform sim keeps no secrets over a restart, .*the network has ended/m);
  });
});

describe("registration §1.6: evidence that gets old", () => {
  it("is renewed in time by whoever runs, first node or second", async () => {
    const first = await startSotto({ flags: ["--chain-id", CHAIN_ID, "--collect", "20", "--block-interval", "2500"] });
    await changePolicy(first, { reattest_every: 6 });
    const home = join(temporaryFolder(), "second");
    const flags = ["--peer", first.rpc, "--genesis", homePaths(first.home).genesis, "--from", "b"];
    const second = await nodeOf(spawnSotto(joinArguments(home, flags)), home, performance.now());
    await reach(second, await heightOf(first));
    const target = (await heightOf(first)) + 14;
    while ((await heightOf(first)) < target) await pause(100);
    await reach(second, target);
    for (const node of [first, second]) {
      const renewals = node.output().match(/evidence renewed in block \d+/g) ?? [];
      expect(renewals.length, node.output()).toBeGreaterThanOrEqual(2);
      expect(node.output()).not.toContain("evidence was not renewed");
    }
    await expectSameChain(first, second);
    expect(await nodesOf(first)).toHaveLength(2);
    await second.stop();
    await first.stop();
  }, 90_000);
});
