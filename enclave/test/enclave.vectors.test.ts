import { readFileSync } from "node:fs";
import {
  base64ToBytes,
  bytesToBase64,
  bytesToHex,
  bytesToUtf8,
  concatBytes,
  equalBytes,
  hexToBytes,
  u64be,
  utf8ToBytes,
} from "@sotto/common/bytes";
import { ContractKey } from "@sotto/common/wire/compute";
import { describe, expect, it } from "vitest";
import { adminProof, contractKeyProof, deriveContractKey, verifyContractKey } from "../src/keys/contractKey.ts";
import { deriveKeyTree, deriveSeedKeys, PROTOCOL_SALT } from "../src/keys/keyTree.ts";
import { parseContractOutput } from "../src/messages/contractOutput.ts";
import { OutputEncryption } from "../src/messages/outputEncryption.ts";
import { formatReplyInfo } from "../src/messages/replyInfo.ts";
import {
  deriveTxKey,
  encryptNestedMessage,
  formatSecretMessage,
  InputDecryption,
  parseSecretMessage,
} from "../src/messages/secretMessage.ts";
import { shuffledOrder } from "../src/state/flushOrder.ts";
import { StateCiphers } from "../src/state/stateCipher.ts";
import { testCrypto as crypto } from "./harness.ts";

// biome-ignore lint/suspicious/noExplicitAny: the file describes its own fields
type Vector = any;
const vectors: Vector = JSON.parse(readFileSync(new URL("../../vectors/enclave.json", import.meta.url), "utf8"));
const hex = hexToBytes;
const allSeeds: Uint8Array[] = vectors.key_tree.seeds.map(({ seed }: { seed: string }) => hex(seed));
const twoSeeds = deriveKeyTree(crypto, allSeeds.slice(0, 2));
const threeSeeds = deriveKeyTree(crypto, allSeeds);

describe("enclave §1.1, §1.2: key tree", () => {
  it("uses the protocol's salt", () => expect(bytesToHex(PROTOCOL_SALT)).toBe(vectors.key_tree.hkdf_salt));

  it.each<Vector>(vectors.key_tree.seeds as Vector[])("derives all orders of seed $seed_id", (vector) => {
    const keys = deriveSeedKeys(crypto, hex(vector.seed));
    expect(bytesToHex(keys.seedExchange.secret)).toBe(vector.seed_exchange_keypair.derived_secret);
    expect(bytesToHex(keys.seedExchange.publicKey)).toBe(vector.seed_exchange_keypair.public_key);
    expect(bytesToHex(keys.ioExchange.secret)).toBe(vector.io_exchange_keypair.derived_secret);
    expect(bytesToHex(keys.ioExchange.publicKey)).toBe(vector.io_exchange_keypair.public_key);
    expect(bytesToHex(keys.stateIkm)).toBe(vector.state_ikm.key);
    expect(bytesToHex(keys.callbackSecret)).toBe(vector.callback_secret.key);
    expect(bytesToHex(keys.randomEncryptionKey)).toBe(vector.random_encryption_key.key);
    expect(bytesToHex(keys.initialRandomnessSeed)).toBe(vector.initial_randomness_seed.key);
    expect(bytesToHex(keys.adminProofSecret)).toBe(vector.admin_proof_secret.key);
    expect(bytesToHex(keys.contractKeyProofSecret)).toBe(vector.contract_key_proof_secret.key);
  });

  it("refuses one seed and six", () => {
    expect(() => deriveKeyTree(crypto, allSeeds.slice(0, 1))).toThrow(RangeError);
    expect(() => deriveKeyTree(crypto, [...allSeeds, ...allSeeds])).toThrow(RangeError);
  });
});

