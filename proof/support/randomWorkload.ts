/**
 * Random transactions for contracts of both versions: storage, gas, traps, call trees with replies, queries, coins, events, tokens.
 * @module
 */
import { type Contract, toBase64, type Wallet } from "./client.ts";
import type { Random } from "./random.ts";

export type Players = {
  readonly wallets: readonly Wallet[];
  /** Contracts that understand the operations of the probe; `api` decides the form of what they send. */
  readonly probes: readonly (Contract & { readonly api: "v0.10" | "v1" })[];
  readonly token: Contract;
};

type Player = Players["probes"][number];
type Op = Readonly<Record<string, unknown>>;

const REPLY_ON = ["always", "error", "success", "never"] as const;
/** How deep calls of calls go, most often not at all. */
const DEPTHS = [0, 0, 0, 0, 1, 1, 1, 2] as const;
/** Each contract has only a few keys, so that they meet. */
const KEYS = 12;

export function randomTransaction(random: Random, players: Players): Uint8Array {
  const wallet = pick(random, players.wallets);
  const count = 1 + (random.below(6) === 0 ? 1 + random.below(2) : 0);
  const messages = Array.from({ length: count }, () => {
    if (random.below(8) === 0) return wallet.execute(players.token, tokenMessage(random, players)).any;
    const player = pick(random, players.probes);
    const funds = random.below(5) === 0 ? [{ denom: "uscrt", amount: String(1 + random.below(200)) }] : [];
    return wallet.execute(player, randomOp(random, players, player, pick(random, DEPTHS)), { funds }).any;
  });
  // Never too little for the ante chain, which would leave the sequence as it was.
  const size = messages.reduce((sum, { value }) => sum + value.length, 1_000);
  const gas = random.below(10) === 0 ? 10 * size + random.below(120_000) : 10 * size + 900_000;
  return wallet.sign(messages, BigInt(gas));
}

function tokenMessage(random: Random, { wallets }: Players): Op {
  const amount = String(random.below(2_000));
  return random.below(4) === 0
    ? { burn: { amount, memo: null } }
    : { transfer: { recipient: pick(random, wallets).address, amount, memo: `memo ${random.below(9)}` } };
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

/** One operation of the probe, with what may come of it below. */
function randomOp(random: Random, players: Players, self: Player, depth: number): Op {
  const key = toBase64(`key ${random.below(KEYS)}`);
  const prefix = toBase64(`many ${random.below(3)}`);
  const simple: (() => Op)[] = [
    () => ({ set: { key, value: toBase64(random.bytes(random.below(200))) } }),
    () => ({ get: { key } }),
    () => ({ remove: { key } }),
    () => ({ set_many: { prefix, count: random.below(15), size: random.below(60) } }),
    () => ({ get_many: { prefix, count: random.below(20) } }),
    () => ({ remove_many: { prefix, count: random.below(10) } }),
    () => ({ echo_env: {} }),
    () => ({ compute: { iterations: random.below(3_000) } }),
    () => ({ memory_grow: { pages: random.below(30) } }),
    () => ({ recurse: { depth: random.below(300) } }),
    () => ({ attribute: { key: `k${random.below(4)}`, value: "v", plaintext: random.below(2) === 0 } }),
    () => ({ set_data: { data: random.below(3) === 0 ? null : toBase64(random.bytes(random.below(40))) } }),
    () => ({ query_chain: { request: JSON.stringify(randomQuery(random, players, depth)) } }),
  ];
  const failing: (() => Op)[] = [
    () => ({ fail: { text: `no ${random.below(9)}` } }),
    () => ({ panic: { message: "no" } }),
    () => ({ divide: { dividend: 1, divisor: 0 } }),
    () => ({ unreachable: {} }),
    () => ({ recurse: { depth: 1_000_000 } }),
    () => ({ raw_output: { output: toBase64('{"Ok":7}') } }),
  ];
  const choice = random.below(20);
  if (choice === 0 && random.below(3) === 0) return pick(random, failing)();
  if (choice < 9) return pick(random, simple)();
  const ops: Op[] = Array.from({ length: 1 + random.below(4) }, () =>
    depth > 0 ? randomOp(random, players, self, depth - 1) : pick(random, simple)(),
  );
  if (depth > 0 && choice < 17) ops.push(sending(random, players, self, depth));
  return { run: { ops } };
}

function randomQuery(random: Random, players: Players, depth: number): Op {
  const target = pick(random, players.probes);
  const message = depth > 0 ? randomOp(random, players, target, 0) : { noop: {} };
  const smart = {
    contract_addr: target.address,
    callback_code_hash: target.codeHash,
    msg: toBase64(JSON.stringify(message)),
  };
  const queries: Op[] = [
    { wasm: { smart } },
    { wasm: { contract_info: { contract_addr: target.address } } },
    { bank: { balance: { address: target.address, denom: "uscrt" } } },
    { bank: { all_balances: { address: pick(random, players.wallets).address } } },
    { staking: { bonded_denom: {} } },
    { nonsense: {} },
  ];
  return random.below(2) === 0 ? (queries[0] as Op) : pick(random, queries);
}

/** One or two messages of the contract, for which its replies do something as well. */
function sending(random: Random, players: Players, self: Player, depth: number): Op {
  const messages = Array.from({ length: 1 + random.below(2) }, (_, i) => {
    const msg = random.below(4) === 0 ? coins(random, players, self) : call(random, players, self, depth);
    if (self.api === "v0.10") return msg;
    const limited = random.below(6) === 0;
    return {
      id: i + 1,
      msg,
      gas_limit: limited ? 20_000 + random.below(100_000) : null,
      reply_on: pick(random, REPLY_ON),
    };
  });
  const replies: Op[] =
    self.api === "v1" ? [{ on_reply: { id: 1, op: randomOp(random, players, self, depth - 1) } }] : [];
  return { run: { ops: [...replies, { send_raw: { messages } }] } };
}

function coins(random: Random, players: Players, self: Player): Op {
  const amount = [{ denom: "uscrt", amount: String(1 + random.below(10)) }];
  const to = { to_address: pick(random, players.wallets).address, amount };
  return { bank: { send: self.api === "v0.10" ? { from_address: self.address, ...to } : to } };
}

function call(random: Random, players: Players, self: Player, depth: number): Op {
  const target = pick(random, players.probes);
  const hash = self.api === "v0.10" ? "callback_code_hash" : "code_hash";
  const send = random.below(5) === 0 ? [{ denom: "uscrt", amount: String(1 + random.below(5)) }] : [];
  const msg = toBase64(JSON.stringify(randomOp(random, players, target, depth - 1)));
  const codeHash = random.below(25) === 0 ? "ab".repeat(32) : target.codeHash;
  return { wasm: { execute: { contract_addr: target.address, [hash]: codeHash, msg, send } } };
}
