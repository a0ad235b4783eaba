/**
 * The platform that a node's enclave runs on, by name.
 * @module
 */
import type { Platform } from "@sotto/platform/platform";
import { makeSimPlatform } from "@sotto/platform/sim";
import type { HomePaths } from "./home.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import type { PlatformName } from "./platformNames.ts";

/** @throws {NodeError} BadConfiguration, where the machine does not have it */
export function platformOf(name: PlatformName, paths: HomePaths): Platform {
  if (name === "sim") return makeSimPlatform({ machineSecretFile: paths.machineSecret });
  throw new NodeError(NodeErrorCode.BadConfiguration, `platform ${name} is not built yet`);
}
