/**
 * V12 (consensus §2.7): what the network says that the last block came to, against what this enclave saw when it ran it.
 *
 * The host decides alone which transactions its ante chain admits and what other modules' messages come to; here it is held to it.
 * @module
 */
import { equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { merkleRoot } from "@sotto/common/merkle/cometMerkle";
import { DeterministicExecTxResult, TxMsgData } from "@sotto/common/wire/execTxResult";
import type { Header } from "@sotto/common/wire/header";
import { RefusalCode, RefusalError } from "../enclaveError.ts";

/** Responses of the enclave's messages, by position. */
type Responses = Map<number, Uint8Array>;

/** What the transactions of one block came to, as the enclave ran them. */
export class BlockLog {
  /** Transactions of the block, the random included. */
  readonly #count: number;
  readonly #kept = new Map<number, Responses>();
  #running: Responses = new Map();

  constructor(count: number) {
    this.#count = count;
  }

  noteResponse(message: number, response: Uint8Array): void {
    this.#running.set(message, response);
  }

  /** The transaction ends; what it answered counts if it is kept. */
  end(transaction: number, kept: boolean): void {
    if (kept) this.#kept.set(transaction, this.#running);
    this.#running = new Map();
  }

  /** @throws {RefusalError} Diverged, naming the first transaction whose result is another */
  compare(results: readonly DeterministicExecTxResult[]): void {
    if (results.length !== this.#count) diverged(`${results.length} results for ${this.#count} transactions`);
    results.forEach(({ code, data }, i) => {
      // Transaction 0 is the random, which always succeeds.
      if (i === 0) return;
      const responses = this.#kept.get(i);
      if ((code === 0) !== (responses !== undefined)) {
        diverged(`transaction ${i} has code ${code} and was ${responses === undefined ? "not " : ""}kept here`);
      }
      if (responses !== undefined && responses.size > 0) compareResponses(i, responses, data);
    });
  }
}

function compareResponses(transaction: number, responses: Responses, data: Uint8Array): void {
  const { msgResponses } = decodeOr(() => TxMsgData.decode(data));
  for (const [message, response] of responses) {
    const found = msgResponses[message]?.value;
    if (found === undefined || !equalBytes(found, response)) {
      diverged(`message ${message} of transaction ${transaction} answered otherwise here`);
    }
  }
}

/**
 * @param header of the block that is to begin
 * @param results of the block before, each in protobuf
 * @param log of the block before, if this enclave ran it and has run since
 * @throws {RefusalError} BlockResults if the host's results are not those of the header; Diverged if they are not those of the enclave
 */
export function verifyLastResults(
  crypto: Crypto,
  header: Header,
  results: readonly Uint8Array[],
  log: BlockLog | undefined,
): void {
  if (!equalBytes(merkleRoot(crypto, results), header.lastResultsHash)) {
    throw new RefusalError(RefusalCode.BlockResults, "block: the last results are not those of the header");
  }
  log?.compare(results.map((bytes) => decodeOr(() => DeterministicExecTxResult.decode(bytes))));
}

function decodeOr<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof InputError) return diverged("a result does not decode");
    throw error;
  }
}

function diverged(what: string): never {
  throw new RefusalError(RefusalCode.Diverged, `the last block came to something else on the network (V12): ${what}`);
}
