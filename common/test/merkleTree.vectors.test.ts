import { describe, expect, test } from "vitest";
import { bytesToHex, EMPTY_BYTES } from "../src/bytes.ts";
import { EMPTY_TREE, updateTree } from "../src/merkle/sparseMerkleTree.ts";
import { TreeError } from "../src/merkle/treeError.ts";
import { treeInnerHash, treePathOf } from "../src/merkle/treeHash.ts";
import { treePageKey } from "../src/merkle/treePage.ts";
import { readTreePath, verifyTreePath } from "../src/merkle/treePath.ts";
import { hasher, hex, vectors } from "./support/consensusVectors.ts";
import { MemoryTree } from "./support/treeTwin.ts";

function grownTree(): MemoryTree {
  const tree = new MemoryTree();
  // biome-ignore lint/suspicious/noExplicitAny: vector data
  vectors.smt.steps.forEach((step: any, i: number) => {
    if (step.op !== "empty") {
      const valueHash = step.op === "set" ? hasher.sha256(hex(step.value)) : undefined;
      tree.update(i, [{ path: treePathOf(hasher, hex(step.key)), valueHash }]);
    }
    expect(bytesToHex(tree.root.hash)).toBe(step.root);
  });
  return tree;
}

describe("the sparse Merkle tree", () => {
  test("has the known root after each step", () => {
    grownTree();
  });

  test("has the known nodes and proof", () => {
    const tree = grownTree();
    const key = hex("63");
    const path = readTreePath(tree.root, treePathOf(hasher, key), tree.loadPage);
    expect(path.siblings.map(bytesToHex).reverse()).toEqual(vectors.smt.proof_c_siblings_bottom_up);
    expect(verifyTreePath(hasher, tree.root.hash, treePathOf(hasher, key), path)).toEqual(hasher.sha256(hex("33")));
    for (const { hash, node } of vectors.smt.final_nodes) {
      const [left, right] = [hex(node).slice(1, 33), hex(node).slice(33)];
      expect(bytesToHex(treeInnerHash(hasher, left as Uint8Array, right as Uint8Array))).toBe(hash);
    }
  });

  test("proves absence in the empty tree", () => {
    const path = treePathOf(hasher, EMPTY_BYTES);
    expect(readTreePath(EMPTY_TREE, path, () => undefined)).toEqual({ siblings: [], leaf: undefined });
    expect(verifyTreePath(hasher, EMPTY_TREE.hash, path, { siblings: [], leaf: undefined })).toBeUndefined();
  });

  test("is empty again, and without pages in use, when its last key is deleted", () => {
    const tree = new MemoryTree();
    const path = treePathOf(hasher, EMPTY_BYTES);
    tree.update(5, [{ path, valueHash: path }]);
    tree.update(6, [{ path, valueHash: undefined }]);
    expect(tree.root).toEqual({ ...EMPTY_TREE, version: 6 });
    tree.pruneBefore(6);
    expect(tree.pages.size).toBe(0);
  });

  test("refuses changes out of order and versions that do not grow", () => {
    const loadPage = () => undefined;
    const [low, high] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
    const changes = [high, low].map((path) => ({ path, valueHash: path }));
    expect(() => updateTree(hasher, EMPTY_TREE, { version: 1, changes, loadPage })).toThrow(RangeError);
    expect(() => updateTree(hasher, EMPTY_TREE, { version: 0, changes: [], loadPage })).toThrow(RangeError);
  });

  test("says which page is missing", () => {
    const root = { version: 3, hash: new Uint8Array(32).fill(1) };
    expect(() => readTreePath(root, new Uint8Array(32), () => undefined)).toThrow(TreeError);
    const changes = [{ path: new Uint8Array(32), valueHash: undefined }];
    expect(() => updateTree(hasher, root, { version: 4, changes, loadPage: () => undefined })).toThrow(
      "tree page: none at depth 0",
    );
  });
});

test("page keys sort by version and name the prefix", () => {
  const path = new Uint8Array(32).fill(0xab);
  expect(bytesToHex(treePageKey(1, 0, path))).toBe("000000000000000100");
  expect(bytesToHex(treePageKey(2 ** 32 + 5, 1, path))).toBe("000000010000000501a0");
  expect(bytesToHex(treePageKey(256, 4, path))).toBe("000000000000010004abab");
  expect(treePageKey(1, 64, path)).toHaveLength(41);
});
