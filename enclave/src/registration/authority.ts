/**
 * What the authority of a network changes: its allow list and its attestation policy (registration §1.6, chain §2.16). The policy names
 * the authority; there is no governance yet.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import type {
  MsgRemoveMachines,
  MsgUpdateMachineWhitelistProposal,
  MsgUpdatePolicy,
} from "@sotto/common/wire/registration";
import type { AttestationPolicy } from "../evidence/attestation.ts";
import { EvidenceError, EvidenceErrorCode } from "../evidence/evidenceError.ts";
import { formatPolicy } from "../evidence/policy.ts";
import { ComputeCode, computeFailure } from "../execution/chainFailure.ts";
import { parseNewPolicy, policyFor } from "./networkPolicy.ts";
import { MACHINE_LENGTH, type RegisterStore } from "./registerStore.ts";

/** Where a message of the authority runs. */
export type AuthorityPlace = { readonly chainId: string; readonly height: bigint };

/** Quirk: the event tells the length of the list, not the list. */
export function listMachines(
  store: RegisterStore,
  { chainId }: AuthorityPlace,
  { authority, machineId }: MsgUpdateMachineWhitelistProposal,
): readonly Event[] {
  const machines = parseMachines(machineId);
  requireAuthority(store, chainId, authority);
  for (const machine of machines) if (store.machineOwner(machine) === undefined) store.listMachine(machine);
  const { length } = utf8ToBytes(machineId);
  return [event("machine_whitelist_proposal", authority, { machine_id: length.toString(16) })];
}

/** All of them, or none. @throws {EvidenceError} UnknownMachine, NotAuthority, NoPolicy; {ChainFailure} compute 13 */
export function removeMachines(
  store: RegisterStore,
  { chainId }: AuthorityPlace,
  { authority, machineId }: MsgRemoveMachines,
): readonly Event[] {
  const machines = parseMachines(machineId);
  requireAuthority(store, chainId, authority);
  for (const machine of machines) {
    if (store.machineOwner(machine) === undefined) {
      throw new EvidenceError(
        EvidenceErrorCode.UnknownMachine,
        `machine ${bytesToHex(machine)} is not on the allow list`,
      );
    }
    store.removeMachine(machine);
  }
  return [event("machines_removed", authority, { machine_id: machines.map(bytesToHex).join() })];
}

/** @throws {EvidenceError} BadPolicy, NotAuthority, NoPolicy */
export function updatePolicy(
  store: RegisterStore,
  { chainId, height }: AuthorityPlace,
  { authority, policy }: MsgUpdatePolicy,
): readonly Event[] {
  const current = requireAuthority(store, chainId, authority);
  store.savePolicy(utf8ToBytes(formatPolicy(parseNewPolicy(chainId, policy, current))), height);
  return [event("attestation_policy", authority, {})];
}

/** The signature is checked before: here, whether the signer is the one. @returns the policy that says so */
function requireAuthority(store: RegisterStore, chainId: string, authority: string): AttestationPolicy {
  const policy = policyFor(chainId, store.policy());
  const { authority: expected } = policy;
  if (authority === expected) return policy;
  throw new EvidenceError(
    EvidenceErrorCode.NotAuthority,
    `expected the network's authority ${expected}, got ${authority}`,
  );
}

/** Hex, several separated by commas, blanks around them left out (chain §2.3). @throws {ChainFailure} compute 13 */
function parseMachines(text: string): Uint8Array[] {
  if (text.trim() === "") throw computeFailure(ComputeCode.Invalid, "machine_id must not be empty: invalid");
  return text.split(",").map((token) => {
    const hex = token.trim();
    if (/^[0-9a-fA-F]+$/.test(hex) && hex.length === 2 * MACHINE_LENGTH) return hexToBytes(hex);
    throw computeFailure(ComputeCode.Invalid, "machine_id malformed: invalid");
  });
}

function event(type: string, sender: string, about: Readonly<Record<string, string>>): Event {
  const attributes = Object.entries({ ...about, sender }).map(([key, value]) => ({ key, value }));
  return { type, attributes };
}
