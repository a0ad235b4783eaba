/**
 * `sotto demo`: a private token's story on a running network, told step by step, with who sees what side by side.
 *
 * The client is the published `secretjs`, unmodified, over HTTP.
 * @module
 */
import { readFileSync } from "node:fs";
import { base64ToBytes, bytesToHex } from "@sotto/common/bytes";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { DEVELOPMENT_CHAIN_ID } from "@sotto/host/node/genesis";
import { homePaths } from "@sotto/host/node/home";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";
import { readContractRows } from "@sotto/host/node/peek";
import type { SecretNetworkClient as Client, TxResponse } from "secretjs";

type Secretjs = typeof import("secretjs");
type Account = { readonly name: string; readonly client: Client };
type Token = { readonly address: string; readonly codeHash: string };

/** The client's own default suits a block every six seconds. */
const POLLING = { broadcastCheckIntervalMs: 100 } as const;

const say = (text = ""): void => void process.stdout.write(`${text}\n`);
const step = (title: string): void => say(`\n── ${title} ${"─".repeat(Math.max(0, 74 - title.length))}`);

function sideBySide(rows: readonly (readonly [who: string, sees: string])[]): void {
  const width = Math.max(...rows.map(([who]) => who.length));
  for (const [who, sees] of rows) {
    const lines = sees.match(/.{1,90}/g) ?? [""];
    for (const [index, line] of lines.entries()) say(`   ${(index === 0 ? who : "").padEnd(width)} │ ${line}`);
  }
}

function succeeded(tx: TxResponse, what: string): TxResponse {
  if (tx.code !== 0) throw new NodeError(NodeErrorCode.BadConfiguration, `${what} failed: ${tx.rawLog}`);
  say(`   height ${tx.height}, gas ${tx.gasUsed}, ${tx.transactionHash.slice(0, 16)}…`);
  return tx;
}

async function connect(secretjs: Secretjs, url: string, name: string): Promise<Account> {
  const { mnemonic } = DEVELOPMENT_ACCOUNTS.find(
    (account) => account.name === name,
  ) as (typeof DEVELOPMENT_ACCOUNTS)[number];
  const wallet = new secretjs.Wallet(mnemonic);
  const client = new secretjs.SecretNetworkClient({
    url,
    chainId: DEVELOPMENT_CHAIN_ID,
    wallet,
    walletAddress: wallet.address,
  });
  return { name, client };
}

async function deploy({ client }: Account, holders: readonly Account[]): Promise<Token> {
  step("1. Alice stores the private token's code");
  const wasm = readFileSync(new URL("../../../contracts/wasm/private_token.wasm", import.meta.url));
  const store = await client.tx.compute.storeCode(
    { sender: client.address, wasm_byte_code: wasm, source: "", builder: "" },
    { gasLimit: 5_000_000, ...POLLING },
  );
  succeeded(store, "storing the code");
  const codeId = store.arrayLog?.find(({ type, key }) => type === "message" && key === "code_id")?.value as string;
  const { code_hash: codeHash } = await client.query.compute.codeHashByCodeId({ code_id: codeId });

  step("2. She instantiates it with 1,000,000 units for herself");
  const init = {
    name: "Demo Secret Token",
    symbol: "DEMO",
    decimals: 6,
    admin: client.address,
    initial_balances: [{ address: holders[0]?.client.address, amount: "1000000" }],
    prng_seed: Buffer.from("a seed of the demo, public on purpose").toString("base64"),
    config: { public_total_supply: true, enable_deposit: true, enable_redeem: true },
  };
  const label = `demo token ${Date.now()}`;
  const tx = await client.tx.compute.instantiateContract(
    { sender: client.address, code_id: codeId, code_hash: codeHash as string, init_msg: init, label },
    { gasLimit: 500_000, ...POLLING },
  );
  succeeded(tx, "instantiating");
  const address = tx.arrayLog?.find(({ type, key }) => type === "message" && key === "contract_address")
    ?.value as string;
  say(`   contract ${address}`);
  return { address, codeHash: codeHash as string };
}

async function execute({ client }: Account, token: Token, msg: object): Promise<TxResponse> {
  return client.tx.compute.executeContract(
    { sender: client.address, contract_address: token.address, code_hash: token.codeHash, msg, sent_funds: [] },
    { gasLimit: 200_000, ...POLLING },
  );
}

async function query({ client }: Account, token: Token, message: object): Promise<unknown> {
  return client.query.compute.queryContract({
    contract_address: token.address,
    code_hash: token.codeHash,
    query: message,
  });
}

