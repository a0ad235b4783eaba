/**
 * What a dApp developer has: clients of the published `secretjs` for the development accounts, and short forms of what the
 * tests do with them all the time.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { type EncryptionUtils, SecretNetworkClient, type TxOptions, type TxResponse, Wallet } from "secretjs";
import { ROOT } from "./harness.ts";

export const CHAIN_ID = "secretdev-1";
/** Polling that costs no test any time. */
export const FAST = { broadcastCheckIntervalMs: 20, broadcastTimeoutMs: 15_000 } as const;

export type Client = SecretNetworkClient;
export type Contract = { readonly address: string; readonly codeHash: string; readonly codeId: string };
type Extras = {
  readonly encryptionUtils?: EncryptionUtils;
  readonly chainId?: string;
  readonly walletAddress?: string;
};

export const readWasm = (name: string): Uint8Array => readFileSync(join(ROOT, "contracts/wasm", `${name}.wasm`));
export const uscrt = (amount: string | number): { denom: string; amount: string }[] => [
  { denom: "uscrt", amount: String(amount) },
];
export const toBase64 = (text: string | Uint8Array): string => Buffer.from(text as string).toString("base64");

/** A client of a development account: `validator`, `a`, `b`, `c` or `d`. */
export function connect(url: string, name: string, extras: Extras = {}): Client {
  const account = DEVELOPMENT_ACCOUNTS.find((each) => each.name === name);
  if (account === undefined) throw new TypeError(`there is no account ${name}`);
  return connectWallet(url, new Wallet(account.mnemonic), extras);
}

export function connectWallet(url: string, wallet: Wallet, extras: Extras = {}): Client {
  return new SecretNetworkClient({ url, chainId: CHAIN_ID, wallet, walletAddress: wallet.address, ...extras });
}

/** First value of an event attribute, by `type.key`. */
export function attribute(tx: TxResponse, type: string, key: string): string | undefined {
  return tx.arrayLog?.find((entry) => entry.type === type && entry.key === key)?.value;
}

/** The transaction, if it succeeded. @throws {Error} with its log */
export function succeeded(tx: TxResponse): TxResponse {
  if (tx.code !== 0) throw new Error(`code ${tx.code} (${tx.codespace}): ${tx.rawLog}`);
  return tx;
}

export async function storeCode(client: Client, wasm: Uint8Array): Promise<{ codeId: string; codeHash: string }> {
  const tx = succeeded(
    await client.tx.compute.storeCode(
      { sender: client.address, wasm_byte_code: wasm, source: "", builder: "" },
      { gasLimit: 5_000_000, ...FAST },
    ),
  );
  const codeId = attribute(tx, "message", "code_id") ?? "";
  const { code_hash: codeHash } = await client.query.compute.codeHashByCodeId({ code_id: codeId });
  return { codeId, codeHash: codeHash ?? "" };
}

export type InstantiateOptions = { readonly label: string; readonly funds?: string; readonly gasLimit?: number };

export async function instantiate(
  client: Client,
  code: { readonly codeId: string; readonly codeHash: string },
  msg: object,
  { label, funds, gasLimit = 500_000 }: InstantiateOptions,
): Promise<TxResponse> {
  return client.tx.compute.instantiateContract(
    {
      sender: client.address,
      code_id: code.codeId,
      code_hash: code.codeHash,
      init_msg: msg,
      label,
      init_funds: funds === undefined ? [] : uscrt(funds),
    },
    { gasLimit, ...FAST },
  );
}

/** Stores and instantiates. */
export async function deploy(
  client: Client,
  wasm: string,
  msg: object,
  options: InstantiateOptions,
): Promise<Contract> {
  const code = await storeCode(client, readWasm(wasm));
  const tx = succeeded(await instantiate(client, code, msg, options));
  return { ...code, address: attribute(tx, "message", "contract_address") ?? "" };
}

export const deployProbe = (client: Client, label = "probe"): Promise<Contract> =>
  deploy(client, "probe", { noop: {} }, { label });

export type TokenOptions = {
  readonly label: string;
  readonly balances: readonly { readonly address: string; readonly amount: string }[];
};

export function deployToken(client: Client, { label, balances }: TokenOptions): Promise<Contract> {
  return deploy(client, "private_token", tokenInit(client.address, balances), { label });
}

export function tokenInit(admin: string, balances: TokenOptions["balances"]): object {
  return {
    name: "A Secret Token",
    symbol: "TOKEN",
    decimals: 6,
    admin,
    initial_balances: balances,
    prng_seed: toBase64("a seed of a test, public on purpose"),
    config: {
      public_total_supply: true,
      enable_deposit: true,
      enable_redeem: true,
      enable_mint: true,
      enable_burn: true,
    },
  };
}

export type ExecuteOptions = TxOptions & { readonly funds?: string };

export async function execute(
  client: Client,
  contract: Pick<Contract, "address" | "codeHash">,
  msg: object,
  { funds, ...options }: ExecuteOptions = {},
): Promise<TxResponse> {
  return client.tx.compute.executeContract(
    {
      sender: client.address,
      contract_address: contract.address,
      code_hash: contract.codeHash,
      msg,
      sent_funds: funds === undefined ? [] : uscrt(funds),
    },
    { gasLimit: 300_000, ...FAST, ...options },
  );
}

export function query<T = unknown>(
  client: Client,
  contract: { readonly address: string; readonly codeHash?: string },
  message: object,
  headers: [string, string][] = [],
): Promise<T> {
  return client.query.compute.queryContract(
    {
      contract_address: contract.address,
      ...(contract.codeHash === undefined ? {} : { code_hash: contract.codeHash }),
      query: message,
    },
    headers,
  );
}

export async function balanceOf(client: Client, address: string, height?: number): Promise<bigint> {
  const { balance } = await client.query.bank.balance(
    { address, denom: "uscrt" },
    height === undefined ? [] : [["x-cosmos-block-height", String(height)]],
  );
  return BigInt(balance?.amount ?? "0");
}

/** The fee that `secretjs` takes for a gas limit at its default price. */
export const feeOf = (gasLimit: number): bigint => BigInt(Math.ceil(gasLimit * 0.1));

/** JSON that a contract put into the response of message `index`. */
export function dataOf<T = unknown>(tx: TxResponse, decode: (bytes: Uint8Array) => { data: Uint8Array }, index = 0): T {
  return JSON.parse(
    Buffer.from(decode(tx.data[index] as Uint8Array).data)
      .toString()
      .trim(),
  ) as T;
}

export type Answer = { readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers };

/** A request without a client in between; every answer of the node has to be JSON. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) as Record<string, unknown>, headers: response.headers };
  } catch {
    throw new Error(`${url} answered ${response.status} with what is no JSON: ${JSON.stringify(text.slice(0, 500))}`);
  }
}
