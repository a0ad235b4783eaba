/**
 * The allow list when a machine registers: who may take which entry (registration §1.6, §7 O).
 *
 * | replaced machine | machine on the list | |
 * |---|---|---|
 * | none, or the same | no | refused, unless the policy admits any: then a new entry |
 * | none, or the same | yes | the owner's, or nobody's yet: owner's from now on; another's: refused |
 * | not listed, or not the owner's | | refused |
 * | the owner's | yes | refused |
 * | the owner's | no | takes its place |
 * @module
 */
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import { EvidenceError, EvidenceErrorCode } from "../evidence/evidenceError.ts";
import { NO_OWNER, type RegisterStore } from "./registerStore.ts";

export type MachineClaim = {
  /** 20 bytes. */
  readonly machine: Uint8Array;
  /** ed25519 key, proven by signature. */
  readonly owner: Uint8Array;
  /** 20 bytes, if the registration names one. */
  readonly replaces: Uint8Array | undefined;
};

/**
 * Takes the machine's place on the list.
 * @param admits the policy's `machines`
 * @throws {EvidenceError} UnknownMachine, MachineOwner
 */
export function claimMachine(store: RegisterStore, admits: "any" | "listed", claim: MachineClaim): void {
  const { machine, owner, replaces } = claim;
  const current = store.machineOwner(machine);
  if (replaces === undefined || equalBytes(replaces, machine)) {
    if (current === undefined) {
      if (admits === "listed") throw unknownMachine(machine);
    } else if (equalBytes(current, owner)) {
      return;
    } else if (!equalBytes(current, NO_OWNER)) {
      throw notOwner(`machine ${bytesToHex(machine)} is another owner's: register with its validator key`);
    }
    store.ownMachine(machine, owner, undefined);
    return;
  }
  const replacedOwner = store.machineOwner(replaces);
  if (replacedOwner === undefined || !equalBytes(replacedOwner, owner)) {
    throw notOwner(`machine ${bytesToHex(replaces)} is not this owner's: only its owner may replace it`);
  }
  if (current !== undefined) {
    throw notOwner(`machine ${bytesToHex(machine)} is on the list: register without a machine to replace`);
  }
  store.ownMachine(machine, owner, replaces);
}

function unknownMachine(machine: Uint8Array): EvidenceError {
  const id = bytesToHex(machine);
  return new EvidenceError(
    EvidenceErrorCode.UnknownMachine,
    `machine ${id} is not on the network's allow list: ask its authority to add it`,
  );
}

function notOwner(reason: string): EvidenceError {
  return new EvidenceError(EvidenceErrorCode.MachineOwner, reason);
}
