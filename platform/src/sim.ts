/**
 * The `sim` platform: every rule of an attested enclave and none of its protection.
 *
 * It measures, starts and seals as hardware would, so that the node is the same everywhere, but its machine secret is a
 * file. Spec: registration §2.7, §3.4.
 * @module
 */
import { makeInlineConnection } from "./inlineConnection.ts";
import { loadMachineSecret } from "./machineSecret.ts";
import type { Platform } from "./platform.ts";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";
import { makeProcessConnection } from "./processConnection.ts";
import { measureBundle } from "./simPowers.ts";

/**
 * @param options.machineSecretFile created at the first start of an enclave; its name contains "insecure"
 */
export function makeSimPlatform(options: { readonly machineSecretFile: string }): Platform {
  const start = (make: typeof makeInlineConnection, bundle: Uint8Array) => {
    // A copy: what runs is what was measured, whatever happens to the caller's bytes meanwhile.
    const owned = new Uint8Array(bundle);
    return make(owned, measureBundle(owned), loadMachineSecret(options.machineSecretFile));
  };
  return {
    name: "sim",
    insecure: true,
    keepsSecrets: true,
    collateral: () => {
      throw new PlatformError(PlatformErrorCode.NoCollateral, "the simulated platform makes no collateral yet");
    },
    measure: measureBundle,
    startInline: (bundle) => start(makeInlineConnection, bundle),
    startProcess: (bundle) => start(makeProcessConnection, bundle),
  };
}
