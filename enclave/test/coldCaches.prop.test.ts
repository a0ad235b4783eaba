import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ExecOutcome, type Instance, TestChain, Wallet } from "./harness.ts";

/**
 * Two networks from the same seeds, given the same transactions: one enclave keeps running, the other is started anew from its
 * sealed record for each block.
 */
const wasm = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../contracts/wasm/${name}.wasm`, import.meta.url)));
const [PROBE, TOKEN] = [wasm("probe"), wasm("private_token")];

class Side {
  readonly chain = TestChain.start();
  readonly wallets = [1, 2, 3].map((number) => new Wallet(number));
  readonly probes: readonly Instance[];
  readonly token: Instance;

  constructor() {
    const { chain } = this;
    const [alice] = this.wallets as [Wallet];
    const code = chain.storeCode(PROBE);
    this.probes = [0, 1].map(() => chain.instantiate(alice, code, { noop: {} }));
    this.token = chain.instantiate(alice, chain.storeCode(TOKEN), {
      name: "Token",
      symbol: "TOK",
      decimals: 6,
      prng_seed: "AAAA",
      config: {},
      initial_balances: this.wallets.map(({ bech32 }) => ({ address: bech32, amount: "1000" })),
    });
  }

  /** One block with one transaction of these messages. */
  execute(sender: number, calls: readonly Call[], gas: bigint): readonly ExecOutcome[] {
    const { chain } = this;
    const wallet = this.wallets[sender] as Wallet;
    const messages = calls.map(({ target, message }) => {
      const contract = target === "token" ? this.token : (this.probes[target] as Instance);
      return chain.executeMessage(wallet, contract, message).any;
    });
    const [result] = chain.block([wallet, wallet.sign(chain.chainId, messages, { gas })]);
    return result?.outcomes ?? [];
  }
}

type Call = { readonly target: "token" | 0 | 1; readonly message: unknown };
type Step = { readonly sender: number; readonly calls: readonly Call[]; readonly gas: bigint };

const prefix = fc.constantFrom("cA==", "cQ==");
const probeMessage = fc.oneof(
  fc.constant({ noop: {} }),
  fc.record({ prefix, count: fc.nat(8), size: fc.nat(80) }).map((set_many) => ({ set_many })),
  fc.record({ prefix, count: fc.nat(8) }).map((get_many) => ({ get_many })),
  fc.record({ iterations: fc.nat(2_000) }).map((compute) => ({ compute })),
  fc.constant({ no_such_message: {} }),
);
/** Made once: each sequence begins where the last one ended. */
const [warm, cold] = [new Side(), new Side()];
const addresses = warm.wallets.map(({ bech32 }) => bech32);
const tokenMessage = fc.record({ recipient: fc.constantFrom(...addresses), amount: fc.nat(1_500).map(String) });
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ target: fc.constantFrom(0 as const, 1 as const), message: probeMessage }),
  tokenMessage.map((transfer) => ({ target: "token" as const, message: { transfer } })),
);
/** From what runs out of gas while it loads to what suffices for all. */
const gas = fc.constantFrom(20_000n, 30_000n, 60_000n, 3_000_000n, 3_000_000n, 3_000_000n);
const step: fc.Arbitrary<Step> = fc.record({
  sender: fc.nat(2),
  calls: fc.array(call, { minLength: 1, maxLength: 3 }),
  gas,
});

describe("contracts §1.4, §3.2, §4.3: caches of the enclave", () => {
  it("never change an outcome, its gas or the state: warm and cold agree on any sequence of calls", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), (steps) => {
        for (const { sender, calls, gas } of steps) {
          cold.chain.restart();
          const expected = warm.execute(sender, calls, gas);
          expect(cold.execute(sender, calls, gas)).toEqual(expected);
          expect(cold.chain.state).toEqual(warm.chain.state);
        }
      }),
      { numRuns: 10 },
    );
  }, 120_000);
});
