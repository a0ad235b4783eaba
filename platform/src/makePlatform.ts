/**
 * The platform that a name stands for, with the files that it needs.
 * @module
 */
import type { Platform } from "./platform.ts";
import { gramineCommand, makeSgxPlatform } from "./sgx.ts";
import { makeSimPlatform } from "./sim.ts";
import { makeTdxPlatform } from "./tdx.ts";

export type PlatformFiles = {
  /** sim: created at the first start; its name contains "insecure". */
  readonly machineSecretFile: string;
  /** sgx: folder with the signed manifest (`scripts/gramineManifest.mjs`). */
  readonly gramineFolder: string;
  /** sgx and tdx: file or folder with the collateral that the operator has fetched. */
  readonly collateral: string;
};

/** What the kernel of a TD shows (registration §5.5). */
const TDX_REPORT_FOLDER = "/sys/kernel/config/tsm/report";
const TDX_REGISTER_FOLDER = "/sys/devices/virtual/misc/tdx_guest/measurements";

/** Touches nothing: what is missing shows when an enclave is started. */
export function makePlatform(name: Platform["name"], files: PlatformFiles): Platform {
  const { machineSecretFile, gramineFolder, collateral } = files;
  switch (name) {
    case "sim":
      return makeSimPlatform({ machineSecretFile });
    case "sgx":
      return makeSgxPlatform({ launch: () => gramineCommand(gramineFolder, process.env.PATH ?? ""), collateral });
    case "tdx":
      return makeTdxPlatform({ reportFolder: TDX_REPORT_FOLDER, registerFolder: TDX_REGISTER_FOLDER, collateral });
  }
}
