/**
 * A bound on what one message or query makes the node do and remember where that costs the contract little or nothing.
 *
 * No rule of the protocol: there a query that is none is free of gas, and keys, texts, signed messages and outputs cost the same
 * however long they are (contracts §2.2), so that a contract could keep a node busy for hours, or use up its memory. What contracts
 * do with their bytes costs them far more than would fit into the bound; it is the same on every node.
 * @module
 */
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";

const BASE_BYTES = 1_048_576;
const BYTES_PER_GAS = 24n;
/** Whatever the gas. */
const MAX_BYTES = 134_217_728n;
/** Bytes that a query and an answer count as at least, and an attribute, event or message in addition: what the work comes to. */
const QUERY_BYTES = 512;
const ITEM_BYTES = 2_048;

/** Shared by all calls of one message. */
export class WorkBudget {
  #left: number;

  /** @param gasLimit S that the message may use: what costs little must not be worth much either */
  constructor(gasLimit: bigint) {
    const bytes = BYTES_PER_GAS * gasLimit;
    this.#left = BASE_BYTES + Number(bytes < MAX_BYTES ? bytes : MAX_BYTES);
  }

  /** @throws {EnclaveError} FailedFunctionCall, as for the limits of enclave §11.5 */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new EnclaveError(EnclaveErrorCode.FailedFunctionCall);
  }

  /** For the bytes of one query or answer. @throws as {@link take} */
  takeQuery(bytes: number): void {
    this.take(Math.max(bytes, QUERY_BYTES));
  }

  /** For parts of an output, besides its bytes. @throws as {@link take} */
  takeItems(count: number): void {
    this.take(count * ITEM_BYTES);
  }
}
