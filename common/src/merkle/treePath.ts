/**
 * Proven reads of the sparse Merkle tree: the path from the root to a key, or to where it would be (consensus §4.3, §4.4).
 *
 * Who holds the pages reads the path; who holds only the root verifies it. Existence paths are ICS23 proofs in other words.
 * @module
 */
import { equalBytes } from "../bytes.ts";
import type { Hasher } from "./cometMerkle.ts";
import { type LoadPage, loadExisting, type TreeRoot } from "./sparseMerkleTree.ts";
import { TreeError, TreeErrorCode } from "./treeError.ts";
import { EMPTY_TREE_HASH, treeInnerHash, treeLeafHash, treePathBit } from "./treeHash.ts";
import {
  MAX_PAGE_DEPTH,
  NodeKind,
  readSlot,
  readSubtreeVersion,
  TreePage,
  treePageKey,
  treePathNibble,
} from "./treePage.ts";

export interface TreePath {
  /** Hashes beside the path, root first, 32 bytes each; as many as the depth at which the path ends, at most 256. */
  readonly siblings: readonly Uint8Array[];
  /** The leaf at the end of the path: that of the key, or another one whose path begins alike; undefined: nothing there. */
  readonly leaf: { readonly path: Uint8Array; readonly valueHash: Uint8Array } | undefined;
}

/**
 * Walks from the root toward a path.
 * @param path H(key), 32 bytes
 * @throws {TreeError} MissingPage or MalformedPage
 */
export function readTreePath(root: TreeRoot, path: Uint8Array, loadPage: LoadPage): TreePath {
  const siblings: Uint8Array[] = [];
  if (equalBytes(root.hash, EMPTY_TREE_HASH)) return { siblings, leaf: undefined };
  const page = new TreePage();
  let version = root.version;
  for (let depth = 0; depth < MAX_PAGE_DEPTH; depth++) {
    page.load(loadExisting(loadPage, treePageKey(version, depth, path)));
    let node = 1;
    for (let level = 0; level < 4 && page.kindOf(node) === NodeKind.Subtree; level++) {
      node = 2 * node + treePathBit(path, 4 * depth + level);
      siblings.push(page.hashOf(node ^ 1));
    }
    const kind = page.kindOf(node);
    if (kind !== NodeKind.Subtree) return { siblings, leaf: kind === NodeKind.Leaf ? page.leafOf(node) : undefined };
    version = page.versionOfSlot(node - 16);
  }
  throw new TreeError(TreeErrorCode.MalformedPage, "tree page: a subtree below the last level");
}

/**
 * The stored pages from the root toward a path, for who walks them with the root's hash alone.
 * @param path H(key), 32 bytes
 * @returns root first; none for the empty tree. Bytes are as `loadPage` returned them
 * @throws {TreeError} MissingPage or MalformedPage
 */
export function readTreePages(root: TreeRoot, path: Uint8Array, loadPage: LoadPage): Uint8Array[] {
  const pages: Uint8Array[] = [];
  if (equalBytes(root.hash, EMPTY_TREE_HASH)) return pages;
  let { version } = root;
  for (let depth = 0; depth < MAX_PAGE_DEPTH; depth++) {
    const stored = loadExisting(loadPage, treePageKey(version, depth, path));
    pages.push(stored);
    const { kind, at } = readSlot(stored, treePathNibble(path, depth));
    if (kind !== NodeKind.Subtree) return pages;
    version = readSubtreeVersion(stored, at);
  }
  throw new TreeError(TreeErrorCode.MalformedPage, "tree page: a subtree below the last level");
}

/**
 * The proven H(value) of a key, or undefined if the path proves that the key is absent.
 * @param rootHash 32 bytes, trusted
 * @param path H(key), 32 bytes
 * @throws {TreeError} InvalidPath
 */
export function verifyTreePath(
  crypto: Hasher,
  rootHash: Uint8Array,
  path: Uint8Array,
  { siblings, leaf }: TreePath,
): Uint8Array | undefined {
  if (siblings.length > 256 || siblings.some((sibling) => sibling.length !== 32)) {
    throw invalid("expected at most 256 siblings of 32 bytes");
  }
  let hash = EMPTY_TREE_HASH;
  if (leaf !== undefined) {
    if (leaf.path.length !== 32 || leaf.valueHash.length !== 32) throw invalid("expected a leaf of 32 and 32 bytes");
    for (let depth = 0; depth < siblings.length; depth++) {
      if (treePathBit(leaf.path, depth) !== treePathBit(path, depth)) throw invalid("its leaf belongs elsewhere");
    }
    hash = treeLeafHash(crypto, leaf.path, leaf.valueHash);
  }
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth] as Uint8Array;
    hash = treePathBit(path, depth) === 0 ? treeInnerHash(crypto, hash, sibling) : treeInnerHash(crypto, sibling, hash);
  }
  if (!equalBytes(hash, rootHash)) throw invalid("it does not lead to the root");
  return leaf !== undefined && equalBytes(leaf.path, path) ? leaf.valueHash : undefined;
}

function invalid(reason: string): TreeError {
  return new TreeError(TreeErrorCode.InvalidPath, `tree path: ${reason}`);
}
