/**
 * Whether this enclave may still take part: its machine is listed and its evidence is recent, in the state that a block begins with
 * (registration §1.6, §7 N, O).
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { AttestationPolicy } from "../evidence/attestation.ts";
import { EvidenceError } from "../evidence/evidenceError.ts";
import { parsePolicy } from "../evidence/policy.ts";
import { attestationIn, machineOwnerIn, policyIn, policySinceIn, type RegisterReader } from "./registerStore.ts";

export type Member = {
  /** Registration key, if it has one. */
  readonly nodeKey: Uint8Array | undefined;
  /** Made the network: it takes part without a registration, its machine is in genesis. */
  readonly isFounder: boolean;
  /** Machine id out of a quote of its own; asked only of founders that have not registered. */
  readonly machine: () => Uint8Array;
  /** Of the block that begins. */
  readonly height: bigint;
};

/**
 * A member takes no part before the block that admits it: until then its state has nothing about it, and it only catches up.
 * @throws {RefusalError} NotListed, AttestationDue
 */
export function requireMembership(policy: AttestationPolicy, state: RegisterReader, member: Member): void {
  const attested = member.nodeKey && attestationIn(state, member.nodeKey);
  if (attested === undefined && !member.isFounder) return;
  if (policy.machines === "listed") {
    const machine = attested?.machine ?? member.machine();
    if (machineOwnerIn(state, machine) === undefined) throw notListed(machine);
  }
  if (attested !== undefined && policy.reattestEvery > 0) {
    // A policy that comes to ask for it gives everybody the time: otherwise it would stop the network with the block that follows.
    let from = policySinceIn(state);
    if (from < attested.height) from = attested.height;
    const due = from + BigInt(policy.reattestEvery);
    if (member.height > due) {
      throw new RefusalError(
        RefusalCode.AttestationDue,
        `this node attested at height ${attested.height} and had to again by ${due}: register it anew, from a new home`,
      );
    }
  }
}

/** The network's policy, if it has one. @throws {RefusalError} PolicyUnreadable */
export function readPolicy(state: RegisterReader): AttestationPolicy | undefined {
  const bytes = policyIn(state);
  try {
    return bytes && parsePolicy(bytes);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new RefusalError(
      RefusalCode.PolicyUnreadable,
      `genesis: ${error.message}: mend app_state.register.attestation`,
    );
  }
}

function notListed(machine: Uint8Array): RefusalError {
  return new RefusalError(
    RefusalCode.NotListed,
    `machine ${bytesToHex(machine)} is not on the network's allow list any more: ask its authority, then register from a new home`,
  );
}
