/**
 * Sealed records: bytes that only this measurement on this machine can open (registration §3.4).
 *
 *     magic(8) | version u8 | measurement(32) | label | counter u64 | height u64 | chain id | nonce(12) | AES-256-GCM
 *
 * Everything before the nonce is associated data; label and chain id carry a length byte. Freshness is not guaranteed by
 * sealing: an older record opens as well (consensus §3.5).
 * @module
 */
import { decode, encode, fixed, struct, text, u8, u64 } from "@sotto/boundary/codec";
import { LIMITS } from "@sotto/boundary/messages";
import { bytesToHex, concatBytes, equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { CodedError } from "@sotto/common/errors";
import { RefusalCode, RefusalError } from "../enclaveError.ts";

const MAGIC = utf8ToBytes("SOTTOSL1");
const VERSION = 1;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

export type SealHeader = {
  /** What is inside, such as `network/v1`. */
  readonly label: string;
  readonly counter: bigint;
  readonly height: bigint;
  readonly chainId: string;
};

/** What stands behind a seal. */
export type SealingPower = {
  readonly sealingKey: () => Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
  /** 32 bytes. */
  readonly measurement: Uint8Array;
};

const header = struct({
  version: u8,
  measurement: fixed(32),
  label: text(32),
  counter: u64,
  height: u64,
  chainId: text(LIMITS.chainId),
});

function sealKey(crypto: Crypto, power: SealingPower, label: string, chainId: string): Uint8Array {
  const info = concatBytes(utf8ToBytes(label), power.measurement, utf8ToBytes(chainId));
  return crypto.hkdfSha256(power.sealingKey(), utf8ToBytes("seal/v1"), info, 32);
}

/** Seals `plaintext` under a fresh random nonce. */
export function seal(crypto: Crypto, power: SealingPower, about: SealHeader, plaintext: Uint8Array): Uint8Array {
  const encoded = encode(header, { version: VERSION, measurement: power.measurement, ...about });
  const head = concatBytes(MAGIC, Uint8Array.of(encoded.length), encoded);
  const nonce = power.randomBytes(NONCE_LENGTH);
  const key = sealKey(crypto, power, about.label, about.chainId);
  return concatBytes(head, nonce, crypto.aesGcmEncrypt(key, nonce, head, plaintext));
}

/**
 * Opens what {@link seal} made.
 * @throws {RefusalError} SealOfAnotherMeasurement with both measurements; SealBroken for anything else that is not as it was made
 */
export function unseal(
  crypto: Crypto,
  power: SealingPower,
  label: string,
  sealed: Uint8Array,
): { readonly about: SealHeader; readonly plaintext: Uint8Array } {
  const { head, about } = readHeader(sealed);
  if (about.version !== VERSION || about.label !== label) {
    throw broken(`expected ${label} in version ${VERSION}, got ${about.label} in version ${about.version}`);
  }
  if (!equalBytes(about.measurement, power.measurement)) {
    throw new RefusalError(
      RefusalCode.SealOfAnotherMeasurement,
      `sealed record: made by enclave ${bytesToHex(about.measurement)}, this one is ${bytesToHex(power.measurement)}`,
    );
  }
  const nonce = sealed.subarray(head.length, head.length + NONCE_LENGTH);
  const ciphertext = sealed.subarray(head.length + NONCE_LENGTH);
  if (ciphertext.length < TAG_LENGTH) throw broken("it ends early");
  const key = sealKey(crypto, power, label, about.chainId);
  const plaintext = crypto.aesGcmDecrypt(key, nonce, head, ciphertext);
  if (plaintext === undefined) throw broken("it was changed, or sealed on another machine");
  return { about, plaintext };
}

function readHeader(sealed: Uint8Array) {
  if (!equalBytes(sealed.subarray(0, MAGIC.length), MAGIC)) throw broken("it does not begin like one");
  const length = sealed[MAGIC.length] ?? 0;
  const start = MAGIC.length + 1;
  try {
    const about = decode(header, sealed.slice(start, start + length));
    return { about, head: sealed.subarray(0, start + length) };
  } catch (error) {
    if (error instanceof CodedError) throw broken("its header does not parse");
    throw error;
  }
}

function broken(reason: string): RefusalError {
  return new RefusalError(RefusalCode.SealBroken, `sealed record: ${reason}`);
}
