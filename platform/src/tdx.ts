/**
 * The `tdx` platform: the whole virtual machine is the enclave, so the node and the bundle run side by side in it (registration §5.5).
 *
 * There is no sealing key: after a restart the enclave has to be given its seeds by a peer.
 * @module
 */
import * as fs from "node:fs";
import { readCollateral } from "./collateralFile.ts";
import { makeInlineConnection } from "./inlineConnection.ts";
import type { Platform } from "./platform.ts";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";
import { measureBundle } from "./powers.ts";
import { makeProcessConnection } from "./processConnection.ts";
import { tdxMachinePowers } from "./tdx/tdxMachinePowers.ts";
import { checkBundleRegister } from "./tdx/tdxRegisters.ts";

export type TdxOptions = {
  /** Of configfs-tsm: `/sys/kernel/config/tsm/report`. */
  readonly reportFolder: string;
  /** Of the TD's registers: `/sys/devices/virtual/misc/tdx_guest/measurements`. */
  readonly registerFolder: string;
  /** File or folder with the collateral that the operator has fetched. */
  readonly collateral: string;
};

/** On another machine everything but quotes would work, and protect nothing. */
function checkIsTd(reportFolder: string): void {
  if (fs.existsSync(reportFolder)) return;
  throw new PlatformError(
    PlatformErrorCode.StartFailed,
    `platform tdx: ${reportFolder} is not there: this is no TD, or its kernel is older than 6.7, or configfs is not mounted`,
  );
}

export function makeTdxPlatform({ reportFolder, registerFolder, collateral }: TdxOptions): Platform {
  /** A copy: what runs is what was measured, whatever happens to the caller's bytes meanwhile. */
  const own = (bundle: Uint8Array): Uint8Array => {
    checkIsTd(reportFolder);
    checkBundleRegister(fs, registerFolder, bundle);
    return new Uint8Array(bundle);
  };
  return {
    name: "tdx",
    insecure: false,
    keepsSecrets: false,
    collateral: (nowSeconds) => readCollateral(collateral, "tdx", nowSeconds),
    measure: measureBundle,
    startInline: (bundle) => makeInlineConnection(own(bundle), tdxMachinePowers(reportFolder)),
    startProcess: (bundle) => makeProcessConnection(own(bundle), { kind: "tdx", reportFolder }),
  };
}
