/**
 * Accepted history that is to be run again after the host lost what came of it (consensus §3.5 "backward").
 *
 * The last accepted block's hash is trusted, and with it every header below that its successor names: no signatures are needed. Of
 * what the host shows only the lowest stretch is kept, besides one hash for each stretch above it, from which the host can show
 * that stretch again when its turn has come; so any distance fits into little memory.
 * @module
 */
import { LIMITS } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { Header } from "@sotto/common/wire/header";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { AcceptedBlock, ProvenRoots } from "../keys/trustedRecord.ts";
import { describeHeader } from "./verifyBlock.ts";

function refuse(code: RefusalCode, message: string): never {
  throw new RefusalError(code, `rewind: ${message}`);
}

export class Rewind {
  readonly #crypto: Crypto;
  /** Hashes of accepted blocks by height, at which a stretch may begin. */
  readonly #tops: Map<bigint, Uint8Array>;
  /** Blocks still to be run, the next one last; descending. */
  #stretch: AcceptedBlock[] = [];
  /** The last block that was run again and what it came to. */
  #ran: { readonly height: bigint; readonly roots: ProvenRoots | undefined } | undefined;

  /** @param last the block accepted last: where the past ends */
  constructor(crypto: Crypto, last: AcceptedBlock) {
    this.#crypto = crypto;
    this.#tops = new Map([[last.height, last.hash]]);
  }

  /**
   * Takes headers downward, each the predecessor of the one before. The first is the block accepted last, or the predecessor of the
   * lowest header of an earlier call.
   * @param headers protobuf
   * @throws {RefusalError} BlockMalformed; BlockHeight, BlockLastId; then everything is as it was
   */
  show(headers: readonly Uint8Array[]): void {
    const stretch: AcceptedBlock[] = [];
    let below: Uint8Array | undefined;
    for (const bytes of headers) {
      const header = decodeHeader(bytes);
      const before = stretch.at(-1);
      const expected = before === undefined ? this.#tops.get(header.height) : below;
      const block = describeHeader(this.#crypto, header);
      if (expected === undefined) refuse(RefusalCode.BlockHeight, `no header may begin at ${header.height}`);
      else if (!equalBytes(block.hash, expected)) {
        refuse(RefusalCode.BlockLastId, `the header at ${header.height} is not the one that was accepted`);
      }
      stretch.push(block);
      below = header.lastBlockId.hash;
    }
    const lowest = stretch.at(-1);
    if (lowest === undefined || below === undefined) {
      throw new RefusalError(RefusalCode.BlockHeight, "rewind: expected a header");
    }
    if (below.length === LIMITS.hash && this.#tops.size < LIMITS.headers) this.#tops.set(lowest.height - 1n, below);
    this.#stretch = stretch;
    if (this.#ran?.height !== lowest.height - 1n) this.#ran = undefined;
  }

  /** The only block that may begin; undefined if its header must be shown first. */
  get next(): AcceptedBlock | undefined {
    return this.#stretch.at(-1);
  }

  /** What the block before {@link next} came to, if it was run again. */
  get rootsBefore(): ProvenRoots | undefined {
    return this.#ran?.roots;
  }

  /** The next block has run to its end. @param roots what it came to */
  advance(roots: ProvenRoots | undefined): void {
    const ended = this.#stretch.pop();
    if (ended !== undefined) this.#ran = { height: ended.height, roots };
  }
}

function decodeHeader(bytes: Uint8Array): Header {
  try {
    return Header.decodeCanonical(bytes);
  } catch (error) {
    if (error instanceof InputError) return refuse(RefusalCode.BlockMalformed, error.message);
    throw error;
  }
}
