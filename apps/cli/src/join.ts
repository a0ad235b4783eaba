/**
 * `sotto join`: the steps into a network, each said when it is done, then the node.
 * @module
 */
import { existsSync } from "node:fs";
import { homePaths } from "@sotto/host/node/home";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";
import { readAccountKey } from "./keys.ts";
import type { JoinFlags } from "./options.ts";
import { printStep, runNode } from "./start.ts";

/** @param execute as `startNode` takes it */
export async function join(flags: JoinFlags, execute?: Parameters<typeof runNode>[2]): Promise<void> {
  const { from, genesis: genesisPath, peer: peers } = flags;
  if (from === undefined && !existsSync(homePaths(flags.home).nodeAccount)) {
    throw new NodeError(
      NodeErrorCode.BadConfiguration,
      "--from KEY is needed: an account of the network that pays for the registration",
    );
  }
  const account = from === undefined ? undefined : await readAccountKey(from);
  await runNode(flags, { peers, genesisPath, account, report: printStep }, execute);
}
