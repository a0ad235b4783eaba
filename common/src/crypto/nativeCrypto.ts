/**
 * The crypto door on Node's own crypto: the hot path.
 *
 * Node's functions arrive as a power; secp256k1 is WebAssembly embedded beside this file. Where OpenSSL is stricter than the
 * protocol (low-order X25519 points, ZIP-215), its refusal is not an answer: the slow twin decides.
 * @module
 */

import { concatBytes } from "../bytes.ts";
import type { WasmPower } from "../wasmPower.ts";
import { BoundedCache } from "./boundedCache.ts";
import type { Crypto } from "./crypto.ts";
import { makeNativeAesSiv } from "./nativeAesSiv.ts";
import { makeNobleCrypto } from "./nobleCrypto.ts";
import type { NodeCryptoPower, NodeKey, NodeP256Key } from "./nodeCryptoPower.ts";
import { privateKeyInput, publicKeyInput, publicKeyOf, toBase64Url } from "./octetKeys.ts";
import { makeWasmSecp256k1 } from "./wasmSecp256k1.ts";

export type { NodeCryptoPower } from "./nodeCryptoPower.ts";

const HMAC_BLOCK = 64;
const DIGEST = 32;
/** Longest data that the scratch array of HMAC holds. */
const SHORT_DATA = 448;
const MAX_HKDF_LENGTH = 255 * DIGEST;
const GCM_TAG = 16;
const CACHED_PRIVATE_KEYS = 16;
const CACHED_P256_KEYS = 16;

/** Writes a string of one character a byte to `target` at `offset`. */
function writeBinary(text: string, target: Uint8Array, offset: number): void {
  for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i);
}

/** A Buffer made by OpenSSL as a plain array. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

type Hashes = Pick<Crypto, "sha256" | "ripemd160" | "keccak256" | "hmacSha256" | "hkdfSha256">;

/**
 * HMAC and HKDF are composed of one-shot hashes: a third of the time of `createHmac` and `hkdfSync`. What they hash is put together
 * in arrays that are made once: a new array of more than 64 bytes costs more than its hash.
 */
function makeHashes(power: NodeCryptoPower, noble: Crypto): Hashes {
  const scratch = new Uint8Array(HMAC_BLOCK + SHORT_DATA);
  const outer = new Uint8Array(HMAC_BLOCK + DIGEST);

  function digest(algorithm: "sha256" | "ripemd160", data: Uint8Array): Uint8Array {
    const text = power.hash(algorithm, data, "binary");
    const out = new Uint8Array(text.length);
    writeBinary(text, out, 0);
    return out;
  }
  function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
    const shortKey = key.length > HMAC_BLOCK ? digest("sha256", key) : key;
    const inner = data.length > SHORT_DATA ? new Uint8Array(HMAC_BLOCK + data.length) : scratch;
    for (let i = 0; i < HMAC_BLOCK; i++) {
      const byte = shortKey[i] ?? 0;
      inner[i] = byte ^ 0x36;
      outer[i] = byte ^ 0x5c;
    }
    inner.set(data, HMAC_BLOCK);
    writeBinary(power.hash("sha256", inner.subarray(0, HMAC_BLOCK + data.length), "binary"), outer, HMAC_BLOCK);
    const result = digest("sha256", outer);
    inner.fill(0, 0, HMAC_BLOCK + data.length);
    outer.fill(0);
    return result;
  }
  function hkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    if (length > MAX_HKDF_LENGTH)
      throw new RangeError(`HKDF: expected at most ${MAX_HKDF_LENGTH} bytes, got ${length}`);
    const key = hmacSha256(salt, ikm);
    // The first round has no previous block in front, and most callers need no second.
    const first = hmacSha256(key, concatBytes(info, Uint8Array.of(1)));
    if (length === DIGEST) return first;
    const out = new Uint8Array(length);
    for (let at = 0, n = 1, block = first; at < length; at += DIGEST, n++) {
      if (n > 1) block = hmacSha256(key, concatBytes(block, info, Uint8Array.of(n)));
      out.set(block.subarray(0, length - at), at);
    }
    return out;
  }
  return {
    sha256: (data) => digest("sha256", data),
    // OpenSSL may have been built or configured without its legacy algorithms.
    ripemd160: hasRipemd160(power) ? (data) => digest("ripemd160", data) : noble.ripemd160,
    // OpenSSL has SHA-3 but not the hash that it grew from.
    keccak256: noble.keccak256,
    hmacSha256,
    hkdfSha256,
  };
}

function hasRipemd160(power: NodeCryptoPower): boolean {
  try {
    return power.hash("ripemd160", new Uint8Array(0), "binary").length === 20;
  } catch {
    return false;
  }
}

type X25519 = Pick<Crypto, "x25519" | "x25519PublicKey">;

