/** Simulation against delivery: the same messages on the same state give the same gas, events and lengths (ADR 0005). */
import { readFileSync } from "node:fs";
import { bytesToBase64, bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import fc from "fast-check";
import { expect, it } from "vitest";
import { migrateMessage } from "./adminMessages.ts";
import { type ExecOutcome, type Instance, TestChain, Wallet } from "./harness.ts";
import { simulate } from "./simulation.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const json64 = (value: unknown) => b64(JSON.stringify(value));

const chain = TestChain.start();
const alice = new Wallet(1);
chain.fund(alice.address, 1_000_000n);
const code = chain.storeCode(PROBE);
const contracts = ["outer", "inner"].map((label) =>
  chain.instantiate(alice, code, { noop: {} }, { label, admin: alice.bech32 }),
);
const [outer] = contracts as [Instance, Instance];
/** Its admin is a contract. */
const ward = chain.instantiate(alice, code, { noop: {} }, { label: "ward", admin: outer.bech32 });
for (const contract of contracts) chain.fund(contract.address, 1_000n);
let labels = 0;

const target = fc.constantFrom(...contracts);
const key = fc.constantFrom("a", "bb", "ccc", "a longer key").map(b64);
const value = fc.string({ maxLength: 40 }).map(b64);
const text = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" }).filter((each) => each.trim() !== "");

const hashed = (contract: Instance) => ({
  contract_addr: contract.bech32,
  code_hash: bytesToHex(contract.codeHash),
});
const smart = (contract: Instance, message: unknown) => {
  const { contract_addr, code_hash } = hashed(contract);
  const request = { wasm: { smart: { contract_addr, callback_code_hash: code_hash, msg: json64(message) } } };
  return { query_chain: { request: JSON.stringify(request) } };
};
const balance = (contract: Instance) => ({
  query_chain: { request: JSON.stringify({ bank: { balance: { address: contract.bech32, denom: "uscrt" } } }) },
});

const simple: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ key, value }).map((set) => ({ set })) },
  { weight: 3, arbitrary: key.map((k) => ({ get: { key: k } })) },
  { weight: 2, arbitrary: key.map((k) => ({ remove: { key: k } })) },
  fc.nat({ max: 12 }).map((count) => ({ set_many: { prefix: b64("p"), count, size: 9 } })),
  fc.nat({ max: 12 }).map((count) => ({ get_many: { prefix: b64("p"), count } })),
  fc.nat({ max: 30 }).map((amount) => ({ gas_evaporate: { amount } })),
  fc.constantFrom({ check_gas: {} }, { echo_env: {} }, { echo_info: {} }, { memory_grow: { pages: 2 } }),
  fc.record({ key: text, value: text, plaintext: fc.boolean() }).map((attribute) => ({ attribute })),
  fc.tuple(target, key).map(([contract, k]) => smart(contract, { get: { key: k } })),
  target.map(balance),
);
const failing = fc.constantFrom<unknown>(
  { fail: { text: "no" } },
  { unreachable: {} },
  { divide: { dividend: 1, divisor: 0 } },
  { panic: { message: "x" } },
);

const { operation } = fc.letrec<{ operation: unknown; message: unknown; wrapped: unknown }>((tie) => ({
  operation: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 8, arbitrary: simple },
    { weight: 1, arbitrary: failing },
    { weight: 4, arbitrary: fc.array(tie("operation"), { maxLength: 5 }).map((ops) => ({ run: { ops } })) },
    { weight: 4, arbitrary: fc.array(tie("wrapped"), { maxLength: 3 }).map((messages) => ({ send: { messages } })) },
    {
      weight: 2,
      arbitrary: fc.record({ id: fc.nat({ max: 3 }), op: tie("operation") }).map((on_reply) => ({ on_reply })),
    },
  ),
  wrapped: fc.record({
    id: fc.nat({ max: 3 }),
    msg: tie("message"),
    gas_limit: fc.constantFrom(null, null, 30_000, 60_000, 500_000),
    reply_on: fc.constantFrom("never", "always", "success", "error"),
  }),
  message: fc.oneof(
    fc.tuple(target, tie("operation"), fc.nat({ max: 3 })).map(([contract, op, coins]) => ({
      wasm: { execute: { ...hashed(contract), msg: json64(op), send: coins === 0 ? [] : uscrt(coins) } },
    })),
    tie("operation").map((op) => ({
      wasm: {
        instantiate: {
          admin: null,
          code_id: Number(code.codeId),
          code_hash: bytesToHex(code.codeHash),
          msg: json64(op),
          send: [],
          label: `made ${labels++ % 7}`,
        },
      },
    })),
    fc.tuple(target, fc.nat({ max: 2_000 })).map(([{ bech32: to_address }, amount]) => ({
      bank: { send: { to_address, amount: uscrt(amount + 1) } },
    })),
    tie("operation").map((op) => ({
      wasm: { migrate: { ...hashed(ward), code_id: Number(code.codeId), msg: json64(op) } },
    })),
    fc.constantFrom(...contracts).map(({ bech32: admin }) => ({
      wasm: { update_admin: { contract_addr: ward.bech32, admin } },
    })),
    fc.constant({ finalize_tx: {} }),
  ),
}));

function uscrt(amount: number) {
  return [{ denom: "uscrt", amount: amount.toString() }];
}

/** What must be equal; random, time and hash may make bytes differ, but not their number. */
function shapeOf({ result, events, gasUsed, writes }: ExecOutcome) {
  return {
    result: result.kind === "ok" ? result.value.length : result.value,
    events,
    gasUsed,
    writes: writes.map(({ key: name, value: written }) => [name, written?.length]),
  };
}

/** Half of the limit, which is the transaction's own in a block: the gas of a panic cannot be told before (contracts §4.3). */
const dependsOnLimit = ({ result }: ExecOutcome) =>
  result.kind === "outOfGas" || (result.kind === "failed" && result.value.log.includes("panicked due to unexpected"));

it("contracts §4.3, §4.4, §4.5: a simulated transaction takes the gas that delivering it takes, message by message", () => {
  const messages = fc.array(fc.record({ contract: target, op: operation, migrates: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  });
  let failures = 0;
  fc.assert(
    fc.property(messages, (asked) => {
      const anys: Any[] = asked.map(({ contract, op, migrates }) =>
        migrates
          ? migrateMessage(chain, alice, contract, { code, message: op }).any
          : chain.executeMessage(alice, contract, op).any,
      );
      const signed = alice.sign(chain.chainId, anys, { gas: 9_000_000n });
      const simulated = simulate(chain, signed);
      const [delivered] = chain.block([alice, signed]);
      failures += delivered?.kept === true ? 0 : 1;
      if (simulated.some(dependsOnLimit)) return;
      expect(simulated.map(shapeOf)).toEqual(delivered?.outcomes.map(shapeOf));
    }),
    { numRuns: 40 },
  );
  expect(failures).toBeGreaterThan(0);
}, 120_000);
