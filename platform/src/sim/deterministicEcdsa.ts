/**
 * ECDSA over P-256 with the nonce of RFC 6979, so that equal input gives equal evidence; Node's own signatures differ each time.
 *
 * For keys that protect nothing: BigInt arithmetic takes a time that depends on the key.
 * @module
 */
import { createECDH, createHash, createHmac } from "node:crypto";
import { bytesToHex, concatBytes, hexToBytes } from "@sotto/common/bytes";

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const LENGTH = 32;

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(bytes)}`);
const toBytes = (number: bigint): Uint8Array => hexToBytes(number.toString(16).padStart(2 * LENGTH, "0"));
const modulo = (number: bigint): bigint => ((number % ORDER) + ORDER) % ORDER;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = modulo(square * square)) {
    if (rest & 1n) result = modulo(result * square);
  }
  return result;
}

/** The order is prime, so this is Fermat's inverse. */
const inverse = (number: bigint): bigint => power(modulo(number), ORDER - 2n);

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    createHmac("sha256", key)
      .update(concatBytes(...parts))
      .digest(),
  );
}

/** RFC 6979 §3.2; the first candidate that it yields is in range but for one case in 2^32. */
function* nonces(secret: Uint8Array, digest: Uint8Array): Generator<bigint> {
  let v = new Uint8Array(LENGTH).fill(1) as Uint8Array;
  let k = new Uint8Array(LENGTH) as Uint8Array;
  for (const separator of [0, 1]) {
    k = hmac(k, v, Uint8Array.of(separator), secret, toBytes(modulo(toNumber(digest))));
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    const candidate = toNumber(v);
    if (candidate > 0n && candidate < ORDER) yield candidate;
    k = hmac(k, v, Uint8Array.of(0));
    v = hmac(k, v);
  }
}

/** A private key from 32 uniform bytes. @returns 32 bytes, in range */
export function toP256SecretKey(uniform: Uint8Array): Uint8Array {
  return toBytes((toNumber(uniform) % (ORDER - 1n)) + 1n);
}

/** @param secret 32 bytes, in range @returns x ‖ y, 64 bytes */
export function p256PublicKey(secret: Uint8Array): Uint8Array {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(secret);
  return new Uint8Array(ecdh.getPublicKey()).slice(1);
}

/** Over SHA-256 of `message`. @param secret 32 bytes, in range @returns r ‖ s, 64 bytes */
export function signP256(secret: Uint8Array, message: Uint8Array): Uint8Array {
  const digest = new Uint8Array(createHash("sha256").update(message).digest());
  for (const nonce of nonces(secret, digest)) {
    const r = modulo(toNumber(p256PublicKey(toBytes(nonce)).subarray(0, LENGTH)));
    const s = modulo(inverse(nonce) * (toNumber(digest) + r * toNumber(secret)));
    if (r !== 0n && s !== 0n) return concatBytes(toBytes(r), toBytes(s));
  }
  throw new TypeError("RFC 6979 always yields a nonce");
}
