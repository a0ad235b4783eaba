/**
 * The contract engine: what metering costs, and what calls cost. Run after `npm run build`: `node bench/engine.bench.mjs`.
 *
 * Prints the tables of bench/README.md, section "engine".
 */
import { readFileSync } from "node:fs";
import { encodeBech32 } from "../common/dist/bech32.js";
import { bytesToHex, hexToBytes } from "../common/dist/bytes.js";
import { makeNobleCrypto } from "../common/dist/crypto/nobleCrypto.js";
import { makeEngine } from "../enclave/dist/engine/makeEngine.js";
import { analyzeBody } from "../enclave/dist/engine/wasm/analyzeBody.js";
import { decodeModule, functionTypeOf, importedFunctions } from "../enclave/dist/engine/wasm/decodeModule.js";
import { CONTRACT_PREFIX, rewriteModule } from "../enclave/dist/engine/wasm/rewriteModule.js";

const GAS_LIMIT = 10_000_000_000n;
/** Short and many, so that the best of them ran undisturbed. */
const ROUNDS = 100;
const crypto = makeNobleCrypto();
const read = (path) => new Uint8Array(readFileSync(new URL(path, import.meta.url)));
const json = (value) => new TextEncoder().encode(JSON.stringify(value));

/** The module's bytes after the engine's rewrite, without its load check. */
function meter(bytes) {
  const module = decodeModule(bytes);
  const imported = importedFunctions(module);
  const unlinked = imported.map(() => false);
  const reports = module.bodies.map((body, i) =>
    analyzeBody({ module, imported, unlinked }, functionTypeOf(module, imported, imported.length + i), body),
  );
  return rewriteModule(module, reports, new Set(module.exports.map((item) => item.name)));
}

function milliseconds(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function benchMetering() {
  const bytes = read("kernels/kernels.wasm");
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  const metered = new WebAssembly.Instance(new WebAssembly.Module(meter(bytes))).exports;
  const begin = () => {
    metered.reset(1n << 62n);
    metered.stack.value = 61_440;
  };
  console.log("| CPU-bound | plain ms | metered ms | ratio |\n|---|---:|---:|---:|");
  const ratios = [];
  const kernels = { fibonacci: 26, sieve: 2, sort: 1, hash: 5, matrix: 5 };
  for (const [name, rounds] of Object.entries(kernels)) {
    let [best, bestMetered] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let i = 0; i < ROUNDS; i++) {
      best = Math.min(
        best,
        milliseconds(() => plain[name](rounds)),
      );
      begin();
      bestMetered = Math.min(
        bestMetered,
        milliseconds(() => metered[CONTRACT_PREFIX + name](rounds)),
      );
    }
    begin();
    if (plain[name](1) !== metered[CONTRACT_PREFIX + name](1)) throw new Error(`${name}: the two forms differ`);
    ratios.push(bestMetered / best);
    console.log(`| ${name} | ${best.toFixed(1)} | ${bestMetered.toFixed(1)} | ${(bestMetered / best).toFixed(2)} |`);
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`| geometric mean | | | ${mean.toFixed(2)} |\n`);
}

const [ALICE, BOB, CONTRACT] = [1, 2, 3].map((n) => encodeBech32("secret", new Uint8Array(20).fill(n)));
const ENV = json({
  block: { height: 12, time: "1580310600000000001", chain_id: "secretdev-1", random: `${"A".repeat(43)}=` },
  transaction: null,
  contract: { address: CONTRACT, code_hash: "a".repeat(64) },
});
const INFO = json({ sender: ALICE, funds: [] });

/** A contract with a store in memory; `call` runs an entry point and gives the outcome, which must be a return. */
function open(engine, code) {
  const module = engine.open(crypto.sha256(code), () => code, { forInstantiate: true });
  const store = new Map();
  const imports = {
    read: (key) => store.get(bytesToHex(key)),
    write: (key, value) => void store.set(bytesToHex(key), value),
    remove: (key) => void store.delete(bytesToHex(key)),
    query: () => json({}),
    debugPrint: undefined,
  };
  return (entry, msg) => {
    const call = { entry, env: ENV, info: INFO, msg, gasLimit: GAS_LIMIT, readOnly: entry === "query", imports };
    const { result, remaining } = engine.run(module, call);
    if (result.kind !== "returned") throw result.error;
    return GAS_LIMIT - remaining;
  };
}

