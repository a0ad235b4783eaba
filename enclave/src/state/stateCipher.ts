/**
 * How a contract's keys and values are encrypted in the store (enclave §5.1, §5.2), with caches that never change a result or gas.
 *
 * The legacy format is read and never written.
 * @module
 */
import { concatBytes, equalBytes, u16le, u32le, u64le, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { EnclaveError, EnclaveErrorCode, RefusalCode, RefusalError } from "../enclaveError.ts";
import { deriveKey, type KeyTree } from "../keys/keyTree.ts";
import { binaryText, LruCache } from "../lruCache.ts";

/** Constant start of every store key: "secret", key version 2, and a constant 3 (enclave §5.1). */
const STORE_KEY_HEAD = concatBytes(u64le(6), utf8ToBytes("secret"), u16le(2), u32le(3));
const SALT_LENGTH = 24;
/** Length fields and salt. */
const VALUE_HEAD_LENGTH = 8 + SALT_LENGTH + 8;
/** Networks with no more seeds write no seed id. */
const SEEDS_WITHOUT_ID = 2;

const KEY_BYTES_KEPT_PER_CONTRACT = 1024 * 1024;
const CONTRACTS_KEPT = 256;
const VALUE_BYTES_KEPT = 64 * 1024 * 1024;

/** Associated data in front of a value of the legacy format. */
const LEGACY_HEAD_LENGTH = 32;

/** A contract key in its encrypted form. */
export type EncryptedKey = {
  /** The SIV output. */
  readonly encrypted: Uint8Array;
  /** Below the contract's prefix. */
  readonly storeKey: Uint8Array;
  /** The same in the legacy format: 32 bytes. */
  readonly legacyKey: Uint8Array;
};

type CachedValue = { readonly stored: Uint8Array; readonly value: Uint8Array };

/** Encryption for one contract, bound to its original key. */
export class ContractCipher {
  readonly #crypto: Crypto;
  readonly #keys: KeyTree;
  readonly #contractKey: Uint8Array;
  readonly #keyKey: Uint8Array;
  readonly #valueKeys = new Map<number, Uint8Array>();
  readonly #encryptedKeys = new LruCache<EncryptedKey>(KEY_BYTES_KEPT_PER_CONTRACT);
  readonly #values: LruCache<CachedValue>;
  readonly #cachePrefix: string;

  constructor(crypto: Crypto, keys: KeyTree, contractKey: Uint8Array, values: LruCache<CachedValue>) {
    this.#crypto = crypto;
    this.#keys = keys;
    this.#contractKey = contractKey;
    this.#keyKey = deriveKey(crypto, keys.second.stateIkm, contractKey);
    this.#values = values;
    this.#cachePrefix = binaryText(contractKey);
  }

  encryptKey(key: Uint8Array): EncryptedKey {
    const name = binaryText(key);
    let made = this.#encryptedKeys.get(name);
    if (made === undefined) {
      const encrypted = this.#crypto.aesSivEncrypt(this.#keyKey, [], key);
      const storeKey = concatBytes(STORE_KEY_HEAD, u64le(encrypted.length), encrypted);
      const legacyKey = this.#crypto.sha256(concatBytes(key, this.#contractKey));
      made = { encrypted, storeKey, legacyKey };
      this.#encryptedKeys.set(name, made, name.length + encrypted.length + storeKey.length + legacyKey.length);
    }
    return made;
  }

  /** The store value. @param salt 24 bytes: time, height and counter of the call */
  encryptValue(key: EncryptedKey, salt: Uint8Array, value: Uint8Array): Uint8Array {
    const seedId = this.#keys.seeds.length;
    const encrypted = this.#crypto.aesSivEncrypt(this.#valueKey(seedId), [key.encrypted, salt], value);
    const tail = seedId > SEEDS_WITHOUT_ID ? [u16le(seedId)] : [];
    const stored = concatBytes(u64le(SALT_LENGTH), salt, u64le(encrypted.length), encrypted, ...tail);
    this.#remember(key, stored, value);
    return stored;
  }

  /**
   * The clear value. Bytes are shared with the cache: not to be changed.
   * @throws {RefusalError} HostMisbehavior: no enclave of this network stored this under this key of this contract
   */
  decryptValue(key: EncryptedKey, stored: Uint8Array): Uint8Array {
    const cached = this.#values.get(this.#cacheKey(key));
    if (cached !== undefined && equalBytes(cached.stored, stored)) return cached.value;
    const value = this.#decrypt(key, stored);
    if (value === undefined) throw undecryptable();
    this.#remember(key, stored, value);
    return value;
  }

  /**
   * The clear value of an entry in the legacy format, which is bound to the genesis seed.
   * @throws {EnclaveError} Panic for fewer bytes than every entry has; {RefusalError} HostMisbehavior
   */
  decryptLegacyValue({ legacyKey }: EncryptedKey, stored: Uint8Array): Uint8Array {
    if (stored.length < LEGACY_HEAD_LENGTH) throw new EnclaveError(EnclaveErrorCode.Panic);
    const { genesis } = this.#keys;
    const key = deriveKey(this.#crypto, genesis.stateIkm, concatBytes(legacyKey, this.#contractKey));
    const head = stored.subarray(0, LEGACY_HEAD_LENGTH);
    const value = this.#crypto.aesSivDecrypt(key, [head], stored.subarray(LEGACY_HEAD_LENGTH));
    if (value === undefined) throw undecryptable();
    return value;
  }

  #decrypt(key: EncryptedKey, stored: Uint8Array): Uint8Array | undefined {
    if (stored.length < VALUE_HEAD_LENGTH) return undefined;
    const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
    const length = Number(view.getBigUint64(8 + SALT_LENGTH, true));
    const end = VALUE_HEAD_LENGTH + length;
    if (view.getBigUint64(0, true) !== BigInt(SALT_LENGTH) || end > stored.length) return undefined;
    // One byte is no id; what stands behind an id is ignored.
    if (stored.length === end + 1) return undefined;
    const seedId = stored.length === end ? SEEDS_WITHOUT_ID : view.getUint16(end, true);
    if (seedId === 0 || seedId > this.#keys.seeds.length) return undefined;
    const salt = stored.subarray(8, 8 + SALT_LENGTH);
    const encrypted = stored.subarray(VALUE_HEAD_LENGTH, end);
    return this.#crypto.aesSivDecrypt(this.#valueKey(seedId), [key.encrypted, salt], encrypted);
  }

  #valueKey(seedId: number): Uint8Array {
    let key = this.#valueKeys.get(seedId);
    if (key === undefined) {
      const seed = this.#keys.seeds[seedId - 1];
      if (seed === undefined) throw new RangeError(`seed id ${seedId}`);
      key = deriveKey(this.#crypto, seed.stateIkm, this.#contractKey);
      this.#valueKeys.set(seedId, key);
    }
    return key;
  }

  #remember(key: EncryptedKey, stored: Uint8Array, value: Uint8Array): void {
    const name = this.#cacheKey(key);
    this.#values.set(name, { stored, value }, name.length + stored.length + value.length);
  }

  #cacheKey(key: EncryptedKey): string {
    return this.#cachePrefix + binaryText(key.encrypted);
  }
}

/** No enclave of this network stored it, under this key of this contract. */
function undecryptable(): RefusalError {
  return new RefusalError(RefusalCode.HostMisbehavior, "contract state: a value does not decrypt under its key");
}

/** Ciphers by contract, and the decrypted values of all of them. */
export class StateCiphers {
  readonly #crypto: Crypto;
  readonly #keys: KeyTree;
  readonly #contracts = new LruCache<ContractCipher>(CONTRACTS_KEPT);
  readonly #values = new LruCache<CachedValue>(VALUE_BYTES_KEPT);

  constructor(crypto: Crypto, keys: KeyTree) {
    this.#crypto = crypto;
    this.#keys = keys;
  }

  /** @param contractKey the original key, 64 bytes; authenticated */
  forContract(contractKey: Uint8Array): ContractCipher {
    const name = binaryText(contractKey);
    let cipher = this.#contracts.get(name);
    if (cipher === undefined) {
      cipher = new ContractCipher(this.#crypto, this.#keys, contractKey, this.#values);
      this.#contracts.set(name, cipher);
    }
    return cipher;
  }
}
