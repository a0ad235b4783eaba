/**
 * A second node: blocks a second while it catches up, and encrypted queries a second with one node and with two.
 *
 *     node bench/follower.bench.mjs [--blocks 2000] [--queries 2000]
 *
 * The chain is made without waiting, on a network whose members attest; the second node joins it. All nodes share one machine, so two
 * of them can at best use its cores together: the ratio says whether the one holds up the other.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { SecretNetworkClient, Wallet } from "secretjs";

const { values } = parseArgs({
  options: { blocks: { type: "string", default: "2000" }, queries: { type: "string", default: "2000" } },
});
const BLOCKS = Number(values.blocks);
const QUERIES = Number(values.queries);
const AT_ONCE = 8;
const CHAIN_ID = "private-1-sim";
const BIN = fileURLToPath(new URL("../apps/cli/bin/sotto.js", import.meta.url));
const WASM = readFileSync(new URL("../contracts/wasm/probe.wasm", import.meta.url));
const FAST = { gasLimit: 5_000_000, broadcastCheckIntervalMs: 20 };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when the banner is there. */
function run(...args) {
  const ports = ["--rest", "127.0.0.1:0", "--rpc", "127.0.0.1:0"];
  const child = spawn(process.execPath, [BIN, ...args, ...ports], { stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        text += chunk;
        const rest = /REST\s+(\S+)/.exec(text)?.[1];
        const rpc = /RPC\s+(\S+)/.exec(text)?.[1];
        if (rest !== undefined && /Accounts|signs nothing/.test(text)) resolve({ child, rest, rpc });
      });
    child.once("exit", () => reject(new Error(text)));
  });
}

function stop({ child }) {
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
}

async function heightOf({ rpc }) {
  const { result } = await (await fetch(`${rpc}/status`)).json();
  return Number(result.sync_info.latest_block_height);
}

function connect({ rest }) {
  const wallet = new Wallet(DEVELOPMENT_ACCOUNTS.find(({ name }) => name === "a").mnemonic);
  return new SecretNetworkClient({ url: rest, chainId: CHAIN_ID, wallet, walletAddress: wallet.address });
}

async function deploy(client) {
  const { address: sender } = client;
  const stored = await client.tx.compute.storeCode({ sender, wasm_byte_code: WASM, source: "", builder: "" }, FAST);
  const code_id = stored.arrayLog.find(({ key }) => key === "code_id").value;
  const { code_hash } = await client.query.compute.codeHashByCodeId({ code_id });
  const init = { sender, code_id, code_hash, init_msg: { noop: {} }, label: "probe" };
  const made = await client.tx.compute.instantiateContract(init, FAST);
  return { contract_address: made.arrayLog.find(({ key }) => key === "contract_address").value, code_hash };
}

/** Queries a second, spread evenly over the clients. */
async function measure(clients, contract) {
  const query = (client) => client.query.compute.queryContract({ ...contract, query: { get: { key: "a2V5" } } });
  for (const client of clients) {
    for (let tries = 0; ; tries++) {
      try {
        await query(client);
        break;
      } catch (error) {
        // An enclave that has just started waits for its boot transaction.
        if (tries > 200) throw error;
        await pause(50);
      }
    }
  }
  let left = QUERIES;
  const began = performance.now();
  const workers = clients.flatMap((client) =>
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await query(client);
    }),
  );
  await Promise.all(workers);
  return QUERIES / ((performance.now() - began) / 1_000);
}

const folder = mkdtempSync(join(tmpdir(), "sotto-bench-"));
try {
  const home = join(folder, "first");
  const eager = await run("start", "--home", home, "--chain-id", CHAIN_ID, "--block-interval", "1");
  const contract = await deploy(connect(eager));
  while ((await heightOf(eager)) < BLOCKS) await pause(100);
  await stop(eager);

  const first = await run("start", "--home", home);
  const target = await heightOf(first);
  const join2 = [
    "join",
    "--home",
    join(folder, "second"),
    "--peer",
    first.rpc,
    "--genesis",
    join(home, "genesis.json"),
  ];
  const second = await run(...join2, "--from", "b");
  const began = performance.now();
  while ((await heightOf(second)) < target) await pause(20);
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `caught up: ${target} blocks in ${seconds.toFixed(1)} s, ${Math.round(target / seconds)} blocks a second`,
  );

  const one = await measure([connect(first)], contract);
  const two = await measure([connect(first), connect(second)], contract);
  console.log(
    `encrypted queries a second: one node ${Math.round(one)}, two nodes ${Math.round(two)}, ratio ${(two / one).toFixed(2)}`,
  );
  await stop(second);
  await stop(first);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
