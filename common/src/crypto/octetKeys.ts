/**
 * X25519 and Ed25519 keys as Node's crypto takes them: public ones as JWK, which imports in a third of the time of SPKI;
 * private ones as PKCS#8, since newer versions of Node check the public key that a private JWK must carry.
 * @module
 */
import { base64ToBytes, bytesToBase64, concatBytes, hexToBytes } from "../bytes.ts";
import type { NodeJwk, NodeJwkInput, NodeKey, NodePemInput } from "./nodeCryptoPower.ts";

type Curve = NodeJwk["crv"];

/** Everything of a PKCS#8 key but its 32 bytes (RFC 8410 §7). */
const PKCS8_HEAD: Readonly<Record<Curve, Uint8Array>> = {
  X25519: hexToBytes("302e020100300506032b656e04220420"),
  Ed25519: hexToBytes("302e020100300506032b657004220420"),
};

/** Without padding. */
export function toBase64Url(bytes: Uint8Array): string {
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
export function privateKeyInput(curve: Curve, secret: Uint8Array): NodePemInput {
  checkLength(curve, secret);
  const base64 = bytesToBase64(concatBytes(PKCS8_HEAD[curve], secret));
  return { key: `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----`, format: "pem" };
}

/** The 32 bytes of the public key that belongs to a private one. */
export function publicKeyOf(privateKey: NodeKey): Uint8Array {
  const { x } = privateKey.export({ format: "jwk" });
  if (x === undefined) throw new TypeError("exported key has no x");
  return fromBase64Url(x);
}
