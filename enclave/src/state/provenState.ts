/**
 * The committed state of the proven stores, believed only where it follows from a trusted root (consensus §4.2 to §4.4).
 *
 * Presence and absence are both proven. Roots come from a verified header, or are computed here at the end of a block; what the
 * caches hold changes neither a result nor its gas.
 * @module
 */
import type { ProvenStore } from "@sotto/boundary/messages";
import { PROVEN_STORES } from "@sotto/boundary/messages";
import { compareBytes, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { EMPTY_TREE_HASH, treePathOf } from "@sotto/common/merkle/treeHash";
import { MAX_PAGE_DEPTH } from "@sotto/common/merkle/treePage";
import { ACCOUNT_STORE } from "@sotto/common/wire/account";
import type { ProvenRoots } from "../keys/trustedRecord.ts";
import { LruCache } from "../lruCache.ts";
import type { Host } from "./host.ts";
import { badProof, type PageMap, type PathChange, ProvenPages } from "./provenPages.ts";
import type { StateKey, StateReader } from "./stateKey.ts";

/** Bytes of keys and values that are kept, with what an entry takes besides. */
const MAX_KEPT_BYTES = 33_554_432;
const ENTRY_OVERHEAD = 200;

/** Roots of stores without any key. */
export const EMPTY_ROOTS: ProvenRoots = { compute: EMPTY_TREE_HASH, register: EMPTY_TREE_HASH };

/** A key's new value; undefined deletes it. */
export type StateWrite = { readonly at: StateKey; readonly value: Uint8Array | undefined };

export class ProvenState implements StateReader {
  readonly #crypto: Crypto;
  readonly #host: Host;
  readonly #pages: ProvenPages;
  #roots: ProvenRoots;
  /** Root of the accounts' store before the block in progress: the host writes it, the enclave only reads. */
  #accounts = EMPTY_TREE_HASH;
  /** Values at the present roots, by name; null where a key is proven absent. */
  #values = new LruCache<Uint8Array | null>(MAX_KEPT_BYTES);

  constructor(crypto: Crypto, host: Host, roots: ProvenRoots) {
    this.#crypto = crypto;
    this.#host = host;
    this.#pages = new ProvenPages(crypto, host);
    this.#roots = roots;
  }

  get roots(): ProvenRoots {
    return this.#roots;
  }

  /** Goes to the state with these roots, which the host must have committed. */
  moveTo({ accounts, ...roots }: ProvenRoots & { readonly accounts: Uint8Array }): void {
    if (PROVEN_STORES.some((store) => !equalBytes(roots[store], this.#roots[store]))) {
      this.#values = new LruCache(MAX_KEPT_BYTES);
    }
    this.#roots = roots;
    this.#accounts = accounts;
  }

  /** A record of the accounts' store before the block in progress. @throws {RefusalError} BadProof, HostMisbehavior */
  readAccount(key: Uint8Array): Uint8Array | undefined {
    return this.#readProven(ACCOUNT_STORE, key, this.#accounts);
  }

  /** @throws {RefusalError} BadProof, HostMisbehavior */
  read(at: StateKey): Uint8Array | undefined {
    const kept = this.#values.get(at.name);
    if (kept !== undefined) return kept ?? undefined;
    const value = this.#readProven(at.store, at.key, this.#roots[at.store]);
    this.#keep(at, value);
    return value;
  }

  /**
   * Applies what a block has changed, as the trees of the host do, and goes to the state after it.
   * @param writes at most one for each key, in any order
   * @returns the new roots
   * @throws {RefusalError} BadProof, HostMisbehavior; the state is then as before
   */
  apply(writes: readonly StateWrite[]): ProvenRoots {
    const [compute, register] = PROVEN_STORES.map((store) =>
      this.#rootAfter(
        store,
        writes.filter(({ at }) => at.store === store),
      ),
    ) as [Uint8Array, Uint8Array];
    for (const { at, value } of writes) this.#keep(at, value);
    this.#roots = { compute, register };
    return this.#roots;
  }

  #readProven(store: string, key: Uint8Array, root: Uint8Array): Uint8Array | undefined {
    const place = { store, key, path: treePathOf(this.#crypto, key), root };
    const end = this.#pages.walk(place);
    if (end.valueHash === undefined) {
      if (end.answer?.value !== undefined) throw badProof("a value for a key that has none");
      return undefined;
    }
    const { value } = end.answer ?? this.#askValue(store, key);
    if (value === undefined) throw badProof("no value for a key that has one");
    if (!equalBytes(this.#crypto.sha256(value), end.valueHash)) throw badProof("another value");
    return value;
  }

  /** A value alone: the pages on the way are all known. */
  #askValue(store: string, key: Uint8Array): { readonly value: Uint8Array | undefined } {
    const answer = this.#host.call("readProven", { store, key, known: MAX_PAGE_DEPTH });
    if (answer.pages.length > 0) throw badProof("pages beyond the path");
    return answer;
  }

  /**
   * Whether a node that no change touches is a leaf or a subtree is the host's word: a leaf shown as a subtree would leave the contents
   * as they are and the new root wrong, which the next header exposes.
   */
  #rootAfter(store: ProvenStore, writes: readonly StateWrite[]): Uint8Array {
    const root = this.#roots[store];
    if (writes.length === 0) return root;
    const passed: PageMap = new Map();
    const changes = writes.map(({ at: { key }, value }): PathChange => {
      const path = treePathOf(this.#crypto, key);
      this.#pages.walk({ store, key, path, root }, passed);
      return { path, valueHash: value && this.#crypto.sha256(value) };
    });
    changes.sort((a, b) => compareBytes(a.path, b.path));
    return this.#pages.update(root, passed, changes);
  }

  #keep({ key, name }: StateKey, value: Uint8Array | undefined): void {
    this.#values.set(name, value ?? null, ENTRY_OVERHEAD + 2 * key.length + (value?.length ?? 0));
  }
}
