/**
 * The crypto door: Node's crypto and embedded WebAssembly against plain JavaScript.
 *
 *     npm run build && node bench/crypto.bench.mjs
 *
 * Prints microseconds an operation (the best of several rounds) and their ratio; only ratios of one run compare.
 * @module
 */
import nodeCrypto from "node:crypto";
import { makeNativeCrypto } from "@sotto/common/crypto/nativeCrypto";
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";

const ROUNDS = 15;
const ROUND_MS = 20;

const native = makeNativeCrypto(nodeCrypto, WebAssembly);
const noble = makeNobleCrypto();
const random = (length) => nodeCrypto.randomFillSync(new Uint8Array(length));

const key = random(32);
const empty = new Uint8Array(0);
const hash = random(32);
const nonce = random(12);
const otherKey = native.x25519PublicKey(random(32));
const text = { short: random(64), message: random(512), long: random(65_536) };
const ciphertext = native.aesSivEncrypt(key, [empty], text.message);
const gcmCiphertext = native.aesGcmEncrypt(key, nonce, empty, text.message);
const secpKey = native.secp256k1PublicKey(key);
const secpSignature = native.secp256k1Sign(hash, key);
const edKey = native.ed25519PublicKey(key);
const edSignature = native.ed25519Sign(text.message, key);
let counter = 0;
/** A key that no cache knows. */
const freshKey = () => {
  const fresh = new Uint8Array(key);
  new DataView(fresh.buffer).setUint32(0, ++counter);
  return fresh;
};

const CASES = [
  ["sha256, 64 bytes", (c) => c.sha256(text.short)],
  ["sha256, 64 kB", (c) => c.sha256(text.long)],
  ["ripemd160, 32 bytes", (c) => c.ripemd160(hash)],
  ["hmacSha256, 64 bytes", (c) => c.hmacSha256(key, text.short)],
  ["hkdfSha256, 64 bytes to 32", (c) => c.hkdfSha256(text.short, hash, empty, 32)],
  ["x25519, secret seen before", (c) => c.x25519(key, otherKey)],
  ["x25519, new secret", (c) => c.x25519(freshKey(), otherKey)],
  ["x25519PublicKey, new secret", (c) => c.x25519PublicKey(freshKey())],
  ["aesSivEncrypt, 64 bytes", (c) => c.aesSivEncrypt(key, [empty], text.short)],
  ["aesSivEncrypt, 64 bytes, new key", (c) => c.aesSivEncrypt(freshKey(), [empty], text.short)],
  ["aesSivEncrypt, 512 bytes", (c) => c.aesSivEncrypt(key, [empty], text.message)],
  ["aesSivDecrypt, 512 bytes", (c) => c.aesSivDecrypt(key, [empty], ciphertext)],
  ["aesSivEncrypt, 64 kB", (c) => c.aesSivEncrypt(key, [empty], text.long)],
  ["aesGcmEncrypt, 512 bytes", (c) => c.aesGcmEncrypt(key, nonce, empty, text.message)],
  ["aesGcmDecrypt, 512 bytes", (c) => c.aesGcmDecrypt(key, nonce, empty, gcmCiphertext)],
  ["secp256k1Verify", (c) => c.secp256k1Verify(hash, secpSignature, secpKey)],
  ["secp256k1Recover", (c) => c.secp256k1Recover(hash, secpSignature, 0)],
  ["secp256k1Sign", (c) => c.secp256k1Sign(hash, key)],
  ["secp256k1PublicKey", (c) => c.secp256k1PublicKey(key)],
  ["ed25519Verify, valid", (c) => c.ed25519Verify(text.message, edSignature, edKey)],
  ["ed25519Verify, invalid", (c) => c.ed25519Verify(text.short, edSignature, edKey)],
  ["ed25519Sign", (c) => c.ed25519Sign(text.message, key)],
];

/** Microseconds of one call in one round. */
function time(run) {
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < ROUND_MS) {
    run();
    calls++;
  }
  return ((performance.now() - start) * 1000) / calls;
}

console.log(`Node ${process.version}, microseconds an operation\n`);
console.log("| operation | native | noble | ratio |");
console.log("|---|---:|---:|---:|");
for (const [name, run] of CASES) {
  let nativeUs = Number.POSITIVE_INFINITY;
  let nobleUs = Number.POSITIVE_INFINITY;
  // In turn, so that other work on the machine slows both.
  for (let round = 0; round < ROUNDS; round++) {
    nativeUs = Math.min(
      nativeUs,
      time(() => run(native)),
    );
    nobleUs = Math.min(
      nobleUs,
      time(() => run(noble)),
    );
  }
  console.log(`| ${name} | ${nativeUs.toFixed(1)} | ${nobleUs.toFixed(1)} | ${(nobleUs / nativeUs).toFixed(1)} |`);
}

const start = performance.now();
makeNativeCrypto(nodeCrypto, WebAssembly).secp256k1Verify(hash, secpSignature, secpKey);
console.log(`\nfirst secp256k1 operation of a thread: ${(performance.now() - start).toFixed(1)} ms`);