describe("enclave §2.1, §2.2: inputs", () => {
  const { tx_key: key, input_encryption: input } = vectors;

  it("derives the key of a message, also for an all-zero user key (enclave §1.3)", () => {
    expect(bytesToHex(deriveTxKey(crypto, hex(key.shared_secret), hex(key.nonce)))).toBe(key.tx_key);
    const zero = new Uint8Array(32);
    const shared = crypto.x25519(twoSeeds.last.ioExchange.secret, zero);
    expect(bytesToHex(deriveTxKey(crypto, shared, zero))).toBe(key.zero_input_tx_key);
  });

  it("opens what a client encrypted", () => {
    const opened = new InputDecryption(crypto, twoSeeds.last.ioExchange).open(hex(input.secret_message));
    expect(bytesToHex(opened?.secret.txKey as Uint8Array)).toBe(key.tx_key);
    const message = parseSecretMessage(opened?.plaintext as Uint8Array);
    expect(message.codeHashText).toBe(input.code_hash);
    expect(message.message).toEqual(utf8ToBytes(input.message_json));
  });

  it("opens nothing that was changed at any byte, or cut", () => {
    const inputs = new InputDecryption(crypto, twoSeeds.last.ioExchange);
    const bytes = hex(input.secret_message);
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      (changed[i] as number) ^= 1;
      expect(inputs.open(changed), `byte ${i}`).toBeUndefined();
      expect(inputs.open(bytes.subarray(0, i))).toBeUndefined();
    }
  });

  it("builds the message of a contract that waits for a reply (enclave §7.1, §7.2)", () => {
    const sub = vectors.submessages;
    const chain = [
      { id: 7n, codeHashText: sub.code_hash_b },
      { id: 9n, codeHashText: sub.code_hash_a },
    ];
    const message = utf8ToBytes(sub.submessage_from_b.inner_message_utf8);
    const plain = { codeHashText: sub.code_hash_c, replyChain: chain, message };
    expect(bytesToHex(formatSecretMessage(plain))).toBe(sub.submessage_from_b.plaintext);
    expect(parseSecretMessage(hex(sub.submessage_from_b.plaintext))).toEqual(plain);
    const secret = { head: concatBytes(hex(key.nonce), hex(key.user_public_key)), txKey: hex(key.tx_key) };
    expect(bytesToHex(encryptNestedMessage(crypto, secret, plain))).toBe(sub.submessage_from_b.secret_message);
  });

  it("keeps reply headers as they are, however many and whatever is in them", () => {
    const header = concatBytes(utf8ToBytes("REPLY01"), u64be(2n ** 64n - 1n), new Uint8Array(64).fill(0xe9));
    const headers = new Uint8Array(25_000 * header.length);
    for (let at = 0; at < headers.length; at += header.length) headers.set(header, at);
    const plaintext = concatBytes(utf8ToBytes("a".repeat(64)), headers, utf8ToBytes("{}"));
    const parsed = parseSecretMessage(plaintext);
    expect(parsed.replyChain).toHaveLength(25_000);
    expect(equalBytes(formatSecretMessage(parsed), plaintext)).toBe(true);
  });

  it("calls a cut reply header a panic", () => {
    const plain = utf8ToBytes(`${"a".repeat(64)}REPLY01123`);
    expect(() => parseSecretMessage(plain)).toThrow("panicked due to unexpected behavior");
  });
});

describe("enclave §3.2: outputs", () => {
  const output = vectors.output_encryption;
  const encryption = new OutputEncryption(crypto, hex(output.tx_key));

  it("encrypts data, attributes and query results", () => {
    expect(bytesToHex(encryption.data(hex(output.data.contract_data), ""))).toBe(output.data.ciphertext);
    const { key, value, key_on_chain, value_on_chain } = output.log_attribute_encrypted;
    expect(encryption.attribute({ key, value, encrypted: true })).toEqual({ key: key_on_chain, value: value_on_chain });
    expect(encryption.attribute({ key, value, encrypted: false })).toEqual({ key, value });
    expect(bytesToHex(encryption.queryResult(output.query_result.plaintext_utf8))).toBe(output.query_result.ciphertext);
  });

  it.each(Object.entries<Record<string, string>>(output.errors))("encrypts the error %s", (_, vector) => {
    const parsed = parseContractOutput(utf8ToBytes(JSON.stringify({ Err: vector.contract_err_value })));
    if (parsed.kind !== "error") throw new Error(parsed.kind);
    expect(parsed.text).toBe(vector.plaintext_utf8);
    const text = `encrypted: ${encryption.error(parsed.text, "")}: execute contract failed`;
    expect(text).toBe(vector.client_error_text_execute);
  });

  it("puts the waiting contract's code hash in front (enclave §7.3)", () => {
    const { output_of_c_v1: c, code_hash_b } = vectors.submessages;
    expect(bytesToBase64(encryption.data(hex(output.data.contract_data), code_hash_b))).toBe(c.data);
    expect(encryption.error("Generic error: insufficient funds", code_hash_b)).toBe(c.error);
  });
});

