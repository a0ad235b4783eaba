/**
 * Messages and records of the registration module (chain §4.1), the messages that change who is admitted (chain §2.1), and ours for
 * what the chain has none.
 * @module
 */
import { bytes, field, type MessageOf, message, string } from "./message.ts";

const PACKAGE = "secret.registration.v1beta1";

export const RaAuthenticate = message(`${PACKAGE}.RaAuthenticate`, {
  /** 20 bytes. */
  sender: field(1, bytes),
  /** Evidence (registration §2.1). */
  certificate: field(2, bytes),
  /** 40 hex digits, or empty. */
  replaceMachineId: field(3, string),
});
export type RaAuthenticate = MessageOf<typeof RaAuthenticate>;

export const RaAuthenticateResponse = message(`${PACKAGE}.RaAuthenticateResponse`, {
  /** `S: ` and the hex of the encrypted seeds. */
  data: field(1, string),
  /** JSON of the events. */
  events: field(2, string),
});
export type RaAuthenticateResponse = MessageOf<typeof RaAuthenticateResponse>;

/** A public key of the network, 32 bytes. */
export const MasterKey = message(`${PACKAGE}.MasterKey`, { bytes: field(1, bytes) });
export type MasterKey = MessageOf<typeof MasterKey>;

export const RegistrationNodeInfo = message(`${PACKAGE}.RegistrationNodeInfo`, {
  certificate: field(1, bytes),
  encryptedSeed: field(2, bytes),
});
export type RegistrationNodeInfo = MessageOf<typeof RegistrationNodeInfo>;

/** Adds machines to the allow list. */
export const MsgUpdateMachineWhitelistProposal = message("secret.compute.v1beta1.MsgUpdateMachineWhitelistProposal", {
  /** Bech32. */
  authority: field(1, string),
  title: field(2, string),
  description: field(3, string),
  /** Hex, several separated by commas. */
  machineId: field(4, string),
});
export type MsgUpdateMachineWhitelistProposal = MessageOf<typeof MsgUpdateMachineWhitelistProposal>;

export const MsgUpdateMachineWhitelistProposalResponse = message(
  "secret.compute.v1beta1.MsgUpdateMachineWhitelistProposalResponse",
  {},
);

/** Takes machines off the allow list. */
export const MsgRemoveMachines = message("sotto.registration.v1.MsgRemoveMachines", {
  /** Bech32. */
  authority: field(1, string),
  /** Hex, several separated by commas. */
  machineId: field(2, string),
});
export type MsgRemoveMachines = MessageOf<typeof MsgRemoveMachines>;

export const MsgRemoveMachinesResponse = message("sotto.registration.v1.MsgRemoveMachinesResponse", {});

/** Puts another attestation policy in place of the network's. */
export const MsgUpdatePolicy = message("sotto.registration.v1.MsgUpdatePolicy", {
  /** Bech32. */
  authority: field(1, string),
  /** JSON. */
  policy: field(2, string),
});
export type MsgUpdatePolicy = MessageOf<typeof MsgUpdatePolicy>;

export const MsgUpdatePolicyResponse = message("sotto.registration.v1.MsgUpdatePolicyResponse", {});