/** Microseconds a call, best of several rounds. */
function microseconds(run, calls) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    best = Math.min(
      best,
      milliseconds(() => {
        for (let n = 0; n < calls; n++) run();
      }),
    );
  }
  return (best * 1000) / calls;
}

/** The module of contracts §4.9 b: its instantiate is one constant. */
const EMPTY = hexToBytes(
  "0061736d0100000001190560017f017f60027f7f0060017f0060000060037f7f7f017f021e0203656e760764625f72656164000003656e760864625f" +
    "77726974650001030605000203040405030100010607017f014180200b075006066d656d6f7279020008616c6c6f6361746500020a6465616c6c6f63" +
    "617465000313696e746572666163655f76657273696f6e5f3800040b696e7374616e74696174650005076578656375746500060a45052301017f2300" +
    "22012001410c6a36020020012000360204200120006a410c6a240020010b02000b02000b05004198080b130041800810001a418008418c0810014198" +
    "080b0b940106004180080b0c4c040000030000000300000000418c080b0c560400000a0000000a000000004198080b0cb00400003e0000003e000000" +
    "0041cc080b03636e740041d6080b0a303132333435363738390041b0090b3e7b224f6b223a7b226d65737361676573223a5b5d2c2261747472696275" +
    "746573223a5b5d2c226576656e7473223a5b5d2c2264617461223a6e756c6c7d7d",
);

function benchCalls(engine) {
  const empty = open(engine, EMPTY);
  const probe = open(engine, read("../contracts/wasm/probe.wasm"));
  const token = open(engine, read("../contracts/wasm/private_token.wasm"));
  probe("instantiate", json({ noop: {} }));
  token(
    "instantiate",
    json({
      name: "Token",
      symbol: "TOK",
      decimals: 6,
      admin: ALICE,
      prng_seed: "AAAA",
      config: {},
      initial_balances: [{ address: ALICE, amount: "1000000" }],
    }),
  );
  token("execute", json({ set_viewing_key: { key: "key" } }));
  const rows = [
    ["empty call, module of 1 page", empty, "instantiate", {}, 50],
    ["empty call, probe (Rust)", probe, "execute", { noop: {} }, 30],
    ["100 writes of 32 bytes, probe", probe, "execute", { set_many: { prefix: "cA==", count: 100, size: 32 } }, 20],
    ["100 reads, probe", probe, "execute", { get_many: { prefix: "cA==", count: 100 } }, 20],
    ["a million turns of a loop, probe", probe, "execute", { compute: { iterations: 1_000_000 } }, 1],
    ["transfer, private token", token, "execute", { transfer: { recipient: BOB, amount: "1" } }, 30],
    ["balance by viewing key, private token", token, "query", { balance: { address: ALICE, key: "key" } }, 30],
  ];
  console.log("| call | W | µs | calls a second |\n|---|---:|---:|---:|");
  for (const [label, run, entry, message, calls] of rows) {
    const bytes = json(message);
    const used = run(entry, bytes);
    const time = microseconds(() => run(entry, bytes), calls);
    console.log(`| ${label} | ${used} | ${time.toFixed(1)} | ${Math.round(1e6 / time)} |`);
  }
  return token;
}

function benchMemory(token) {
  const message = json({ transfer: { recipient: BOB, amount: "1" } });
  const megabytes = () => (process.memoryUsage.rss() / 2 ** 20).toFixed(0);
  const before = megabytes();
  for (let i = 0; i < 10_000; i++) token("execute", message);
  console.log(`\nResident memory of the process: ${before} MB, after 10,000 more calls ${megabytes()} MB.`);
}

benchMetering();
benchMemory(benchCalls(makeEngine({ crypto, wasm: WebAssembly })));
