/**
 * `sotto reset`: removes what `sotto start` made, and nothing else.
 * @module
 */
import { existsSync, rmSync } from "node:fs";
import { homePaths, lockHome } from "@sotto/host/node/home";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";

export function reset(home: string): void {
  const paths = homePaths(home);
  if (!existsSync(paths.root)) {
    process.stdout.write(`nothing to reset: ${home} does not exist\n`);
    return;
  }
  if (!existsSync(paths.state)) {
    throw new NodeError(NodeErrorCode.BadConfiguration, `${home} is not a home folder of sotto, nothing was removed`);
  }
  const unlock = lockHome(paths);
  const { data, sealed, genesis, validatorKey, nodeAccount, nodeFile, machineSecret } = paths;
  for (const path of [data, sealed, genesis, validatorKey, nodeAccount, nodeFile, machineSecret])
    rmSync(path, { recursive: true, force: true });
  unlock();
  process.stdout.write(`reset: the network in ${home} is gone; \`sotto start\` makes a new one\n`);
}
