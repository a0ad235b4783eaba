/**
 * Transactions that touch everything whose outcome could depend on a machine: gas, limits, traps, memory, crypto, order of keys.
 * @module
 */
import { type Contract, toBase64, type Wallet } from "./client.ts";

const set = (key: string, value: string) => ({ set: { key: toBase64(key), value: toBase64(value) } });

/** Messages to the probe, `round` makes them differ. */
export function probeMessages(round: number): unknown[] {
  return [
    set(`key ${round}`, `value ${round}`),
    { set_many: { prefix: toBase64(`many ${round}`), count: 30, size: 100 } },
    { get_many: { prefix: toBase64(`many ${round - 1}`), count: 30 } },
    { remove_many: { prefix: toBase64(`many ${round - 2}`), count: 15 } },
    { run: { ops: [{ echo_env: {} }, { echo_info: {} }, { check_gas: {} }] } },
    { compute: { iterations: 20_000 + round } },
    { recurse: { depth: 200 } },
    { recurse: { depth: 1_000_000 } },
    { memory_grow: { pages: 20 } },
    { memory_grow_until_refused: {} },
    { allocate: { length: 300_000 } },
    { endless_loop: {} },
    { panic: { message: `round ${round}` } },
    { fail: { text: `round ${round}` } },
    { divide: { dividend: round, divisor: 0 } },
    { unreachable: {} },
    { secp256k1_sign: { message: toBase64(`round ${round}`), private_key: toBase64(new Uint8Array(32).fill(7)) } },
    { ed25519_sign: { message: toBase64(`round ${round}`), private_key: toBase64(new Uint8Array(32).fill(9)) } },
    { large_outcome: { length: 20_000 } },
    { gas_evaporate: { amount: 5_000 } },
    { attribute: { key: "round", value: String(round), plaintext: true } },
  ];
}

/** Signed transactions for one block: the probe's messages, and a transfer of the token. */
export function workloadBlock(
  wallet: Wallet,
  probe: Contract,
  token: Contract,
  to: string,
  round: number,
): Uint8Array[] {
  const transfer = { transfer: { recipient: to, amount: String(round + 1), memo: `round ${round}` } };
  return [
    ...probeMessages(round).map((message) => wallet.sign([wallet.execute(probe, message).any], 400_000n)),
    wallet.sign([wallet.execute(token, transfer).any]),
    wallet.sign([
      wallet.execute(probe, set("two messages", "first")).any,
      wallet.execute(
        probe,
        round % 2 === 0 ? { fail: { text: "undoes both" } } : { get: { key: toBase64("two messages") } },
      ).any,
    ]),
  ];
}
