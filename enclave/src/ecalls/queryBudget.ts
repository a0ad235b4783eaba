/**
 * How often a contract answers until the next block (consensus §5 T21): who guesses passwords of queries on a machine of his own needs
 * blocks for it, and a machine that gets no more blocks stops answering.
 * @module
 */
import { isDevelopmentChain } from "../developmentChain.ts";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { binaryText } from "../lruCache.ts";

/** Queries of one contract in one verified block. */
export const QUERIES_PER_BLOCK = 10_000;

export class QueryBudget {
  readonly #taken = new Map<string, number>();
  readonly #isLimited: boolean;

  constructor(chainId: string) {
    this.#isLimited = !isDevelopmentChain(chainId);
  }

  /** @throws {RefusalError} QueryBudget */
  take(contract: Uint8Array): void {
    if (!this.#isLimited) return;
    const key = binaryText(contract);
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= QUERIES_PER_BLOCK) {
      throw new RefusalError(
        RefusalCode.QueryBudget,
        `query: the contract has answered ${QUERIES_PER_BLOCK} queries since the last block; ask again after the next`,
      );
    }
    this.#taken.set(key, taken + 1);
  }

  /** A block is verified that was not before: running an old one again gives nothing. */
  refill(): void {
    this.#taken.clear();
  }
}
