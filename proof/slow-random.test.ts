/** Ten thousand random transactions of contracts, made once and executed twice more: here, and in a process with nothing cached. */
import { beforeAll, describe, expect, it } from "vitest";
import { deploy, type Lab, readWasm, startEnclave } from "./support/lab.ts";
import { makeRandom } from "./support/random.ts";
import { randomTransaction } from "./support/randomWorkload.ts";
import { recordHome } from "./support/recordHome.ts";
import { type Replayed, replay } from "./support/replay.ts";

const BLOCKS = 50;
const TRANSACTIONS = 200;

async function makeBlocks(lab: Lab): Promise<void> {
  const random = makeRandom("random transactions");
  const wallets = await Promise.all(["a", "b", "c"].map((name) => lab.wallet(name)));
  const [alice] = wallets as [(typeof wallets)[0], ...typeof wallets];
  const run = (tx: Uint8Array) => lab.run(tx);
  const probe = async (wasm: string, label: string, api: "v0.10" | "v1") => ({
    ...(await deploy(alice, run, readWasm(wasm), { noop: {} }, label)),
    api,
  });
  const probes = [
    await probe("probe", "first", "v1"),
    await probe("probe", "second", "v1"),
    await probe("probe_v2", "with randomness", "v1"),
    await probe("probe_v010", "old", "v0.10"),
    await probe("probe_v010", "another old", "v0.10"),
  ];
  const balances = wallets.map(({ address }) => ({ address, amount: "1000000" }));
  const config = { enable_burn: true };
  const init = { name: "Secret", symbol: "SCRT", decimals: 6, initial_balances: balances, prng_seed: "AAAA", config };
  const token = await deploy(alice, run, readWasm("private_token"), init, "token");
  for (let block = 0; block < BLOCKS; block++) {
    const transactions = Array.from({ length: TRANSACTIONS }, () =>
      randomTransaction(random, { wallets, probes, token }),
    );
    lab.executor.produce(transactions, []);
  }
}

describe("random transactions of contracts", () => {
  let recorded: Awaited<ReturnType<typeof recordHome>>;
  let inline: Replayed;

  beforeAll(async () => {
    recorded = await recordHome(makeBlocks);
    const copy = recorded.copy();
    inline = replay({ copy, home: recorded.home, connect: () => startEnclave(copy, "inline") });
  });

  it("give the same app hashes, results and gas when they are executed again", () => {
    console.log(`random: ${inline.transactions} transactions, ${inline.failed} of them failed`);
    expect(inline.differences).toEqual([]);
    expect(inline.transactions).toBeGreaterThanOrEqual(BLOCKS * TRANSACTIONS);
    expect(inline.failed).toBeGreaterThan(inline.transactions / 20);
    expect(inline.failed).toBeLessThan(inline.transactions / 2);
  });

  it("give the same in a process of its own, new for each block", () => {
    const copy = recorded.copy();
    const connect = () => startEnclave(copy, "process");
    expect(replay({ copy, home: recorded.home, connect, cold: true })).toEqual(inline);
  });
});
