/**
 * `sotto join`: the steps into a network, each said when it is done, then the node.
 * @module
 */
import { existsSync } from "node:fs";
import { homePaths } from "@sotto/host/node/home";
import type { JoinOptions } from "@sotto/host/node/joinHome";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";
import { readAccountKey } from "./keys.ts";
import type { JoinFlags } from "./options.ts";
import { out } from "./output.ts";
import { runNode } from "./start.ts";

const STEPS: Readonly<Record<Parameters<JoinOptions["report"]>[0], string>> = {
  home: "1 home and genesis",
  keys: "2 keys",
  evidence: "3 collateral and evidence",
  registration: "4 registration",
  seed: "5 seed",
};

export async function join(flags: JoinFlags): Promise<void> {
  const { from, genesis: genesisPath, peer: peers } = flags;
  if (from === undefined && !existsSync(homePaths(flags.home).nodeAccount)) {
    throw new NodeError(
      NodeErrorCode.BadConfiguration,
      "--from KEY is needed: an account of the network that pays for the registration",
    );
  }
  const account = from === undefined ? undefined : await readAccountKey(from);
  await runNode(flags, {
    peers,
    genesisPath,
    account,
    report: (step, text) => {
      out(`${STEPS[step]}: ${text}`);
      if (step === "seed") out("6 catching up, then 7 following: the node starts");
    },
  });
}
