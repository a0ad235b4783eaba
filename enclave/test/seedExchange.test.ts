import { readFileSync } from "node:fs";
import { bytesToHex, concatBytes, hexToBytes as hex, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RefusalCode, RefusalError } from "../src/enclaveError.ts";
import { deriveKeyTree } from "../src/keys/keyTree.ts";
import { type Handover, openHandover, sealHandover } from "../src/keys/seedExchange.ts";
import { testCrypto as crypto } from "./harness.ts";

const { seed_exchange: vector, key_tree: tree } = JSON.parse(
  readFileSync(new URL("../../vectors/enclave.json", import.meta.url), "utf8"),
);
const seeds: Uint8Array[] = tree.seeds.slice(0, 2).map(({ seed }: { seed: string }) => hex(seed));
const keys = deriveKeyTree(crypto, seeds);
const node = { secret: hex(vector.node_secret), publicKey: hex(vector.node_public_key) };
const anchor = {
  initialHeight: 1n,
  genesisTimeNs: 2n,
  validatorsHash: new Uint8Array(32).fill(3),
  appHash: new Uint8Array(32).fill(4),
  genesisHash: new Uint8Array(32).fill(5),
};
const content: Handover = { chainId: "private-1-sim", anchor, seeds };
const envelope = sealHandover(crypto, keys.last.seedExchange, node.publicKey, content);
const pairOf = (secret: Uint8Array) => ({ secret, publicKey: crypto.x25519PublicKey(secret) });

function refusalOf(work: () => unknown): RefusalError {
  try {
    work();
  } catch (error) {
    if (error instanceof RefusalError) return error;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("enclave §1.4: the envelope for a node that joins", () => {
  it("begins with the key of the vectors, and is the same wherever it is made", () => {
    expect(bytesToHex(envelope.subarray(0, 32))).toBe(vector.seed_exchange_public_key);
    expect(sealHandover(crypto, keys.last.seedExchange, node.publicKey, content)).toEqual(envelope);
  });

  it("is under a key of its own derivation, with all that is in front of it authenticated", () => {
    const exchange = hex(vector.seed_exchange_public_key);
    const bound = [exchange, node.publicKey, anchor.genesisHash];
    const shared = hex(vector.shared_key);
    const key = crypto.hkdfSha256(shared, utf8ToBytes("seed-handover/v1"), concatBytes(...bound), 32);
    expect(crypto.aesSivDecrypt(key, bound, envelope.subarray(32))).toBeDefined();
    // The shared value itself, which the protocol took for a key, opens nothing.
    expect(crypto.aesSivDecrypt(shared, [node.publicKey], envelope.subarray(32))).toBeUndefined();
  });

  it("gives the node chain, anchor and seeds", () => {
    expect(openHandover(crypto, node, anchor.genesisHash, envelope)).toEqual(content);
  });

  it("reaches any node, with two to five seeds, and only that node", () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const property = fc.property(
      fc.array(seed, { minLength: 2, maxLength: 5 }),
      seed,
      seed,
      (network, ours, theirs) => {
        fc.pre(bytesToHex(crypto.x25519PublicKey(ours)) !== bytesToHex(crypto.x25519PublicKey(theirs)));
        const { last } = deriveKeyTree(crypto, network);
        const sent = sealHandover(crypto, last.seedExchange, pairOf(ours).publicKey, { ...content, seeds: network });
        expect(openHandover(crypto, pairOf(ours), anchor.genesisHash, sent).seeds).toEqual(network);
        const refused = refusalOf(() => openHandover(crypto, pairOf(theirs), anchor.genesisHash, sent));
        expect(refused.code).toBe(RefusalCode.SeedsUnreadable);
      },
    );
    fc.assert(property, { numRuns: 30 });
  });

  it("is refused with any byte changed, cut anywhere, or with a byte more", () => {
    for (let at = 0; at < envelope.length; at++) {
      const changed = envelope.slice();
      (changed[at] as number) ^= 1 << (at % 8);
      const { code } = refusalOf(() => openHandover(crypto, node, anchor.genesisHash, changed));
      expect(code, `byte ${at}`).toBe(RefusalCode.SeedsUnreadable);
    }
    for (let length = 0; length < envelope.length; length++) {
      const cut = envelope.subarray(0, length);
      const { code } = refusalOf(() => openHandover(crypto, node, anchor.genesisHash, cut));
      expect(code).toBe(length <= 32 ? RefusalCode.SeedsMalformed : RefusalCode.SeedsUnreadable);
    }
    const longer = concatBytes(envelope, Uint8Array.of(0));
    expect(refusalOf(() => openHandover(crypto, node, anchor.genesisHash, longer)).code).toBe(
      RefusalCode.SeedsUnreadable,
    );
  });

  it("is refused with another genesis file", () => {
    const other = new Uint8Array(32).fill(6);
    expect(refusalOf(() => openHandover(crypto, node, other, envelope))).toMatchObject({
      code: RefusalCode.SeedsUnreadable,
      message:
        "encrypted seeds: not for this registration key, not of the network of this genesis file, or changed on the way",
    });
  });

  it("is refused if the last seed is not the one of the key in front, or if there is one seed", () => {
    const foreign = sealHandover(crypto, keys.genesis.seedExchange, node.publicKey, content);
    expect(refusalOf(() => openHandover(crypto, node, anchor.genesisHash, foreign)).message).toContain("the last seed");
    const single = { ...content, seeds: seeds.slice(1) };
    const one = sealHandover(crypto, keys.last.seedExchange, node.publicKey, single);
    expect(refusalOf(() => openHandover(crypto, node, anchor.genesisHash, one)).message).toContain("fewer seeds");
  });

  it("is made for no key of low order or of another length, and taken from none", () => {
    const one = new Uint8Array(32);
    one[0] = 1;
    for (const key of [new Uint8Array(32), one, new Uint8Array(31), new Uint8Array(33)]) {
      const seal = () => sealHandover(crypto, keys.last.seedExchange, key, content);
      expect(refusalOf(seal).code).toBe(RefusalCode.NodeKeyRefused);
    }
    const forged = concatBytes(new Uint8Array(32), envelope.subarray(32));
    expect(refusalOf(() => openHandover(crypto, node, anchor.genesisHash, forged)).code).toBe(
      RefusalCode.NodeKeyRefused,
    );
  });

  it("says in errors what was expected, and nothing secret", () => {
    expect(() => openHandover(crypto, node, anchor.genesisHash, new Uint8Array(20))).toThrow(
      "encrypted seeds: expected a key of 32 bytes and what it encrypts, got 20 bytes",
    );
  });
});
