/**
 * Whether a block that evidence names is one of this chain: its header is the host's to show, its place is proven by the hashes that
 * lead from the block in progress back to it (registration §7 B).
 * @module
 */
import { equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { Header } from "@sotto/common/wire/header";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { Host } from "../state/host.ts";

/** The block in progress. */
export type ChainTip = {
  readonly height: bigint;
  /** Of the block before it; empty if there is none. */
  readonly lastBlockHash: Uint8Array;
};

/**
 * Hash of the block at a height below the tip.
 * @throws {RefusalError} HostMisbehavior if the host does not show the headers in between
 */
export function blockHashAt(crypto: Crypto, host: Host, tip: ChainTip, height: bigint): Uint8Array {
  const to = tip.height - 1n;
  const { headers } = host.call("readHeaders", { from: height, to });
  if (BigInt(headers.length) !== to - height + 1n)
    throw misbehavior(`${headers.length} of them from ${height} to ${to}`);
  let expected = tip.lastBlockHash;
  for (let i = headers.length - 1; ; i--) {
    const header = decodeHeader(headers[i] as Uint8Array);
    const hash = headerHash(crypto, header);
    if (hash === undefined || !equalBytes(hash, expected)) throw misbehavior("one is not the predecessor of the next");
    if (i === 0) return hash;
    expected = header.lastBlockId.hash;
  }
}

function decodeHeader(bytes: Uint8Array): Header {
  try {
    return Header.decodeCanonical(bytes);
  } catch (error) {
    if (error instanceof InputError) throw misbehavior("one does not decode");
    throw error;
  }
}

function misbehavior(reason: string): RefusalError {
  return new RefusalError(RefusalCode.HostMisbehavior, `headers: ${reason}`);
}
