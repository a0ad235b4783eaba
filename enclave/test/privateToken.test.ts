/** A real contract: the private token, as its users see it. */
import { readFileSync } from "node:fs";
import { bytesToBase64, bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import { beforeAll, describe, expect, it } from "vitest";
import { type Instance, TestChain, Wallet } from "./harness.ts";

const TOKEN = new Uint8Array(readFileSync(new URL("../../contracts/wasm/private_token.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));

describe("the private token", () => {
  const alice = new Wallet(1);
  const bob = new Wallet(2);
  let chain: TestChain;
  let token: Instance;

  beforeAll(() => {
    chain = TestChain.start();
    token = chain.instantiate(alice, chain.storeCode(TOKEN), {
      name: "Secret Marker Token",
      symbol: "MARK",
      decimals: 6,
      initial_balances: [{ address: alice.bech32, amount: "1000000" }],
      prng_seed: b64("seed"),
      config: { enable_deposit: true, enable_redeem: true },
    });
    for (const [wallet, key] of [
      [alice, "key of alice"],
      [bob, "key of bob"],
    ] as const) {
      expect(chain.execute(wallet, token, { set_viewing_key: { key } }).code).toBe("ok");
    }
  });

  const balance = (wallet: Wallet, key: string) =>
    // Answers are padded with blanks.
    chain.query(wallet, token, { balance: { address: wallet.bech32, key } }).trimEnd();

  it("transfers between two users who see their balances by viewing key", () => {
    const sent = chain.execute(alice, token, { transfer: { recipient: bob.bech32, amount: "250000" } });
    expect(sent.code).toBe("ok");
    expect(balance(alice, "key of alice")).toBe('{"balance":{"amount":"750000"}}');
    expect(balance(bob, "key of bob")).toBe('{"balance":{"amount":"250000"}}');
    expect(balance(bob, "wrong key")).toContain("viewing_key_error");
  });

  it("refuses to transfer what is not there", () => {
    const refused = chain.execute(bob, token, { transfer: { recipient: alice.bech32, amount: "99999999" } });
    expect(refused.code).toBe("compute/3");
    expect(refused.error).toContain("insufficient");
  });

  it("takes deposits and pays them back", () => {
    chain.fund(bob.address, 500n);
    const deposited = chain.execute(bob, token, { deposit: {} }, { funds: [{ denom: "uscrt", amount: "500" }] });
    expect(deposited.code).toBe("ok");
    expect(chain.balance(token.address)).toBe(500n);
    const redeemed = chain.execute(bob, token, { redeem: { amount: "200", denom: "uscrt" } });
    expect([redeemed.code, redeemed.log]).toEqual(["ok", ""]);
    expect([chain.balance(token.address), chain.balance(bob.address)]).toEqual([300n, 200n]);
  });

  it("leaves no plaintext in the host's store", () => {
    const everything = [...chain.state.store].map(([key, value]) => key + bytesToHex(value)).join();
    for (const marker of ["Secret Marker Token", "key of alice", "MARK", b64("seed")]) {
      expect(everything).not.toContain(bytesToHex(utf8ToBytes(marker)));
    }
  });
});
