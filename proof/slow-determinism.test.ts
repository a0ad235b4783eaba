/** The same blocks on newer versions of Node, which the npm registry has as packages, and many of them. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../e2e/harness.ts";
import { startEnclave, type Transport } from "./support/lab.ts";
import { recordHome, workloadBlocks } from "./support/recordHome.ts";
import { type Replayed, replay } from "./support/replay.ts";

const MAIN = fileURLToPath(new URL("./support/replayMain.ts", import.meta.url));
const TRANSPORTS: readonly Transport[] = ["inline", "process"];

/** The program, or why there is none. */
function fetchNode(major: number): { readonly program?: string; readonly reason?: string } {
  const folder = temporaryFolder();
  const name = `node-linux-${process.arch}`;
  const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${major}`];
  const { status, stderr } = spawnSync("npm", args, { encoding: "utf8", timeout: 180_000 });
  const program = join(folder, "node_modules", name, "bin", "node");
  if (status === 0 && existsSync(program)) return { program };
  return { reason: `the registry gives no ${name}@${major}: ${stderr.trim().split("\n")[0]}` };
}

describe("a long replay", () => {
  let recorded: Awaited<ReturnType<typeof recordHome>>;
  let here: Replayed;

  beforeAll(async () => {
    recorded = await recordHome(workloadBlocks(30));
    const copy = recorded.copy();
    here = replay({ copy, home: recorded.home, connect: () => startEnclave(copy, "inline") });
  });

  it("gives what it gave when the blocks were made", () => {
    expect(here.differences).toEqual([]);
    console.log(`determinism: ${here.blocks} blocks, ${here.transactions} transactions replayed on ${process.version}`);
  });

  it.each(TRANSPORTS)("gives the same with a new enclave for each block, %s", (transport) => {
    const copy = recorded.copy();
    const cold = replay({ copy, home: recorded.home, connect: () => startEnclave(copy, transport), cold: true });
    expect(cold).toEqual(here);
  });

  it.each([22, 24, 26])("gives the same on Node %i", (major) => {
    const { program, reason } = fetchNode(major);
    if (program === undefined) {
      console.log(`determinism: skipped Node ${major}: ${reason}`);
      return;
    }
    for (const transport of TRANSPORTS) {
      const args = [MAIN, recorded.copy(), recorded.home, transport];
      const output = execFileSync(program, args, { encoding: "utf8", env: { PATH: process.env.PATH }, stdio: "pipe" });
      const { node, ...there } = JSON.parse(output) as Replayed & { node: string };
      expect(node).toMatch(new RegExp(`^v${major}\\.`));
      console.log(`determinism: the same on Node ${node}, ${transport}`);
      expect(there).toEqual(here);
    }
  });
});
