import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesToHex, equalBytes } from "../src/bytes.ts";
import { CodedError } from "../src/errors.ts";
import type { TreeChange } from "../src/merkle/sparseMerkleTree.ts";
import { MAX_PAGE_SIZE, TreePage } from "../src/merkle/treePage.ts";
import { readTreePath, verifyTreePath } from "../src/merkle/treePath.ts";
import { hasher } from "./support/consensusVectors.ts";
import { changesOf, definedRoot, type Leaf, MemoryTree } from "./support/treeTwin.ts";

/** Paths that share long prefixes, as no hash of a test's keys would. */
const crowdedPath = fc
  .tuple(fc.constantFrom(0, 3, 4, 7, 8, 31, 200, 250, 255), fc.nat(3), fc.boolean())
  .map(([bit, low, high]) => {
    const path = new Uint8Array(32).fill(high ? 0xff : 0);
    path[bit >> 3] = (path[bit >> 3] as number) ^ (128 >> (bit & 7));
    path[31] = (path[31] as number) ^ low;
    return path;
  });
const spreadPath = fc.nat(400).map((n) => hasher.sha256(Uint8Array.of(n >> 8, n)));
const valueHash = fc.option(
  fc.nat(3).map((n) => new Uint8Array(32).fill(n)),
  { nil: undefined, freq: 2 },
);

const batchOf = (path: fc.Arbitrary<Uint8Array>, maxLength: number): fc.Arbitrary<TreeChange[]> =>
  fc
    .uniqueArray(fc.record({ path, valueHash }), { maxLength, selector: (change) => bytesToHex(change.path) })
    .map((changes) => changes.sort((a, b) => (bytesToHex(a.path) < bytesToHex(b.path) ? -1 : 1)));

const batches = fc.oneof(
  fc.array(batchOf(spreadPath, 60), { maxLength: 8 }),
  fc.array(batchOf(fc.oneof(crowdedPath, spreadPath), 12), { maxLength: 12 }),
);

function applied(leaves: ReadonlyMap<string, Leaf>, changes: readonly TreeChange[]): Map<string, Leaf> {
  const result = new Map(leaves);
  for (const { path, valueHash } of changes) {
    if (valueHash === undefined) result.delete(bytesToHex(path));
    else result.set(bytesToHex(path), { path, valueHash });
  }
  return result;
}

/** Keys of all pages that a version reaches; throws if one is not there. */
function reachablePages(tree: MemoryTree, version: number, paths: readonly Uint8Array[]): Set<string> {
  const reached = new Set<string>();
  for (const path of paths) {
    readTreePath(tree.roots.get(version) ?? tree.root, path, (key) => {
      reached.add(bytesToHex(key));
      return tree.loadPage(key);
    });
  }
  return reached;
}

