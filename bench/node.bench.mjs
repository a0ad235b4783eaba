/**
 * The whole node: private token transfers a second, encrypted queries a second, start-up. All through the front door.
 *
 *     node bench/node.bench.mjs [--transfers 1000] [--queries 2000] [--enclave inline|process]
 *
 * Transactions are signed before the clock starts; it stops when the last one is committed. Ratios are against bank sends in
 * the same run: the same path without a contract.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { MsgExecuteContract, MsgSend, SecretNetworkClient, Wallet } from "secretjs";

const { values } = parseArgs({
  options: {
    transfers: { type: "string", default: "1000" },
    queries: { type: "string", default: "2000" },
    enclave: { type: "string", default: "inline" },
  },
});
const TRANSFERS = Number(values.transfers);
const QUERIES = Number(values.queries);
/** Transfers of each account before the clock starts: V8 compiles what is hot. */
const WARM_UP = 250;
const CHAIN_ID = "secretdev-1";
const BIN = fileURLToPath(new URL("../apps/cli/bin/sotto.js", import.meta.url));
const WASM = readFileSync(new URL("../contracts/wasm/private_token.wasm", import.meta.url));
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

function start(home) {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...(process.env.SOTTO_NODE_FLAGS ?? "").split(" ").filter(Boolean),
      BIN,
      "start",
      "--home",
      home,
      "--rest",
      "127.0.0.1:0",
      "--rpc",
      "127.0.0.1:0",
      "--enclave",
      values.enclave,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const url = /REST\s+(\S+)/.exec(text)?.[1];
      if (url !== undefined && text.includes("Accounts")) resolve({ child, url, startMs: performance.now() - began });
    });
    child.once("exit", () => reject(new Error(text)));
  });
}

function stop(child) {
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
}

function call(url, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method: body === undefined ? "GET" : "POST", agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(JSON.parse(text)));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Runs `work` over all items, `width` at a time. */
async function inParallel(items, width, work) {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < items.length) await work(items[next++]);
    }),
  );
}

const clientOf = (url, { mnemonic }) => {
  const wallet = new Wallet(mnemonic);
  return new SecretNetworkClient({ url, chainId: CHAIN_ID, wallet, walletAddress: wallet.address });
};

async function sign(client, url, count, makeMessage, gasLimit) {
  const { account } = await call(url, `/cosmos/auth/v1beta1/accounts/${client.address}`);
  const signed = [];
  for (let i = 0; i < count; i++) {
    const explicitSignerData = {
      accountNumber: Number(account.account_number),
      sequence: Number(account.sequence) + i,
      chainId: CHAIN_ID,
    };
    signed.push(
      Buffer.from(await client.tx.signTx([makeMessage(client)], { gasLimit, explicitSignerData })).toString("base64"),
    );
  }
  return signed;
}

/** CPU time of a process so far, user and system, in milliseconds; not a number where there is no /proc. */
function cpuMs({ pid }) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}

