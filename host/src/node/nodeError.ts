/**
 * What keeps a node from starting, in sentences for the person who starts it.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const NodeErrorCode = {
  /** A flag, an environment variable or a file has a value that it cannot have. */
  BadConfiguration: 1,
  /** Another node uses this home. */
  HomeInUse: 2,
  /** The home belongs to another network, or its parts do not belong together. */
  WrongNetwork: 3,
  /** The home was sealed by an enclave with another measurement. */
  OtherEnclave: 4,
  /** The sealed record cannot be opened. */
  SealedRecordDamaged: 5,
  /** A port is in use or not allowed. */
  CannotListen: 6,
  /** The home cannot be read or written. */
  HomeNotUsable: 7,
  /** Writing a block failed; what was committed before is safe. */
  CannotPersist: 8,
  /** The executor stopped; see the cause. */
  ExecutorDied: 9,
  /** The network refused a registration or another transaction of ours, or did not decide on it. */
  NotAdmitted: 10,
  /** No node answers, or not what was asked. */
  CannotReach: 11,
  /** The platform keeps no secrets, and this home has nobody to be given them by again. */
  SecretsLost: 12,
  /** The database is older than what the enclave has accepted, and the blocks between are nowhere. */
  BlocksLost: 30,
} as const;
export type NodeErrorCode = (typeof NodeErrorCode)[keyof typeof NodeErrorCode];

export class NodeError extends CodedError<NodeErrorCode> {
  override readonly name = "NodeError";
  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super("node", code, message, options);
  }
}
