/**
 * The registration key's secret while its enclave has no network: made once, kept sealed (registration §1.2 A).
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { type SealingPower, SealLabel, seal, unseal } from "../keys/sealing.ts";

const SECRET_LENGTH = 32;

export function makeRegistrationSecret(power: SealingPower): Uint8Array {
  return power.randomBytes(SECRET_LENGTH);
}

export function sealRegistrationSecret(crypto: Crypto, power: SealingPower, secret: Uint8Array): Uint8Array {
  const about = { label: SealLabel.Registration, counter: 1n, height: 0n, chainId: "", previous: new Uint8Array(32) };
  return seal(crypto, power, about, secret);
}

/** @throws {RefusalError} of `unseal`; never makes another key in place of one that cannot be read */
export function unsealRegistrationSecret(crypto: Crypto, power: SealingPower, sealed: Uint8Array): Uint8Array {
  const { plaintext } = unseal(crypto, power, SealLabel.Registration, sealed);
  if (plaintext.length === SECRET_LENGTH) return plaintext;
  throw new RefusalError(RefusalCode.SealBroken, "sealed record: its content is not what its header says");
}
