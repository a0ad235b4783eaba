/**
 * The command, with a platform that keeps no secrets over a restart, as a TD does: the simulated one with a sealing key that is drawn anew in
 * each process. The machine stays the same. It gets `start` or `join`, and flags as JSON.
 * @module
 */
import { randomBytes } from "node:crypto";
import { makeExecutorService } from "@sotto/host/node/executorService";
import { makeInlineConnection } from "@sotto/platform/inlineConnection";
import { loadMachineSecret } from "@sotto/platform/machineSecret";
import { makeSimPlatform } from "@sotto/platform/sim";
import { simMachinePowers } from "@sotto/platform/sim/simMachinePowers";
import { join } from "../apps/cli/dist/join.js";
import { start } from "../apps/cli/dist/start.js";

function forgetful(machineSecretFile) {
  const sealingKey = new Uint8Array(randomBytes(32));
  return {
    ...makeSimPlatform({ machineSecretFile }),
    keepsSecrets: false,
    startInline: (bundle) => {
      const powers = simMachinePowers(loadMachineSecret(machineSecretFile), bundle);
      return makeInlineConnection(bundle, { ...powers, sealingKey: () => sealingKey });
    },
  };
}

/** In this thread, so that nothing but the platform differs. */
function execute(data, closers) {
  const service = makeExecutorService(data, forgetful(data.paths.machineSecret));
  closers.push(() => service.close());
  return Object.fromEntries(Object.entries(service).map(([name, call]) => [name, async (...args) => call(...args)]));
}

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const [command, flags] = process.argv.slice(2);
const given = {
  rest: LOOPBACK,
  rpc: LOOPBACK,
  enclave: "inline",
  platform: "sim",
  keepHeights: 0,
  ...JSON.parse(flags),
};
try {
  await { join, start }[command](given, execute);
} catch (error) {
  process.stderr.write(`sotto: ${error.message}\n`);
  process.exitCode = 1;
}
