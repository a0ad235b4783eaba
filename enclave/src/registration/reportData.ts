/**
 * What a quote for a registration binds (registration §7 B): its report data is the hash of all that the evidence claims, and of the
 * network that it is for.
 * @module
 */
import { encode, fixed, struct, text, u64 } from "@sotto/boundary/codec";
import type { EvidenceClaims } from "@sotto/boundary/evidence";
import { LIMITS } from "@sotto/boundary/messages";
import { concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";

const LABEL = utf8ToBytes("reg/v1");
const REPORT_DATA_LENGTH = 64;

const bound = struct({
  chainId: text(LIMITS.chainId),
  purpose: text(32),
  nodeKey: fixed(32),
  owner: fixed(32),
  /** SHA-256 of the genesis file. */
  genesisHash: fixed(32),
  height: u64,
  blockHash: fixed(32),
  /** SHA-256 of the packed collateral. */
  collateralHash: fixed(32),
});

/** The network that evidence is for. */
export type EvidenceNetwork = { readonly chainId: string; readonly genesisHash: Uint8Array };

/** 32 bytes: the same for the same claims, whatever else is in the evidence. */
export function bindingHash(
  crypto: Crypto,
  network: EvidenceNetwork,
  claims: Omit<EvidenceClaims, "version">,
  collateral: Uint8Array,
): Uint8Array {
  const { purpose, nodeKey, owner, height, blockHash } = claims;
  const collateralHash = crypto.sha256(collateral);
  const { chainId, genesisHash } = network;
  const fields = { chainId, purpose, nodeKey, owner, genesisHash, height, blockHash, collateralHash };
  return crypto.sha256(concatBytes(LABEL, encode(bound, fields)));
}

/** The 64 bytes that go into the quote: {@link bindingHash} and zeros. */
export function reportDataOf(binding: Uint8Array): Uint8Array {
  return concatBytes(binding, new Uint8Array(REPORT_DATA_LENGTH - binding.length));
}

/**
 * What the owner signs (registration §7 S): the evidence as the enclave made it, and the machine that it is to replace, which would be
 * anybody's choice otherwise: whoever sends evidence need not be its owner.
 * @param replaces 20 bytes; empty if none
 */
export function ownerSignBytes(crypto: Crypto, unsigned: Uint8Array, replaces: Uint8Array): Uint8Array {
  return concatBytes(utf8ToBytes("reg-owner/v1"), crypto.sha256(unsigned), replaces);
}
