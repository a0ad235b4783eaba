/**
 * The `sim` platform: every rule of an attested enclave and none of its protection.
 *
 * It measures, starts, seals and quotes as hardware would, so that the node is the same everywhere, but its machine secret is a
 * file and the root of its certificates is public. Spec: registration §2.7, §3.4.
 * @module
 */
import { makeInlineConnection } from "./inlineConnection.ts";
import { loadMachineSecret } from "./machineSecret.ts";
import type { Platform } from "./platform.ts";
import { measureBundle } from "./powers.ts";
import { makeProcessConnection } from "./processConnection.ts";
import { makeSimCollateral, publishedToday } from "./sim/simCollateral.ts";
import { simMachinePowers } from "./sim/simMachinePowers.ts";

/**
 * @param options.machineSecretFile created at the first start of an enclave; its name contains "insecure"
 */
export function makeSimPlatform(options: { readonly machineSecretFile: string }): Platform {
  const secret = (): Uint8Array => loadMachineSecret(options.machineSecretFile);
  return {
    name: "sim",
    insecure: true,
    keepsSecrets: true,
    collateral: (nowSeconds) => makeSimCollateral(publishedToday(nowSeconds)),
    measure: measureBundle,
    startInline: (bundle) => {
      // A copy: what runs is what was measured, whatever happens to the caller's bytes meanwhile.
      const owned = new Uint8Array(bundle);
      return makeInlineConnection(owned, simMachinePowers(secret(), owned));
    },
    startProcess: (bundle) => makeProcessConnection(new Uint8Array(bundle), { kind: "sim", secret: secret() }),
  };
}
