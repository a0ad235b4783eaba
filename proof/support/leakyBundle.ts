/**
 * An enclave with its encryption switched off: the bundle's text, with every use of AES-SIV on contract data replaced by a
 * mere change of form. Everything else works as before, so whatever the scanner misses here it would miss in earnest.
 * @module
 */
import type { Form } from "./forms.ts";

/** Expressions of the bundle and what they become; each must be there exactly once. */
const REPLACEMENTS = [
  ["crypto.aesSivEncrypt(txKey, [EMPTY_BYTES], plaintext)", "leak.encrypt(plaintext)"],
  [
    "this.#crypto.aesSivDecrypt(txKey, [EMPTY_BYTES], input.subarray(HEAD_LENGTH))",
    "leak.decrypt(input.subarray(HEAD_LENGTH))",
  ],
  ["this.#crypto.aesSivEncrypt(this.#keyKey, [], key)", "leak.encrypt(key)"],
  ["this.#crypto.aesSivEncrypt(this.#valueKey(seedId), [key.encrypted, salt], value)", "leak.encrypt(value)"],
  ["this.#crypto.aesSivDecrypt(this.#valueKey(seedId), [key.encrypted, salt], encrypted)", "leak.decrypt(encrypted)"],
] as const;

/** @throws {Error} if the bundle no longer has one of the places: then this file must follow it */
export function makeLeakyBundle(bundle: Uint8Array, { encode, decode }: Form): Uint8Array {
  let source = Buffer.from(bundle).toString();
  for (const [from, to] of REPLACEMENTS) {
    if (source.split(from).length !== 2) throw new Error(`leaky bundle: expected once in the bundle: ${from}`);
    source = source.replace(from, to);
  }
  const leak = `
const leak = {
    encrypt: (bytes) => new Uint8Array(Buffer.concat([Buffer.alloc(16), (${encode})(Buffer.from(bytes))])),
    decrypt: (bytes) => new Uint8Array((${decode})(Buffer.from(bytes).subarray(16))),
};
`;
  return new Uint8Array(Buffer.from(source + leak));
}
