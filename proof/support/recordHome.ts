/**
 * A home with a known history, and a copy of it from before that history.
 * @module
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../e2e/harness.ts";
import { deploy, Lab, readWasm } from "./lab.ts";
import { workloadBlock } from "./workload.ts";

/** Records what `makeBlocks` does to a new network. */
export async function recordHome(
  makeBlocks: (lab: Lab) => Promise<void>,
): Promise<{ readonly home: string; copy(): string }> {
  const folder = temporaryFolder();
  const home = join(folder, "home");
  const early = join(folder, "early");
  await (await Lab.open({ home, transport: "inline" })).close();
  cpSync(home, early, { recursive: true });
  const lab = await Lab.open({ home, transport: "inline" });
  try {
    await makeBlocks(lab);
    lab.executor.produce([], []);
  } finally {
    await lab.close();
  }
  let copies = 0;
  return {
    home,
    copy: () => {
      const copy = join(folder, `copy ${copies++}`);
      cpSync(early, copy, { recursive: true });
      return copy;
    },
  };
}

/** Blocks full of the workload, one a round. */
export function workloadBlocks(rounds: number): (lab: Lab) => Promise<void> {
  return async (lab) => {
    const alice = await lab.wallet("a");
    const bob = await lab.wallet("b");
    const run = (tx: Uint8Array) => lab.run(tx);
    const probe = await deploy(alice, run, readWasm("probe"), { noop: {} }, "probe");
    const init = {
      name: "Secret",
      symbol: "SCRT",
      decimals: 6,
      initial_balances: [{ address: alice.address, amount: "1000000000" }],
      prng_seed: "AAAA",
      config: {},
    };
    const token = await deploy(alice, run, readWasm("private_token"), init, "token");
    for (let round = 0; round < rounds; round++) {
      lab.executor.produce(workloadBlock(alice, probe, token, bob.address, round), []);
    }
  };
}
