/**
 * Reads of proven state against reads on the host's word, both over the host's own store in memory and the boundary's codec.
 *
 *     npm run build && node bench/provenReads.bench.mjs [--keys 1000,10000,100000] [--reads 2000]
 *
 * Prints the table of bench/README.md, section "proven reads". Both kinds take turns in one process. "Cold" is the first read of a
 * key by an enclave that has seen nothing near it: pages, hashes, value. "Near" finds the pages and asks for the value alone. "Warm" is
 * a second read. "Update" is what a changed key costs at the end of a block of 200 changes.
 */

import * as nodeCrypto from "node:crypto";
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { ocall, serveOcalls } from "../boundary/dist/calls.js";
import { Writer } from "../boundary/dist/codec.js";
import { makeNativeCrypto } from "../common/dist/crypto/nativeCrypto.js";
import { ProvenState } from "../enclave/dist/state/provenState.js";
import { stateKey } from "../enclave/dist/state/stateKey.js";
import { makeMemoryEngine } from "../host/dist/store/memoryEngine.js";
import { makeStateStore } from "../host/dist/store/stateStore.js";

const { values } = parseArgs({
  options: { keys: { type: "string", default: "1000,10000,100000" }, reads: { type: "string", default: "2000" } },
});
const READS = Number(values.reads);
const crypto = makeNativeCrypto(nodeCrypto, globalThis.WebAssembly);
const keyOf = (i) => {
  const key = new Uint8Array(60);
  key.set([3, i >> 24, i >> 16, i >> 8, i]);
  key.set(createHash("sha256").update(key.subarray(0, 5)).digest(), 21);
  return key;
};
const VALUE_BYTES = 100;

function makeStore(count) {
  const store = makeStateStore(makeMemoryEngine(), {
    sha256: (data) => crypto.sha256(data),
    stores: ["compute", "register"],
  });
  const changes = Array.from({ length: count }, (_, i) => {
    const value = new Uint8Array(VALUE_BYTES);
    value.set(keyOf(i).subarray(0, 32));
    return { store: "compute", key: keyOf(i), value };
  });
  store.stage(1, changes);
  store.commit([]);
  return store;
}

function hostOf(store) {
  const writer = new Writer();
  const view = store.latest();
  const serve = serveOcalls(
    {
      readStore: ({ key }) => ({ value: view.get("compute", key) }),
      readProven: ({ store: name, key, known }) => store.readProven(name, key, known),
    },
    (error) => error,
  );
  return { call: (name, request) => ocall(serve, name, request, writer) };
}

const rootsOf = (store) => Object.fromEntries(store.storeRoots.map(({ name, root }) => [name, root]));
const microseconds = (work, count) => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
};

console.log("| keys | host's word, µs | cold | near | warm | warm / word | update of a key, µs |");
console.log("|---:|---:|---:|---:|---:|---:|---:|");
for (const count of values.keys.split(",").map(Number)) {
  const store = makeStore(count);
  const host = hostOf(store);
  const step = Math.max(1, Math.floor(count / READS));
  const keys = Array.from({ length: Math.min(READS, count) }, (_, i) => keyOf(i * step));
  let best;
  for (let round = 0; round < 5; round++) {
    const state = new ProvenState(crypto, host, rootsOf(store));
    const read = () => {
      for (const key of keys) state.read(stateKey("compute", key));
    };
    const word = microseconds(() => {
      for (const key of keys) host.call("readStore", { key: stateKey("compute", key).key });
    }, keys.length);
    const cold = microseconds(read, keys.length);
    const warm = microseconds(read, keys.length);
    // Only values are forgotten by a state that goes elsewhere and comes back.
    const roots = state.roots;
    state.moveTo({ ...roots, register: new Uint8Array(32).fill(1) });
    state.moveTo(roots);
    const near = microseconds(read, keys.length);
    const changed = keys.filter((_, i) => i % Math.ceil(keys.length / 200) === 0);
    const writes = changed.map((key) => ({
      at: stateKey("compute", key),
      value: new Uint8Array(VALUE_BYTES).fill(round),
    }));
    const update = microseconds(() => state.apply(writes), writes.length);
    const times = { word, cold, near, warm, update };
    best ??= times;
    for (const name of Object.keys(times)) best[name] = Math.min(best[name], times[name]);
  }
  const cells = [best.word, best.cold, best.near, best.warm, best.warm / best.word, best.update].map((n) =>
    n.toFixed(2),
  );
  console.log(`| ${count} | ${cells.join(" | ")} |`);
}
