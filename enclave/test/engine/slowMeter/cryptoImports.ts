/**
 * The signature imports as the slow meter serves them (contracts §2.5, §2.6), over the plain JavaScript crypto.
 */
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";
import type { Value } from "./numeric.ts";
import { Trap } from "./trap.ts";

const crypto = makeNobleCrypto();
const VERDICTS: Readonly<Record<string, number>> = {
  valid: 0,
  invalid: 1,
  malformedHash: 3,
  malformedSignature: 4,
  malformedKey: 5,
  undecodable: 10,
};
const high = (code: number): bigint => BigInt(code) << 32n;

type Read = (pointer: number) => Uint8Array;
type UseGas = (amount: bigint) => void;

/** @returns a number for the contract, or bytes that it gets as a new region */
export function cryptoImport(name: string, useGas: UseGas, args: readonly number[], read: Read): Value | Uint8Array {
  const [a = 0, b = 0, c = 0] = args;
  switch (name) {
    case "secp256k1_verify":
      useGas(98_304n);
      return VERDICTS[crypto.secp256k1Verify(read(a), read(b), read(c))] as number;
    case "secp256k1_recover_pubkey": {
      useGas(98_304n);
      const [hash, signature] = [read(a), read(b)];
      if (hash.length !== 32) return high(3);
      if (signature.length !== 64) return high(4);
      return (c >= 0 && c <= 3 && crypto.secp256k1Recover(hash, signature, c)) || high(10);
    }
    case "secp256k1_sign": {
      useGas(100_000n);
      const [message, key] = [read(a), read(b)];
      return (key.length === 32 && crypto.secp256k1Sign(crypto.sha256(message), key)) || high(1000);
    }
    case "ed25519_verify":
      useGas(73_728n);
      return VERDICTS[crypto.ed25519Verify(read(a), read(b), read(c))] as number;
    case "ed25519_sign": {
      useGas(75_000n);
      const [message, seed] = [read(a), read(b)];
      return seed.length === 32 ? crypto.ed25519Sign(message, seed) : high(1000);
    }
    case "ed25519_batch_verify":
      return verifyBatch(useGas, sections(read(a)), sections(read(b)), sections(read(c)));
    default: {
      useGas(100_000n);
      read(a);
      // Quotes are not verified by the engine under test: the documented refusal.
      return high(read(b).length === 0 ? 10 : 1);
    }
  }
}

function sections(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let end = bytes.length; end >= 4; ) {
    const length = Number(
      `0x${[...bytes.slice(end - 4, end)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`,
    );
    if (length > end - 4) throw new Trap("thread");
    found.unshift(bytes.slice(end - 4 - length, end - 4));
    end -= 4 + length;
  }
  return found;
}

function verifyBatch(useGas: UseGas, messages: Uint8Array[], signatures: Uint8Array[], keys: Uint8Array[]): number {
  const count = signatures.length;
  const fits = (messages.length === count || messages.length === 1) && (keys.length === count || keys.length === 1);
  if (!fits || (messages.length !== count && keys.length !== count)) return 7;
  useGas(5000n + 70_000n * BigInt(count));
  const of = (list: Uint8Array[], i: number): Uint8Array => (list[i] ?? list[0]) as Uint8Array;
  for (let i = 0; i < count; i++) {
    if (of(signatures, i).length !== 64) return 4;
    if (of(keys, i).length !== 32) return 5;
  }
  const isValid = (signature: Uint8Array, i: number): boolean =>
    crypto.ed25519Verify(of(messages, i), signature, of(keys, i)) === "valid";
  return signatures.every(isValid) ? 0 : 1;
}