describe("enclave §4: contract keys", () => {
  const { contract_key: original, migration, admin_proof: admin } = vectors;
  const binding = { codeHash: hex(original.code_hash), contract: hex(original.contract) };
  const stored = { ...ContractKey.zero, ogContractKey: hex(original.contract_key) };
  const migratedTo = { codeHash: hex(migration.new_code_hash), contract: binding.contract };
  const migrated = {
    ogContractKey: stored.ogContractKey,
    currentContractKey: hex(migration.new_contract_key),
    currentContractKeyProof: hex(migration.new_contract_key_proof),
  };

  it("makes the key of a new contract and of a migrated one", () => {
    const created = { sender: hex(original.sender), height: BigInt(original.block_height) };
    expect(bytesToHex(deriveContractKey(crypto, twoSeeds, created, binding))).toBe(original.contract_key);
    const moved = { sender: hex(migration.admin), height: BigInt(migration.block_height) };
    const key = deriveContractKey(crypto, twoSeeds, moved, { ...migratedTo, original: stored.ogContractKey });
    expect(bytesToHex(key)).toBe(migration.new_contract_key);
    const pair = { original: stored.ogContractKey, current: key };
    const proof = contractKeyProof(crypto, twoSeeds.last.contractKeyProofSecret, migratedTo, pair);
    expect(bytesToHex(proof)).toBe(migration.new_contract_key_proof);
  });

  it("accepts genuine keys, also after a rotation", () => {
    expect(verifyContractKey(crypto, twoSeeds, stored, binding)).toEqual(stored.ogContractKey);
    expect(verifyContractKey(crypto, twoSeeds, migrated, migratedTo)).toEqual(migrated.currentContractKey);
    expect(verifyContractKey(crypto, threeSeeds, migrated, migratedTo)).toEqual(migrated.currentContractKey);
  });

  it("refuses keys of other code, other contracts, or with a changed byte", () => {
    const unauthentic = "failed to authenticate secret contract";
    const other = hex("11".repeat(32));
    expect(() => verifyContractKey(crypto, twoSeeds, stored, { ...binding, codeHash: other })).toThrow(unauthentic);
    const elsewhere = { ...binding, contract: other.slice(0, 20) };
    expect(() => verifyContractKey(crypto, twoSeeds, stored, elsewhere)).toThrow(unauthentic);
    for (let i = 0; i < 64; i++) {
      const changed = stored.ogContractKey.slice();
      (changed[i] as number) ^= 1;
      expect(() => verifyContractKey(crypto, twoSeeds, { ...stored, ogContractKey: changed }, binding)).toThrow(
        unauthentic,
      );
    }
    const proof = migrated.currentContractKeyProof.slice();
    (proof[0] as number) ^= 1;
    expect(() =>
      verifyContractKey(crypto, twoSeeds, { ...migrated, currentContractKeyProof: proof }, migratedTo),
    ).toThrow("failed to validate transaction");
  });

  it("proves admins (enclave §8)", () => {
    const key = hex(admin.og_contract_key);
    expect(bytesToHex(adminProof(crypto, twoSeeds, hex(admin.admin), key))).toBe(admin.proof);
    expect(bytesToHex(adminProof(crypto, twoSeeds, new Uint8Array(0), key))).toBe(admin.proof_empty_admin);
    expect(bytesToHex(adminProof(crypto, threeSeeds, hex(admin.admin), key))).toBe(admin.proof_when_three_seeds);
  });
});

