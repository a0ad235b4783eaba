/**
 * Messages of registration (chain §4.4, §2.16, and ours): checked without state here, run by the enclave alone.
 *
 * Gas estimation does not ask the enclave, which hands out no seeds but in blocks: it gets 32 zero bytes, and a price above the true one.
 * @module
 */
import { decodeEvidence } from "@sotto/boundary/evidence";
import { LIMITS } from "@sotto/boundary/messages";
import { utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import type { MessageCodec } from "@sotto/common/wire/message";
import {
  MsgRemoveMachines,
  MsgRemoveMachinesResponse,
  MsgUpdateMachineWhitelistProposal,
  MsgUpdateMachineWhitelistProposalResponse,
  MsgUpdatePolicy,
  MsgUpdatePolicyResponse,
  RaAuthenticate,
  RaAuthenticateResponse,
} from "@sotto/common/wire/registration";
import { parseAddress } from "../../core/addresses.ts";
import { AppError, sdkError } from "../../core/appError.ts";
import { verifyAddressLength } from "../../core/bech32.ts";
import type { Context } from "../../core/context.ts";
import { type MessageRoute, route } from "../../core/messageRouter.ts";
import type { OcallDeps } from "../compute/ocalls.ts";
import { runContract } from "../compute/runContract.ts";

/** Estimates in S: evidence with its headers and records, and the five S for each byte that is stored. */
const ESTIMATE = { evidence: 125_000n, evidenceByte: 5n, change: 15_000n, changeByte: 40n } as const;
const ESTIMATION = "Estimating a registration";
const SIMULATED_SEED = "00".repeat(32);

const MACHINE_ID = /^[0-9a-fA-F]{40}$/;

/** Says what to sign and what to run; `estimate` stands in for the enclave in a simulation. */
type Registration<T, R> = {
  readonly request: MessageCodec<T>;
  readonly response: MessageCodec<R>;
  readonly signer: (message: T) => Uint8Array;
  readonly validateBasic: (message: T) => void;
  readonly estimate: (context: Context, message: T) => R;
};

function registrationRoute<T, R>(deps: OcallDeps, definition: Registration<T, R>): MessageRoute {
  const { request, response, signer, validateBasic, estimate } = definition;
  return route({
    request,
    response,
    signers: (message) => [signer(message)],
    validateBasic,
    handle: (context, message) => {
      if (context.simulated !== undefined && context.isForContract !== true) return estimate(context, message);
      const call = { failureCode: undefined, signedDirectly: signer(message) };
      return response.decode(runContract(deps, context, call));
    },
  });
}

export function registrationMessages(deps: OcallDeps): MessageRoute[] {
  const authority = (message: { readonly authority: string }) => parseAddress(message.authority);
  return [
    registrationRoute(deps, {
      request: RaAuthenticate,
      response: RaAuthenticateResponse,
      signer: ({ sender }) => sender,
      validateBasic: validateAuthenticate,
      estimate: estimateAuthenticate,
    }),
    registrationRoute(deps, {
      request: MsgUpdateMachineWhitelistProposal,
      response: MsgUpdateMachineWhitelistProposalResponse,
      signer: authority,
      validateBasic: validateMachines,
      estimate: (context, { machineId }) => estimateChange(context, machineId),
    }),
    registrationRoute(deps, {
      request: MsgRemoveMachines,
      response: MsgRemoveMachinesResponse,
      signer: authority,
      validateBasic: validateMachines,
      estimate: (context, { machineId }) => estimateChange(context, machineId),
    }),
    registrationRoute(deps, {
      request: MsgUpdatePolicy,
      response: MsgUpdatePolicyResponse,
      signer: authority,
      validateBasic: validatePolicy,
      estimate: (context, { policy }) => estimateChange(context, policy),
    }),
  ];
}

/** Chain §4.4; what the evidence says is the enclave's to judge. */
function validateAuthenticate({ sender, certificate }: RaAuthenticate): void {
  verifyAddressLength(sender);
  if (certificate.length === 0) throw sdkError(18, "Authenticating certificate cannot be empty");
  try {
    decodeEvidence(certificate);
  } catch (error) {
    if (error instanceof CodedError) throw AppError.plain(`Certificate validation failed: ${error.message}`);
    throw error;
  }
}

function validateAuthority(text: string): void {
  try {
    parseAddress(text);
  } catch (error) {
    throw error instanceof AppError ? error.wrap("invalid authority") : error;
  }
}

/** Chain §2.3. */
function validateMachines(message: { readonly authority: string; readonly machineId: string }): void {
  validateAuthority(message.authority);
  if (message.machineId.trim() === "") throw AppError.registered("compute", 13, "machine_id must not be empty");
  const wellFormed = message.machineId.split(",").every((token) => MACHINE_ID.test(token.trim()));
  if (!wellFormed) throw AppError.registered("compute", 13, "machine_id malformed");
}

function validatePolicy({ authority, policy }: MsgUpdatePolicy): void {
  validateAuthority(authority);
  if (policy === "") throw sdkError(18, "policy is required");
  if (utf8ToBytes(policy).length > LIMITS.policy) {
    throw sdkError(18, `policy cannot be longer than ${LIMITS.policy} bytes`);
  }
}

function estimateAuthenticate(context: Context, { certificate }: RaAuthenticate): RaAuthenticateResponse {
  context.gas.consume(ESTIMATE.evidence + ESTIMATE.evidenceByte * BigInt(certificate.length), ESTIMATION);
  return { data: `S: ${SIMULATED_SEED}`, events: "[]" };
}

function estimateChange(context: Context, text: string): Record<never, never> {
  context.gas.consume(ESTIMATE.change + ESTIMATE.changeByte * BigInt(text.length), ESTIMATION);
  return {};
}
