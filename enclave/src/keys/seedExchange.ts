/**
 * Seed exchange: the envelope in which an enclave hands a network's seeds to one that it has attested (enclave §1.4; registration §7 G,
 * H, Q).
 *
 *     seed exchange public key (32) ‖ SIV(key, [seed exchange key, node key, genesis hash], content)
 *     key = HKDF-SHA256(X25519(seed exchange secret, node key), "seed-handover/v1", seed exchange key ‖ node key ‖ genesis hash)
 *
 * The content names the network whose seeds they are, down to its genesis anchor. Nothing in it is random, so that every enclave of the
 * network makes the same bytes. Secrets. Whoever holds the node's secret gets the seeds: the caller has verified the evidence that
 * carries the node key.
 * @module
 */
import { decode, encode, fixed, list, type Of, struct, text } from "@sotto/boundary/codec";
import { LIMITS } from "@sotto/boundary/messages";
import { concatBytes, equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { CodedError } from "@sotto/common/errors";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { deriveSeedKeys, type ExchangeKeyPair, MAX_SEEDS, MIN_SEEDS, SEED_LENGTH } from "./keyTree.ts";
import { anchor } from "./trustedRecord.ts";

const KEY_LENGTH = 32;
const SALT = utf8ToBytes("seed-handover/v1");

const handover = struct({
  chainId: text(LIMITS.chainId),
  anchor,
  /** Two to five, oldest first. */
  seeds: list(fixed(SEED_LENGTH), MAX_SEEDS),
});
/** What a node gets: the network, and its seeds. */
export type Handover = Of<typeof handover>;

/**
 * Puts a network into an envelope for one node.
 * @param exchange seed exchange keys of the last seed
 * @param nodeKey the node's registration key, 32 bytes
 * @throws {RefusalError} NodeKeyRefused
 */
export function sealHandover(
  crypto: Crypto,
  exchange: ExchangeKeyPair,
  nodeKey: Uint8Array,
  content: Handover,
): Uint8Array {
  const { publicKey } = exchange;
  const bound = [publicKey, nodeKey, content.anchor.genesisHash];
  const key = envelopeKey(crypto, sharedSecret(crypto, exchange.secret, nodeKey), bound);
  return concatBytes(publicKey, crypto.aesSivEncrypt(key, bound, encode(handover, content)));
}

/**
 * Opens an envelope at the node that it is for.
 * @param node its registration key pair
 * @param genesisHash SHA-256 of the genesis file that the node was given
 * @throws {RefusalError} SeedsMalformed; SeedsUnreadable if it is for another node or another genesis, was changed, or is not
 *   what the key in front stands for; NodeKeyRefused
 */
export function openHandover(
  crypto: Crypto,
  node: ExchangeKeyPair,
  genesisHash: Uint8Array,
  envelope: Uint8Array,
): Handover {
  if (envelope.length <= KEY_LENGTH) {
    throw new RefusalError(
      RefusalCode.SeedsMalformed,
      `encrypted seeds: expected a key of ${KEY_LENGTH} bytes and what it encrypts, got ${envelope.length} bytes`,
    );
  }
  const publicKey = envelope.slice(0, KEY_LENGTH);
  const bound = [publicKey, node.publicKey, genesisHash];
  const key = envelopeKey(crypto, sharedSecret(crypto, node.secret, publicKey), bound);
  const plaintext = crypto.aesSivDecrypt(key, bound, envelope.subarray(KEY_LENGTH));
  if (plaintext === undefined) {
    throw unreadable("not for this registration key, not of the network of this genesis file, or changed on the way");
  }
  const content = decodeHandover(plaintext);
  const last = content.seeds.at(-1);
  if (last === undefined || content.seeds.length < MIN_SEEDS) throw unreadable("fewer seeds than a network has");
  if (!equalBytes(content.anchor.genesisHash, genesisHash)) throw unreadable("of a network with another genesis file");
  if (!equalBytes(deriveSeedKeys(crypto, last).seedExchange.publicKey, publicKey)) {
    throw unreadable("the last seed is not the one that the key in front belongs to");
  }
  return content;
}

function decodeHandover(plaintext: Uint8Array): Handover {
  try {
    return decode(handover, plaintext);
  } catch (error) {
    if (error instanceof CodedError) throw unreadable("made by another release");
    throw error;
  }
}

function envelopeKey(crypto: Crypto, secret: Uint8Array, bound: readonly Uint8Array[]): Uint8Array {
  return crypto.hkdfSha256(secret, SALT, concatBytes(...bound), 32);
}

/** Of a key of low order the shared value is zero for everybody, so that the seeds would be public: no node has such a key. */
function sharedSecret(crypto: Crypto, secret: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const shared = publicKey.length === KEY_LENGTH ? crypto.x25519(secret, publicKey) : undefined;
  if (shared?.some((byte) => byte !== 0) === true) return shared;
  throw new RefusalError(
    RefusalCode.NodeKeyRefused,
    "seed exchange: expected an X25519 key of 32 bytes and full order",
  );
}

function unreadable(reason: string): RefusalError {
  return new RefusalError(RefusalCode.SeedsUnreadable, `encrypted seeds: ${reason}`);
}