describe("enclave §5.1, §5.2: state", () => {
  const { state, random, flush_shuffle: shuffle } = vectors;

  it.each<Vector>(state.current_format as Vector[])(
    "encrypts and reads an entry ($seeds_in_network seeds, value $plaintext_value)",
    (vector) => {
      const keys = vector.seeds_in_network === 2 ? twoSeeds : threeSeeds;
      const contractKey = hex(state.og_contract_key);
      const cipher = new StateCiphers(crypto, keys).forContract(contractKey);
      const key = cipher.encryptKey(utf8ToBytes(vector.plaintext_key_utf8));
      expect(bytesToHex(key.storeKey)).toBe(vector.store_key);
      const stored = cipher.encryptValue(key, hex(state.salt), hex(vector.plaintext_value));
      expect(bytesToHex(stored)).toBe(vector.store_value);
      // Another instance, so that nothing comes from a cache.
      const cold = new StateCiphers(crypto, keys).forContract(contractKey);
      expect(bytesToHex(cold.decryptValue(cold.encryptKey(utf8ToBytes(vector.plaintext_key_utf8)), stored))).toBe(
        vector.plaintext_value,
      );
    },
  );

  it("reads an entry of the legacy format, which is bound to the genesis seed, before a rotation and after", () => {
    const { legacy_format: legacy } = state;
    for (const keys of [twoSeeds, threeSeeds]) {
      const cipher = new StateCiphers(crypto, keys).forContract(hex(state.og_contract_key));
      const key = cipher.encryptKey(utf8ToBytes("balances/alice"));
      expect(bytesToHex(key.legacyKey)).toBe(legacy.store_key);
      expect(bytesToHex(cipher.decryptLegacyValue(key, hex(legacy.store_value)))).toBe(legacy.plaintext_value);
    }
  });

  it("reads a value of an earlier seed after a rotation", () => {
    const vector = state.current_format[0];
    const cipher = new StateCiphers(crypto, threeSeeds).forContract(hex(state.og_contract_key));
    const key = cipher.encryptKey(utf8ToBytes(vector.plaintext_key_utf8));
    expect(bytesToHex(cipher.decryptValue(key, hex(vector.store_value)))).toBe(vector.plaintext_value);
  });

  it("reads no value that was changed at any byte, even if the true one is in the cache", () => {
    const vector = state.current_format[0];
    const cipher = new StateCiphers(crypto, twoSeeds).forContract(hex(state.og_contract_key));
    const key = cipher.encryptKey(utf8ToBytes(vector.plaintext_key_utf8));
    const stored = hex(vector.store_value);
    cipher.decryptValue(key, stored);
    for (let i = 0; i < stored.length; i++) {
      const changed = stored.slice();
      (changed[i] as number) ^= 1;
      expect(() => cipher.decryptValue(key, changed), `byte ${i}`).toThrow("does not decrypt");
    }
  });

  it("derives the random of a call (enclave §9.1, contracts §2.9)", () => {
    for (const { counter, random: expected } of random.call_random) {
      const info = concatBytes(u64be(random.block_height), hex(random.contract_key), u64be(counter));
      expect(bytesToHex(crypto.hkdfSha256(hex(random.block_random), PROTOCOL_SALT, info, 32))).toBe(expected);
    }
  });

  it.each([shuffle.reference_test, ...shuffle.cases])(
    "shuffles $n writes (enclave §5.3)",
    ({ random: seed, n, result }) => {
      expect(shuffledOrder(crypto, hex(seed), n)).toEqual(result);
    },
  );

  it("keeps base64 texts exact", () => {
    expect(base64ToBytes(vectors.input_encryption.secret_message_base64)).toEqual(
      hex(vectors.input_encryption.secret_message),
    );
  });
});

describe("enclave §7.3, §6.7: what a reply is built from", () => {
  const sub = vectors.submessages;
  const secret = { head: new Uint8Array(64), txKey: hex(vectors.tx_key.tx_key) };
  const callbackSecret = hex(vectors.callback_signature.callback_secret);
  const chain = [
    { id: 7n, codeHashText: sub.code_hash_b },
    { id: 9n, codeHashText: sub.code_hash_a },
  ];
  const infoOf = (chainOf: typeof chain, data: string | undefined) =>
    JSON.parse(
      bytesToUtf8(
        formatReplyInfo(crypto, callbackSecret, {
          secret,
          chain: chainOf,
          data: data === undefined ? undefined : base64ToBytes(data),
        }),
      ),
    );
  const sig = (text: string) => bytesToBase64(hex(text));

  it("names all who wait, and is signed over the answer without its events", () => {
    const { internal_msg_id, data, reply_sig_ok, reply_sig_ok_without_data } = sub.output_of_c_v1;
    const id = { internal_msg_id };
    expect(infoOf(chain, data)).toEqual({ ...id, internal_reply_enclave_sig: sig(reply_sig_ok), data });
    expect(infoOf(chain, undefined)).toEqual({ ...id, internal_reply_enclave_sig: sig(reply_sig_ok_without_data) });
  });

  it("names the nearest alone for a v0.10 result", () => {
    const { internal_msg_id, reply_json_signed, reply_sig } = sub.output_of_c_v010_ok;
    const { data } = JSON.parse(reply_json_signed).result.ok;
    const info = infoOf(chain.slice(0, 1), data ?? undefined);
    expect(info).toMatchObject({ internal_msg_id, internal_reply_enclave_sig: sig(reply_sig) });
  });
});
