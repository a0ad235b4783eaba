/** The threats that a host could act out at the boundary, against the bundle behind each transport. */
import { join } from "node:path";
import { afterEach } from "vitest";
import { temporaryFolder } from "../e2e/harness.ts";
import { testThreats } from "../enclave/test/threatSuite.ts";
import { startEnclave, type Transport } from "./support/lab.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
});

for (const transport of ["inline", "process"] as const satisfies readonly Transport[]) {
  const home = join(temporaryFolder(), transport);
  testThreats(`bundle, ${transport}`, {
    startEnclave: (onOcall) => {
      const connection = startEnclave(home, transport);
      open.push(connection);
      return { ecall: (request) => connection.exchange(request, onOcall) };
    },
  });
}
