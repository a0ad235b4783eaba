/**
 * Messages, queries and uploads through makeEnclave, host in memory: what the enclave adds to the bare run of the engine.
 *
 *     npm run build && node bench/enclave.bench.mjs [--rounds 20] [--calls 100]
 *
 * Prints the tables of bench/README.md, section "enclave". All rows take turns in short rounds, so that what else the machine does
 * falls on all of them alike. A message or query is timed inside the enclave: from the bytes of its ecall to the bytes of the
 * answer, without what the host takes to answer ocalls. A transaction has two messages, and only the first checks the signature:
 * the second is the message, the difference is the signature.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";
import { packAny } from "../common/dist/wire/any.js";
import { ComputeParams, MsgStoreCode } from "../common/dist/wire/compute.js";
import { enlargeModule } from "./bigModule.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "20" }, calls: { type: "string", default: "100" } },
});
const ROUNDS = Number(values.rounds);
const CALLS = Number(values.calls);
/** Of ROUNDS: until then V8 compiles. */
const WARM_UP = Math.ceil(ROUNDS / 4);
const UPLOAD_BYTES = 2_000_000;
const GAS = 6_000_000n;
const at = (path) => new URL(path, import.meta.url);

/** The test harness as it is, on the compiled enclave. */
const onCompiled = {
  name: "compiled-enclave",
  enforce: "pre",
  resolveId: (id) => {
    if (id === "../src/main.ts") return { id: at("../enclave/dist/main.js").href, external: true };
    return id.startsWith("@sotto/") ? { id: import.meta.resolve(id), external: true } : undefined;
  },
};
const options = { configFile: false, logLevel: "error", plugins: [onCompiled] };
const { module: harness } = await runnerImport(fileURLToPath(at("../enclave/test/harness.ts")), options);
const { TestChain, Wallet } = harness;
const read = (name) => new Uint8Array(readFileSync(at(`../contracts/wasm/${name}.wasm`)));

/** Milliseconds of the last ecall, and of the ocalls in it. */
let [ecallTime, ocallTime] = [0, 0];

/** A new enclave process for the chain's network, with a clock at its door. */
function restart(chain) {
  const { ocall } = chain.powers;
  chain.restart({
    ocall: (request) => {
      const start = performance.now();
      const answer = ocall(request);
      ocallTime += performance.now() - start;
      return answer;
    },
  });
  const { ecall } = chain.enclave;
  const timed = (request) => {
    ocallTime = 0;
    const start = performance.now();
    const answer = ecall(request);
    ecallTime = performance.now() - start;
    return answer;
  };
  chain.enclave = { ecall: timed };
}

const inside = () => ecallTime - ocallTime;

const chain = TestChain.start();
chain.state.store.set("0b", ComputeParams.encode({ compileCost: "0", maxContractSize: 3_000_000n }));
restart(chain);
const wallets = Array.from({ length: 10 }, (_, i) => new Wallet(i + 1));
const [alice, bob] = wallets;
const tokenSetup = {
  name: "Token",
  symbol: "TOK",
  decimals: 6,
  prng_seed: "AAAA",
  config: {},
  initial_balances: wallets.map(({ bech32 }) => ({ address: bech32, amount: "1000000" })),
};
const probe = chain.instantiate(alice, chain.storeCode(read("probe")), { noop: {} });
const token = chain.instantiate(alice, chain.storeCode(read("private_token")), tokenSetup);
chain.execute(alice, token, { set_viewing_key: { key: "key" } });
chain.execute(alice, probe, { set_many: { prefix: "cA==", count: 100, size: 32 } }, { gas: GAS });

function requireOk({ result }) {
  if (result.kind !== "ok") throw new Error(`${result.kind}: ${result.value.log}`);
}

/** A block of two-message transactions; `each` gets the times of both and of `beginBlock`, per transaction. */
function messageRound(contract, message, each) {
  const senders = Array.from({ length: CALLS }, (_, i) => wallets[i % wallets.length]);
  const signed = senders.map((wallet) => {
    const any = () => chain.executeMessage(wallet, contract, message).any;
    return wallet.sign(chain.chainId, [any(), any()], { gas: 2n * GAS });
  });
  chain.begin(chain.build(signed));
  const begin = inside() / CALLS;
  senders.forEach((wallet, i) => {
    const [first, second] = [0, 1].map((position) => {
      const outcome = chain.exec(i + 1, position, [wallet.number]);
      const time = inside();
      requireOk(outcome);
      chain.apply(outcome);
      return time;
    });
    chain.call("endTransaction", { transaction: i + 1, kept: true });
    each({ first, second, begin });
  });
  chain.end();
}

