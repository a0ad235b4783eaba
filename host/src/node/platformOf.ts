/**
 * The platform that a node's enclave runs on, by name, and how the enclave is started on it.
 * @module
 */
import { makePlatform } from "@sotto/platform/makePlatform";
import type { EnclaveConnection, Platform } from "@sotto/platform/platform";
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

/**
 * @param where of the enclave; SGX protects a process of its own, so there it is always one
 * @throws {PlatformError} StartFailed, with what the machine lacks
 */
export function startEnclaveOn(platform: Platform, where: "inline" | "process", bundle: Uint8Array): EnclaveConnection {
  return where === "inline" && platform.name !== "sgx" ? platform.startInline(bundle) : platform.startProcess(bundle);
}
