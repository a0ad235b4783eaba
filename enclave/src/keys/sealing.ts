/**
 * Sealed records: bytes that only this measurement on this machine can open (registration §3.4).
 *
 *     magic(8) | length u8 | header | nonce(12) | AES-256-GCM
 *
 * Everything before the nonce is associated data. The header tells apart, in words, what the cipher alone could only refuse: another
 * machine, another measurement, a record of another kind, one that was cut. Freshness is not guaranteed by sealing: an older record
 * opens as well (consensus §3.5). Each header names the hash of the record before it, so that a row of backups tells its order
 * (registration §7 R).
 * @module
 */
import { decode, encode, fixed, struct, text, u8, u32, u64 } from "@sotto/boundary/codec";
import { LIMITS } from "@sotto/boundary/messages";
import { bytesToHex, concatBytes, equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { CodedError } from "@sotto/common/errors";
import { RefusalCode, RefusalError } from "../enclaveError.ts";

const MAGIC = utf8ToBytes("SOTTOSL1");
const VERSION = 2;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const MACHINE_LENGTH = 8;

/** What is sealed: every label has a key of its own. */
export const SealLabel = { Network: "network/v1", Registration: "registration/v1" } as const;
export type SealLabel = (typeof SealLabel)[keyof typeof SealLabel];

export type SealHeader = {
  readonly label: SealLabel;
  readonly counter: bigint;
  readonly height: bigint;
  /** Empty where none is known yet. */
  readonly chainId: string;
  /** SHA-256 of the record sealed before this one; zeros before the first. */
  readonly previous: Uint8Array;
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
  /** Tells the machine's sealing key, and nothing about it. */
  machine: fixed(MACHINE_LENGTH),
  label: text(32),
  counter: u64,
  height: u64,
  chainId: text(LIMITS.chainId),
  previous: fixed(32),
  /** Bytes after the nonce. */
  length: u32,
});

function sealKey(crypto: Crypto, power: SealingPower, label: string, chainId: string): Uint8Array {
  const info = concatBytes(utf8ToBytes(label), power.measurement, utf8ToBytes(chainId));
  return crypto.hkdfSha256(power.sealingKey(), utf8ToBytes("seal/v1"), info, 32);
}

function machineOf(crypto: Crypto, power: SealingPower): Uint8Array {
  return crypto.hkdfSha256(power.sealingKey(), utf8ToBytes("seal/v1"), utf8ToBytes("machine"), MACHINE_LENGTH);
}

/** Seals `plaintext` under a fresh random nonce. */
export function seal(crypto: Crypto, power: SealingPower, about: SealHeader, plaintext: Uint8Array): Uint8Array {
  const { measurement } = power;
  const length = plaintext.length + TAG_LENGTH;
  const machine = machineOf(crypto, power);
  const encoded = encode(header, { version: VERSION, measurement, machine, ...about, length });
  const head = concatBytes(MAGIC, Uint8Array.of(encoded.length), encoded);
  const nonce = power.randomBytes(NONCE_LENGTH);
  const key = sealKey(crypto, power, about.label, about.chainId);
  return concatBytes(head, nonce, crypto.aesGcmEncrypt(key, nonce, head, plaintext));
}

/**
 * Opens what {@link seal} made.
 * @throws {RefusalError} SealOfAnotherMeasurement with both measurements, SealOfAnotherMachine, SealOfAnotherLabel; SealBroken for
 *   anything else that is not as it was made
 */
export function unseal(
  crypto: Crypto,
  power: SealingPower,
  label: SealLabel,
  sealed: Uint8Array,
): { readonly about: Omit<SealHeader, "label">; readonly plaintext: Uint8Array } {
  const { head, about } = readHeader(sealed);
  if (about.label !== label) {
    throw new RefusalError(
      RefusalCode.SealOfAnotherLabel,
      `sealed record: expected ${label}, got ${about.label}: another file`,
    );
  }
  if (!equalBytes(about.measurement, power.measurement)) {
    throw new RefusalError(
      RefusalCode.SealOfAnotherMeasurement,
      `sealed record: made by enclave ${bytesToHex(about.measurement)}, this one is ${bytesToHex(power.measurement)}`,
    );
  }
  if (!equalBytes(about.machine, machineOf(crypto, power))) {
    throw new RefusalError(RefusalCode.SealOfAnotherMachine, "sealed record: made on another machine");
  }
  const nonce = sealed.subarray(head.length, head.length + NONCE_LENGTH);
  const ciphertext = sealed.subarray(head.length + NONCE_LENGTH);
  if (ciphertext.length !== about.length) {
    throw broken(`it was cut or extended: expected ${about.length} bytes behind its header, got ${ciphertext.length}`);
  }
  const key = sealKey(crypto, power, label, about.chainId);
  const plaintext = crypto.aesGcmDecrypt(key, nonce, head, ciphertext);
  if (plaintext === undefined) throw broken("it was changed");
  return { about, plaintext };
}

function readHeader(sealed: Uint8Array) {
  if (sealed.length === 0) throw broken("it is empty");
  const start = MAGIC.length + 1;
  if (!equalBytes(sealed.subarray(0, MAGIC.length), MAGIC.subarray(0, sealed.length))) {
    throw broken("it does not begin like one");
  }
  const length = sealed[MAGIC.length] ?? 0;
  if (sealed.length < start + length + NONCE_LENGTH) throw broken("it was cut");
  if (sealed[start] !== VERSION) {
    throw broken(`expected version ${VERSION}, got ${sealed[start]}: made by another release`);
  }
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