describe("the sparse Merkle tree", () => {
  test("has after each batch of changes the root of its definition, and proves every key and its absence", () => {
    fc.assert(
      fc.property(batches, (all) => {
        const tree = new MemoryTree();
        let leaves = new Map<string, Leaf>();
        all.forEach((changes, i) => {
          tree.update(i + 1, changes);
          leaves = applied(leaves, changes);
          expect(bytesToHex(tree.root.hash)).toBe(bytesToHex(definedRoot([...leaves.values()])));
        });
        for (const { path } of all.flat()) {
          const proven = verifyTreePath(hasher, tree.root.hash, path, readTreePath(tree.root, path, tree.loadPage));
          expect(proven).toEqual(leaves.get(bytesToHex(path))?.valueHash);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("keeps every version readable until it is pruned, and after pruning exactly the pages still in use", () => {
    fc.assert(
      fc.property(batches, fc.nat(12), (all, cut) => {
        const tree = new MemoryTree();
        const history = [new Map<string, Leaf>()];
        all.forEach((changes, i) => {
          tree.update(i + 1, changes);
          history.push(applied(history[i] as Map<string, Leaf>, changes));
        });
        const paths = all.flat().map(({ path }) => path);
        const oldest = Math.min(cut, all.length);
        tree.pruneBefore(oldest);
        const inUse = new Set<string>();
        for (let version = Math.max(oldest, 1); version <= all.length; version++) {
          for (const key of reachablePages(tree, version, paths)) inUse.add(key);
          const root = tree.roots.get(version);
          if (root === undefined) throw new Error("no root");
          for (const path of paths) {
            const proven = verifyTreePath(hasher, root.hash, path, readTreePath(root, path, tree.loadPage));
            expect(proven).toEqual(history[version]?.get(bytesToHex(path))?.valueHash);
          }
        }
        if (oldest > 0) expect([...tree.pages.keys()].sort()).toEqual([...inUse].sort());
      }),
      { numRuns: 100 },
    );
  });

  test("does not depend on history", () => {
    fc.assert(
      fc.property(batches, (all) => {
        const stepwise = new MemoryTree();
        let leaves = new Map<string, Leaf>();
        all.forEach((changes, i) => {
          stepwise.update(i + 1, changes);
          leaves = applied(leaves, changes);
        });
        const atOnce = new MemoryTree();
        const sorted = [...leaves].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, leaf]) => leaf);
        atOnce.update(1, sorted);
        expect(atOnce.root.hash).toEqual(stepwise.root.hash);
        // As many pages, too, once the past is gone.
        stepwise.pruneBefore(all.length);
        expect(stepwise.pages.size).toBe(atOnce.pages.size);
      }),
    );
  });

  test("writes nothing for changes that change nothing", () => {
    fc.assert(
      fc.property(batchOf(spreadPath, 60), (changes) => {
        const tree = new MemoryTree();
        tree.update(1, changes);
        const { root, pages } = tree;
        const before = pages.size;
        tree.update(2, changes);
        expect(tree.root).toBe(root);
        expect(pages.size).toBe(before);
        expect(tree.stale.get(2)).toEqual([]);
      }),
    );
  });
});

describe("a tree path", () => {
  test("that was tampered with proves nothing else", () => {
    const tree = new MemoryTree();
    tree.update(1, changesOf(new Map(Array.from({ length: 200 }, (_, i) => [`key ${i}`, `value ${i}`]))));
    fc.assert(
      fc.property(fc.nat(300), fc.nat(), fc.nat(255), (key, where, flip) => {
        const [change] = changesOf(new Map([[`key ${key}`, undefined]])) as [TreeChange];
        const honest = readTreePath(tree.root, change.path, tree.loadPage);
        const proven = verifyTreePath(hasher, tree.root.hash, change.path, honest);
        expect(proven !== undefined).toBe(key < 200);
        const copy = structuredClone(honest);
        const parts = [...copy.siblings, ...(copy.leaf === undefined ? [] : [copy.leaf.path, copy.leaf.valueHash])];
        const part = parts[where % parts.length] as Uint8Array;
        part[where % 32] = (part[where % 32] as number) ^ (flip || 1);
        expect(() => verifyTreePath(hasher, tree.root.hash, change.path, copy)).toThrow(CodedError);
        const shorter = { ...honest, siblings: honest.siblings.slice(1) };
        expect(() => verifyTreePath(hasher, tree.root.hash, change.path, shorter)).toThrow(CodedError);
        if (honest.leaf === undefined) return;
        const hidden = { ...honest, leaf: undefined };
        expect(() => verifyTreePath(hasher, tree.root.hash, change.path, hidden)).toThrow(CodedError);
      }),
    );
  });
});

test("a page is its stored form and nothing else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, small) => {
      // Few slots, else hardly any random page has a possible length.
      if (small) bytes.fill(0, 0, 4).fill(1, 1, 2);
      const page = new TreePage();
      try {
        page.load(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CodedError);
        return;
      }
      const out = new Uint8Array(MAX_PAGE_SIZE);
      expect(equalBytes(out.subarray(0, page.store(out, 0)), bytes)).toBe(true);
    }),
  );
});
