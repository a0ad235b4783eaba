/** A contract's storage against a model: values, gas and what is in the store, over calls, rotations and entries of the legacy format. */
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveKeyTree } from "../src/keys/keyTree.ts";
import { ComputeStore } from "../src/state/computeStore.ts";
import { ContractStorage } from "../src/state/contractStorage.ts";
import { GasMeter } from "../src/state/gasMeter.ts";
import type { Host } from "../src/state/host.ts";
import { ScopedState } from "../src/state/scopedState.ts";
import { StateCiphers } from "../src/state/stateCipher.ts";
import { testCrypto as crypto } from "./harness.ts";
import { legacyEntry } from "./legacyState.ts";

const SEEDS = [1, 2, 3, 4, 5].map((fill) => new Uint8Array(32).fill(fill));
const CONTRACT = new Uint8Array(20).fill(0x22);
const CONTRACT_KEY = new Uint8Array(64).fill(0x33);
const STATE = Uint8Array.of(3);
/** The storage asks the host for nothing but values. */
const NO_HOST: Host = {
  call: () => {
    throw new Error("no ocall here");
  },
};

type Op =
  | { readonly kind: "read" | "remove"; readonly key: string }
  | { readonly kind: "write"; readonly key: string; readonly value: string };
type Call = { readonly seeds: number; readonly query: boolean; readonly ops: readonly Op[] };
type Entry = { readonly legacy: boolean; readonly value: string; readonly seeds: number };

const keyText = fc.constantFrom("", "a", "bb", "a key of some length");
const valueText = fc.string({ maxLength: 30, unit: "grapheme-ascii" });
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("read" as const), key: keyText }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("write" as const), key: keyText, value: valueText }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), key: keyText }) },
);
const call = fc.record({ rotate: fc.boolean(), query: fc.boolean(), ops: fc.array(op, { maxLength: 12 }) });

/** Calls one after the other; a query only reads, and the seeds grow from two to five. */
const calls: fc.Arbitrary<Call[]> = fc.array(call, { maxLength: 6 }).map((all) => {
  let seeds = 2;
  return all.map(({ rotate, query, ops }) => {
    seeds = Math.min(5, seeds + (rotate ? 1 : 0));
    return { seeds, query, ops: query ? ops.filter(({ kind }) => kind === "read") : ops };
  });
});
const legacyEntries = fc.array(fc.record({ key: keyText, value: valueText }), { maxLength: 3 });

const keyLength = (key: string) => BigInt(65 + key.length);
/** Of the current format: two bytes more once there are more than two seeds. */
const valueLength = (value: string, seeds: number) => BigInt(56 + value.length + (seeds > 2 ? 2 : 0));
const setGas = (key: string, value: string, seeds: number) => 200n + 5n * (keyLength(key) + valueLength(value, seeds));

/** What the protocol says of one call (contracts §2.3, §4.4); changes `entries`. */
class CallModel {
  readonly entries: Map<string, Entry>;
  readonly call: Call;
  readonly writes = new Map<string, string>();
  readonly readOnly = new Map<string, string>();
  gas = 0n;

  constructor(entries: Map<string, Entry>, made: Call) {
    this.entries = entries;
    this.call = made;
  }

  read(key: string): string | undefined {
    const cached = this.writes.get(key) ?? this.readOnly.get(key);
    if (cached !== undefined) return cached;
    const entry = this.entries.get(key);
    this.gas += 100n + keyLength(key);
    if (entry === undefined) this.gas += 100n + 53n;
    else if (!entry.legacy) this.gas += valueLength(entry.value, entry.seeds);
    else this.migrate(key, entry);
    return entry?.value;
  }

  private migrate(key: string, { value }: Entry): void {
    this.gas += 100n + 53n + 48n + BigInt(value.length);
    this.readOnly.set(key, value);
    if (this.call.query) return;
    this.gas += 100n + setGas(key, value, this.call.seeds);
    this.entries.set(key, { legacy: false, value, seeds: this.call.seeds });
  }

  write(key: string, value: string): void {
    this.writes.set(key, value);
  }

  remove(key: string): void {
    this.writes.delete(key);
    this.readOnly.delete(key);
    this.entries.delete(key);
    this.gas += 200n;
  }

  flush(): bigint {
    let gas = 0n;
    for (const [key, value] of this.writes) {
      gas += 100n + setGas(key, value, this.call.seeds);
      this.entries.set(key, { legacy: false, value, seeds: this.call.seeds });
    }
    return gas;
  }
}

function runCall(store: Map<string, Uint8Array>, ciphers: StateCiphers, made: Call, model: CallModel): void {
  const state = new ScopedState(NO_HOST, { read: ({ key }) => store.get(bytesToHex(key)) });
  const meter = new GasMeter(1_000_000_000n, { countsNative: false });
  const salt = made.query ? undefined : new Uint8Array(24).fill(made.ops.length);
  const storage = new ContractStorage(
    new ComputeStore(state, meter),
    ciphers.forContract(CONTRACT_KEY),
    CONTRACT,
    salt,
  );
  for (const one of made.ops) {
    const key = utf8ToBytes(one.key);
    if (one.kind === "write") {
      storage.write(key, utf8ToBytes(one.value));
      model.write(one.key, one.value);
    } else if (one.kind === "remove") {
      storage.remove(key);
      model.remove(one.key);
    } else {
      const expected = model.read(one.key);
      expect(storage.read(key)).toEqual(expected === undefined ? undefined : utf8ToBytes(expected));
    }
  }
  expect(storage.accessGas).toBe(model.gas);
  storage.flush(crypto, undefined);
  expect(meter.own).toBe(model.gas + model.flush());
  for (const { key, value } of state.writes()) {
    if (value === undefined) store.delete(bytesToHex(key));
    else store.set(bytesToHex(key), value);
  }
}

describe("enclave §5.2, §5.3, §5.4: a contract's storage over calls and rotations", () => {
  it("contracts §2.3, §4.4: gives the last value of a key, takes the gas of the table, and leaves one entry a key in the store", () => {
    const property = fc.property(legacyEntries, calls, (legacy, all) => {
      const trees = new Map<number, StateCiphers>();
      const ciphersOf = (seeds: number, isCold: boolean): StateCiphers => {
        const known = trees.get(seeds);
        if (known !== undefined && !isCold) return known;
        const made = new StateCiphers(crypto, deriveKeyTree(crypto, SEEDS.slice(0, seeds)));
        trees.set(seeds, made);
        return made;
      };
      const genesis = deriveKeyTree(crypto, SEEDS.slice(0, 2)).genesis;
      const store = new Map<string, Uint8Array>();
      const entries = new Map<string, Entry>();
      for (const { key, value } of legacy) {
        const entry = legacyEntry(genesis.stateIkm, CONTRACT_KEY, utf8ToBytes(key), utf8ToBytes(value));
        store.set(bytesToHex(concatBytes(STATE, CONTRACT, entry.key)), entry.value);
        entries.set(key, { legacy: true, value, seeds: 1 });
      }
      for (const [i, made] of all.entries()) {
        runCall(store, ciphersOf(made.seeds, i % 2 === 0), made, new CallModel(entries, made));
        expect(store.size).toBe(entries.size);
        const isLegacy = [...store.keys()].filter((key) => hexToBytes(key).length === 53).length;
        expect(isLegacy).toBe([...entries.values()].filter((entry) => entry.legacy).length);
      }
    });
    fc.assert(property, { numRuns: 150 });
  });
});
