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
import { machineOwnerIn, NO_OWNER, type RegisterReader, type RegisterStore } from "./registerStore.ts";

export type MachineClaim = {
  /** 20 bytes. */
  readonly machine: Uint8Array;
  /** ed25519 key, proven by signature. */
  readonly owner: Uint8Array;
  /** 20 bytes, if the registration names one. */
  readonly replaces: Uint8Array | undefined;
};

/** What a list is judged by. */
type OwnerOf = (machine: Uint8Array) => Uint8Array | undefined;

/**
 * Takes the machine's place on the list. It must be free to take in the state that the network has agreed on, and still be so where the
 * block has come to: what is given for it leaves the enclave, and which transactions of the block count is the host's word until the next
 * header.
 * @param agreed the state before the block
 * @param admits the policy's `machines`
 * @throws {EvidenceError} UnknownMachine, MachineOwner
 */
export function claimMachine(
  store: RegisterStore,
  agreed: RegisterReader,
  admits: "any" | "listed",
  claim: MachineClaim,
): void {
  requirePlace((machine) => machineOwnerIn(agreed, machine), admits, claim);
  const replaced = requirePlace((machine) => store.machineOwner(machine), admits, claim);
  if (replaced !== "own") store.ownMachine(claim.machine, claim.owner, replaced);
}

/** @returns the machine that makes place, if one does; or that the place is its own already */
function requirePlace(
  ownerOf: OwnerOf,
  admits: "any" | "listed",
  { machine, owner, replaces }: MachineClaim,
): Uint8Array | undefined | "own" {
  const current = ownerOf(machine);
  if (replaces === undefined || equalBytes(replaces, machine)) {
    if (current === undefined) {
      if (admits === "listed") throw unknownMachine(machine);
    } else if (equalBytes(current, owner)) {
      return "own";
    } else if (!equalBytes(current, NO_OWNER)) {
      throw notOwner(`machine ${bytesToHex(machine)} is another owner's: register with its validator key`);
    }
    return undefined;
  }
  const replacedOwner = ownerOf(replaces);
  if (replacedOwner === undefined || !equalBytes(replacedOwner, owner)) {
    throw notOwner(`machine ${bytesToHex(replaces)} is not this owner's: only its owner may replace it`);
  }
  if (current !== undefined) {
    throw notOwner(`machine ${bytesToHex(machine)} is on the list: register without a machine to replace`);
  }
  return replaces;
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