async function transfer(from: Account, to: Account, token: Token, flags: { url: string; home: string }): Promise<void> {
  step("3. Alice transfers 250,000 to Bob: who sees what");
  const msg = { transfer: { recipient: to.client.address, amount: "250000", memo: "rent" } };
  const tx = succeeded(await execute(from, token, msg), "the transfer");
  const response = await fetch(`${flags.url}/cosmos/tx/v1beta1/txs/${tx.transactionHash}`);
  const raw = (await response.json()) as {
    tx: { body: { messages: { msg: string }[] } };
    tx_response: { data: string };
  };
  const message = base64ToBytes(raw.tx.body.messages[0]?.msg ?? "");
  const rows = readContractRows(homePaths(flags.home).state, token.address).slice(0, 2);
  say();
  sideBySide([
    ["Alice sends", JSON.stringify(msg)],
    [
      "Alice receives",
      Buffer.from(tx.data[0] ?? new Uint8Array(0))
        .toString("latin1")
        .replace(/[^ -~]/g, "")
        .trim(),
    ],
    ["the chain carries", bytesToHex(message)],
    ["…and answers", raw.tx_response.data],
    ...rows.flatMap(([key, value]): [string, string][] => [
      ["the database holds", `key   ${bytesToHex(key)}`],
      ["", `value ${bytesToHex(value)}`],
    ]),
    ["an observer knows", `${from.client.address} called ${token.address}, the length of the message, the gas used`],
  ]);
}

async function readBalances(alice: Account, bob: Account, token: Token): Promise<void> {
  step("4. Both set viewing keys and read their balances");
  for (const account of [alice, bob])
    succeeded(await execute(account, token, { set_viewing_key: { key: `key of ${account.name}` } }), "setting a key");
  const balance = (account: Account, key: string): Promise<unknown> =>
    query(account, token, { balance: { address: account.client.address, key } });
  say(`   Alice, her key : ${JSON.stringify(await balance(alice, "key of a"))}`);
  say(`   Bob, his key   : ${JSON.stringify(await balance(bob, "key of b"))}`);

  step("5. A wrong viewing key is refused");
  say(`   Bob, "guess"   : ${JSON.stringify(await balance(bob, "guess"))}`);

  step("6. Bob reads with a signed permit instead, without any transaction");
  const { client } = bob;
  const permit = await client.utils.accessControl.permit.sign(
    client.address,
    DEVELOPMENT_CHAIN_ID,
    "demo",
    [token.address],
    ["balance"],
    false,
  );
  say(`   ${JSON.stringify(await query(bob, token, { with_permit: { permit, query: { balance: {} } } }))}`);
  const other = { ...permit, params: { ...permit.params, permit_name: "forged" } };
  say(
    `   changed permit : ${JSON.stringify(await query(bob, token, { with_permit: { permit: other, query: { balance: {} } } }))}`,
  );
}

async function overspend(bob: Account, alice: Account, token: Token, url: string): Promise<void> {
  step("7. Bob tries to spend more than he has; only he reads why it failed");
  const tx = await execute(bob, token, { transfer: { recipient: alice.client.address, amount: "999999999" } });
  const response = await fetch(`${url}/cosmos/tx/v1beta1/txs/${tx.transactionHash}`);
  const { tx_response: stored } = (await response.json()) as { tx_response: { code: number; raw_log: string } };
  sideBySide([
    ["Bob sees", `code ${tx.code}: ${tx.rawLog}`],
    ["others see", `code ${stored.code}: ${stored.raw_log}`],
  ]);
}

/** Plays the story. @throws {NodeError} if the network is not there */
export async function demo(flags: { readonly home: string; readonly url: string }): Promise<void> {
  const url = flags.url.replace(/\/+$/, "");
  try {
    await fetch(`${url}/cosmos/base/tendermint/v1beta1/blocks/latest`);
  } catch (cause) {
    throw new NodeError(
      NodeErrorCode.BadConfiguration,
      `no network answers at ${url}; start one with \`sotto start\` in another terminal, or name it with --url`,
      { cause },
    );
  }
  const secretjs = await import("secretjs");
  say(`A private token on ${url}, told by an unmodified secretjs client. Alice is account a, Bob is account b.`);
  const [alice, bob] = [await connect(secretjs, url, "a"), await connect(secretjs, url, "b")];
  const token = await deploy(alice, [alice]);
  await transfer(alice, bob, token, { url, home: flags.home });
  await readBalances(alice, bob, token);
  await overspend(bob, alice, token, url);
  say("\nThat is the whole story. The node saw ciphertext; the enclave saw the rest.");
}
