/**
 * Contract keys as the host stores them, checked (enclave §4); those that were found authentic are remembered.
 *
 * Remembering changes no result: every byte that the check depends on is compared.
 * @module
 */
import { equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { ContractKey } from "@sotto/common/wire/compute";
import { binaryText, LruCache } from "../lruCache.ts";
import { type ContractKeyBinding, verifyContractKey } from "./contractKey.ts";
import type { KeyTree } from "./keyTree.ts";

const CONTRACTS_KEPT = 1_024;

type Authentic = { readonly codeHash: Uint8Array; readonly stored: ContractKey; readonly latest: Uint8Array };

export class ContractKeyCheck {
  readonly #crypto: Crypto;
  readonly #keys: KeyTree;
  readonly #authentic = new LruCache<Authentic>(CONTRACTS_KEPT);

  constructor(crypto: Crypto, keys: KeyTree) {
    this.#crypto = crypto;
    this.#keys = keys;
  }

  /** As {@link verifyContractKey}. The record is kept, not copied. */
  verify(stored: ContractKey, binding: Omit<ContractKeyBinding, "original">): Uint8Array {
    const { contract, codeHash } = binding;
    const name = binaryText(contract);
    const known = this.#authentic.get(name);
    if (known !== undefined && equalBytes(known.codeHash, codeHash) && areEqual(known.stored, stored)) {
      return known.latest;
    }
    const latest = verifyContractKey(this.#crypto, this.#keys, stored, binding);
    this.#authentic.set(name, { codeHash, stored, latest });
    return latest;
  }
}

function areEqual(a: ContractKey, b: ContractKey): boolean {
  return (
    equalBytes(a.ogContractKey, b.ogContractKey) &&
    equalBytes(a.currentContractKey, b.currentContractKey) &&
    equalBytes(a.currentContractKeyProof, b.currentContractKeyProof)
  );
}
