/**
 * Names of the platforms that an enclave can run on, for the command line, which must not load what they need.
 * @module
 */
import type { Platform } from "@sotto/platform/platform";

export type PlatformName = Platform["name"];
export const PLATFORM_NAMES: readonly PlatformName[] = ["sim", "sgx", "tdx"];
