/** Proven reads against a host that lies about its trees and values, and against trees by their definition. */
import type { OcallHandlers } from "@sotto/boundary/calls";
import { bytesToHex, compareBytes, concatBytes, hexToBytes, u32be, utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import type { Host } from "../src/state/host.ts";
import { EMPTY_ROOTS, ProvenState } from "../src/state/provenState.ts";
import { stateKey } from "../src/state/stateKey.ts";
import { leafNode, readSlots, rootOf, writeSlots } from "../src/state/treeSlots.ts";
import { testCrypto } from "./harness.ts";
import { TestStore } from "./testStore.ts";

type Answer = ReturnType<OcallHandlers["readProven"]>;
type Lie = (answer: Answer, key: Uint8Array) => Answer;

const NONE: ReadonlyMap<string, Uint8Array> = new Map();
const keyOf = (name: string) => stateKey("compute", utf8ToBytes(name));
const hexOf = (name: string) => bytesToHex(utf8ToBytes(name));
const bytesOf = (text: string) => utf8ToBytes(text);

/** A host with a store, and how often it was asked. */
class TestHost implements Host {
  readonly store = new TestStore(testCrypto);
  lie: Lie = (answer) => answer;
  asked = 0;

  constructor(values: ReadonlyMap<string, Uint8Array>, register = NONE) {
    this.store.commit({ acc: NONE, compute: values, register });
  }

  call(name: string, request: unknown): never {
    expect(name).toBe("readProven");
    this.asked++;
    const { store, key, known } = request as { store: string; key: Uint8Array; known: number };
    const { pages, value } = this.store.readProven(store, key, known);
    return this.lie({ pages: pages.map((page) => page.slice()), value: value?.slice() }, key) as never;
  }

  get roots() {
    const { acc, compute, register } = this.store.current.trees;
    return { accounts: acc.hash, compute: compute.hash, register: register.hash };
  }

  /** An enclave's state that has seen nothing yet. */
  cold(): ProvenState {
    return new ProvenState(testCrypto, this, this.roots);
  }
}

function many(count: number): Map<string, Uint8Array> {
  return new Map(Array.from({ length: count }, (_, i) => [hexOf(`key ${i}`), bytesOf(`value ${i}`)]));
}

/** What a read comes to: a value, nothing, or the code of a refusal. */
function outcome(read: () => Uint8Array | undefined): string {
  try {
    const value = read();
    return value === undefined ? "absent" : bytesToHex(value);
  } catch (error) {
    if (error instanceof CodedError) return `${error.codespace}/${error.code}`;
    throw error;
  }
}

const BAD_PROOF = `refusal/${RefusalCode.BadProof}`;

describe("consensus §5: a host that lies about state", () => {
  const before = many(300);
  const after = new Map([...before, [hexOf("key 7"), bytesOf("new")], [hexOf("key 8"), bytesOf("new too")]]);
  after.delete(hexOf("key 9"));

  it("T1: an older value, or older pages, of a key are refused", () => {
    const old = new TestHost(before);
    const host = new TestHost(after);
    for (const name of ["key 7", "key 8", "key 9"]) {
      const stale = old.store.readProven("compute", utf8ToBytes(name), 0);
      const lies: Lie[] = [
        (answer) => ({ ...answer, value: stale.value }),
        (answer) => ({ ...answer, pages: stale.pages }),
        () => stale,
        ({ pages, value }) => ({ pages: [...pages.slice(0, -1), ...stale.pages.slice(-1)], value }),
      ];
      for (const lie of lies) {
        host.lie = lie;
        expect(outcome(() => host.cold().read(keyOf(name)))).toBe(BAD_PROOF);
      }
    }
  });

  it("T2: a key that is there cannot be hidden, nor one made up", () => {
    const host = new TestHost(before);
    const nowhere = host.store.readProven("compute", utf8ToBytes("no key"), 0);
    const lies: Lie[] = [
      (answer) => ({ ...answer, value: undefined }),
      () => ({ pages: [], value: undefined }),
      () => nowhere,
      ({ pages }) => ({ pages: pages.slice(0, -1), value: undefined }),
    ];
    for (const lie of lies) {
      host.lie = lie;
      expect(outcome(() => host.cold().read(keyOf("key 1")))).toBe(BAD_PROOF);
    }
    host.lie = (answer) => ({ ...answer, value: bytesOf("made up") });
    expect(outcome(() => host.cold().read(keyOf("no key")))).toBe(BAD_PROOF);
    host.lie = (answer) => answer;
    expect(outcome(() => host.cold().read(keyOf("no key")))).toBe("absent");
  });

  it("T3: values and leaves cannot be swapped", () => {
    const host = new TestHost(before);
    const other = host.store.readProven("compute", utf8ToBytes("key 2"), 0);
    host.lie = (answer) => ({ ...answer, value: other.value });
    expect(outcome(() => host.cold().read(keyOf("key 1")))).toBe(BAD_PROOF);
    host.lie = () => other;
    expect(outcome(() => host.cold().read(keyOf("key 1")))).toBe(BAD_PROOF);
    // Two leaves in one page change places, or values.
    const small = new TestHost(many(5));
    for (const exchange of ["places", "values"]) {
      small.lie = ({ pages: [page], value }) => {
        const slots = readSlots(page as Uint8Array);
        const full = [...slots.keys()].filter((slot) => slots[slot]?.leaf !== undefined);
        const [a, b] = [full[0] as number, full[1] as number];
        const [left, right] = [slots[a]?.leaf, slots[b]?.leaf];
        if (left === undefined || right === undefined) throw new Error("expected two leaves");
        if (exchange === "places") [slots[a], slots[b]] = [slots[b], slots[a]];
        else {
          slots[a] = leafNode(testCrypto, left.path, right.valueHash);
          slots[b] = leafNode(testCrypto, right.path, left.valueHash);
        }
        return { pages: [writeSlots(slots)], value };
      };
      expect(outcome(() => small.cold().read(keyOf("key 1")))).toBe(BAD_PROOF);
    }
  });

  it("a bit of a page or a value that is changed is refused, or means nothing", () => {
    const host = new TestHost(before);
    const honest = bytesToHex(bytesOf("value 3"));
    const { pages, value } = host.store.readProven("compute", utf8ToBytes("key 3"), 0);
    let refused = 0;
    for (const [nth, page] of [...pages, value as Uint8Array].entries()) {
      for (let at = 0; at < page.length; at++) {
        host.lie = (answer) => {
          const changed = answer.pages[nth] ?? (answer.value as Uint8Array);
          changed[at] = (changed[at] as number) ^ (1 << (at & 7));
          return answer;
        };
        const found = outcome(() => host.cold().read(keyOf("key 3")));
        if (found === BAD_PROOF) refused++;
        // Versions of pages.
        else expect(found, `page ${nth}, byte ${at}`).toBe(honest);
      }
    }
    expect(refused).toBeGreaterThan(700);
  });

  it("pages too many, too few, cut, lengthened, doubled or endless are refused", () => {
    const host = new TestHost(before);
    const lies: Lie[] = [
      ({ pages, value }) => ({ pages: [...pages, pages[0] as Uint8Array], value }),
      ({ pages, value }) => ({ pages: [pages[0] as Uint8Array, ...pages], value }),
      ({ pages, value }) => ({ pages: pages.slice(1), value }),
      ({ pages, value }) => ({ pages: pages.slice(0, 1), value }),
      ({ value }) => ({ pages: [], value }),
      ({ pages, value }) => ({ pages: pages.map((page) => page.slice(0, -1)), value }),
      ({ pages, value }) => ({ pages: pages.map((page) => concatBytes(page, Uint8Array.of(0))), value }),
      ({ pages, value }) => ({ pages: pages.map(() => new Uint8Array(0)), value }),
      ({ pages, value }) => ({ pages: pages.map(() => new Uint8Array(3)), value }),
      ({ pages, value }) => ({ pages: pages.map(() => new Uint8Array(4_096).fill(255)), value }),
      ({ pages, value }) => ({ pages: new Array(64).fill(pages[0]), value }),
    ];
    for (const lie of lies) {
      host.lie = lie;
      expect(outcome(() => host.cold().read(keyOf("key 1")))).toBe(BAD_PROOF);
    }
    const state = host.cold();
    host.lie = (answer) => answer;
    state.read(keyOf("key 1"));
    // The way is known by now; the value of a neighbour is asked for alone.
    state.apply([{ at: keyOf("key 1"), value: bytesOf("x") }]);
    expect(outcome(() => host.cold().read(keyOf("key 1")))).toBe(bytesToHex(bytesOf("value 1")));
  });

  it("the page of a tree that had one leaf does not stand for that leaf later", () => {
    const host = new TestHost(new Map([[hexOf("alone"), bytesOf("1")]]));
    const state = host.cold();
    expect(state.read(keyOf("alone"))).toEqual(bytesOf("1"));
    const path = testCrypto.sha256(utf8ToBytes("alone"));
    // A neighbour in the last bit of the page: so the leaf's hash goes into that of its parent as it is.
    const isNear = (name: string) => testCrypto.sha256(utf8ToBytes(name))[0] === ((path[0] as number) ^ 0x10);
    const near = Array.from({ length: 5_000 }, (_, i) => `key ${i}`).find(isNear) as string;
    const both = new Map([near, "alone"].map((name) => [hexOf(name), bytesOf("1")]));
    host.store.commit({ acc: NONE, compute: both, register: NONE });
    state.moveTo(host.roots);
    host.lie = ({ pages: [page], value }) => {
      const slots = readSlots(page as Uint8Array).map((node) =>
        node?.leaf !== undefined && compareBytes(node.leaf.path, path) === 0 ? { hash: node.hash } : node,
      );
      expect(rootOf(testCrypto, slots)?.hash).toEqual(host.roots.compute);
      return { pages: [writeSlots(slots)], value };
    };
    expect(outcome(() => state.read(keyOf("alone")))).toBe(BAD_PROOF);
  });

  it("one lie in many answers is refused or changes nothing", () => {
    const host = new TestHost(before);
    const property = fc.property(
      fc.nat(40),
      fc.nat(),
      fc.array(fc.nat(320), { minLength: 20, maxLength: 40 }),
      (nth, at, keys) => {
        const state = host.cold();
        host.asked = 0;
        host.lie = (answer) => {
          if (host.asked !== nth) return answer;
          const parts = [...answer.pages, ...(answer.value === undefined ? [] : [answer.value])];
          const part = parts[at % Math.max(parts.length, 1)];
          if (part !== undefined) part[at % part.length] = (part[at % part.length] as number) ^ (1 << (at & 7));
          return answer;
        };
        for (const i of keys) {
          const found = outcome(() => state.read(keyOf(`key ${i}`)));
          const honest = before.get(hexOf(`key ${i}`));
          if (found !== BAD_PROOF) expect(found).toBe(honest === undefined ? "absent" : bytesToHex(honest));
        }
      },
    );
    fc.assert(property, { numRuns: 100 });
  });
});

describe("consensus §4.3, §4.4: the enclave's own roots", () => {
  const changes = fc.array(fc.tuple(fc.nat(60), fc.option(fc.nat(3))), { maxLength: 25 });

  it("are those of the host's trees and of the definition after any changes, with warm and cold caches", () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 8 }), fc.boolean(), (blocks, restarts) => {
        const values = { compute: new Map<string, Uint8Array>(), register: new Map<string, Uint8Array>() };
        const host = new TestHost(NONE);
        let state = new ProvenState(testCrypto, host, EMPTY_ROOTS);
        for (const block of blocks) {
          const writes = new Map<string, { at: ReturnType<typeof stateKey>; value: Uint8Array | undefined }>();
          for (const [key, value] of block) {
            const at = stateKey(key % 5 === 0 ? "register" : "compute", u32be(key));
            writes.set(at.name, { at, value: value === null ? undefined : u32be(value) });
          }
          for (const { at, value } of writes.values()) {
            if (value === undefined) values[at.store].delete(bytesToHex(at.key));
            else values[at.store].set(bytesToHex(at.key), value);
          }
          const roots = state.apply([...writes.values()]);
          host.store.commit({ acc: NONE, ...values });
          expect(host.roots).toMatchObject(roots);
          expect(roots.compute).toEqual(definedRoot(values.compute));
          if (restarts) state = host.cold();
          for (let key = 0; key <= 60; key++) {
            const at = stateKey(key % 5 === 0 ? "register" : "compute", u32be(key));
            expect(state.read(at)).toEqual(values[at.store].get(bytesToHex(at.key)));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("need no answer for what was read or written before, and one for a whole path otherwise", () => {
    const host = new TestHost(many(2_000));
    const state = host.cold();
    state.read(keyOf("key 5"));
    expect(host.asked).toBe(1);
    state.read(keyOf("key 5"));
    state.apply([{ at: keyOf("key 5"), value: bytesOf("x") }]);
    expect(state.read(keyOf("key 5"))).toEqual(bytesOf("x"));
    expect(host.asked).toBe(1);
  });

  it("stay when a host's lie ends the update", () => {
    const host = new TestHost(many(300));
    const state = host.cold();
    host.lie = ({ value }) => ({ pages: [], value });
    expect(outcome(() => state.apply([{ at: keyOf("key 5"), value: bytesOf("x") }]).compute)).toBe(BAD_PROOF);
    expect(state.roots).toEqual(host.roots);
    host.lie = (answer) => answer;
    expect(state.read(keyOf("key 5"))).toEqual(bytesOf("value 5"));
  });
});

/** The root of a set of values by the definition of consensus §4.3. */
function definedRoot(values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const leaves = [...values].map(([key, value]) => ({
    path: testCrypto.sha256(hexToBytes(key)),
    valueHash: testCrypto.sha256(value),
  }));
  const root = (below: typeof leaves, depth: number): Uint8Array => {
    const [leaf] = below;
    if (leaf === undefined) return new Uint8Array(32);
    if (below.length === 1) return testCrypto.sha256(concatBytes(Uint8Array.of(0), leaf.path, leaf.valueHash));
    const bit = ({ path }: typeof leaf) => ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1;
    const [left, right] = [0, 1].map((side) =>
      root(
        below.filter((each) => bit(each) === side),
        depth + 1,
      ),
    ) as [Uint8Array, Uint8Array];
    return testCrypto.sha256(concatBytes(Uint8Array.of(1), left, right));
  };
  return root(leaves, 0);
}
