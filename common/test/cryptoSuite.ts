/**
 * What every implementation of the crypto door must do; run for each of them by `crypto.vectors.test.ts`.
 *
 * Sources: RFC 4231, 5297, 5869, 7748, 8032, NIST GCM cases, the enclave vectors, and corner cases built here.
 * @module
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import enclaveVectors from "../../vectors/enclave.json" with { type: "json" };
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "../src/bytes.ts";
import type { Crypto } from "../src/crypto/crypto.ts";

const hex = hexToBytes;
const EMPTY = new Uint8Array(0);
const SECP_ORDER = secp256k1.Point.Fn.ORDER;
const ED_ORDER = ed25519.Point.Fn.ORDER;

const numberBe = (value: bigint): Uint8Array => hex(value.toString(16).padStart(64, "0"));
const numberLe = (value: bigint): Uint8Array => numberBe(value).reverse();
const toNumberLe = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(Uint8Array.from(bytes).reverse())}`);
const toNumberBe = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(bytes)}`);
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const withBitFlipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

export function cryptoSuite(name: string, crypto: Crypto): void {
  describe(`${name} hashes`, () => hashSuite(crypto));
  describe(`${name} X25519 (enclave §1.3)`, () => x25519Suite(crypto));
  describe(`${name} AES-SIV (enclave §0.1)`, () => aesSivSuite(crypto));
  describe(`${name} AES-256-GCM`, () => aesGcmSuite(crypto));
  describe(`${name} secp256k1`, () => {
    secp256k1SignSuite(crypto);
    secp256k1VerifySuite(crypto);
    secp256k1RecoverSuite(crypto);
  });
  describe(`${name} P-256 (registration §6.3)`, () => p256Suite(crypto));
  describe(`${name} ed25519`, () => {
    ed25519Suite(crypto);
    zip215Suite(crypto);
  });
}

function hashSuite(crypto: Crypto): void {
  it("hashes the standard messages", () => {
    expect(bytesToHex(crypto.sha256(EMPTY))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(bytesToHex(crypto.sha256(utf8ToBytes("abc")))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(bytesToHex(crypto.ripemd160(EMPTY))).toBe("9c1185a5c5e9fc54612808977ee8f548b2258d31");
    expect(bytesToHex(crypto.ripemd160(utf8ToBytes("abc")))).toBe("8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    // Keccak, not SHA-3: the hash of nothing is known from every Ethereum account without code.
    expect(bytesToHex(crypto.keccak256(EMPTY))).toBe(
      "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    );
    expect(bytesToHex(crypto.keccak256(utf8ToBytes("abc")))).toBe(
      "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
    );
  });

  it("computes HMAC with short and with long keys (RFC 4231, cases 2 and 6)", () => {
    expect(bytesToHex(crypto.hmacSha256(utf8ToBytes("Jefe"), utf8ToBytes("what do ya want for nothing?")))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    const longKey = new Uint8Array(131).fill(0xaa);
    expect(
      bytesToHex(crypto.hmacSha256(longKey, utf8ToBytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
    ).toBe("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  });

  it("derives keys (RFC 5869 A.1 to A.3)", () => {
    const ikm = new Uint8Array(22).fill(0x0b);
    expect(bytesToHex(crypto.hkdfSha256(ikm, counting(13), hex("f0f1f2f3f4f5f6f7f8f9"), 42))).toBe(
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    const long = (from: number): Uint8Array => Uint8Array.from({ length: 80 }, (_, i) => from + i);
    expect(bytesToHex(crypto.hkdfSha256(long(0), long(0x60), long(0xb0), 82))).toBe(
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8" +
        "367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
    expect(bytesToHex(crypto.hkdfSha256(ikm, EMPTY, EMPTY, 42))).toBe(
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
  });

  it("derives at most 8160 bytes", () => {
    expect(crypto.hkdfSha256(EMPTY, EMPTY, EMPTY, 8160)).toHaveLength(8160);
    expect(() => crypto.hkdfSha256(EMPTY, EMPTY, EMPTY, 8161)).toThrow();
  });

  it("derives the key tree of the enclave vectors", () => {
    const salt = hex(enclaveVectors.key_tree.hkdf_salt);
    for (const seed of enclaveVectors.key_tree.seeds) {
      const derive = (order: number): string =>
        bytesToHex(
          crypto.hkdfSha256(concatBytes(hex(seed.seed), Uint8Array.of(0, 0, 0, order)), salt, utf8ToBytes("seed"), 32),
        );
      expect(derive(1)).toBe(seed.seed_exchange_keypair.derived_secret);
      expect(derive(2)).toBe(seed.io_exchange_keypair.derived_secret);
      expect(derive(3)).toBe(seed.state_ikm.key);
    }
  });

  it("gives plain arrays that it does not keep", () => {
    const results = [
      crypto.sha256(EMPTY),
      crypto.x25519(counting(32), counting(32)),
      crypto.x25519PublicKey(counting(32)),
      crypto.aesSivEncrypt(counting(32), [], counting(40)),
      crypto.aesGcmEncrypt(counting(32), counting(12), EMPTY, counting(40)),
      crypto.secp256k1Sign(counting(32), counting(32)) as Uint8Array,
      crypto.ed25519Sign(EMPTY, counting(32)),
    ];
    for (const result of results) expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
    const first = crypto.aesSivEncrypt(counting(32), [], counting(40));
    const copy = first.slice();
    crypto.aesSivEncrypt(counting(32), [], EMPTY);
    expect(first).toEqual(copy);
  });
}

/** Every encoding of a u-coordinate of low order, on the curve or its twist; each also occurs with the top bit set. */
const LOW_ORDER_U = [
  0n,
  1n,
  2n ** 255n - 20n,
  2n ** 255n - 19n,
  2n ** 255n - 18n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];

