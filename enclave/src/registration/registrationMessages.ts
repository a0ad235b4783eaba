/**
 * The messages of registration as transactions carry them: decoded, signer checked, run, answered (chain §4.1, registration §1.6).
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { EMPTY_BYTES } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import type { MessageCodec } from "@sotto/common/wire/message";
import {
  MsgRemoveMachines,
  MsgUpdateMachineWhitelistProposal,
  MsgUpdatePolicy,
  RaAuthenticate,
} from "@sotto/common/wire/registration";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { EvidenceError } from "../evidence/evidenceError.ts";
import type { Frame } from "../execution/callTree.ts";
import { ChainFailure } from "../execution/chainFailure.ts";
import { addressBytes } from "../execution/contract.ts";
import { authenticateNode } from "./authenticate.ts";
import { type AuthorityPlace, listMachines, removeMachines, updatePolicy } from "./authority.ts";
import { RegisterStore } from "./registerStore.ts";

type Ran = { readonly response: Uint8Array; readonly events: readonly Event[] };
/** @param authenticate makes sure that an address (20 bytes) has signed */
type Runner = (frame: Frame, value: Uint8Array, authenticate: (sender: Uint8Array) => void) => Ran;

/** Code of a message that does not decode or is not signed (chain §4.2). */
const NOT_AUTHENTICATED = 2;

/** By type URL. They throw {ChainFailure}; {OutOfGas}; {RefusalError} HostMisbehavior. */
export const REGISTRATION_RUNNERS: Readonly<Record<string, Runner>> = {
  [RaAuthenticate.typeUrl]: runner(RaAuthenticate, ({ sender }) => sender, authenticateNode),
  [MsgUpdateMachineWhitelistProposal.typeUrl]: authorityRunner(MsgUpdateMachineWhitelistProposal, listMachines),
  [MsgRemoveMachines.typeUrl]: authorityRunner(MsgRemoveMachines, removeMachines),
  [MsgUpdatePolicy.typeUrl]: authorityRunner(MsgUpdatePolicy, updatePolicy),
};

/** Of a message without a response of its own. */
function authorityRunner<T extends { readonly authority: string }>(
  codec: MessageCodec<T>,
  change: (store: RegisterStore, place: AuthorityPlace, message: T) => readonly Event[],
): Runner {
  return runner(
    codec,
    ({ authority }) => addressBytes(authority),
    ({ tree: { services, block } }, store, message) => {
      const place = { chainId: services.chainId, height: block.height };
      return { response: EMPTY_BYTES, events: change(store, place, message) };
    },
  );
}

function runner<T>(
  codec: MessageCodec<T>,
  senderOf: (message: T) => Uint8Array,
  run: (frame: Frame, store: RegisterStore, message: T) => Ran,
): Runner {
  return (frame, value, authenticate) => {
    const store = new RegisterStore(frame.tree.state, frame.meter);
    try {
      const message = decode(codec, value);
      authenticate(senderOf(message));
      return run(frame, store, message);
    } catch (error) {
      throw failureOf(error) ?? error;
    }
  };
}

function decode<T>(codec: MessageCodec<T>, value: Uint8Array): T {
  try {
    return codec.decode(value);
  } catch (error) {
    if (error instanceof InputError) throw new EnclaveError(EnclaveErrorCode.FailedToDeserialize);
    throw error;
  }
}

function failureOf(error: unknown): ChainFailure | undefined {
  if (error instanceof EvidenceError) return new ChainFailure(error.codespace, error.code, error.message);
  if (error instanceof EnclaveError) return new ChainFailure("register", NOT_AUTHENTICATED, error.message);
  return undefined;
}
