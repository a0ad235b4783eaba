/**
 * The crypto door in plain JavaScript: the slow twin of `nativeCrypto.ts`, and the rule in corner cases.
 * @module
 */
import { aessiv, gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, equalBytes } from "../bytes.ts";
import type { Crypto, SignatureVerdict } from "./crypto.ts";
import { isSecp256k1KeyForm } from "./secp256k1Key.ts";

const ZIP215 = { zip215: true };
const SIV_IV = 16;
const GCM_TAG = 16;

/** noble refuses low-order points before it computes; their shared value is zero under every clamped scalar. */
const LOW_ORDER_U: readonly Uint8Array[] = [
  0n,
  1n,
  2n ** 255n - 20n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
].map((u) => Uint8Array.from({ length: 32 }, (_, i) => Number((u >> BigInt(8 * i)) & 255n)));

/** The u-coordinate as a number below the field prime, in 32 bytes: top bit cleared, non-canonical values reduced. */
function reduceU(publicKey: Uint8Array): Uint8Array {
  const u = new Uint8Array(publicKey);
  (u[31] as number) &= 0x7f;
  const isNonCanonical = (u[0] as number) >= 0xed && u[31] === 0x7f && u.subarray(1, 31).every((byte) => byte === 0xff);
  return isNonCanonical ? Uint8Array.from(u, (_, i) => (i === 0 ? (u[0] as number) - 0xed : 0)) : u;
}

function sharedSecret(secret: Uint8Array, publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== 32) throw new RangeError(`X25519 key: expected 32 bytes, got ${publicKey.length}`);
  const u = reduceU(publicKey);
  if (LOW_ORDER_U.some((point) => equalBytes(point, u))) return new Uint8Array(32);
  return x25519.getSharedSecret(secret, u);
}

/** The result of a noble function that throws on what is no result. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** noble knows no hybrid keys: an uncompressed key whose first byte also tells the parity of y. */
function decodeSecp256k1Key(publicKey: Uint8Array): Uint8Array | undefined {
  const prefix = publicKey[0] as number;
  let encoded = publicKey;
  if (prefix === 6 || prefix === 7) {
    if ((prefix & 1) !== ((publicKey[64] as number) & 1)) return undefined;
    encoded = new Uint8Array(publicKey);
    encoded[0] = 4;
  }
  return secp256k1.utils.isValidPublicKey(encoded) ? encoded : undefined;
}

/** Big-endian comparison of one half of a signature with the group order. */
function isBelowOrder(scalar: Uint8Array): boolean {
  return scalar.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) < secp256k1.Point.Fn.ORDER;
}

function verifySecp256k1(hash: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): SignatureVerdict {
  if (hash.length !== 32) return "malformedHash";
  if (signature.length !== 64) return "malformedSignature";
  if (!isSecp256k1KeyForm(publicKey)) return "malformedKey";
  if (!isBelowOrder(signature.subarray(0, 32)) || !isBelowOrder(signature.subarray(32))) return "undecodable";
  const key = decodeSecp256k1Key(publicKey);
  if (key === undefined) return "undecodable";
  return secp256k1.verify(signature, hash, key, { prehash: false, lowS: true }) ? "valid" : "invalid";
}

function recoverSecp256k1(hash: Uint8Array, signature: Uint8Array, recoveryId: number): Uint8Array | undefined {
  if (hash.length !== 32 || signature.length !== 64 || ![0, 1, 2, 3].includes(recoveryId)) return undefined;
  return attempt(() =>
    secp256k1.Signature.fromBytes(signature, "compact").addRecoveryBit(recoveryId).recoverPublicKey(hash).toBytes(true),
  );
}

function verifyEd25519(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): SignatureVerdict {
  if (signature.length !== 64) return "malformedSignature";
  if (publicKey.length !== 32 || attempt(() => ed25519.Point.fromBytes(publicKey, true)) === undefined)
    return "malformedKey";
  return ed25519.verify(signature, message, publicKey, ZIP215) ? "valid" : "invalid";
}

function verifyP256(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 64) return false;
  const key = concatBytes(Uint8Array.of(4), publicKey);
  return p256.utils.isValidPublicKey(key) && p256.verify(signature, message, key, { lowS: false });
}

/** The slow implementation; needs no power. */
export function makeNobleCrypto(): Crypto {
  return {
    sha256: (data) => sha256(data),
    ripemd160: (data) => ripemd160(data),
    keccak256: (data) => keccak_256(data),
    hmacSha256: (key, data) => hmac(sha256, key, data),
    hkdfSha256: (ikm, salt, info, length) => hkdf(sha256, ikm, salt, info, length),

    x25519: sharedSecret,
    x25519PublicKey: (secret) => x25519.getPublicKey(secret),

    aesSivEncrypt(key, associatedData, plaintext) {
      checkSivKey(key);
      return aessiv(key, ...associatedData).encrypt(plaintext);
    },
    aesSivDecrypt(key, associatedData, ciphertext) {
      checkSivKey(key);
      if (ciphertext.length < SIV_IV) return undefined;
      return attempt(() => aessiv(key, ...associatedData).decrypt(ciphertext));
    },
    aesGcmEncrypt(key, nonce, associatedData, plaintext) {
      checkGcm(key, nonce);
      return gcm(key, nonce, associatedData).encrypt(plaintext);
    },
    aesGcmDecrypt(key, nonce, associatedData, ciphertext) {
      checkGcm(key, nonce);
      if (ciphertext.length < GCM_TAG) return undefined;
      return attempt(() => gcm(key, nonce, associatedData).decrypt(ciphertext));
    },

    secp256k1Verify: verifySecp256k1,
    secp256k1Recover: recoverSecp256k1,
    secp256k1Sign(hash, privateKey) {
      if (hash.length !== 32) throw new RangeError(`hash: expected 32 bytes, got ${hash.length}`);
      if (!secp256k1.utils.isValidSecretKey(privateKey)) return undefined;
      return secp256k1.sign(hash, privateKey, { prehash: false, lowS: true });
    },
    secp256k1PublicKey: (privateKey) =>
      secp256k1.utils.isValidSecretKey(privateKey) ? secp256k1.getPublicKey(privateKey, true) : undefined,

    ed25519Verify: verifyEd25519,
    ed25519Sign: (message, seed) => ed25519.sign(message, seed),
    ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),

    p256Verify: verifyP256,
  };
}

function checkSivKey(key: Uint8Array): void {
  if (key.length !== 32) throw new RangeError(`AES-SIV key: expected 32 bytes, got ${key.length}`);
}

function checkGcm(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== 32) throw new RangeError(`AES-GCM key: expected 32 bytes, got ${key.length}`);
  if (nonce.length !== 12) throw new RangeError(`AES-GCM nonce: expected 12 bytes, got ${nonce.length}`);
}
