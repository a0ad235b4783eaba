/**
 * Calls of compiled contracts for the comparison of engine and slow meter: written ones for the contracts we know, and for any contract
 * those that it names itself in the error for a message that it does not have.
 */
import { readdirSync, readFileSync } from "node:fs";
import { encodeBech32 } from "@sotto/common/bech32";
import { bytesToBase64, bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import type { EntryPoint } from "../../src/engine/engine.ts";
import { Compared } from "./compareRuns.ts";
import type { Metered } from "./slowMeter/meterContract.ts";
import { crypto } from "./testContract.ts";

const FOLDER = new URL("../../../contracts/wasm/", import.meta.url);

/** Names of all compiled contracts. */
export const CONTRACTS: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".wasm"))
  .map((name) => name.slice(0, -".wasm".length));

const [ALICE, BOB, CONTRACT] = [1, 2, 3].map((n) => encodeBech32("secret", new Uint8Array(20).fill(n))) as [
  string,
  string,
  string,
];
const json = (value: unknown): Uint8Array => utf8ToBytes(JSON.stringify(value));
const base64 = (text: string): string => bytesToBase64(utf8ToBytes(text));
const BLOCK = { height: 12, time: "1580310600000000001", chain_id: "secretdev-1", random: `${"A".repeat(43)}=` };
const KEY = { address: CONTRACT, code_hash: "a".repeat(64) };
const ENV = json({ block: BLOCK, transaction: null, contract: KEY });
/** v0.10 has the sender in the environment, and the time in seconds. */
const OLD_ENV = json({
  block: { height: 12, time: 1580310600, chain_id: "secretdev-1" },
  message: { sender: ALICE, sent_funds: [] },
  contract: { address: CONTRACT },
  contract_key: "",
  contract_code_hash: "a".repeat(64),
});

const LIMIT = 10_000_000_000n;
type Call = readonly [entry: EntryPoint, message: unknown, gasLimit?: bigint];

const TOKEN_CALLS: readonly Call[] = [
  [
    "instantiate",
    {
      name: "Token",
      symbol: "TOK",
      decimals: 6,
      admin: ALICE,
      initial_balances: [{ address: ALICE, amount: "1000" }],
      prng_seed: "AAAA",
      config: { enable_burn: true, enable_mint: true },
    },
  ],
  ["execute", { set_viewing_key: { key: "key" } }],
  ["execute", { create_viewing_key: { entropy: "salt" } }],
  ["execute", { set_viewing_key: { key: "key" } }],
  ["execute", { transfer: { recipient: BOB, amount: "10" } }],
  ["execute", { transfer: { recipient: BOB, amount: "10" } }, 300_000n],
  ["execute", { transfer: { recipient: BOB, amount: "100000" } }],
  [
    "execute",
    { batch_transfer: { actions: [1, 2, 3].map((n) => ({ recipient: BOB, amount: `${n}`, memo: "memo" })) } },
  ],
  ["execute", { increase_allowance: { spender: BOB, amount: "5" } }],
  ["execute", { burn: { amount: "1" } }],
  ["execute", { mint: { recipient: BOB, amount: "1" } }],
  ["query", { balance: { address: ALICE, key: "key" } }],
  ["query", { balance: { address: ALICE, key: "wrong" } }],
  ["query", { transfer_history: { address: ALICE, key: "key", page_size: 10 } }],
  ["query", { token_info: {} }],
];

const SECRET = new Uint8Array(32).fill(7);
const HASH = crypto.sha256(utf8ToBytes("message"));
const b64 = bytesToBase64;
const SIGNATURE = b64(crypto.secp256k1Sign(HASH, SECRET) as Uint8Array);
const ED_SIGNATURE = b64(crypto.ed25519Sign(utf8ToBytes("message"), SECRET));
const ED_KEY = b64(crypto.ed25519PublicKey(SECRET));

