/**
 * X25519 and Ed25519 keys for Node's crypto, imported as JWK (a third of the time that SPKI and PKCS#8 take).
 * @module
 */
import { base64ToBytes, bytesToBase64 } from "../bytes.ts";
import type { NodeCryptoPower, NodeJwk, NodeKey } from "./nodeCryptoPower.ts";

type Curve = NodeJwk["crv"];

/** What stands for `x` in a private key: OpenSSL computes the public key from `d` and ignores this. */
const UNUSED_X = toBase64Url(new Uint8Array(32));

function toBase64Url(bytes: Uint8Array): string {
  return bytesToBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array {
  return base64ToBytes(text.replaceAll("-", "+").replaceAll("_", "/"));
}

function checkLength(curve: Curve, bytes: Uint8Array): void {
  if (bytes.length !== 32) throw new RangeError(`${curve} key: expected 32 bytes, got ${bytes.length}`);
}

/** @throws RangeError unless the key has 32 bytes */
export function importPublicKey(power: NodeCryptoPower, curve: Curve, publicKey: Uint8Array): NodeKey {
  checkLength(curve, publicKey);
  return power.createPublicKey({ key: { kty: "OKP", crv: curve, x: toBase64Url(publicKey) }, format: "jwk" });
}

/** @throws RangeError unless the key has 32 bytes */
export function importPrivateKey(power: NodeCryptoPower, curve: Curve, secret: Uint8Array): NodeKey {
  checkLength(curve, secret);
  return power.createPrivateKey({
    key: { kty: "OKP", crv: curve, x: UNUSED_X, d: toBase64Url(secret) },
    format: "jwk",
  });
}

/** The 32 bytes of the public key that belongs to a private one. */
export function exportPublicKey(power: NodeCryptoPower, privateKey: NodeKey): Uint8Array {
  const { x } = power.createPublicKey(privateKey).export({ format: "jwk" });
  if (x === undefined) throw new TypeError("exported public key has no x");
  return fromBase64Url(x);
}