/** Sends signed transactions and waits until all are committed. @returns a second */
async function throughput(url, child, signed) {
  const cpuBefore = cpuMs(child);
  const began = performance.now();
  // Each account's transactions go in order; the accounts go side by side.
  await Promise.all(
    signed.map(async (ofAccount) => {
      for (const tx of ofAccount) {
        const answer = await call(
          url,
          "/cosmos/tx/v1beta1/txs",
          JSON.stringify({ tx_bytes: tx, mode: "BROADCAST_MODE_SYNC" }),
        );
        if (answer.tx_response?.code !== 0) throw new Error(JSON.stringify(answer));
      }
    }),
  );
  const admitted = performance.now();
  for (const ofAccount of signed) {
    const bytes = Buffer.from(ofAccount.at(-1), "base64");
    const hash = (await import("node:crypto")).createHash("sha256").update(bytes).digest("hex").toUpperCase();
    for (;;) {
      const answer = await call(url, `/cosmos/tx/v1beta1/txs/${hash}`);
      if (answer.tx_response !== undefined) {
        if (answer.tx_response.code !== 0) throw new Error(answer.tx_response.raw_log);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const total = signed.flat().length;
  const end = performance.now();
  return {
    cpuMs: (cpuMs(child) - cpuBefore) / total,
    perSecond: (total * 1_000) / (end - began),
    admittedPerSecond: (total * 1_000) / (admitted - began),
  };
}

const home = mkdtempSync(join(tmpdir(), "sotto-bench-"));
const starts = [];
try {
  const { child, url, startMs } = await start(home);
  starts.push(startMs);
  const clients = DEVELOPMENT_ACCOUNTS.slice(1).map((account) => clientOf(url, account));
  const [a] = clients;
  const store = await a.tx.compute.storeCode(
    { sender: a.address, wasm_byte_code: WASM, source: "", builder: "" },
    { gasLimit: 6_000_000 },
  );
  if (store.code !== 0) throw new Error(store.rawLog);
  const { code_hash } = await a.query.compute.codeHashByCodeId({ code_id: "1" });
  const init_msg = {
    name: "Bench Token",
    symbol: "BENCH",
    decimals: 6,
    initial_balances: clients.map(({ address }) => ({ address, amount: "1000000000" })),
    prng_seed: "YmVuY2g=",
  };
  const init = await a.tx.compute.instantiateContract(
    { sender: a.address, code_id: 1, code_hash, init_msg, label: "bench" },
    { gasLimit: 1_000_000 },
  );
  if (init.code !== 0) throw new Error(init.rawLog);
  const contract_address = init.arrayLog.find(({ key }) => key === "contract_address").value;

  const bankSend = (client) =>
    new MsgSend({ from_address: client.address, to_address: a.address, amount: [{ denom: "uscrt", amount: "1" }] });
  const transfer = (client) =>
    new MsgExecuteContract({
      sender: client.address,
      contract_address,
      code_hash,
      msg: { transfer: { recipient: a.address, amount: "1" } },
      sent_funds: [],
    });
  const perAccount = Math.ceil(TRANSFERS / clients.length);
  const signAll = async (makeMessage, gasLimit) =>
    Promise.all(clients.map((client) => sign(client, url, perAccount, makeMessage, gasLimit)));

  await throughput(
    url,
    child,
    await Promise.all(clients.map((client) => sign(client, url, WARM_UP, transfer, 150_000))),
  );
  const transfers = await throughput(url, child, await signAll(transfer, 150_000));
  const sends = await throughput(url, child, await signAll(bankSend, 30_000));

  await a.tx.compute.executeContract(
    { sender: a.address, contract_address, code_hash, msg: { set_viewing_key: { key: "bench" } } },
    { gasLimit: 150_000 },
  );
  const encryption = a.encryptionUtils;
  const query = Buffer.from(
    await encryption.encrypt(code_hash, { balance: { address: a.address, key: "bench" } }),
  ).toString("base64");
  const path = `/compute/v1beta1/query/${contract_address}?query=${encodeURIComponent(query)}`;
  const run = async (queries) => {
    const began = performance.now();
    await inParallel(Array.from({ length: queries }), 16, async () => {
      const { data } = await call(url, path);
      if (data === undefined) throw new Error("query failed");
    });
    return (queries * 1_000) / (performance.now() - began);
  };
  await run(200);
  const queriesPerSecond = await run(QUERIES);
  await stop(child);
  for (let i = 0; i < 4; i++) {
    const again = await start(i === 0 ? home : mkdtempSync(join(home, "new-")));
    starts.push(again.startMs);
    await stop(again.child);
  }
  console.log(
    `private transfers       ${transfers.perSecond.toFixed(0)} a second (admission alone ${transfers.admittedPerSecond.toFixed(0)}), ${transfers.cpuMs.toFixed(2)} ms of the node's CPU each`,
  );
  console.log(
    `bank sends              ${sends.perSecond.toFixed(0)} a second; a transfer costs ${(sends.perSecond / transfers.perSecond).toFixed(2)} times as much; ${sends.cpuMs.toFixed(2)} ms of CPU each`,
  );
  console.log(`encrypted queries       ${queriesPerSecond.toFixed(0)} a second over REST`);
  console.log(
    `start to banner, ms     first ${starts[0].toFixed(0)}, same home again ${starts[1].toFixed(0)}, new homes ${starts
      .slice(2)
      .map((ms) => ms.toFixed(0))
      .join(" ")}`,
  );
} finally {
  agent.destroy();
  rmSync(home, { recursive: true, force: true });
}
