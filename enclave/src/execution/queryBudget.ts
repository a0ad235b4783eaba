/**
 * A bound on what the queries of one message or query cost the node where they cost the contract nothing.
 *
 * No rule of the protocol: a query that is none is free of gas there, however long (contracts §2.7), so that a contract could keep
 * a node busy for hours. What can be paid for is far from the bound; it is the same on every node.
 * @module
 */
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";

/** Bytes of requests and answers. */
const MAX_BYTES = 134_217_728;
/** Bytes that a short one counts as: what the work for it comes to. */
const MIN_BYTES = 512;

/** Shared by all calls of one message. */
export class QueryBudget {
  #left = MAX_BYTES;

  /** @throws {EnclaveError} FailedFunctionCall, as for the limits of enclave §11.5 */
  take(lengthBytes: number): void {
    this.#left -= Math.max(lengthBytes, MIN_BYTES);
    if (this.#left < 0) throw new EnclaveError(EnclaveErrorCode.FailedFunctionCall);
  }
}
