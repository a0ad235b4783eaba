/**
 * Messages and queries through makeEnclave, host in memory: what the enclave adds to the bare run of the engine.
 *
 *     npm run build && node bench/enclave.bench.mjs [--rounds 20] [--calls 200]
 *
 * Prints the table of bench/README.md, section "enclave". Blocks are built, and messages signed, outside of the clock; a message
 * is timed with its `execMessage` and `endTransaction` and with the ocalls in between.
 */
import * as nodeCrypto from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeNativeCrypto } from "@sotto/common/crypto/nativeCrypto";
import { runnerImport } from "vite";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "20" }, calls: { type: "string", default: "200" } },
});
const ROUNDS = Number(values.rounds);
const CALLS = Number(values.calls);
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

const chain = TestChain.start();
const wallets = Array.from({ length: 10 }, (_, i) => new Wallet(i + 1));
const [alice, bob] = wallets;
const probe = chain.instantiate(alice, chain.storeCode(read("probe")), { noop: {} });
const token = chain.instantiate(alice, chain.storeCode(read("private_token")), {
  name: "Token",
  symbol: "TOK",
  decimals: 6,
  prng_seed: "AAAA",
  config: {},
  initial_balances: wallets.map(({ bech32 }) => ({ address: bech32, amount: "1000000" })),
});
chain.execute(alice, token, { set_viewing_key: { key: "key" } });

const milliseconds = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

/** Undisturbed by what else runs: half of the calls took no longer. */
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1] * 1000;

/** Microseconds a message, and its share of `beginBlock`. */
function messages(contract, message) {
  const [each, begin] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const senders = Array.from({ length: CALLS }, (_, i) => wallets[i % wallets.length]);
    const signed = senders.map((wallet) =>
      wallet.sign(chain.chainId, [chain.executeMessage(wallet, contract, message).any]),
    );
    const block = chain.build(signed);
    begin.push(milliseconds(() => chain.begin(block)) / CALLS);
    senders.forEach((wallet, i) => {
      let outcome;
      const work = () => {
        outcome = chain.exec(i + 1, 0, [wallet.number]);
        chain.call("endTransaction", { transaction: i + 1, kept: true });
      };
      each.push(milliseconds(work));
      if (outcome.result.kind !== "ok") throw new Error(outcome.result.value.log);
      chain.apply(outcome);
    });
    chain.end();
  }
  return { each: median(each), begin: median(begin) };
}

function queries(contract, message) {
  const each = Array.from({ length: ROUNDS * CALLS }, (_, i) => {
    const query = wallets[i % wallets.length].encrypt(chain.ioKey, chain.plaintext(contract.codeHash, message)).bytes;
    const request = { contract: contract.address, query, gasLimit: 10_000_000n, past: undefined };
    return milliseconds(() => chain.call("query", request));
  });
  return { each: median(each), begin: undefined };
}

/** One signature check: what every signed message needs, and the measure of the rest. */
function signatureCheck() {
  const crypto = makeNativeCrypto(nodeCrypto, WebAssembly);
  const [hash, key] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const [signature, publicKey] = [crypto.secp256k1Sign(hash, key), crypto.secp256k1PublicKey(key)];
  const each = Array.from({ length: ROUNDS * CALLS }, () =>
    milliseconds(() => crypto.secp256k1Verify(hash, signature, publicKey)),
  );
  return { each: median(each), begin: undefined };
}

const text = (value) => value?.toFixed(1) ?? "";
const check = signatureCheck();
console.log("| call | µs | in signature checks | of beginBlock, µs |\n|---|---:|---:|---:|");
for (const [label, { each, begin }] of [
  ["signature check", check],
  ["empty execute, probe", messages(probe, { noop: {} })],
  ["transfer, private token", messages(token, { transfer: { recipient: bob.bech32, amount: "1" } })],
  ["balance by viewing key, private token", queries(token, { balance: { address: alice.bech32, key: "key" } })],
]) {
  console.log(`| ${label} | ${text(each)} | ${(each / check.each).toFixed(1)} | ${text(begin)} |`);
}
