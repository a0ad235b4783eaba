/**
 * A network under load that is killed at random instants and started again, with a witness who remembers what was visible.
 * @module
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { eventually, type Sotto, spawnSotto, startArguments, startSotto, temporaryFolder } from "../../e2e/harness.ts";
import { type Contract, Http, hashOf, toBase64, Wallet } from "./client.ts";
import { deploy, readWasm, startEnclave } from "./lab.ts";
import type { Random } from "./random.ts";
import { replay } from "./replay.ts";

const FLAGS = ["--collect", "10", "--block-interval", "300"];
const LOADERS = ["a", "b", "c"] as const;
const BURST = 4;
/** After the banner. */
const LONGEST_LIFE_MS = 1_000;
/** After the spawn: the kill falls into the start itself, recovery included. */
const LONGEST_START_MS = 700;

/** Looked at after every kill; all are after every tenth and at the end. */
const NEWEST = 60;

type Sight = { readonly height: number; readonly code: number };

/** What clients have seen, which no kill may take back. */
class Witness {
  readonly seen = new Map<string, Sight>();
  height = 0;

  see(hash: string, sight: Sight): void {
    this.seen.set(hash, sight);
    this.height = Math.max(this.height, sight.height);
  }

  /** The newest, or all, are where they were. */
  async check(http: Http, which: "newest" | "all"): Promise<void> {
    expect(await http.latestHeight()).toBeGreaterThanOrEqual(this.height);
    const seen = [...this.seen];
    for (const [hash, { height, code }] of which === "all" ? seen : seen.slice(-NEWEST)) {
      const now = await http.transaction(hash);
      expect({ hash, height: now?.height, code: now?.code }).toEqual({ hash, height, code });
    }
  }
}

/** Bursts of transactions of one account, without end; stops when the node does not answer any more. */
async function load(http: Http, ioKey: Uint8Array, name: string, probe: Contract, witness: Witness): Promise<void> {
  const wallet = new Wallet(name, ioKey);
  const value = toBase64(`by ${name}`);
  try {
    wallet.sequence = await http.sequence(wallet.address);
    for (let round = 0; ; round++) {
      const txs = Array.from({ length: BURST }, (_, i) => {
        const set = { set: { key: toBase64(`${name} ${(round * BURST + i) % 50}`), value } };
        const message = i === 3 ? { run: { ops: [set, { fail: { text: "undone" } }] } } : set;
        return wallet.sign([wallet.execute(probe, message).any], 200_000n);
      });
      for (const tx of txs) {
        const { code, log } = await http.broadcast(tx);
        if (code !== 0) throw new Error(`not admitted: ${log}`);
      }
      for (const tx of txs) {
        const hash = hashOf(tx);
        const { height, code } = await eventually(
          () => http.transaction(hash),
          () => `transaction ${hash}`,
        );
        witness.see(hash, { height, code });
      }
      witness.height = Math.max(witness.height, await http.latestHeight());
    }
  } catch (error) {
    if (!isNodeGone(error)) throw error;
  }
}

/** Killed in the middle of whatever it was: no connection, or half an answer. */
function isNodeGone(error: unknown): boolean {
  // `FetchError`: secretjs, where a file before this one has loaded it, puts another `fetch` in place.
  if (error instanceof SyntaxError || (error as Error).name === "FetchError") return true;
  return error instanceof TypeError && (error.message === "fetch failed" || error.message === "terminated");
}

async function prepare(node: Sotto, witness: Witness): Promise<Contract> {
  const http = new Http(node.rest);
  const wallet = new Wallet("d", await http.ioKey());
  wallet.sequence = await http.sequence(wallet.address);
  const run = async (tx: Uint8Array) => {
    const hash = hashOf(tx);
    await http.broadcast(tx);
    const seen = await eventually(
      () => http.transaction(hash),
      () => `transaction ${hash}`,
    );
    witness.see(hash, seen);
    return { ...seen, hash };
  };
  return deploy(wallet, run, readWasm("probe"), { noop: {} }, "probe");
}

/** Kills one start in the middle of it; it may be over sooner. */
async function killStart(home: string, random: Random): Promise<void> {
  const starting = spawnSotto(startArguments(home, FLAGS));
  await new Promise((resolve) => setTimeout(resolve, random.below(LONGEST_START_MS)));
  await starting.kill();
}

/** Kills the first start of a new home at a random instant, `kills` times; the next start has to make the network all the same. */
export async function killFirstStarts(kills: number, random: Random): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    const home = join(temporaryFolder(), "home");
    await killStart(home, random);
    const node = await startSotto({ home, flags: FLAGS });
    expect(await new Http(node.rest).latestHeight()).toBeGreaterThan(0);
    await node.stop();
  }
}

export type KillFigures = {
  readonly kills: number;
  readonly visible: number;
  readonly blocks: number;
  readonly transactions: number;
};

/**
 * Kills a network `kills` times under load, checks after each that nothing visible is lost, and replays all of its blocks.
 * Every fourth kill hits a start; every second life has its enclave in a process of its own.
 */
export async function runKills(kills: number, random: Random): Promise<KillFigures> {
  const folder = temporaryFolder();
  const home = join(folder, "home");
  const early = join(folder, "early");
  await (await startSotto({ home, flags: FLAGS })).stop();
  cpSync(home, early, { recursive: true });

  const witness = new Witness();
  let probe: Contract | undefined;
  for (let kill = 0; kill < kills; kill++) {
    if (kill % 4 === 3) {
      await killStart(home, random);
      continue;
    }
    const transport = kill % 2 === 0 ? "inline" : "process";
    const node = await startSotto({ home, flags: [...FLAGS, "--enclave", transport] });
    const http = new Http(node.rest);
    await witness.check(http, kill % 10 === 0 ? "all" : "newest");
    const ioKey = await http.ioKey();
    const contract = probe ?? (await prepare(node, witness));
    probe = contract;
    const before = witness.seen.size;
    const loading = LOADERS.map((name) => load(http, ioKey, name, contract, witness));
    // However slow the machine is, some lives see a burst; the others may end before they see anything.
    if (kill % 4 === 2)
      await eventually(
        () => (witness.seen.size >= before + BURST ? true : undefined),
        () => `a burst of transactions:\n${node.output()}`,
      );
    await new Promise((resolve) => setTimeout(resolve, random.below(LONGEST_LIFE_MS)));
    await node.kill();
    await Promise.all(loading);
  }
  const last = await startSotto({ home, flags: FLAGS });
  await witness.check(new Http(last.rest), "all");
  await last.stop();

  const { differences, blocks, transactions } = replay({
    copy: early,
    home,
    connect: () => startEnclave(early, "inline"),
  });
  expect(differences).toEqual([]);
  expect(blocks).toBeGreaterThan(kills);
  return { kills, visible: witness.seen.size, blocks, transactions };
}