/** One message on an enclave that has just started: module, keys and state are all still to be opened. */
function coldRound(contract, message, each) {
  const { any } = chain.executeMessage(alice, contract, message);
  const block = chain.build([alice.sign(chain.chainId, [any], { gas: GAS })]);
  restart(chain);
  chain.begin(block);
  const outcome = chain.exec(1, 0, [alice.number]);
  each(inside());
  requireOk(outcome);
  chain.apply(outcome);
  chain.call("endTransaction", { transaction: 1, kept: true });
  chain.end();
}

function queryRound(contract, message, each) {
  for (let i = 0; i < CALLS; i++) {
    const query = wallets[i % wallets.length].encrypt(chain.ioKey, chain.plaintext(contract.codeHash, message)).bytes;
    requireOk(chain.call("query", { contract: contract.address, query, gasLimit: 10_000_000n, past: undefined }));
    each(inside());
  }
}

/** Check and first use of a module that this enclave has not seen. */
function uploadRound(wasm, each) {
  const upload = packAny(MsgStoreCode, { sender: alice.address, wasmByteCode: wasm, source: "", builder: "" });
  const transaction = alice.sign(chain.chainId, [upload], { gas: GAS });
  const simulated = chain.call("simulateMessage", { transaction, message: 0, gasUsed: 0n });
  const check = inside();
  requireOk(simulated);
  const { any } = chain.instantiateMessage(alice, chain.storeCode(wasm), tokenSetup);
  chain.begin(chain.build([alice.sign(chain.chainId, [any], { gas: GAS })]));
  const outcome = chain.exec(1, 0, [alice.number]);
  each({ check, instantiate: inside() });
  requireOk(outcome);
  chain.apply(outcome);
  chain.call("endTransaction", { transaction: 1, kept: true });
  chain.end();
}

const rows = [
  ["empty execute, probe", messageRound, probe, { noop: {} }],
  ["100 reads of cached state, probe", messageRound, probe, { get_many: { prefix: "cA==", count: 100 } }],
  ["transfer, private token", messageRound, token, { transfer: { recipient: bob.bech32, amount: "1" } }],
  ["balance by viewing key, private token", queryRound, token, { balance: { address: alice.bech32, key: "key" } }],
].map(([label, round, contract, message]) => ({ label, round, contract, message, times: [] }));
const cold = [];
const uploads = [];
const big = enlargeModule(read("private_token"), UPLOAD_BYTES);

for (let round = 0; round < ROUNDS; round++) {
  const warm = round >= WARM_UP;
  coldRound(probe, { noop: {} }, (time) => warm && cold.push(time));
  for (const row of rows) {
    row.round(row.contract, row.message, (time) => warm && row.times.push(time));
  }
  const uploaded = big.slice();
  uploaded[uploaded.length - 1] ^= round; // in the last custom section: another module for each round
  uploadRound(uploaded, (time) => warm && uploads.push(time));
}

/** Undisturbed by what else runs: half of the calls took no longer. */
const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
const micro = (time) => (time * 1000).toFixed(1);
const signature = median(rows[0].times.map(({ first, second }) => first - second));

console.log("| call | µs | in signature checks | of beginBlock, µs |\n|---|---:|---:|---:|");
console.log(`| signature check of a transaction | ${micro(signature)} | 1.0 | |`);
for (const { label, times } of rows) {
  const time = median(times.map((each) => each.second ?? each));
  const begin = times[0].begin === undefined ? "" : micro(median(times.map((each) => each.begin)));
  console.log(`| ${label} | ${micro(time)} | ${(time / signature).toFixed(2)} | ${begin} |`);
}
const empty = median(rows[0].times.map(({ second }) => second));
const coldTime = median(cold) - signature;
console.log(
  `\nEmpty execute on an enclave that has just started: ${micro(coldTime)} µs, ${(coldTime / empty).toFixed(0)} times as long.`,
);
const [check, instantiate] = ["check", "instantiate"].map((part) =>
  median(uploads.map((each) => each[part])).toFixed(0),
);
console.log(
  `A module of ${(big.length / 1e6).toFixed(1)} MB: ${check} ms to check, ${instantiate} ms to open, compile and instantiate.`,
);
