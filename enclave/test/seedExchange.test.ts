import { readFileSync } from "node:fs";
import { bytesToHex, concatBytes, hexToBytes as hex } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RefusalCode, RefusalError } from "../src/enclaveError.ts";
import { deriveKeyTree } from "../src/keys/keyTree.ts";
import {
  decryptGenesisSeed,
  decryptSeeds,
  ENCRYPTED_SEED_LENGTH,
  encryptGenesisSeed,
  encryptSeeds,
  prefixSeeds,
  unprefixSeeds,
} from "../src/keys/seedExchange.ts";
import { testCrypto as crypto } from "./harness.ts";

const { seed_exchange: vector, key_tree: tree } = JSON.parse(
  readFileSync(new URL("../../vectors/enclave.json", import.meta.url), "utf8"),
);
const seeds: Uint8Array[] = tree.seeds.slice(0, 2).map(({ seed }: { seed: string }) => hex(seed));
const keys = deriveKeyTree(crypto, seeds);
const node = { secret: hex(vector.node_secret), publicKey: hex(vector.node_public_key) };
const exchangeKey = hex(vector.seed_exchange_public_key);
const encrypted = hex(vector.encrypted_seeds_concatenated);
const genesis = hex(vector.genesis_legacy_seed);

function codeOf(work: () => unknown): number {
  try {
    work();
  } catch (error) {
    if (error instanceof RefusalError) return error.code;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("enclave §1.4: seeds for a node that joins", () => {
  it("are those of the vectors, all of them and the genesis seed", () => {
    expect(keys.last.seedExchange.publicKey).toEqual(exchangeKey);
    expect(crypto.x25519PublicKey(node.secret)).toEqual(node.publicKey);
    expect(bytesToHex(encryptSeeds(crypto, keys, seeds, node.publicKey))).toBe(vector.encrypted_seeds_concatenated);
    const genesisSeed = seeds[0] as Uint8Array;
    expect(bytesToHex(encryptGenesisSeed(crypto, keys, genesisSeed, node.publicKey))).toBe(vector.genesis_legacy_seed);
  });

  it("are opened by the node that they are for", () => {
    expect(decryptSeeds(crypto, node, exchangeKey, encrypted)).toEqual(seeds);
    expect(decryptGenesisSeed(crypto, node, keys.genesis.seedExchange.publicKey, genesis)).toEqual(seeds[0]);
  });

  it("reach any node, two to five of them, and only that node", () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const property = fc.property(
      fc.array(seed, { minLength: 2, maxLength: 5 }),
      seed,
      seed,
      (network, ours, theirs) => {
        fc.pre(bytesToHex(crypto.x25519PublicKey(ours)) !== bytesToHex(crypto.x25519PublicKey(theirs)));
        const derived = deriveKeyTree(crypto, network);
        const pair = (secret: Uint8Array) => ({ secret, publicKey: crypto.x25519PublicKey(secret) });
        const sent = encryptSeeds(crypto, derived, network, pair(ours).publicKey);
        expect(sent.length).toBe(network.length * ENCRYPTED_SEED_LENGTH);
        const key = derived.last.seedExchange.publicKey;
        const received = decryptSeeds(crypto, pair(ours), key, unprefixSeeds(prefixSeeds(sent)));
        expect(received).toEqual(network);
        expect(codeOf(() => decryptSeeds(crypto, pair(theirs), key, sent))).toBe(RefusalCode.SeedsUnreadable);
      },
    );
    fc.assert(property, { numRuns: 30 });
  });

  it("are refused with any bit changed, of another network, or without the last one", () => {
    for (let at = 0; at < encrypted.length; at++) {
      const changed = encrypted.slice();
      (changed[at] as number) ^= 1 << (at % 8);
      expect(codeOf(() => decryptSeeds(crypto, node, exchangeKey, changed))).toBe(RefusalCode.SeedsUnreadable);
    }
    const foreign = keys.genesis.seedExchange.publicKey;
    expect(codeOf(() => decryptSeeds(crypto, node, foreign, encrypted))).toBe(RefusalCode.SeedsUnreadable);
    expect(codeOf(() => decryptGenesisSeed(crypto, node, exchangeKey, genesis))).toBe(RefusalCode.SeedsUnreadable);
    const three = tree.seeds.map((each: { seed: string }) => hex(each.seed));
    const rotated = deriveKeyTree(crypto, three);
    const key = rotated.last.seedExchange.publicKey;
    const whole = encryptSeeds(crypto, rotated, three, node.publicKey);
    expect(decryptSeeds(crypto, node, key, whole)).toEqual(three);
    expect(codeOf(() => decryptSeeds(crypto, node, key, whole.subarray(0, 96)))).toBe(RefusalCode.SeedsUnreadable);
  });

  it("are refused in any other number or length", () => {
    for (const length of [0, 1, 47, 48, 95, 97, 143, 288, 48 * 6]) {
      const bytes = new Uint8Array(length);
      expect(
        codeOf(() => decryptSeeds(crypto, node, exchangeKey, bytes)),
        `${length}`,
      ).toBe(RefusalCode.SeedsMalformed);
    }
    for (const length of [0, 47, 49, 96]) {
      const bytes = new Uint8Array(length);
      expect(codeOf(() => decryptGenesisSeed(crypto, node, exchangeKey, bytes))).toBe(RefusalCode.SeedsMalformed);
    }
  });

  it("are given to no key of low order or of another length, and taken from none", () => {
    const one = new Uint8Array(32);
    one[0] = 1;
    for (const key of [new Uint8Array(32), one, new Uint8Array(31), new Uint8Array(33)]) {
      expect(codeOf(() => encryptSeeds(crypto, keys, seeds, key))).toBe(RefusalCode.NodeKeyRefused);
      expect(codeOf(() => encryptGenesisSeed(crypto, keys, seeds[0] as Uint8Array, key))).toBe(
        RefusalCode.NodeKeyRefused,
      );
      expect(codeOf(() => decryptSeeds(crypto, node, key, encrypted))).toBe(RefusalCode.NodeKeyRefused);
    }
  });

  it("say in errors what was expected, and nothing secret", () => {
    expect(() => decryptSeeds(crypto, node, exchangeKey, new Uint8Array(50))).toThrow(
      "encrypted seeds: expected 2 to 5 times 48 bytes, got 50",
    );
  });
});

describe("enclave §1.4: the form with the length in front", () => {
  it("is one byte, and one to five seeds", () => {
    for (const count of [1, 2, 3, 4, 5]) {
      const bytes = new Uint8Array(48 * count).fill(count);
      expect(prefixSeeds(bytes)[0]).toBe(48 * count);
      expect(unprefixSeeds(prefixSeeds(bytes))).toEqual(bytes);
      // Without the byte in front the number of seeds is the length by 48.
      expect(unprefixSeeds(bytes)).toEqual(bytes);
    }
  });

  it("is refused with another length than follows, and in any other form", () => {
    const wrong = [
      new Uint8Array(0),
      Uint8Array.of(0),
      Uint8Array.of(48),
      concatBytes(Uint8Array.of(95), encrypted),
      concatBytes(Uint8Array.of(96), encrypted.subarray(48)),
      concatBytes(Uint8Array.of(32), new Uint8Array(48 * 6)),
      new Uint8Array(48 * 6),
    ];
    for (const bytes of wrong) expect(codeOf(() => unprefixSeeds(bytes))).toBe(RefusalCode.SeedsMalformed);
    for (const length of [0, 47, 49, 288]) {
      expect(codeOf(() => prefixSeeds(new Uint8Array(length)))).toBe(RefusalCode.SeedsMalformed);
    }
  });
});