const PROBE_OPERATIONS: readonly (readonly [operation: unknown, gasLimit?: bigint])[] = [
  [{ noop: {} }],
  [{ echo_env: {} }],
  [{ large_outcome: { length: 20_000 } }],
  [{ set: { key: base64("key"), value: base64("value") } }],
  [{ get: { key: base64("key") } }],
  [{ get: { key: base64("nothing") } }],
  [{ remove: { key: base64("key") } }],
  [{ set_many: { prefix: base64("many"), count: 20, size: 50 } }],
  [{ get_many: { prefix: base64("many"), count: 25 } }],
  [{ remove_many: { prefix: base64("many"), count: 5 } }],
  [{ set_long_key: { length: 3000, value: base64("x") } }],
  [{ addr_validate: { address: ALICE } }],
  [{ addr_validate: { address: ALICE.toUpperCase() } }],
  [{ addr_canonicalize: { address: ALICE } }],
  [{ addr_canonicalize: { address: "secret1" } }],
  [{ addr_humanize: { canonical: b64(new Uint8Array(20).fill(5)) } }],
  [
    {
      secp256k1_verify: {
        hash: b64(HASH),
        signature: SIGNATURE,
        public_key: b64(crypto.secp256k1PublicKey(SECRET) as Uint8Array),
      },
    },
  ],
  [{ secp256k1_recover_pubkey: { hash: b64(HASH), signature: SIGNATURE, recovery_param: 0 } }],
  [{ secp256k1_sign: { message: base64("message"), private_key: b64(SECRET) } }],
  [{ ed25519_verify: { message: base64("message"), signature: ED_SIGNATURE, public_key: ED_KEY } }],
  [
    {
      ed25519_batch_verify: {
        messages: [base64("message")],
        signatures: [ED_SIGNATURE, ED_SIGNATURE],
        public_keys: [ED_KEY, ED_KEY],
      },
    },
  ],
  [{ ed25519_sign: { message: base64("message"), private_key: b64(SECRET) } }],
  [{ dcap_quote_verify: { quote: base64("quote"), collateral: base64("collateral") } }],
  [{ debug: { text: "hello" } }],
  [{ query_chain: { request: '{"bank":{}}' } }],
  [{ check_gas: {} }],
  [{ gas_evaporate: { amount: 9 } }],
  [{ gas_evaporate: { amount: 2 ** 31 } }],
  [{ panic: { message: "no" } }],
  [{ fail: { text: "no" } }],
  [{ unreachable: {} }],
  [{ divide: { dividend: 1, divisor: 0 } }],
  [{ divide: { dividend: -2147483648, divisor: -1 } }],
  [{ remainder: { dividend: -2147483648, divisor: -1 } }],
  [{ call_indirect: { index: 1_000_000 } }],
  [{ call_indirect: { index: 0 } }],
  [{ call_wrong_signature: {} }],
  [{ endless_loop: {} }, 400_000n],
  [{ recurse: { depth: 4294967295 } }],
  [{ recurse: { depth: 20 } }],
  [{ recurse_in_memory: { depth: 30 } }],
  [{ memory_grow: { pages: 3 } }],
  [{ memory_grow: { pages: 100 } }],
  [{ memory_grow_until_refused: {} }],
  [{ memory_size: {} }],
  [{ allocate: { length: 3_000_000 } }],
  [{ read_memory: { address: 4294967295 } }],
  [{ read_memory: { address: 1_200_000 } }],
  [{ write_memory: { address: 12_582_911, value: 1 } }],
  [{ compute: { iterations: 500 } }],
  [{ raw_pointer: { pointer: 0 } }],
  [{ raw_output: { output: base64("not json") } }],
  [{ run: { ops: [{ check_gas: {} }, { memory_grow: { pages: 2 } }, { attribute: { key: "a", value: "b" } }] } }],
];

const PROBE_CALLS: readonly Call[] = [
  ["instantiate", { noop: {} }],
  ...PROBE_OPERATIONS.map(([operation, gas = LIMIT]): Call => ["execute", operation, gas]),
  ["query", { get: { key: base64("key") } }],
  ["query", { set: { key: base64("key"), value: base64("no") } }],
  ["migrate", { memory_size: {} }],
];

const NFT_CALLS: readonly Call[] = [
  ["instantiate", { name: "Cards", symbol: "CRD", entropy: "e" }],
  ["execute", { mint_nft: { token_id: "1", private_metadata: { token_uri: "uri" } } }],
  ["execute", { batch_mint_nft: { mints: [{ token_id: "2" }, { owner: BOB }] } }],
  ["execute", { mint_nft: { token_id: "1" } }],
  ["execute", { approve: { spender: BOB, token_id: "2" } }],
  ["execute", { transfer_nft: { recipient: BOB, token_id: "1" } }],
  ["execute", { transfer_nft: { recipient: BOB, token_id: "1" } }],
  ["execute", { burn_nft: { token_id: "2" } }, 200_000n],
  ["execute", { set_viewing_key: { key: "key" } }],
  ["query", { num_tokens: {} }],
  ["query", { owner_of: { token_id: "1" } }],
  ["query", { tokens: { owner: ALICE, viewing_key: "key" } }],
];

