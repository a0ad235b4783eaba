/**
 * X25519 and Ed25519 keys as Node's crypto takes them: JWK, which imports in a third of the time of SPKI and PKCS#8.
 * @module
 */
import { base64ToBytes, bytesToBase64 } from "../bytes.ts";
import type { NodeJwk, NodeJwkInput, NodeKey } from "./nodeCryptoPower.ts";

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
export function publicKeyInput(curve: Curve, publicKey: Uint8Array): NodeJwkInput {
  checkLength(curve, publicKey);
  return { key: { kty: "OKP", crv: curve, x: toBase64Url(publicKey) }, format: "jwk" };
}

/** @throws RangeError unless the key has 32 bytes */
export function privateKeyInput(curve: Curve, secret: Uint8Array): NodeJwkInput {
  checkLength(curve, secret);
  return { key: { kty: "OKP", crv: curve, x: UNUSED_X, d: toBase64Url(secret) }, format: "jwk" };
}

/** The 32 bytes of the public key that belongs to a private one. */
export function publicKeyOf(privateKey: NodeKey): Uint8Array {
  const { x } = privateKey.export({ format: "jwk" });
  if (x === undefined) throw new TypeError("exported key has no x");
  return fromBase64Url(x);
}
