/**
 * One call's view of its contract's storage: caches, flush and the gas of every access (enclave §5.3, contracts §2.3, §4.4).
 *
 * The legacy format is looked for wherever the current one has nothing, and moves to the current one when it is found (enclave §5.2).
 * @module
 */
import { LIMITS } from "@sotto/boundary/messages";
import { compareBytes, concatBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { binaryText } from "../lruCache.ts";
import { type ComputeStore, contractStatePrefix } from "./computeStore.ts";
import { shuffledOrder } from "./flushOrder.ts";
import { OutOfGas } from "./gasMeter.ts";
import type { ContractCipher, EncryptedKey } from "./stateCipher.ts";

type CachedWrite = { readonly key: Uint8Array; readonly value: Uint8Array };

export class ContractStorage {
  readonly #store: ComputeStore;
  readonly #cipher: ContractCipher;
  readonly #prefix: Uint8Array;
  readonly #salt: Uint8Array | undefined;
  readonly #writes = new Map<string, CachedWrite>();
  /** Values found in the legacy format. Others are read anew each time. */
  readonly #legacyReads = new Map<string, Uint8Array>();
  #accessGas = 0n;

  /** @param salt 24 bytes: time, height and counter of the call; undefined in queries, which change nothing */
  constructor(store: ComputeStore, cipher: ContractCipher, contract: Uint8Array, salt: Uint8Array | undefined) {
    this.#store = store;
    this.#cipher = cipher;
    this.#prefix = contractStatePrefix(contract);
    this.#salt = salt;
  }

  /** S that reads and removals have cost so far; an access that ran out of gas counts nothing. */
  get accessGas(): bigint {
    return this.#accessGas;
  }

  /** @throws {OutOfGas}; {EnclaveError} Panic; {RefusalError} HostMisbehavior for state that does not decrypt */
  read(key: Uint8Array): Uint8Array | undefined {
    const name = binaryText(key);
    const cached = this.#writes.get(name)?.value ?? this.#legacyReads.get(name);
    if (cached !== undefined) return cached;
    return this.#metered(() => {
      const encrypted = this.#cipher.encryptKey(key);
      const stored = this.#store.get(this.#fullKey(encrypted));
      return stored === undefined ? this.#readLegacy(name, encrypted) : this.#cipher.decryptValue(encrypted, stored);
    });
  }

  #readLegacy(name: string, encrypted: EncryptedKey): Uint8Array | undefined {
    const legacyKey = this.#legacyKey(encrypted);
    const stored = this.#store.get(legacyKey);
    if (stored === undefined) return undefined;
    const value = this.#cipher.decryptLegacyValue(encrypted, stored);
    this.#legacyReads.set(name, value);
    if (this.#salt !== undefined) {
      this.#store.delete(legacyKey);
      this.#store.set(this.#fullKey(encrypted), this.#cipher.encryptValue(encrypted, this.#salt, value));
    }
    return value;
  }

  /** Kept until the flush. Bytes are kept, not copied. */
  write(key: Uint8Array, value: Uint8Array): void {
    this.#writes.set(binaryText(key), { key, value });
  }

  /** At once in the store. @throws {OutOfGas} */
  remove(key: Uint8Array): void {
    const name = binaryText(key);
    this.#writes.delete(name);
    this.#legacyReads.delete(name);
    this.#metered(() => {
      const encrypted = this.#cipher.encryptKey(key);
      this.#store.delete(this.#legacyKey(encrypted));
      this.#store.delete(this.#fullKey(encrypted));
    });
  }

  /**
   * Writes the cache to the store; all entries share one salt.
   * @param random the call's random if its contract uses one: then the order is shuffled
   * @throws {EnclaveError} where the gas runs out: Panic while legacy entries are deleted, FailedFunctionCall while entries are written
   */
  flush(crypto: Crypto, random: Uint8Array | undefined): void {
    const salt = this.#salt;
    if (salt === undefined) return;
    const sorted = [...this.#writes.values()].sort((a, b) => compareBytes(a.key, b.key));
    const writes = sorted.map(({ key, value }) => ({ encrypted: this.#cipher.encryptKey(key), value }));
    orFail(EnclaveErrorCode.Panic, () => {
      for (const { encrypted } of writes) this.#store.delete(this.#legacyKey(encrypted));
    });
    const order = random === undefined ? writes : shuffledOrder(crypto, random, writes.length).map((i) => writes[i]);
    orFail(EnclaveErrorCode.FailedFunctionCall, () => {
      for (const write of order) {
        const { encrypted, value } = write as (typeof writes)[number];
        this.#store.set(this.#fullKey(encrypted), this.#cipher.encryptValue(encrypted, salt, value));
      }
    });
  }

  /**
   * The protocol knows no limit for keys, but one that cannot cross to the host would stop the chain; so the call fails instead,
   * here, where it is the same on every node.
   * @throws {EnclaveError} FailedFunctionCall
   */
  #fullKey(encrypted: EncryptedKey): Uint8Array {
    const key = concatBytes(this.#prefix, encrypted.storeKey);
    if (key.length > LIMITS.stateKey) throw new EnclaveError(EnclaveErrorCode.FailedFunctionCall);
    return key;
  }

  #legacyKey({ legacyKey }: EncryptedKey): Uint8Array {
    return concatBytes(this.#prefix, legacyKey);
  }

  #metered<T>(access: () => T): T {
    const { meter } = this.#store;
    const before = meter.own;
    const result = access();
    this.#accessGas += meter.own - before;
    return result;
  }
}

/** In a flush the end of the gas is an error of the call; what the call is charged afterwards then tells of the gas (enclave §5.4). */
function orFail(code: EnclaveErrorCode, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw error instanceof OutOfGas ? new EnclaveError(code, { cause: error }) : error;
  }
}
