/** Networks with more than two seeds: what changes at once, what stays, and which seed each key comes from. */
import { readFileSync } from "node:fs";
import { bytesToBase64, bytesToHex, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import { ContractInfo, ContractKey } from "@sotto/common/wire/compute";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { blockSeed, makeRandomTransaction, openRandomTransaction } from "../src/block/blockRandom.ts";
import { RefusalCode, RefusalError } from "../src/enclaveError.ts";
import { adminProof, contractKeyProof, deriveContractKey, verifyContractKey } from "../src/keys/contractKey.ts";
import { deriveKeyTree, deriveSeedKeys } from "../src/keys/keyTree.ts";
import { appendSeed, oldestRandomSeed } from "../src/keys/trustedRecord.ts";
import { StateCiphers } from "../src/state/stateCipher.ts";
import { testCrypto as crypto, type Instance, TestChain, Wallet } from "./harness.ts";
import { recordOf, rotate } from "./sealedRecord.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });
const get = (key: string) => ({ get: { key: b64(key) } });
const seed = (fill: number) => new Uint8Array(32).fill(fill);

let chain: TestChain;
let alice: Wallet;
let probe: Instance;

beforeEach(() => {
  chain = TestChain.start();
  alice = new Wallet(1);
  probe = chain.instantiate(alice, chain.storeCode(PROBE), set("old", "before"), { admin: alice.bech32 });
});

/** Lengths of the probe's own entries, by key. */
const entries = () =>
  new Map([...chain.state.store].filter(([key]) => key.startsWith("03")).map(([key, { length }]) => [key, length]));

describe("enclave §1.1, §1.2: a rotation", () => {
  it("leaves values readable, and contracts what they were", () => {
    rotate(chain, seed(3));
    expect(chain.query(alice, probe, get("old"))).toBe(JSON.stringify(b64("before")));
    expect(chain.execute(alice, probe, get("old")).data).toBe(JSON.stringify(b64("before")));
  });

  it("changes the io key at once: what was encrypted to the one before no longer decrypts", () => {
    const before = chain.ioKey;
    const late = alice.encrypt(before, chain.plaintext(probe.codeHash, { noop: {} }));
    rotate(chain, seed(3));
    expect(chain.ioKey).not.toEqual(before);
    expect(chain.ioKey).toEqual(deriveSeedKeys(crypto, seed(3)).ioExchange.publicKey);
    chain.freshen();
    const request = { contract: probe.address, query: late.bytes, gasLimit: 1_000_000n, past: undefined };
    expect(chain.call("query", request).result).toMatchObject({
      value: { log: "Execution error: Enclave: failed to decrypt data: query contract failed" },
    });
    const current = chain.ioKey;
    chain.ioKey = before;
    const executed = chain.execute(alice, probe, { noop: {} });
    expect(executed.log).toBe(
      "Execution error: Enclave: failed to verify transaction signature: execute contract failed",
    );
    chain.ioKey = current;
    expect(chain.execute(alice, probe, { noop: {} }).ok).toBe(true);
  });

  it("contracts §2.3, §4.4: makes values two bytes longer that are written from then on, under the same keys", () => {
    const read = () => chain.execute(alice, probe, get("old")).outcome.gasUsed;
    const write = () => chain.execute(alice, probe, set("old", "before")).outcome.gasUsed;
    const [readBefore, writeBefore, lengths] = [read(), write(), entries()];
    rotate(chain, seed(3));
    expect(read()).toBe(readBefore);
    expect(write() - writeBefore).toBe(10n);
    const longer = new Map([...lengths].map(([key, length]) => [key, length + 2]));
    expect(entries()).toEqual(longer);
    // The next rotation makes nothing longer.
    const [readAfter, writeAfter] = [read(), write()];
    rotate(chain, seed(4));
    expect(chain.query(alice, probe, get("old"))).toBe(JSON.stringify(b64("before")));
    expect([read(), write()]).toEqual([readAfter, writeAfter]);
    expect(entries()).toEqual(longer);
  });

  it("is possible three times, with new seeds of 32 bytes, and survives restarts", () => {
    for (const fill of [3, 4, 5]) {
      rotate(chain, seed(fill));
      expect(chain.execute(alice, probe, set(`under ${fill}`, "x")).ok).toBe(true);
      chain.restart();
    }
    expect(recordOf(chain).seeds).toHaveLength(5);
    for (const fill of [3, 4, 5]) {
      expect(chain.query(alice, probe, get(`under ${fill}`))).toBe(JSON.stringify(b64("x")));
    }
    const refusal = (work: () => unknown) => {
      try {
        work();
      } catch (error) {
        return error instanceof RefusalError ? [error.code, error.message] : error;
      }
      return undefined;
    };
    const { SeedRefused } = RefusalCode;
    expect(refusal(() => rotate(chain, seed(6)))).toEqual([
      SeedRefused,
      "rotation: expected a network of 2 to 4 seeds, this one has 5",
    ]);
    const two = { ...recordOf(chain), seeds: [seed(1), seed(2)] };
    expect(refusal(() => appendSeed(two, seed(2)))).toEqual([
      SeedRefused,
      "rotation: expected a new seed, got one that the network has",
    ]);
    expect(refusal(() => appendSeed(two, new Uint8Array(31)))).toEqual([
      SeedRefused,
      "rotation: expected a seed of 32 bytes, got 31",
    ]);
    expect(refusal(() => appendSeed({ ...two, seeds: [seed(1)] }, seed(2)))).toEqual([
      SeedRefused,
      "rotation: expected a network of 2 to 4 seeds, this one has 1",
    ]);
  });

  it("shows in new contracts: their keys are by the genesis seed, their proofs by the last", () => {
    rotate(chain, seed(3));
    const young = chain.instantiate(
      alice,
      { codeId: probe.codeId, codeHash: probe.codeHash },
      { noop: {} },
      { admin: alice.bech32 },
    );
    const keys = deriveKeyTree(crypto, recordOf(chain).seeds);
    const stored = (prefix: number) =>
      chain.state.store.get(bytesToHex(concatBytes(Uint8Array.of(prefix), young.address))) as Uint8Array;
    const key = ContractKey.decode(stored(6));
    const binding = { codeHash: young.codeHash, contract: young.address };
    expect(deriveContractKey(crypto, keys, { sender: alice.address, height: chain.height }, binding)).toEqual(
      key.ogContractKey,
    );
    const { adminProof: proof } = ContractInfo.decode(stored(2));
    expect(proof).toEqual(adminProof(crypto, keys, alice.address, key.ogContractKey));
    expect(proof).toEqual(crypto.hmacSha256(keys.last.adminProofSecret, concatBytes(alice.address, key.ogContractKey)));
  });
});

describe("enclave §1.2, §4, §5.1, §8: which seed each key comes from", () => {
  const seeds = fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
    minLength: 2,
    maxLength: 5,
    selector: bytesToHex,
  });
  const contract = new Uint8Array(20).fill(9);
  const codeHash = new Uint8Array(32).fill(8);
  const binding = { contract, codeHash };

  it("is the last for io, callbacks and seed exchange, the genesis seed for contract keys, the second for state keys", () => {
    const property = fc.property(seeds, (network) => {
      const keys = deriveKeyTree(crypto, network);
      const each = network.map((one) => deriveSeedKeys(crypto, one));
      expect(keys).toEqual({ seeds: each, genesis: each[0], second: each[1], last: each.at(-1) });
      const created = { sender: contract, height: 7n };
      const ogContractKey = deriveContractKey(crypto, keys, created, binding);
      const stored = { ...ContractKey.zero, ogContractKey };
      const genesisAlone = [...network.slice(0, 1), ...network.slice(1).map((one) => crypto.sha256(one))];
      expect(verifyContractKey(crypto, deriveKeyTree(crypto, genesisAlone), stored, binding)).toEqual(ogContractKey);
      const otherGenesis = [crypto.sha256(network[0] as Uint8Array), ...network.slice(1)];
      expect(() => verifyContractKey(crypto, deriveKeyTree(crypto, otherGenesis), stored, binding)).toThrow(
        "failed to authenticate secret contract",
      );
    });
    fc.assert(property, { numRuns: 30 });
  });

  it("of a proof of a migrated contract key may be any but the genesis seed", () => {
    const property = fc.property(seeds, fc.nat({ max: 4 }), (network, at) => {
      const keys = deriveKeyTree(crypto, network);
      const signed = keys.seeds[at % network.length] as (typeof keys.seeds)[number];
      const original = deriveContractKey(crypto, keys, { sender: contract, height: 1n }, binding);
      const moved = { sender: contract, height: 2n };
      const current = deriveContractKey(crypto, keys, moved, { ...binding, original });
      const proof = contractKeyProof(crypto, signed.contractKeyProofSecret, binding, { original, current });
      const stored = { ogContractKey: original, currentContractKey: current, currentContractKeyProof: proof };
      if (signed === keys.genesis) {
        expect(() => verifyContractKey(crypto, keys, stored, binding)).toThrow("failed to validate transaction");
      } else expect(verifyContractKey(crypto, keys, stored, binding)).toEqual(current);
    });
    fc.assert(property, { numRuns: 30 });
  });

  it("of a value is the one that its id names, and no id means the second", () => {
    const property = fc.property(seeds, fc.nat({ max: 4 }), fc.uint8Array({ maxLength: 40 }), (network, at, value) => {
      const written = 2 + (at % (network.length - 1));
      const contractKey = new Uint8Array(64).fill(1);
      const cipherOf = (count: number) =>
        new StateCiphers(crypto, deriveKeyTree(crypto, network.slice(0, count))).forContract(contractKey);
      const key = cipherOf(written).encryptKey(utf8ToBytes("key"));
      const stored = cipherOf(written).encryptValue(key, new Uint8Array(24), value);
      expect(stored.length).toBe(56 + value.length + (written > 2 ? 2 : 0));
      if (written > 2) expect([...stored.subarray(-2)]).toEqual([written, 0]);
      const now = cipherOf(network.length);
      expect(now.encryptKey(utf8ToBytes("key"))).toEqual(key);
      expect(now.decryptValue(key, stored)).toEqual(value);
      // Bytes after the id are ignored.
      if (written > 2) expect(now.decryptValue(key, concatBytes(stored, Uint8Array.of(1, 2, 3)))).toEqual(value);
      const withId = (...id: number[]) => concatBytes(stored.subarray(0, 56 + value.length), Uint8Array.from(id));
      for (const wrong of [withId(0, 0), withId(network.length + 1, 0), withId(written, 1), withId(written)]) {
        expect(() => now.decryptValue(key, wrong)).toThrow("does not decrypt");
      }
    });
    fc.assert(property, { numRuns: 60 });
  });
});

