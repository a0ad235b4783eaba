/**
 * Update or clear a contract's admin; no code runs (chain §2.15, enclave §8).
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { EMPTY_BYTES } from "@sotto/common/bytes";
import type { ContractInfo } from "@sotto/common/wire/compute";
import { adminProof } from "../keys/contractKey.ts";
import type { ComputeStore } from "../state/computeStore.ts";
import { GasLocation, INSTANCE_COST } from "../state/gasMeter.ts";
import type { ChangeAdminCall, Frame } from "./callTree.ts";
import { adminChangeFailure, SdkCode, sdkFailure, unregisteredFailure } from "./chainFailure.ts";
import {
  addressBytes,
  addressText,
  loadContractInfo,
  loadContractKey,
  MAX_ADMIN_PROOF,
  NO_ADMIN_PROOF,
  verifyAdmin,
} from "./contract.ts";
import { adminEvent, messageEvent } from "./contractEvents.ts";

/** @throws {ChainFailure}; {OutOfGas}; {RefusalError} HostMisbehavior */
export function changeAdmin(frame: Frame, call: ChangeAdminCall): readonly Event[] {
  const { store, meter } = frame;
  const sender = addressText(call.sender);
  const address = addressText(call.contract);
  const newAdmin = call.newAdmin === "" ? EMPTY_BYTES : addressBytes(call.newAdmin);
  const admin = newAdmin.length === 0 ? "" : addressText(newAdmin);
  meter.consume(INSTANCE_COST, GasLocation.LoadForAdminChange);
  const { info } = loadContractInfo(store, call.contract);
  if (info.admin !== sender) throw unauthorized("caller is not the admin");
  if (info.requireGovernance) requireAuthorization(store, address, admin);
  const { ogContractKey } = loadContractKey(store, call.contract);

  const proof = proveChange(frame, call, { info, originalKey: ogContractKey, newAdmin });

  store.saveContractInfo(call.contract, { ...info, admin, adminProof: proof });
  if (info.requireGovernance) store.dropAuthorizedAdmin(address);
  return [messageEvent(sender), adminEvent(address, admin)];
}

function requireAuthorization(store: ComputeStore, contract: string, admin: string): void {
  const authorized = store.authorizedAdmin(contract);
  if (authorized === undefined) throw unauthorized("requires governance approval for admin change");
  if (authorized !== admin) {
    throw unauthorized(`admin mismatch: governance authorized '${authorized}', attempting '${admin}'`);
  }
}

function unauthorized(reason: string) {
  return sdkFailure(SdkCode.Unauthorized, `${reason}: unauthorized`);
}

/** The part that the protocol has inside the enclave. @returns the proof for the new admin */
function proveChange(
  { tree: { services } }: Frame,
  call: ChangeAdminCall,
  {
    info,
    originalKey,
    newAdmin,
  }: { readonly info: ContractInfo; readonly originalKey: Uint8Array; readonly newAdmin: Uint8Array },
): Uint8Array {
  if (info.adminProof.length === 0) throw unregisteredFailure(NO_ADMIN_PROOF);
  try {
    verifyAdmin(services, info, { sender: call.sender, originalKey, maxProof: MAX_ADMIN_PROOF.changeAdmin });
    call.authenticate();
    return adminProof(services.crypto, services.keys, newAdmin, originalKey);
  } catch (error) {
    throw adminChangeFailure(error) ?? error;
  }
}
