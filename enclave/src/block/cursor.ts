/**
 * The place in a verified block: which message may run next (consensus §3.5, §5 T6, T7).
 *
 * Transactions come in the block's order of execution, messages within one ascend and none of the enclave's may be left out; each runs
 * at most once. Whether a transaction takes part at all is the host's ante chain to say: it skips those that were not admitted.
 * @module
 */
import type { Any } from "@sotto/common/wire/any";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { type BlockTransaction, isEnclaveMessage } from "./blockTransaction.ts";

function refuse(code: RefusalCode, message: string): never {
  throw new RefusalError(code, message);
}

export class BlockCursor {
  readonly #transactions: readonly BlockTransaction[];
  /** By position: when its turn is. */
  readonly #ranks: readonly number[];
  /** Raw position of the transaction in progress, or of the last one that ended. */
  #at = 0;
  #open = false;
  /** First message of the transaction in progress that has not had its turn. */
  #nextMessage = 0;
  #failed = false;
  #admitted = 0;

  /**
   * @param transactions all of the block; the first is the random
   * @param order positions of the others as they run; empty: as proposed
   */
  constructor(transactions: readonly BlockTransaction[], order: readonly number[]) {
    this.#transactions = transactions;
    const ranks = transactions.map((_, position) => position);
    order.forEach((position, i) => {
      ranks[position] = i + 1;
    });
    this.#ranks = ranks;
  }

  /** Admitted transactions that have ended: the index that contracts see in the one in progress. */
  get admitted(): number {
    return this.#admitted;
  }

  /**
   * Takes the turn of a message.
   * @returns what is at this place, and whether its transaction begins with it
   * @throws {RefusalError} NoSuchMessage, AlreadyRun, OutOfOrder or TransactionOpen; the cursor is then as before
   */
  take(transaction: number, message: number): { transaction: BlockTransaction; message: Any; begins: boolean } {
    const found = this.#transactions[transaction];
    const any = found?.messages[message];
    if (transaction === 0 || found === undefined || any === undefined || !isEnclaveMessage(any)) {
      return refuse(RefusalCode.NoSuchMessage, `transaction ${transaction} has no contract message ${message}`);
    }
    const continues = this.#open && transaction === this.#at;
    if (!continues) this.#mayBegin(transaction);
    const from = continues ? this.#nextMessage : 0;
    if (message < from) refuse(RefusalCode.AlreadyRun, `message ${message} of transaction ${transaction} has run`);
    if (continues && this.#failed) refuse(RefusalCode.OutOfOrder, `a message of transaction ${transaction} has failed`);
    this.#noneLeftOut(found, transaction, from, message);
    this.#at = transaction;
    this.#nextMessage = message + 1;
    if (!continues) this.#failed = false;
    this.#open = true;
    return { transaction: found, message: any, begins: !continues };
  }

  /** Notes that the message taken last has failed, so that its transaction cannot be kept. */
  noteFailure(): void {
    this.#failed = true;
  }

  /** @throws {RefusalError} NoSuchMessage, AlreadyRun, OutOfOrder, TransactionOpen or CannotBeKept */
  end(transaction: number, kept: boolean): void {
    const found = this.#transactions[transaction];
    if (transaction === 0 || found === undefined) {
      throw new RefusalError(RefusalCode.NoSuchMessage, `the block has no user transaction ${transaction}`);
    }
    const continues = this.#open && transaction === this.#at;
    if (!continues) this.#mayBegin(transaction);
    if (kept) {
      if (continues && this.#failed) refuse(RefusalCode.CannotBeKept, `a message of transaction ${transaction} failed`);
      const rest = found.messages.findIndex(
        (any, i) => i >= (continues ? this.#nextMessage : 0) && isEnclaveMessage(any),
      );
      if (rest >= 0) refuse(RefusalCode.CannotBeKept, `message ${rest} of transaction ${transaction} has not run`);
    }
    this.#at = transaction;
    this.#open = false;
    this.#admitted++;
  }

  /** @throws {RefusalError} TransactionOpen */
  endBlock(): void {
    if (this.#open) refuse(RefusalCode.TransactionOpen, `transaction ${this.#at} has not ended`);
  }

  #mayBegin(transaction: number): void {
    if ((this.#ranks[transaction] as number) < (this.#ranks[this.#at] as number)) {
      refuse(RefusalCode.OutOfOrder, `transaction ${transaction} comes after ${this.#at}`);
    }
    if (this.#open) refuse(RefusalCode.TransactionOpen, `transaction ${this.#at} has not ended`);
    if (transaction === this.#at) refuse(RefusalCode.AlreadyRun, `transaction ${transaction} has ended`);
  }

  #noneLeftOut(found: BlockTransaction, transaction: number, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      if (isEnclaveMessage(found.messages[i] as Any)) {
        refuse(RefusalCode.OutOfOrder, `message ${i} of transaction ${transaction} comes before ${to}`);
      }
    }
  }
}