const CARD = {
  token_info: {
    token_id: "cat",
    name: "Cat",
    symbol: "CAT",
    token_config: {
      fungible: { minters: [ALICE], decimals: 0, public_total_supply: true, enable_mint: true, enable_burn: true },
    },
  },
  balances: [{ address: ALICE, amount: "100" }],
};
const MULTI_CALLS: readonly Call[] = [
  ["instantiate", { has_admin: true, curators: [ALICE], initial_tokens: [CARD], entropy: "e" }],
  ["execute", { curate_token_ids: { initial_tokens: [CARD] } }],
  ["execute", { mint_tokens: { mint_tokens: [{ token_id: "cat", balances: [{ address: BOB, amount: "7" }] }] } }],
  ["execute", { transfer: { token_id: "cat", from: ALICE, recipient: BOB, amount: "5" } }],
  ["execute", { transfer: { token_id: "cat", from: ALICE, recipient: BOB, amount: "500" } }],
  ["execute", { give_permission: { allowed_address: BOB, token_id: "cat", transfer: "9" } }],
  ["execute", { burn_tokens: { burn_tokens: [{ token_id: "cat", balances: [{ address: ALICE, amount: "1" }] }] } }],
  ["execute", { set_viewing_key: { key: "key" } }],
  ["query", { balance: { owner: ALICE, viewer: ALICE, key: "key", token_id: "cat" } }],
  ["query", { token_id_public_info: { token_id: "cat" } }],
];

const KNOWN: Readonly<Record<string, readonly Call[]>> = {
  private_token: TOKEN_CALLS,
  probe: PROBE_CALLS,
  probe_v010: PROBE_CALLS.slice(0, 14),
  snip721: NFT_CALLS,
  snip1155: MULTI_CALLS,
};

/** Enough for any message without content that ends by itself. */
const VARIANT_LIMIT = 400_000n;
const ENTRIES = ["instantiate", "execute", "query", "migrate", "reply", "sudo"] as const;
const UNKNOWN_MESSAGE = { "no such message": {} };

/** Calls of one contract, one after the other on one store. */
export class ContractRuns {
  readonly results: Metered[] = [];
  private readonly compared: Compared;
  private readonly known: readonly Call[];
  private store: ReadonlyMap<string, Uint8Array> = new Map();

  constructor(name: string) {
    this.compared = new Compared(new Uint8Array(readFileSync(new URL(`${name}.wasm`, FOLDER))));
    this.known = KNOWN[name] ?? [];
  }

  /** The calls that were written for it, or what all contracts have. @throws {Error} with the first difference, as all here */
  runKnown(): void {
    for (const call of this.known) this.run(call);
    for (const entry of ENTRIES) this.run([entry, {}]);
  }

  /** Every execute message that the contract names, without content. */
  runNamed(): void {
    const unknown = this.run(["execute", UNKNOWN_MESSAGE]);
    for (const variant of variantsIn(unknown)) this.run(["execute", { [variant]: {} }, VARIANT_LIMIT]);
  }

  private run([entry, message, gasLimit = LIMIT]: Call): Metered {
    const isOld = this.compared.module.exports.has("handle");
    const info = json({ sender: ALICE, funds: [] });
    const parts = {
      entry,
      env: isOld ? OLD_ENV : ENV,
      info,
      msg: json(message),
      gasLimit,
      readOnly: entry === "query",
    };
    const { metered, chain } = this.compared.run(parts, this.store);
    if (metered.end === "returned") this.store = chain.store;
    this.results.push(metered);
    return metered;
  }
}

/** Names of messages, from an error such as "unknown variant `x`, expected one of `a`, `b`". */
function variantsIn({ output }: Metered): readonly string[] {
  const text = output === undefined ? "" : bytesToUtf8(output);
  const expected = /expected (?:one of )?(.*)/.exec(text)?.[1] ?? "";
  return [...expected.matchAll(/`(\w+)`/g)].map((match) => match[1] as string);
}
