/**
 * Update or clear a contract's admin; no code runs (chain §2.15, enclave §8).
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { notImplemented } from "../notImplemented.ts";
import type { ChangeAdminCall, Frame } from "./callTree.ts";
import { adminChangeFailure } from "./chainFailure.ts";

/** @throws {ChainFailure}; {OutOfGas}; {RefusalError} HostMisbehavior */
export function changeAdmin(_frame: Frame, _call: ChangeAdminCall): readonly Event[] {
  throw adminChangeFailure(notImplemented());
}
