/**
 * One call's view of its contract's storage: write cache, flush and the gas of every access (enclave §5.3, contracts §4.4).
 *
 * Only the current format is read. The legacy format's share of the gas is charged all the same: an absent key costs two reads,
 * a removal and a write each one more deletion.
 * @module
 */
import { LIMITS } from "@sotto/boundary/messages";
import { compareBytes, concatBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { binaryText } from "../lruCache.ts";
import { type ComputeStore, contractStatePrefix } from "./computeStore.ts";
import { shuffledOrder } from "./flushOrder.ts";
import { chargeDelete, chargeGet, chargeSet } from "./gasMeter.ts";
import type { ContractCipher, EncryptedKey } from "./stateCipher.ts";

/** Contract prefix and a legacy key, which is a hash. */
const LEGACY_KEY_LENGTH = 21 + 32;

type CachedWrite = { readonly key: Uint8Array; readonly value: Uint8Array };

export class ContractStorage {
  readonly #store: ComputeStore;
  readonly #cipher: ContractCipher;
  readonly #prefix: Uint8Array;
  readonly #writes = new Map<string, CachedWrite>();
  #accessGas = 0n;

  constructor(store: ComputeStore, cipher: ContractCipher, contract: Uint8Array) {
    this.#store = store;
    this.#cipher = cipher;
    this.#prefix = contractStatePrefix(contract);
  }

  /** S that reads and removals have cost so far; an access that ran out of gas counts nothing. */
  get accessGas(): bigint {
    return this.#accessGas;
  }

  /** @throws {OutOfGas}; {RefusalError} HostMisbehavior for state that does not decrypt */
  read(key: Uint8Array): Uint8Array | undefined {
    const cached = this.#writes.get(binaryText(key));
    if (cached !== undefined) return cached.value;
    return this.#metered(() => {
      const encrypted = this.#cipher.encryptKey(key);
      const storeKey = this.#fullKey(encrypted);
      const stored = this.#store.get(storeKey);
      if (stored !== undefined) return this.#cipher.decryptValue(encrypted, stored);
      chargeGet(this.#store.meter, LEGACY_KEY_LENGTH, 0);
      return undefined;
    });
  }

  /** Kept until the flush. Bytes are kept, not copied. */
  write(key: Uint8Array, value: Uint8Array): void {
    this.#writes.set(binaryText(key), { key, value });
  }

  /** At once in the store. @throws {OutOfGas} */
  remove(key: Uint8Array): void {
    this.#writes.delete(binaryText(key));
    this.#metered(() => {
      chargeDelete(this.#store.meter);
      chargeDelete(this.#store.meter);
      this.#store.state.delete(this.#fullKey(this.#cipher.encryptKey(key)));
    });
  }

  /**
   * Writes the cache to the store; all entries share one salt.
   * @param random the call's random if its contract uses one: then the order is shuffled
   * @throws {OutOfGas}
   */
  flush(crypto: Crypto, salt: Uint8Array, random: Uint8Array | undefined): void {
    const writes = [...this.#writes.values()].sort((a, b) => compareBytes(a.key, b.key));
    const { meter, state } = this.#store;
    for (let i = 0; i < writes.length; i++) chargeDelete(meter);
    const order = random === undefined ? writes.map((_, i) => i) : shuffledOrder(crypto, random, writes.length);
    for (const i of order) {
      const { key, value } = writes[i] as CachedWrite;
      const encrypted = this.#cipher.encryptKey(key);
      const storeKey = this.#fullKey(encrypted);
      const stored = this.#cipher.encryptValue(encrypted, salt, value);
      chargeSet(meter, storeKey.length, stored.length);
      state.set(storeKey, stored);
    }
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

  #metered<T>(access: () => T): T {
    const { meter } = this.#store;
    const before = meter.own;
    const result = access();
    this.#accessGas += meter.own - before;
    return result;
  }
}