function x25519Suite(crypto: Crypto): void {
  it("multiplies (RFC 7748 §5.2)", () => {
    const k = hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    const u = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    expect(bytesToHex(crypto.x25519(k, u))).toBe("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    const k2 = hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
    const u2 = hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
    expect(bytesToHex(crypto.x25519(k2, u2))).toBe("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
  });

  it("iterates (RFC 7748 §5.2, once and a thousand times)", () => {
    let k: Uint8Array = numberLe(9n);
    let u = k;
    for (let i = 1; i <= 1000; i++) {
      [k, u] = [crypto.x25519(k, u), k];
      if (i === 1) expect(bytesToHex(k)).toBe("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
    expect(bytesToHex(k)).toBe("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
  });

  it("derives the public keys and the shared secrets of the enclave vectors", () => {
    for (const seed of enclaveVectors.key_tree.seeds) {
      for (const pair of [seed.seed_exchange_keypair, seed.io_exchange_keypair]) {
        expect(bytesToHex(crypto.x25519PublicKey(hex(pair.derived_secret)))).toBe(pair.public_key);
      }
    }
    const { tx_key: v } = enclaveVectors;
    expect(bytesToHex(crypto.x25519PublicKey(hex(v.user_secret)))).toBe(v.user_public_key);
    expect(bytesToHex(crypto.x25519(hex(v.user_secret), hex(v.io_public_key)))).toBe(v.shared_secret);
  });

  it("gives 32 zero bytes for points of low order (enclave §1.3)", () => {
    for (const u of LOW_ORDER_U) {
      for (const encoding of [u, u | (1n << 255n)]) {
        expect(crypto.x25519(counting(32), numberLe(encoding))).toEqual(new Uint8Array(32));
      }
    }
  });

  it("ignores the top bit of a u-coordinate", () => {
    const u = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    expect(crypto.x25519(counting(32), withBitFlipped(u, 255))).toEqual(crypto.x25519(counting(32), u));
  });

  it("accepts u-coordinates that are not reduced", () => {
    for (let u = 2n; u < 19n; u++) {
      expect(crypto.x25519(counting(32), numberLe(u + 2n ** 255n - 19n))).toEqual(
        crypto.x25519(counting(32), numberLe(u)),
      );
    }
  });

  it("clamps the secret at use", () => {
    const secret = new Uint8Array(32).fill(0xff);
    const clamped = secret.slice();
    clamped[0] = 0xf8;
    clamped[31] = 0x7f;
    expect(crypto.x25519PublicKey(secret)).toEqual(crypto.x25519PublicKey(clamped));
    expect(crypto.x25519PublicKey(new Uint8Array(32))).toHaveLength(32);
  });

  it("refuses keys of another length", () => {
    for (const length of [0, 31, 33]) {
      expect(() => crypto.x25519(counting(length), counting(32))).toThrow();
      expect(() => crypto.x25519(counting(32), counting(length))).toThrow();
      expect(() => crypto.x25519PublicKey(counting(length))).toThrow();
    }
  });
}

const RFC5297_A1 = {
  key: "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
  ad: ["101112131415161718191a1b1c1d1e1f2021222324252627"],
  plaintext: "112233445566778899aabbccddee",
  ciphertext: "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c",
};
const RFC5297_A2 = {
  key: "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
  ad: [
    "00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
    "102030405060708090a0",
    "09f911029d74e35bd84156c5635688c0",
  ],
  plaintext: "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
  ciphertext:
    "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d",
};

function aesSivSuite(crypto: Crypto): void {
  it("encrypts and decrypts RFC 5297 A.1 and A.2 and the enclave vectors", () => {
    const { key, cases } = enclaveVectors.siv;
    for (const v of [RFC5297_A1, RFC5297_A2, ...cases.map((each) => ({ key, ...each }))]) {
      const ad = v.ad.map(hex);
      expect(bytesToHex(crypto.aesSivEncrypt(hex(v.key), ad, hex(v.plaintext)))).toBe(v.ciphertext);
      expect(crypto.aesSivDecrypt(hex(v.key), ad, hex(v.ciphertext))).toEqual(hex(v.plaintext));
    }
  });

  it("decrypts what it encrypted, at every length from 0 to 300 and beyond", () => {
    for (const length of [...counting(256), ...Array.from({ length: 45 }, (_, i) => 256 + i), 511, 512, 513, 5000]) {
      const plaintext = Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
      const ciphertext = crypto.aesSivEncrypt(counting(32), [EMPTY], plaintext);
      expect(ciphertext).toHaveLength(16 + length);
      expect(crypto.aesSivDecrypt(counting(32), [EMPTY], ciphertext)).toEqual(plaintext);
    }
  });

  it("tells no string, one empty string and two empty strings apart (enclave §0.1)", () => {
    const shapes = [[], [EMPTY], [EMPTY, EMPTY]];
    const ciphertexts = shapes.map((ad) => crypto.aesSivEncrypt(counting(32), ad, counting(5)));
    expect(new Set(ciphertexts.map(bytesToHex)).size).toBe(3);
    expect(crypto.aesSivDecrypt(counting(32), [], ciphertexts[1] as Uint8Array)).toBeUndefined();
    expect(crypto.aesSivDecrypt(counting(32), [EMPTY, EMPTY], ciphertexts[1] as Uint8Array)).toBeUndefined();
  });

  it("refuses a ciphertext with any bit flipped, with other data, under another key, cut or longer", () => {
    const ad = [utf8ToBytes("data")];
    for (const length of [0, 1, 15, 16, 17, 40]) {
      const ciphertext = crypto.aesSivEncrypt(counting(32), ad, counting(length));
      for (let bit = 0; bit < ciphertext.length * 8; bit++) {
        expect(crypto.aesSivDecrypt(counting(32), ad, withBitFlipped(ciphertext, bit))).toBeUndefined();
      }
      expect(crypto.aesSivDecrypt(counting(32), [utf8ToBytes("Data")], ciphertext)).toBeUndefined();
      // The second half of the key makes the key stream, of which an empty plaintext needs nothing.
      for (const bit of length === 0 ? [0, 127] : [0, 127, 128, 255]) {
        expect(crypto.aesSivDecrypt(withBitFlipped(counting(32), bit), ad, ciphertext)).toBeUndefined();
      }
      expect(crypto.aesSivDecrypt(counting(32), ad, ciphertext.subarray(1))).toBeUndefined();
      expect(crypto.aesSivDecrypt(counting(32), ad, concatBytes(ciphertext, Uint8Array.of(0)))).toBeUndefined();
    }
  });

  it("refuses fewer than 16 bytes", () => {
    for (let length = 0; length < 16; length++) {
      expect(crypto.aesSivDecrypt(counting(32), [], counting(length))).toBeUndefined();
    }
  });

  it("takes keys of 32 bytes only", () => {
    for (const length of [0, 31, 33, 48, 64]) {
      expect(() => crypto.aesSivEncrypt(counting(length), [], EMPTY)).toThrow(RangeError);
      expect(() => crypto.aesSivDecrypt(counting(length), [], counting(16))).toThrow(RangeError);
    }
  });

  it("gives the same results with a thousand keys in turn", () => {
    const keys = Array.from({ length: 1000 }, (_, i) =>
      Uint8Array.from({ length: 32 }, (_, j) => (i >> (j % 10)) & 255),
    );
    const encrypt = (key: Uint8Array): string => bytesToHex(crypto.aesSivEncrypt(key, [EMPTY], counting(20)));
    const first = keys.map(encrypt);
    expect(keys.map(encrypt)).toEqual(first);
  });
}

function aesGcmSuite(crypto: Crypto): void {
  const zeroKey = new Uint8Array(32);
  const zeroNonce = new Uint8Array(12);

  it("encrypts the NIST cases 13 and 14", () => {
    expect(bytesToHex(crypto.aesGcmEncrypt(zeroKey, zeroNonce, EMPTY, EMPTY))).toBe("530f8afbc74536b9a963b4f1c4cb738b");
    expect(bytesToHex(crypto.aesGcmEncrypt(zeroKey, zeroNonce, EMPTY, new Uint8Array(16)))).toBe(
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
    );
  });

  it("decrypts what it encrypted and nothing else", () => {
    const ad = utf8ToBytes("header");
    for (let length = 0; length <= 300; length += 7) {
      const ciphertext = crypto.aesGcmEncrypt(
        counting(32),
        counting(12),
        ad,
        new Uint8Array(length).fill(length & 255),
      );
      expect(crypto.aesGcmDecrypt(counting(32), counting(12), ad, ciphertext)).toEqual(
        new Uint8Array(length).fill(length & 255),
      );
      expect(crypto.aesGcmDecrypt(counting(32), counting(12), EMPTY, ciphertext)).toBeUndefined();
      expect(crypto.aesGcmDecrypt(counting(32), zeroNonce, ad, ciphertext)).toBeUndefined();
      expect(crypto.aesGcmDecrypt(zeroKey, counting(12), ad, ciphertext)).toBeUndefined();
    }
    const ciphertext = crypto.aesGcmEncrypt(counting(32), counting(12), ad, counting(20));
    for (let bit = 0; bit < ciphertext.length * 8; bit++) {
      expect(crypto.aesGcmDecrypt(counting(32), counting(12), ad, withBitFlipped(ciphertext, bit))).toBeUndefined();
    }
    expect(crypto.aesGcmDecrypt(counting(32), counting(12), ad, ciphertext.subarray(0, 15))).toBeUndefined();
  });

  it("takes keys of 32 bytes and nonces of 12 only", () => {
    expect(() => crypto.aesGcmEncrypt(counting(16), counting(12), EMPTY, EMPTY)).toThrow(RangeError);
    expect(() => crypto.aesGcmEncrypt(counting(32), counting(16), EMPTY, EMPTY)).toThrow(RangeError);
    expect(() => crypto.aesGcmDecrypt(counting(16), counting(12), EMPTY, counting(16))).toThrow(RangeError);
    expect(() => crypto.aesGcmDecrypt(counting(32), counting(16), EMPTY, counting(16))).toThrow(RangeError);
  });
}

const GENERATOR = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
/** Development accounts (clients §3.4): private key, public key. */
const DEV_KEYS: readonly (readonly [string, string])[] = [
  ["5d4c0bc5daa50219ff2daf95a52e36122c640a5a91f3d38d4b9f52b095e8db10", "A/65YgnkabVwuTXgvwAjDkui0heU3JmF9cEus7NX6FwN"],
  ["f0a7b67eb9a719d54f8a9bfbfb187d8c296b97911a05bf5ca30494823e46beb6", "A07oJJ9n4TYTnD7ZStYyiPbB3kXOZvqIMkchGmmPRAzf"],
];
const KEY = counting(32);
const BAD_PRIVATE_KEYS = [0n, SECP_ORDER, SECP_ORDER + 1n, 2n ** 256n - 1n].map(numberBe);

function secp256k1SignSuite(crypto: Crypto): void {
  it("derives public keys", () => {
    expect(bytesToHex(crypto.secp256k1PublicKey(numberBe(1n)) as Uint8Array)).toBe(GENERATOR);
    for (const [privateKey, publicKey] of DEV_KEYS) {
      expect(Buffer.from(crypto.secp256k1PublicKey(hex(privateKey)) as Uint8Array).toString("base64")).toBe(publicKey);
    }
  });

  it("signs deterministically (RFC 6979), low-S", () => {
    const signature = crypto.secp256k1Sign(crypto.sha256(utf8ToBytes("Satoshi Nakamoto")), numberBe(1n));
    expect(bytesToHex(signature as Uint8Array)).toBe(
      "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
    );
    for (let i = 0; i < 20; i++) {
      const s = (crypto.secp256k1Sign(crypto.sha256(Uint8Array.of(i)), KEY) as Uint8Array).subarray(32);
      expect(toNumberBe(s) <= SECP_ORDER / 2n).toBe(true);
    }
  });

  it("has no answer for private keys out of range or of another length", () => {
    for (const key of [...BAD_PRIVATE_KEYS, EMPTY, counting(31), counting(33)]) {
      expect(crypto.secp256k1Sign(KEY, key)).toBeUndefined();
      expect(crypto.secp256k1PublicKey(key)).toBeUndefined();
    }
    expect(crypto.secp256k1PublicKey(numberBe(SECP_ORDER - 1n))).toHaveLength(33);
  });

  it("signs 32-byte hashes only", () => {
    for (const length of [0, 31, 33]) expect(() => crypto.secp256k1Sign(counting(length), KEY)).toThrow(RangeError);
  });
}

function secp256k1VerifySuite(crypto: Crypto): void {
  const hash = crypto.sha256(utf8ToBytes("message"));
  const signature = crypto.secp256k1Sign(hash, KEY) as Uint8Array;
  const publicKey = crypto.secp256k1PublicKey(KEY) as Uint8Array;
  const uncompressed = secp256k1.Point.fromBytes(publicKey).toBytes(false);
  const withPrefix = (key: Uint8Array, prefix: number): Uint8Array => Uint8Array.of(prefix, ...key.subarray(1));
  const withS = (s: bigint): Uint8Array => concatBytes(signature.subarray(0, 32), numberBe(s));
  const withR = (r: bigint): Uint8Array => concatBytes(numberBe(r), signature.subarray(32));
  const s = toNumberBe(signature.subarray(32));
  const parity = (uncompressed[64] as number) & 1;

  it("accepts a signature under each form of the key", () => {
    expect(crypto.secp256k1Verify(hash, signature, publicKey)).toBe("valid");
    expect(crypto.secp256k1Verify(hash, signature, uncompressed)).toBe("valid");
    expect(crypto.secp256k1Verify(hash, signature, withPrefix(uncompressed, 6 + parity))).toBe("valid");
  });

  it("refuses another message, key or signature", () => {
    expect(crypto.secp256k1Verify(withBitFlipped(hash, 9), signature, publicKey)).toBe("invalid");
    expect(crypto.secp256k1Verify(hash, signature, withPrefix(publicKey, 5 - (publicKey[0] as number)))).toBe(
      "invalid",
    );
    expect(crypto.secp256k1Verify(hash, withR(5n), publicKey)).toBe("invalid");
    expect(crypto.secp256k1Verify(hash, withS(s + 1n), publicKey)).toBe("invalid");
  });

  it("refuses the signature with high S (contracts §2.5)", () => {
    expect(crypto.secp256k1Verify(hash, withS(SECP_ORDER - s), publicKey)).toBe("invalid");
  });

  it("refuses zero as r or s, and tells numbers from the order on apart", () => {
    expect(crypto.secp256k1Verify(hash, withR(0n), publicKey)).toBe("invalid");
    expect(crypto.secp256k1Verify(hash, withS(0n), publicKey)).toBe("invalid");
    for (const tooLarge of [SECP_ORDER, SECP_ORDER + 1n, 2n ** 256n - 1n]) {
      expect(crypto.secp256k1Verify(hash, withR(tooLarge), publicKey)).toBe("undecodable");
      expect(crypto.secp256k1Verify(hash, withS(tooLarge), publicKey)).toBe("undecodable");
    }
    expect(crypto.secp256k1Verify(hash, withR(SECP_ORDER - 1n), publicKey)).toBe("invalid");
  });

  it("tells keys that are no point apart", () => {
    // x = 5 has no y on the curve; x at or above the field prime is no coordinate.
    for (const x of [5n, 2n ** 256n - 2n ** 32n - 977n, 2n ** 256n - 1n]) {
      expect(crypto.secp256k1Verify(hash, signature, concatBytes(Uint8Array.of(2), numberBe(x)))).toBe("undecodable");
    }
    expect(crypto.secp256k1Verify(hash, signature, withBitFlipped(uncompressed, 8 * 64))).toBe("undecodable");
    expect(crypto.secp256k1Verify(hash, signature, Uint8Array.of(4, ...new Uint8Array(64)))).toBe("undecodable");
    expect(crypto.secp256k1Verify(hash, signature, withPrefix(uncompressed, 7 - parity))).toBe("undecodable");
  });

  it("tells malformed arguments apart, hash before signature before key", () => {
    for (const length of [0, 31, 33]) {
      expect(crypto.secp256k1Verify(counting(length), EMPTY, EMPTY)).toBe("malformedHash");
    }
    for (const length of [0, 63, 65, 72]) {
      expect(crypto.secp256k1Verify(hash, counting(length), EMPTY)).toBe("malformedSignature");
    }
    const badKeys = [
      EMPTY,
      Uint8Array.of(0),
      publicKey.subarray(1),
      publicKey.subarray(0, 32),
      concatBytes(publicKey, Uint8Array.of(0)),
      uncompressed.subarray(0, 64),
      ...[0, 1, 4, 5, 6, 7].map((prefix) => withPrefix(publicKey, prefix)),
      ...[0, 1, 2, 3, 5, 8].map((prefix) => withPrefix(uncompressed, prefix)),
    ];
    for (const key of badKeys) expect(crypto.secp256k1Verify(hash, signature, key)).toBe("malformedKey");
    expect(crypto.secp256k1Verify(hash, withR(SECP_ORDER), EMPTY)).toBe("malformedKey");
  });

  it("verifies hashes of zero and at or above the order", () => {
    for (const value of [0n, SECP_ORDER - 1n, SECP_ORDER, SECP_ORDER + 1n, 2n ** 256n - 1n]) {
      const signed = crypto.secp256k1Sign(numberBe(value), KEY) as Uint8Array;
      expect(crypto.secp256k1Verify(numberBe(value), signed, publicKey)).toBe("valid");
    }
    expect(
      crypto.secp256k1Verify(numberBe(SECP_ORDER), crypto.secp256k1Sign(numberBe(0n), KEY) as Uint8Array, publicKey),
    ).toBe("valid");
  });
}

function secp256k1RecoverSuite(crypto: Crypto): void {
  const hash = crypto.sha256(utf8ToBytes("message"));
  const signature = crypto.secp256k1Sign(hash, KEY) as Uint8Array;
  const publicKey = bytesToHex(crypto.secp256k1PublicKey(KEY) as Uint8Array);
  const recover = (sig: Uint8Array, id: number, digest = hash): string | undefined => {
    const key = crypto.secp256k1Recover(digest, sig, id);
    return key === undefined ? undefined : bytesToHex(key);
  };
  const s = toNumberBe(signature.subarray(32));

  it("recovers the key that signed, with one of the first two ids", () => {
    const found = [0, 1].map((id) => recover(signature, id));
    expect(found).toContain(publicKey);
    expect(new Set(found).size).toBe(2);
  });

  it("recovers from high S under the other id", () => {
    const id = recover(signature, 0) === publicKey ? 0 : 1;
    expect(recover(concatBytes(signature.subarray(0, 32), numberBe(SECP_ORDER - s)), 1 - id)).toBe(publicKey);
  });

  it("knows the ids 2 and 3: an x-coordinate at or above the order", () => {
    expect(recover(signature, 2)).toBeUndefined();
    expect(recover(signature, 3)).toBeUndefined();
    const keys = [1n, 2n, 3n, 4n, 5n, 6n].flatMap((r) =>
      [recover(concatBytes(numberBe(r), numberBe(7n)), 2) ?? []].flat(),
    );
    expect(keys.length).toBeGreaterThan(0);
    for (const r of [1n, 2n, 3n, 4n, 5n, 6n]) {
      const small = concatBytes(numberBe(r), numberBe(7n));
      const key = crypto.secp256k1Recover(hash, small, 2);
      if (key !== undefined) expect(crypto.secp256k1Verify(hash, small, key)).toBe("valid");
    }
  });

  it("has no answer for bad arguments", () => {
    for (const id of [-1, 4, 27, 0.5, Number.NaN]) expect(recover(signature, id)).toBeUndefined();
    for (const bad of [0n, SECP_ORDER, 2n ** 256n - 1n]) {
      expect(recover(concatBytes(numberBe(bad), signature.subarray(32)), 0)).toBeUndefined();
      expect(recover(concatBytes(signature.subarray(0, 32), numberBe(bad)), 0)).toBeUndefined();
    }
    // x = 5 has no y on the curve.
    expect(recover(concatBytes(numberBe(5n), signature.subarray(32)), 0)).toBeUndefined();
    expect(recover(signature.subarray(1), 0)).toBeUndefined();
    expect(recover(signature, 0, hash.subarray(1))).toBeUndefined();
  });

  it("has no answer where the key would be the point at infinity", () => {
    // R = 2G and s = h / 2, hence sR = hG.
    const R = secp256k1.Point.BASE.multiply(2n);
    const Fn = secp256k1.Point.Fn;
    const half = Fn.mul(Fn.create(toNumberBe(hash)), Fn.inv(2n));
    const crafted = concatBytes(numberBe(Fn.create(R.x)), numberBe(half));
    expect(recover(crafted, Number(R.y & 1n))).toBeUndefined();
  });
}

const RFC8032: readonly {
  readonly seed: string;
  readonly key: string;
  readonly message: string;
  readonly signature: string;
}[] = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
];

function ed25519Suite(crypto: Crypto): void {
  const seed = counting(32);
  const message = utf8ToBytes("message");
  const publicKey = crypto.ed25519PublicKey(seed);
  const signature = crypto.ed25519Sign(message, seed);
  const S = toNumberLe(signature.subarray(32));

  it("signs and verifies RFC 8032 tests 1 and 2", () => {
    for (const v of RFC8032) {
      expect(bytesToHex(crypto.ed25519PublicKey(hex(v.seed)))).toBe(v.key);
      expect(bytesToHex(crypto.ed25519Sign(hex(v.message), hex(v.seed)))).toBe(v.signature);
      expect(crypto.ed25519Verify(hex(v.message), hex(v.signature), hex(v.key))).toBe("valid");
    }
  });

  it("refuses a signature with any bit flipped, and another message", () => {
    for (let bit = 0; bit < 512; bit += 5) {
      expect(crypto.ed25519Verify(message, withBitFlipped(signature, bit), publicKey)).toBe("invalid");
    }
    expect(crypto.ed25519Verify(EMPTY, signature, publicKey)).toBe("invalid");
  });

  it("refuses S that is not reduced", () => {
    for (const factor of [1n, 2n, 7n]) {
      const unreduced = concatBytes(signature.subarray(0, 32), numberLe(S + factor * ED_ORDER));
      expect(crypto.ed25519Verify(message, unreduced, publicKey)).toBe("invalid");
    }
  });

  it("refuses R that is no point", () => {
    const noPoint = concatBytes(numberLe(2n), signature.subarray(32));
    expect(crypto.ed25519Verify(message, noPoint, publicKey)).toBe("invalid");
  });

  it("tells malformed arguments apart, signature before key", () => {
    for (const length of [0, 63, 65])
      expect(crypto.ed25519Verify(message, counting(length), EMPTY)).toBe("malformedSignature");
    for (const length of [0, 31, 33])
      expect(crypto.ed25519Verify(message, signature, counting(length))).toBe("malformedKey");
    expect(crypto.ed25519Verify(message, signature, numberLe(2n))).toBe("malformedKey");
  });

  it("takes seeds of 32 bytes only", () => {
    for (const length of [0, 31, 33, 64]) {
      expect(() => crypto.ed25519Sign(message, counting(length))).toThrow();
      expect(() => crypto.ed25519PublicKey(counting(length))).toThrow();
    }
  });
}

/** All 14 encodings of the 8 points of small order; 6 of them are not canonical. */
const SMALL_ORDER_ENCODINGS: readonly Uint8Array[] = [
  0n,
  1n,
  2n ** 255n - 20n,
  2n ** 255n - 19n,
  2n ** 255n - 18n,
  toNumberLe(hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
  toNumberLe(hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
].flatMap((y) => [numberLe(y), numberLe(y | (1n << 255n))]);

function zip215Suite(crypto: Crypto): void {
  it("accepts all 196 pairs of small-order encodings with S = 0", () => {
    const message = utf8ToBytes("Zcash");
    let accepted = 0;
    for (const key of SMALL_ORDER_ENCODINGS) {
      for (const R of SMALL_ORDER_ENCODINGS) {
        if (crypto.ed25519Verify(message, concatBytes(R, new Uint8Array(32)), key) === "valid") accepted++;
      }
    }
    expect(accepted).toBe(196);
  });

  it("accepts signatures that hold only after multiplication by the cofactor", () => {
    const { Point } = ed25519;
    const torsion = Point.fromBytes(SMALL_ORDER_ENCODINGS[10] as Uint8Array, true);
    for (let i = 1n; i < 10n; i++) {
      const [secret, nonce] = [1000n + i, 2000n + i];
      const publicKey = Point.BASE.multiply(secret).add(torsion).toBytes();
      const R = Point.BASE.multiply(nonce).toBytes();
      const message = numberLe(i);
      const challenge = [...sha512(concatBytes(R, publicKey, message))].reduceRight(
        (n, byte) => (n << 8n) | BigInt(byte),
        0n,
      );
      const S = Point.Fn.create(nonce + challenge * secret);
      expect(crypto.ed25519Verify(message, concatBytes(R, numberLe(S)), publicKey)).toBe("valid");
      expect(crypto.ed25519Verify(message, concatBytes(R, numberLe(S + 1n)), publicKey)).toBe("invalid");
    }
  });
}

function p256Suite(crypto: Crypto): void {
  // RFC 6979 A.2.5, message "sample".
  const key = hex(
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
  );
  const signature = hex(
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
  );
  const message = utf8ToBytes("sample");
  const order = p256.Point.Fn.ORDER;

  it("accepts the signature of the standard, and refuses it with any of some bits flipped", () => {
    expect(crypto.p256Verify(message, signature, key)).toBe(true);
    for (let bit = 0; bit < 512; bit += 37) {
      expect(crypto.p256Verify(message, withBitFlipped(signature, bit), key)).toBe(false);
      expect(crypto.p256Verify(message, signature, withBitFlipped(key, bit))).toBe(false);
    }
    expect(crypto.p256Verify(utf8ToBytes("Sample"), signature, key)).toBe(false);
  });

  it("accepts the other s of a signature too", () => {
    const other = concatBytes(signature.subarray(0, 32), numberBe(order - toNumberBe(signature.subarray(32))));
    expect(crypto.p256Verify(message, other, key)).toBe(true);
  });

  it("refuses zero, the group order and more in either half", () => {
    for (const value of [0n, order, order + 1n, 2n ** 256n - 1n]) {
      expect(crypto.p256Verify(message, concatBytes(numberBe(value), signature.subarray(32)), key)).toBe(false);
      expect(crypto.p256Verify(message, concatBytes(signature.subarray(0, 32), numberBe(value)), key)).toBe(false);
    }
  });

  it("refuses keys that are no point or not in their only form, and wrong lengths", () => {
    const prime = p256.Point.Fp.ORDER;
    expect(crypto.p256Verify(message, signature, new Uint8Array(64))).toBe(false);
    expect(crypto.p256Verify(message, signature, concatBytes(numberBe(5n), numberBe(6n)))).toBe(false);
    // x = 5 is on the curve; x + p stands for the same point and fits in 32 bytes.
    const point = p256.Point.fromHex(`02${bytesToHex(numberBe(5n))}`);
    expect(crypto.p256Verify(message, signature, concatBytes(numberBe(prime + 5n), numberBe(point.y)))).toBe(false);
    expect(crypto.p256Verify(message, signature.subarray(1), key)).toBe(false);
    expect(crypto.p256Verify(message, concatBytes(signature, EMPTY, Uint8Array.of(0)), key)).toBe(false);
    expect(crypto.p256Verify(message, signature, key.subarray(1))).toBe(false);
    expect(crypto.p256Verify(message, signature, concatBytes(Uint8Array.of(4), key))).toBe(false);
  });
}
