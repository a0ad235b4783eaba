/**
 * The `sgx` platform: the enclave's process runs under Gramine inside an SGX enclave (registration §5.1 to §5.4).
 *
 * The bundle is not sent: Gramine reads it, and everything else that runs, from the folder that `scripts/gramineManifest.mjs` made,
 * and the processor's measurement covers all of it. Here it is only checked that this is the bundle which the node means.
 * @module
 */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { readCollateral } from "./collateralFile.ts";
import type { Platform } from "./platform.ts";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";
import { measureBundle } from "./powers.ts";
import { makeSocketConnection } from "./sgx/socketConnection.ts";
import type { EnclaveCommand } from "./sgx/socketThread.ts";

export type SgxOptions = {
  /** Starts the enclave's process; see `gramineCommand`. */
  readonly launch: () => EnclaveCommand;
  /** File or folder with the collateral that the operator has fetched. */
  readonly collateral: string;
};

const PROGRAM = "gramine-sgx";
/** Names in the folder that `scripts/gramineManifest.mjs` makes. */
const MANIFEST = "sotto.manifest.sgx";
const APPLICATION = "sotto";

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * How `gramine-sgx` is started.
 * @param folder with the manifest, expanded and signed
 * @param searchPath as in the environment variable PATH
 * @throws {PlatformError} StartFailed, with what is missing
 */
export function gramineCommand(folder: string, searchPath: string): EnclaveCommand {
  const command = searchPath
    .split(delimiter)
    .map((each) => join(each, PROGRAM))
    .find(isProgram);
  if (command === undefined) {
    throw new PlatformError(
      PlatformErrorCode.StartFailed,
      `platform sgx: ${PROGRAM} is not in the search path; install Gramine 1.9 or later (gramine-direct does not do: it has neither quotes nor a sealing key)`,
    );
  }
  if (!existsSync(join(folder, MANIFEST))) {
    throw new PlatformError(
      PlatformErrorCode.StartFailed,
      `platform sgx: ${join(folder, MANIFEST)} is missing; make it with scripts/gramineManifest.mjs and gramine-sgx-sign`,
    );
  }
  return { command, arguments: [APPLICATION], folder };
}

export function makeSgxPlatform({ launch, collateral }: SgxOptions): Platform {
  return {
    name: "sgx",
    insecure: false,
    keepsSecrets: true,
    collateral: (nowSeconds) => readCollateral(collateral, "sgx", nowSeconds),
    measure: measureBundle,
    startInline: () => {
      throw new PlatformError(
        PlatformErrorCode.StartFailed,
        "platform sgx: the enclave cannot run in the node's own thread, which is outside; start it as a process",
      );
    },
    startProcess: (bundle) => makeSocketConnection(launch(), measureBundle(bundle)),
  };
}
