/**
 * The contract engine beside a published JavaScript VM for CosmWasm, on contracts that both can run.
 *
 *     npm run build && npm ci --ignore-scripts --prefix bench/peer && node bench/peer/peer.bench.mjs
 *
 * Prints the table of bench/README.md, section "peer". Both run without encryption, on stores in memory. The peer meters no gas and
 * never puts memory back: "kept" is one instance for all calls, as its documentation shows it, whose memory grows with each call;
 * "fresh" makes one for each call, which is what the protocol asks for and what the engine gives. Imports that only Secret
 * contracts have are stubs there; no call here reaches them.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { decodeBech32, encodeBech32 } from "../../common/dist/bech32.js";
import { bytesToHex } from "../../common/dist/bytes.js";
import { makeNobleCrypto } from "../../common/dist/crypto/nobleCrypto.js";
import { makeEngine } from "../../enclave/dist/engine/makeEngine.js";

const { VMInstance, BasicBackendApi, BasicKVIterStorage, BasicQuerier } = loadPeer();
const ROUNDS = 100;
const GAS_LIMIT = 10_000_000_000n;
const crypto = makeNobleCrypto();
const json = (value) => new TextEncoder().encode(JSON.stringify(value));
const [ALICE, BOB, CONTRACT] = [1, 2, 3].map((n) => encodeBech32("secret", new Uint8Array(20).fill(n)));
const ENV = {
  block: { height: 12, time: "1580310600000000001", chain_id: "secretdev-1", random: `${"A".repeat(43)}=` },
  contract: { address: CONTRACT, code_hash: "a".repeat(64) },
  transaction: null,
};
const INFO = { sender: ALICE, funds: [] };

function loadPeer() {
  try {
    return createRequire(import.meta.url)("@terran-one/cosmwasm-vm-js");
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    console.error("The peer is not installed: npm ci --ignore-scripts --prefix bench/peer");
    process.exit(1);
  }
}

/** Our engine: `run(message)` executes and gives the output's text. */
function openEngine(wasm, setup) {
  const engine = makeEngine({ crypto, wasm: WebAssembly });
  const module = engine.open(crypto.sha256(wasm), () => wasm, { forInstantiate: true });
  const store = new Map();
  const imports = {
    read: (key) => store.get(bytesToHex(key)),
    write: (key, value) => void store.set(bytesToHex(key), value),
    remove: (key) => void store.delete(bytesToHex(key)),
    query: () => json({}),
    debugPrint: undefined,
  };
  const [env, info] = [json(ENV), json(INFO)];
  const call = (entry, message) => {
    const request = { entry, env, info, msg: json(message), gasLimit: GAS_LIMIT, readOnly: false, imports };
    const { result } = engine.run(module, request);
    if (result.kind !== "returned") throw result.error;
    return new TextDecoder().decode(result.output);
  };
  call("instantiate", setup);
  return (message) => call("execute", message);
}

/** The standard address functions of the peer know other lengths of addresses than this network's. */
class Addresses extends BasicBackendApi {
  canonical_address(human) {
    return decodeBech32(human).data;
  }
  human_address(canonical) {
    return encodeBech32("secret", canonical);
  }
}

const noStub = () => {
  throw new Error("a call reached an import that the peer does not have");
};

/** The peer, in a new instance for each call if `fresh`. */
function openPeer(wasm, setup, { fresh }) {
  const module = new WebAssembly.Module(wasm);
  const backend = {
    backend_api: new Addresses("secret"),
    storage: new BasicKVIterStorage(),
    querier: new BasicQuerier(),
  };
  const newVm = () => {
    const vm = new VMInstance(backend);
    const imports = WebAssembly.Module.imports(module).map(({ name }) => [name, vm[name]?.bind(vm) ?? noStub]);
    vm.instance = new WebAssembly.Instance(module, { env: Object.fromEntries(imports) });
    return vm;
  };
  let vm = newVm();
  vm.instantiate(ENV, INFO, setup);
  return (message) => {
    if (fresh) vm = newVm();
    return vm.execute(ENV, INFO, message).str;
  };
}

/** Microseconds a call, best of short rounds, taking turns. */
function measure(runs, message, calls) {
  const times = runs.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    runs.forEach((run, i) => {
      const start = performance.now();
      for (let n = 0; n < calls; n++) run(message);
      times[i].push(((performance.now() - start) * 1000) / calls);
    });
  }
  return times.map((each) => Math.min(...each));
}

console.warn = () => {}; // the peer warns of each key that is not there
const read = (name) => new Uint8Array(readFileSync(new URL(`../../contracts/wasm/${name}.wasm`, import.meta.url)));
const token = {
  name: "Token",
  symbol: "TOK",
  decimals: 6,
  admin: ALICE,
  prng_seed: "AAAA",
  config: {},
  initial_balances: [{ address: ALICE, amount: "1000000" }],
};
const rows = [
  ["empty call", "probe", { noop: {} }, [], 30],
  [
    "100 reads",
    "probe",
    { get_many: { prefix: "cA==", count: 100 } },
    [{ set_many: { prefix: "cA==", count: 100, size: 32 } }],
    5,
  ],
  ["100 writes of 32 bytes", "probe", { set_many: { prefix: "cA==", count: 100, size: 32 } }, [], 5],
  ["a million turns of a loop", "probe", { compute: { iterations: 1_000_000 } }, [], 1],
  ["transfer, private token", "private_token", { transfer: { recipient: BOB, amount: "1" } }, [], 20],
];
console.log("| call | engine, µs | peer kept, µs | peer fresh, µs | kept / engine | fresh / engine |");
console.log("|---|---:|---:|---:|---:|---:|");
for (const [label, name, message, before, calls] of rows) {
  const wasm = read(name);
  const setup = name === "probe" ? { noop: {} } : token;
  const runs = [
    openEngine(wasm, setup),
    openPeer(wasm, setup, { fresh: false }),
    openPeer(wasm, setup, { fresh: true }),
  ];
  for (const earlier of before) for (const run of runs) run(earlier);
  const outputs = runs.map((run) => run(message));
  if (new Set(outputs).size !== 1) throw new Error(`${label}: the outputs differ`);
  const [engine, kept, fresh] = measure(runs, message, calls);
  const figures = [engine, kept, fresh].map((time) => time.toFixed(1));
  console.log(`| ${label} | ${figures.join(" | ")} | ${(kept / engine).toFixed(1)} | ${(fresh / engine).toFixed(1)} |`);
}
