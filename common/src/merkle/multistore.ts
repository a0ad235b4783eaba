/**
 * The app hash over the roots of all module stores, under the SDK's multistore rule (consensus §4.3).
 * @module
 */
import { concatBytes, utf8ToBytes } from "../bytes.ts";
import { lengthDelimited } from "../wire/protobuf.ts";
import { type Hasher, type MerkleProof, merkleProof, merkleRoot } from "./cometMerkle.ts";

export interface StoreRoot {
  /** Store name, plain ASCII. */
  readonly name: string;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** 32-byte app hash. @param stores in any order, each name once */
export function appHash(crypto: Hasher, stores: readonly StoreRoot[]): Uint8Array {
  return merkleRoot(
    crypto,
    sortByName(stores).map((store) => storeItem(crypto, store)),
  );
}

/** Proof of one store's root; verify it with `isMerkleProof` over {@link storeItem}. @throws RangeError for another name */
export function storeProof(crypto: Hasher, stores: readonly StoreRoot[], name: string): MerkleProof {
  const sorted = sortByName(stores);
  const items = sorted.map((store) => storeItem(crypto, store));
  return merkleProof(
    crypto,
    items,
    sorted.findIndex((store) => store.name === name),
  );
}

/** What a store adds to the list: `uvarint(|name|) || name || 32 || H(root)`. */
export function storeItem(crypto: Hasher, { name, root }: StoreRoot): Uint8Array {
  return concatBytes(lengthDelimited(utf8ToBytes(name)), lengthDelimited(crypto.sha256(root)));
}

function sortByName(stores: readonly StoreRoot[]): StoreRoot[] {
  const sorted = [...stores].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i - 1]?.name === sorted[i]?.name) throw new RangeError(`multistore: ${sorted[i]?.name} comes twice`);
  }
  return sorted;
}
