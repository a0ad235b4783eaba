/**
 * The platform that a node's enclave runs on, by name.
 * @module
 */
import { makePlatform } from "@sotto/platform/makePlatform";
import type { Platform } from "@sotto/platform/platform";
import type { HomePaths } from "./home.ts";
import type { PlatformName } from "./platformNames.ts";

/** What the machine lacks shows when an enclave is started. */
export function platformOf(name: PlatformName, paths: HomePaths): Platform {
  return makePlatform(name, {
    machineSecretFile: paths.machineSecret,
    gramineFolder: paths.gramine,
    collateral: paths.collateral,
  });
}
