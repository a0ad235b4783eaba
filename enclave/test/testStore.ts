/**
 * The proven stores of a test chain, as an honest host keeps them: values and trees of every state that was committed.
 */
import type { StoreRoot } from "@sotto/boundary/messages";
import { bytesToHex, compareBytes, hexToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { appHash } from "@sotto/common/merkle/multistore";
import { EMPTY_TREE, type TreeRoot, updateTree } from "@sotto/common/merkle/sparseMerkleTree";
import { slotsOf } from "@sotto/common/merkle/treePage";
import { readTreePages } from "@sotto/common/merkle/treePath";

/** By hex of the key. */
export type Values = ReadonlyMap<string, Uint8Array>;
/** Those that the enclave writes, and the accounts, which it reads. */
const STORES = ["acc", "compute", "register"] as const;
type Store = (typeof STORES)[number];
export type StoreValues = Readonly<Record<Store, Values>>;

/** A committed state. */
export type Version = {
  readonly values: StoreValues;
  readonly trees: Readonly<Record<Store, TreeRoot>>;
  readonly appHash: Uint8Array;
  readonly storeRoots: readonly StoreRoot[];
};

export class TestStore {
  readonly #crypto: Crypto;
  readonly #pages = new Map<string, Uint8Array>();
  readonly #versions = new Map<string, Version>();
  #count = 0;
  /** The state that proofs are of. */
  current: Version;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
    const nothing: Values = new Map();
    this.current = this.#version(
      { acc: nothing, compute: nothing, register: nothing },
      { acc: EMPTY_TREE, compute: EMPTY_TREE, register: EMPTY_TREE },
    );
  }

  /** Goes to a new state, with the trees that the present one leads to. */
  commit(values: StoreValues): Version {
    const version = ++this.#count;
    const update = (store: Store): TreeRoot => {
      const changes = changesBetween(this.current.values[store], values[store]).map(([key, value]) => ({
        path: this.#crypto.sha256(hexToBytes(key)),
        valueHash: value && this.#crypto.sha256(value),
      }));
      changes.sort((a, b) => compareBytes(a.path, b.path));
      const loadPage = (key: Uint8Array) => this.#pages.get(store + bytesToHex(key));
      const { root, newPages } = updateTree(this.#crypto, this.current.trees[store], { version, changes, loadPage });
      for (const { key, bytes } of newPages) this.#pages.set(store + bytesToHex(key), bytes);
      return root;
    };
    const copy = { acc: new Map(values.acc), compute: new Map(values.compute), register: new Map(values.register) };
    const trees = { acc: update("acc"), compute: update("compute"), register: update("register") };
    this.current = this.#version(copy, trees);
    return this.current;
  }

  /** Whether these are the values of the present state. */
  isCurrent(values: StoreValues): boolean {
    return STORES.every((store) => changesBetween(this.current.values[store], values[store]).length === 0);
  }

  /** Goes back or forward to a state by its app hash, if there was such a one. */
  goTo(hash: Uint8Array): void {
    this.current = this.#versions.get(bytesToHex(hash)) ?? this.current;
  }

  readProven(store: string, key: Uint8Array, known: number): { pages: Uint8Array[]; value: Uint8Array | undefined } {
    const { trees, values } = this.current;
    const loadPage = (pageKey: Uint8Array) => this.#pages.get(store + bytesToHex(pageKey));
    const pages = readTreePages(trees[store as Store], this.#crypto.sha256(key), loadPage)
      .slice(known)
      .map(slotsOf);
    return { pages, value: values[store as Store].get(bytesToHex(key)) };
  }

  #version(values: StoreValues, trees: Version["trees"]): Version {
    const storeRoots = STORES.map((name) => ({ name, root: trees[name].hash }));
    const version = { values, trees, storeRoots, appHash: appHash(this.#crypto, storeRoots) };
    this.#versions.set(bytesToHex(version.appHash), version);
    return version;
  }
}

function changesBetween(before: Values, after: Values): [string, Uint8Array | undefined][] {
  const changes: [string, Uint8Array | undefined][] = [];
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old !== value && (old === undefined || compareBytes(old, value) !== 0)) changes.push([key, value]);
  }
  for (const key of before.keys()) if (!after.has(key)) changes.push([key, undefined]);
  return changes;
}