describe("enclave §9.2, consensus §3.7: the random of a block around a rotation", () => {
  const trees = [2, 3, 4].map((count) => deriveKeyTree(crypto, [1, 2, 3, 4].slice(0, count).map(seed)));
  const [two, three, four] = trees as [(typeof trees)[0], (typeof trees)[0], (typeof trees)[0]];
  const place = { chainId: "c", height: 5n, lastBlockHash: seed(0), proposer: new Uint8Array(20) };
  const blockHash = seed(9);

  it("is made under the last seed, and taken under earlier ones down to that last seen in use", () => {
    const random = seed(0xaa);
    const transaction = makeRandomTransaction(crypto, three, place, random);
    expect(openRandomTransaction(crypto, three, place, { transaction, oldestSeedId: 2 })).toEqual({
      random,
      seedId: 3,
    });
    expect(openRandomTransaction(crypto, four, place, { transaction, oldestSeedId: 2 })).toEqual({ random, seedId: 3 });
    expect(openRandomTransaction(crypto, four, place, { transaction, oldestSeedId: 4 })).toBeUndefined();
    expect(openRandomTransaction(crypto, two, place, { transaction, oldestSeedId: 2 })).toBeUndefined();
    const genesis = makeRandomTransaction(crypto, { ...two, last: two.genesis }, place, random);
    expect(openRandomTransaction(crypto, two, place, { transaction: genesis, oldestSeedId: 2 })).toBeUndefined();
  });

  it("gives the same seed of the block on nodes that have heard of the rotation and on those that have not", () => {
    const made = makeRandomTransaction(crypto, two, place, seed(0xaa));
    for (const transaction of [made, undefined, new Uint8Array(64)]) {
      const parts = { transaction, oldestSeedId: 2, blockHash };
      expect(blockSeed(crypto, three, place, parts)).toEqual(blockSeed(crypto, two, place, parts));
    }
  });

  it("is no more taken under an earlier seed once a block was made under a later one", () => {
    const proposer = chain.validators[0]?.address as Uint8Array;
    const early = chain.build([]);
    const accepts = (transaction: Uint8Array | undefined) =>
      chain.call("checkProposal", { height: chain.height + 1n, proposer, transaction: transaction as Uint8Array })
        .accepted;
    rotate(chain, seed(3));
    expect(accepts(early.transactions[0])).toBe(true);
    chain.runBlock(early, []);
    const oldest = () => oldestRandomSeed(recordOf(chain).randomSeeds, chain.height + 1n);
    expect(oldest()).toBe(2);
    const stale = chain.snapshot();
    chain.block();
    expect(oldest()).toBe(3);
    const oldKeys = deriveKeyTree(crypto, recordOf(chain).seeds.slice(0, 2));
    const next = { chainId: chain.chainId, height: chain.height + 1n, lastBlockHash: chain.lastHash, proposer };
    expect(accepts(makeRandomTransaction(crypto, oldKeys, next, seed(1)))).toBe(false);
    stale();
    const before = { ...next, height: chain.height + 1n, lastBlockHash: chain.lastHash };
    expect(accepts(makeRandomTransaction(crypto, oldKeys, before, seed(1)))).toBe(true);
  });
});
