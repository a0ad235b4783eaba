/**
 * Two nodes of one network under load, each of which is killed at random instants and started again, with a witness who remembers what
 * was visible on either.
 * @module
 */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homePaths } from "@sotto/host/node/home";
import { expect } from "vitest";
import { eventually, type Sotto, startSotto, temporaryFolder } from "../../e2e/harness.ts";
import { expectSameChain, heightOf, reach } from "../../e2e/two.ts";
import { type Contract, Http, hashOf, toBase64, Wallet } from "./client.ts";
import { deploy, readWasm } from "./lab.ts";
import type { Random } from "./random.ts";

const FLAGS = ["--collect", "10", "--block-interval", "300"];
const LONGEST_LIFE_MS = 1_200;

type Sight = { readonly height: number; readonly code: number };
type Pair = { first: Sotto; second: Sotto };

export type TwoKillFigures = { readonly kills: number; readonly visible: number; readonly blocks: number };

/** Writes through one node, whatever happens to it. */
async function load(node: () => Sotto, name: string, load: Load): Promise<void> {
  for (let round = 0; !load.stopped; round++) {
    try {
      await writeOnce(new Http(node().rest), name, round, load);
    } catch (error) {
      if (!isGone(error)) throw error;
      await pause(50);
    }
  }
}

type Load = { readonly probe: Contract; readonly seen: Map<string, Sight>; stopped: boolean };

async function writeOnce(http: Http, name: string, round: number, { probe, seen }: Load): Promise<void> {
  const wallet = new Wallet(name, await http.ioKey());
  wallet.sequence = await http.sequence(wallet.address);
  const set = { set: { key: toBase64(`${name} ${round % 20}`), value: toBase64(`round ${round}`) } };
  const tx = wallet.sign([wallet.execute(probe, set).any], 200_000n);
  const { code } = await http.broadcast(tx);
  // A follower may not have seen this account's last one yet.
  if (code !== 0) await pause(50);
  else await see(http, hashOf(tx), seen);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function see(http: Http, hash: string, seen: Map<string, Sight>): Promise<void> {
  // What the first node had admitted is lost with it: then nobody has seen it.
  for (const end = performance.now() + 5_000; performance.now() < end; ) {
    const found = await http.transaction(hash);
    if (found !== undefined) {
      seen.set(hash, { height: found.height, code: found.code });
      return;
    }
    await pause(20);
  }
}

/** No connection, half an answer, or a follower whose first node is away. */
function isGone(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof TypeError || (error as Error).name === "FetchError";
}

async function prepare(): Promise<{ pair: Pair; probe: Contract; rpcPort: string }> {
  const seed = await startSotto({ flags: FLAGS });
  const http = new Http(seed.rest);
  const wallet = new Wallet("d", await http.ioKey());
  wallet.sequence = await http.sequence(wallet.address);
  const run = async (tx: Uint8Array) => {
    const hash = hashOf(tx);
    await http.broadcast(tx);
    const found = await eventually(
      () => http.transaction(hash),
      () => `transaction ${hash}`,
    );
    return { ...found, hash };
  };
  const probe = await deploy(wallet, run, readWasm("probe"), { noop: {} }, "probe");
  await seed.stop();
  const home = join(temporaryFolder(), "second");
  cpSync(seed.home, home, { recursive: true });
  const first = await startSotto({ home: seed.home, flags: FLAGS });
  const paths = homePaths(home);
  rmSync(paths.validatorKey);
  writeFileSync(paths.nodeFile, JSON.stringify({ peers: [first.rpc] }));
  const second = await startSotto({ home });
  return { pair: { first, second }, probe, rpcPort: new URL(first.rpc).port };
}

async function checkSeen(node: Sotto, seen: ReadonlyMap<string, Sight>): Promise<void> {
  const http = new Http(node.rest);
  for (const [hash, { height, code }] of seen) {
    const now = await http.transaction(hash);
    expect({ hash, height: now?.height, code: now?.code }).toEqual({ hash, height, code });
  }
}

/** Kills the one or the other `kills` times; nothing that was visible may be lost on either, and in the end both have the same chain. */
export async function runTwoKills(kills: number, random: Random): Promise<TwoKillFigures> {
  const { pair, probe, rpcPort } = await prepare();
  const seen = new Map<string, Sight>();
  const shared: Load = { probe, seen, stopped: false };
  const loading = [load(() => pair.first, "a", shared), load(() => pair.second, "b", shared)];
  for (let kill = 0; kill < kills; kill++) {
    await pause(100 + random.below(LONGEST_LIFE_MS));
    const transport = ["--enclave", kill % 2 === 0 ? "process" : "inline"];
    if (random.below(2) === 0) {
      const { home } = pair.first;
      await pair.first.kill();
      pair.first = await startSotto({ home, flags: [...FLAGS, ...transport, "--rpc", `127.0.0.1:${rpcPort}`] });
    } else {
      const { home } = pair.second;
      await pair.second.kill();
      pair.second = await startSotto({ home, flags: transport });
    }
  }
  shared.stopped = true;
  await Promise.all(loading);
  await pair.first.kill();
  pair.first = await startSotto({
    home: pair.first.home,
    flags: ["--block-interval", "60000", "--rpc", `127.0.0.1:${rpcPort}`],
  });
  await reach(pair.second, await heightOf(pair.first));
  await checkSeen(pair.first, seen);
  await checkSeen(pair.second, seen);
  const { second } = pair;
  await second.kill();
  pair.second = await startSotto({ home: second.home });
  await reach(pair.second, await heightOf(pair.first));
  const blocks = await expectSameChain(pair.first, pair.second, 3);
  await Promise.all([pair.first.kill(), pair.second.kill()]);
  return { kills, visible: seen.size, blocks };
}
