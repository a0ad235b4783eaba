/**
 * The forms of a secp256k1 public key.
 * @module
 */

/** Whether length and first byte fit together: 33 bytes with 02 or 03, 65 with 04, 06 or 07 (contracts §2.5). */
export function isSecp256k1KeyForm(publicKey: Uint8Array): boolean {
  const prefix = publicKey[0];
  if (prefix === 2 || prefix === 3) return publicKey.length === 33;
  return (prefix === 4 || prefix === 6 || prefix === 7) && publicKey.length === 65;
}
