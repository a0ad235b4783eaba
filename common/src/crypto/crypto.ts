/**
 * The crypto door: every primitive that the protocol uses, behind one interface with two implementations.
 *
 * `nativeCrypto.ts` (Node's own crypto passed in as a power, plus an embedded WebAssembly secp256k1) is the hot path;
 * `nobleCrypto.ts` is the slow twin and the rule in corner cases. One suite runs both.
 * Byte arguments are borrowed, never kept and never changed; results are new arrays unless noted.
 * @module
 */

/**
 * What a signature check says; each verdict is one code of the contracts' signature imports (contracts §2.5):
 * `valid` 0, `invalid` 1, `malformedHash` 3, `malformedSignature` 4 (length), `malformedKey` 5 (form; for ed25519 also a key
 * that is no point), `undecodable` 10 (secp256k1: r or s not below the group order, or a key that is no point).
 * Where several faults meet, hash comes before signature before key.
 */
export type SignatureVerdict =
  | "valid"
  | "invalid"
  | "malformedHash"
  | "malformedSignature"
  | "malformedKey"
  | "undecodable";

export interface Crypto {
  sha256(data: Uint8Array): Uint8Array;
  ripemd160(data: Uint8Array): Uint8Array;
  /** Ethereum's hash: Keccak with the padding from before SHA-3 (chain §6.5). */
  keccak256(data: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** HKDF-SHA256, extract and expand. @param length at most 8160 bytes */
  hkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;

  /** X25519 with clamping; low-order points are accepted and give 32 zero bytes (enclave §1.3). */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array;
  x25519PublicKey(secret: Uint8Array): Uint8Array;

  /**
   * AES-SIV (RFC 5297, AES-128): 16-byte synthetic IV, then as many bytes as the plaintext.
   * @param key 32 bytes: CMAC key, then CTR key
   * @param associatedData `[]` and `[empty]` give different results (enclave §0.1)
   */
  aesSivEncrypt(key: Uint8Array, associatedData: readonly Uint8Array[], plaintext: Uint8Array): Uint8Array;
  /** The plaintext, or undefined if the tag does not match or there are fewer than 16 bytes. */
  aesSivDecrypt(key: Uint8Array, associatedData: readonly Uint8Array[], ciphertext: Uint8Array): Uint8Array | undefined;

  /** AES-256-GCM: ciphertext, then the 16-byte tag. @param nonce 12 bytes */
  aesGcmEncrypt(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array;
  aesGcmDecrypt(
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined;

  /**
   * ECDSA over a 32-byte hash; 64-byte r‖s; high-S, r = 0 and s = 0 are `invalid`. Keys are 33 bytes that begin with 02 or
   * 03, or 65 bytes that begin with 04, 06 or 07 (06 and 07 must agree with the parity of y). contracts §2.5
   */
  secp256k1Verify(hash: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): SignatureVerdict;
  /** The 33-byte key that made the signature, high-S included, or undefined. @param recoveryId 0 to 3 */
  secp256k1Recover(hash: Uint8Array, signature: Uint8Array, recoveryId: number): Uint8Array | undefined;
  /** Deterministic (RFC 6979), low-S, 64 bytes; undefined if the key is not in range. @param hash 32 bytes */
  secp256k1Sign(hash: Uint8Array, privateKey: Uint8Array): Uint8Array | undefined;
  /** 33 bytes; undefined if the key is not in range. */
  secp256k1PublicKey(privateKey: Uint8Array): Uint8Array | undefined;

  /** ZIP-215 rules: cofactored equation, non-canonical A and R accepted, S canonical. */
  ed25519Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): SignatureVerdict;
  /** RFC 8032, 64 bytes. @param seed 32 bytes */
  ed25519Sign(message: Uint8Array, seed: Uint8Array): Uint8Array;
  ed25519PublicKey(seed: Uint8Array): Uint8Array;

  /**
   * ECDSA over SHA-256 of the message on P-256, as attestation uses it (registration §6.3): high-S is as good as low-S.
   * @param signature r ‖ s, 64 bytes
   * @param publicKey x ‖ y, 64 bytes; what is no point has no signatures
   */
  p256Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
}