function makeX25519(power: NodeCryptoPower, noble: Crypto): X25519 {
  // Importing a private key costs as much as using it, since OpenSSL computes the public key; few of them are used often.
  const privateKeys = new BoundedCache<NodeKey>(CACHED_PRIVATE_KEYS);
  const importSecret = (secret: Uint8Array): NodeKey => power.createPrivateKey(privateKeyInput("X25519", secret));
  return {
    x25519(secret, publicKey) {
      const keys = {
        privateKey: privateKeys.getOrMake(secret, importSecret),
        publicKey: power.createPublicKey(publicKeyInput("X25519", publicKey)),
      };
      try {
        return plain(power.diffieHellman(keys));
      } catch {
        // OpenSSL refuses low-order points, which the protocol accepts.
        return noble.x25519(secret, publicKey);
      }
    },
    x25519PublicKey: (secret) => publicKeyOf(privateKeys.getOrMake(secret, importSecret)),
  };
}

type Ed25519 = Pick<Crypto, "ed25519Verify" | "ed25519Sign" | "ed25519PublicKey">;

function makeEd25519(power: NodeCryptoPower, noble: Crypto): Ed25519 {
  /** Whether OpenSSL accepts: what it accepts is valid under ZIP-215 too, what it refuses may be. */
  function isPlainlyValid(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    try {
      return power.verify(null, message, publicKeyInput("Ed25519", publicKey), signature);
    } catch {
      return false;
    }
  }
  return {
    ed25519Verify(message, signature, publicKey) {
      if (signature.length === 64 && publicKey.length === 32 && isPlainlyValid(message, signature, publicKey))
        return "valid";
      return noble.ed25519Verify(message, signature, publicKey);
    },
    ed25519Sign: (message, seed) => plain(power.sign(null, message, privateKeyInput("Ed25519", seed))),
    ed25519PublicKey: (seed) => publicKeyOf(power.createPrivateKey(privateKeyInput("Ed25519", seed))),
  };
}

type P256 = Pick<Crypto, "p256Verify">;

function makeP256(power: NodeCryptoPower): P256 {
  // A key costs three times as much the first time, and a chain's authorities sign several things each.
  const publicKeys = new BoundedCache<NodeKey>(CACHED_P256_KEYS);
  const importKey = (publicKey: Uint8Array): NodeKey => {
    const x = toBase64Url(publicKey.subarray(0, 32));
    const y = toBase64Url(publicKey.subarray(32));
    return power.createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  };
  return {
    p256Verify(message, signature, publicKey) {
      if (signature.length !== 64 || publicKey.length !== 64) return false;
      try {
        const key: NodeP256Key = { key: publicKeys.getOrMake(publicKey, importKey), dsaEncoding: "ieee-p1363" };
        return power.verify("sha256", message, key, signature);
      } catch {
        // Not a point of the curve.
        return false;
      }
    },
  };
}

type AesGcm = Pick<Crypto, "aesGcmEncrypt" | "aesGcmDecrypt">;

function makeAesGcm(power: NodeCryptoPower): AesGcm {
  const options = { authTagLength: GCM_TAG };
  return {
    aesGcmEncrypt(key, nonce, associatedData, plaintext) {
      checkNonce(nonce);
      const cipher = power.createCipheriv("aes-256-gcm", key, nonce, options);
      cipher.setAAD(associatedData);
      const out = new Uint8Array(plaintext.length + GCM_TAG);
      out.set(cipher.update(plaintext));
      cipher.final();
      out.set(cipher.getAuthTag(), plaintext.length);
      return out;
    },
    aesGcmDecrypt(key, nonce, associatedData, ciphertext) {
      checkNonce(nonce);
      if (ciphertext.length < GCM_TAG) return undefined;
      const tagAt = ciphertext.length - GCM_TAG;
      const decipher = power.createDecipheriv("aes-256-gcm", key, nonce, options);
      decipher.setAAD(associatedData);
      decipher.setAuthTag(ciphertext.subarray(tagAt));
      const plaintext = plain(decipher.update(ciphertext.subarray(0, tagAt)));
      try {
        decipher.final();
      } catch {
        plaintext.fill(0);
        return undefined;
      }
      return plaintext;
    },
  };
}

function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== 12) throw new RangeError(`AES-GCM nonce: expected 12 bytes, got ${nonce.length}`);
}

/**
 * The fast implementation.
 * @param power `node:crypto`
 * @param wasm the `WebAssembly` global; compiled on the first secp256k1 operation
 */
export function makeNativeCrypto(power: NodeCryptoPower, wasm: WasmPower): Crypto {
  const noble = makeNobleCrypto();
  return {
    ...makeHashes(power, noble),
    ...makeX25519(power, noble),
    ...makeNativeAesSiv(power),
    ...makeAesGcm(power),
    ...makeWasmSecp256k1(wasm),
    ...makeEd25519(power, noble),
    ...makeP256(power),
  };
}
