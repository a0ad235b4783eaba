/**
 * Proof that the enclave is fed the present (consensus §5 T20, T33): a block with a nonce that did not exist before this start.
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import type { BlockTransaction } from "./blockTransaction.ts";

const NONCE_LENGTH = 32;
const MEMO_PREFIX = "sotto-boot:";

/** One for each start of an enclave. */
export class Freshness {
  /** 32 bytes. */
  readonly bootNonce: Uint8Array;
  readonly #memo: string;
  #isProven = false;

  constructor(randomBytes: (length: number) => Uint8Array) {
    this.bootNonce = randomBytes(NONCE_LENGTH);
    this.#memo = MEMO_PREFIX + bytesToHex(this.bootNonce);
  }

  get isProven(): boolean {
    return this.#isProven;
  }

  /** Looks for the nonce in the memos of a verified block. Whose transaction it is and what came of it does not matter. */
  look(transactions: readonly BlockTransaction[]): void {
    this.#isProven ||= transactions.some(({ decoded }) => decoded?.body.memo === this.#memo);
  }
}
