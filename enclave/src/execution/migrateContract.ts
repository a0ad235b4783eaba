/**
 * Migrate: other code for a contract, on its old state (chain §2.14, enclave §8).
 * @module
 */
import { notImplemented } from "../notImplemented.ts";
import type { CallResult, Frame, MigrateCall } from "./callTree.ts";
import { enclaveFailure } from "./chainFailure.ts";

/** @throws {ChainFailure}; {OutOfGas}; {RefusalError} HostMisbehavior */
export function migrateContract(_frame: Frame, _call: MigrateCall): CallResult {
  throw enclaveFailure("migrate", notImplemented());
}
