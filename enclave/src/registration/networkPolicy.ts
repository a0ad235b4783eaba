/**
 * The network's attestation policy: the one in its proven state, and one that may take its place (registration §2.7, §7 U).
 * @module
 */
import { ACCOUNT_PREFIX, parseAddress } from "@sotto/common/address";
import { CodedError } from "@sotto/common/errors";
import type { AttestationPolicy } from "../evidence/attestation.ts";
import { EvidenceError, EvidenceErrorCode } from "../evidence/evidenceError.ts";
import { allowsSimulation, isSimulationChain, parsePolicy } from "../evidence/policy.ts";

/** @throws {EvidenceError} NoPolicy, BadPolicy */
export function policyFor(chainId: string, stored: Uint8Array | undefined): AttestationPolicy {
  if (stored === undefined) {
    throw new EvidenceError(
      EvidenceErrorCode.NoPolicy,
      `chain ${chainId} has no attestation policy: it admits no nodes`,
    );
  }
  return parsePolicy(stored);
}

/**
 * A policy that the network may take over in place of its current one.
 * @throws {EvidenceError} BadPolicy
 */
export function parseNewPolicy(chainId: string, text: string, current: AttestationPolicy): AttestationPolicy {
  const policy = parsePolicy(text);
  if (policy.executionOrder !== current.executionOrder) {
    throw badPolicy(`execution_order: genesis has fixed it: expected ${current.executionOrder}`);
  }
  if (allowsSimulation(policy) && !isSimulationChain(chainId)) {
    throw badPolicy(`the simulated root proves nothing: expected a chain id that ends in -sim, this is ${chainId}`);
  }
  try {
    parseAddress(policy.authority, ACCOUNT_PREFIX);
  } catch (error) {
    if (error instanceof CodedError) throw badPolicy(`authority: ${error.message}: nobody could change it again`);
    throw error;
  }
  return policy;
}

function badPolicy(reason: string): EvidenceError {
  return new EvidenceError(EvidenceErrorCode.BadPolicy, `attestation policy: ${reason}`);
}
