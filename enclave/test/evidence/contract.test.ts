import { readFileSync } from "node:fs";
import { bytesToBase64 } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { type Instance, TestChain, Wallet } from "../harness.ts";
import { makeCollateral, makeQuote } from "./forgery.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../../contracts/wasm/probe.wasm", import.meta.url)));
/** Of the test chain's genesis. */
const GENESIS = 1_735_689_600;

function start(chainId: string): { readonly chain: TestChain; readonly alice: Wallet; readonly probe: Instance } {
  const chain = TestChain.start({ chainId });
  const alice = new Wallet(1);
  return { chain, alice, probe: chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} }) };
}

const operation = (collateral: Uint8Array, quote = makeQuote()) => ({
  dcap_quote_verify: { quote: bytesToBase64(quote), collateral: bytesToBase64(collateral) },
});
const until = (nextUpdate: number) => makeCollateral({ issued: GENESIS - 86_400, nextUpdate });

describe("contracts §2.6: a contract that verifies quotes, through the enclave", () => {
  it("gets the quality at the time of its block, and nothing once the collateral has ended", () => {
    const { chain, alice, probe } = start("private-1-sim");
    const data = (collateral: Uint8Array, quote?: Uint8Array) =>
      JSON.parse(chain.execute(alice, probe, operation(collateral, quote)).data ?? "null") as unknown;
    expect(data(until(GENESIS + 86_400))).toBe(0);
    expect(data(until(GENESIS))).toEqual({ code: 1 });
    expect(data(new Uint8Array(0))).toEqual({ code: 10 });
    expect(data(until(GENESIS + 86_400), makeQuote().subarray(1))).toEqual({ code: 1 });
    expect(JSON.parse(chain.query(alice, probe, operation(until(GENESIS + 86_400))))).toBe(0);
  });

  it("gets nothing for simulated evidence on a chain whose id does not end in -sim", () => {
    const { chain, alice, probe } = start("secretdev-1");
    const executed = chain.execute(alice, probe, operation(until(GENESIS + 86_400)));
    expect(JSON.parse(executed.data ?? "null")).toEqual({ code: 1 });
  });
});
