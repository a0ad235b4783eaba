/**
 * The part of `node:crypto` that the native implementation uses, as an argument: the module itself fits this type.
 * @module
 */

/** A key inside OpenSSL. */
export interface NodeKey {
  export(options: { readonly format: "jwk" }): { readonly x?: string };
}

/** Public octet key in JWK form. `x` is base64url. */
export type NodeJwk = {
  readonly kty: "OKP";
  readonly crv: "X25519" | "Ed25519";
  readonly x: string;
};

export type NodeJwkInput = { readonly key: NodeJwk; readonly format: "jwk" };
/** Public key of P-256 in JWK form. `x` and `y` are base64url of 32 bytes. */
export type NodeP256Input = {
  readonly key: { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string };
  readonly format: "jwk";
};
/** A key for signatures of two numbers one after the other. */
export type NodeP256Key = { readonly key: NodeKey; readonly dsaEncoding: "ieee-p1363" };
/** A private key in PKCS#8, as text. */
export type NodePemInput = { readonly key: string; readonly format: "pem" };

export interface NodeCipher {
  update(data: Uint8Array): Uint8Array;
  final(): Uint8Array;
  setAutoPadding(on: boolean): unknown;
}
export interface NodeGcmCipher extends NodeCipher {
  setAAD(data: Uint8Array): unknown;
  getAuthTag(): Uint8Array;
}
export interface NodeGcmDecipher extends NodeCipher {
  setAAD(data: Uint8Array): unknown;
  setAuthTag(tag: Uint8Array): unknown;
}

export interface NodeCryptoPower {
  /** `binary`: a string with one character (0 to 255) a byte. It costs a quarter of what a Buffer does. */
  hash(algorithm: "sha256" | "ripemd160", data: Uint8Array, encoding: "binary"): string;
  createCipheriv(
    algorithm: "aes-256-gcm",
    key: Uint8Array,
    iv: Uint8Array,
    options: { readonly authTagLength: number },
  ): NodeGcmCipher;
  createCipheriv(
    algorithm: "aes-128-cbc" | "aes-128-ctr" | "aes-128-ecb",
    key: Uint8Array,
    iv: Uint8Array | null,
  ): NodeCipher;
  createDecipheriv(
    algorithm: "aes-256-gcm",
    key: Uint8Array,
    iv: Uint8Array,
    options: { readonly authTagLength: number },
  ): NodeGcmDecipher;
  createPrivateKey(input: NodePemInput): NodeKey;
  createPublicKey(input: NodeJwkInput | NodeP256Input): NodeKey;
  diffieHellman(keys: { readonly privateKey: NodeKey; readonly publicKey: NodeKey }): Uint8Array;
  sign(algorithm: null, data: Uint8Array, privateKey: NodePemInput): Uint8Array;
  verify(algorithm: null, data: Uint8Array, publicKey: NodeJwkInput, signature: Uint8Array): boolean;
  /** @param publicKey a {@link NodeP256Key}; the type is as wide as Node's own, which has to fit */
  verify(algorithm: "sha256", data: Uint8Array, publicKey: object | string, signature: Uint8Array): boolean;
}
