/**
 * Evidence as a registration carries it: quote, collateral, what the node claims, and its owner's signature over all of that.
 *
 * The tagged form of registration §2.1, made strict: `{ tag u8, length u32 LE, value }`, four tags in this order, each once, nothing
 * else. The enclave makes all but the signature, the host adds it, and an enclave verifies the whole.
 * @module
 */
import { concatBytes, u32le } from "@sotto/common/bytes";
import { decode, encode, fixed, type Of, struct, text, u8, u64 } from "./codec.ts";
import { BoundaryError, BoundaryErrorCode } from "./errors.ts";
import { LIMITS } from "./messages.ts";

const Tag = { quote: 2, collateral: 3, claims: 5, ownerSignature: 6 } as const;

const MAX_CLAIMS = 256;
const OWNER_SIGNATURE = 64;

export const CLAIMS_VERSION = 1;
/** The purpose of evidence that asks for admission. */
export const REGISTER_PURPOSE = "register";

/** What the quote's report data binds, besides chain and collateral (registration §7 B). */
const claims = struct({
  version: u8,
  purpose: text(32),
  /** X25519 key made inside the enclave. */
  nodeKey: fixed(32),
  /** ed25519 key of the operator. */
  owner: fixed(32),
  /** A recent block, by which the evidence is dated. */
  height: u64,
  blockHash: fixed(32),
});
export type EvidenceClaims = Of<typeof claims>;

export type UnsignedEvidence = {
  readonly quote: Uint8Array;
  /** Packed (common/wire/collateral). */
  readonly collateral: Uint8Array;
  readonly claims: EvidenceClaims;
};

export type Evidence = UnsignedEvidence & {
  /** ed25519, 64 bytes. */
  readonly ownerSignature: Uint8Array;
  /** All that the owner signed: everything in front of the signature's tag. A view. */
  readonly unsigned: Uint8Array;
};

function malformed(what: string): BoundaryError {
  return new BoundaryError(BoundaryErrorCode.Malformed, `evidence: ${what}`);
}

function tagged(tag: number, value: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tag), u32le(value.length), value);
}

/** Evidence without its last part, as the enclave makes it. */
export function encodeUnsignedEvidence(evidence: UnsignedEvidence): Uint8Array {
  return concatBytes(
    tagged(Tag.quote, evidence.quote),
    tagged(Tag.collateral, evidence.collateral),
    tagged(Tag.claims, encode(claims, evidence.claims)),
  );
}

/** The whole, from what {@link encodeUnsignedEvidence} gave and the owner's signature of 64 bytes. */
export function addOwnerSignature(unsigned: Uint8Array, signature: Uint8Array): Uint8Array {
  return concatBytes(unsigned, tagged(Tag.ownerSignature, signature));
}

export function encodeEvidence(evidence: UnsignedEvidence & { readonly ownerSignature: Uint8Array }): Uint8Array {
  return addOwnerSignature(encodeUnsignedEvidence(evidence), evidence.ownerSignature);
}

/** Reads the parts one after another, each of which must be the one that is asked for. */
class TagReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  read(name: keyof typeof Tag, maxLength: number): Uint8Array {
    const bytes = this.#bytes;
    const start = this.at + 5;
    if (bytes.length < start) throw malformed(`ended before ${name}`);
    if (bytes[this.at] !== Tag[name]) throw malformed(`expected tag ${Tag[name]}, got ${bytes[this.at]}`);
    const length = new DataView(bytes.buffer, bytes.byteOffset + this.at + 1, 4).getUint32(0, true);
    if (length > maxLength) throw malformed(`${name}: at most ${maxLength} bytes, got ${length}`);
    if (start + length > bytes.length) throw malformed(`${name}: ${length} bytes, ${bytes.length - start} are left`);
    this.at = start + length;
    return bytes.subarray(start, this.at);
  }
}

/**
 * @throws {BoundaryError} Malformed or TooLong, unless the bytes are the four parts and nothing else, within {@link LIMITS}
 */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  if (bytes.length > LIMITS.evidence) {
    throw new BoundaryError(
      BoundaryErrorCode.TooLong,
      `evidence: at most ${LIMITS.evidence} bytes, got ${bytes.length}`,
    );
  }
  const reader = new TagReader(bytes);
  const quote = reader.read("quote", LIMITS.quote);
  const collateral = reader.read("collateral", LIMITS.evidence);
  const decoded = decode(claims, reader.read("claims", MAX_CLAIMS));
  if (decoded.version !== CLAIMS_VERSION) throw malformed(`unknown version ${decoded.version} of the claims`);
  const unsigned = bytes.subarray(0, reader.at);
  const ownerSignature = reader.read("ownerSignature", OWNER_SIGNATURE);
  if (ownerSignature.length !== OWNER_SIGNATURE) throw malformed(`a signature of ${ownerSignature.length} bytes`);
  if (reader.at !== bytes.length) throw malformed(`${bytes.length - reader.at} bytes too many`);
  return { quote, collateral, claims: decoded, ownerSignature, unsigned };
}
