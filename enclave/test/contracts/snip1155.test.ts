/** The contract of many tokens through the enclave: encrypted messages, viewing keys, a receiver that is told. */
import { base64ToBytes, bytesToHex, bytesToUtf8 } from "@sotto/common/bytes";
import { beforeAll, describe, expect, it } from "vitest";
import { type Instance, TestChain, Wallet } from "../harness.ts";
import { b64, rustWasm } from "./rustContract.ts";

let chain: TestChain;
let curator: Wallet;
let alice: Wallet;
let bob: Wallet;
let stranger: Wallet;
let tokens: Instance;
let receiver: Instance;

const does = (wallet: Wallet, message: unknown) => chain.execute(wallet, tokens, message);
const asks = (query: unknown) => {
  const answer = chain.query(stranger, tokens, query);
  return answer.startsWith("error: ") ? answer : JSON.parse(answer);
};
const key = (wallet: Wallet) => `key ${wallet.number}`;
const balance = (token_id: string, owner: Wallet, viewer = owner) =>
  asks({ balance: { owner: owner.bech32, viewer: viewer.bech32, key: key(viewer), token_id } });
const transfer = (token_id: string, from: Wallet, recipient: Wallet, amount: string) => ({
  token_id,
  from: from.bech32,
  recipient: recipient.bech32,
  amount,
});

beforeAll(() => {
  chain = TestChain.start();
  [curator, alice, bob, stranger] = [1, 2, 3, 4].map((n) => new Wallet(n)) as [Wallet, Wallet, Wallet, Wallet];
  const coin = {
    token_info: {
      token_id: "coin",
      name: "Coin",
      symbol: "C",
      token_config: {
        fungible: {
          minters: [curator.bech32],
          decimals: 6,
          public_total_supply: true,
          enable_mint: true,
          enable_burn: true,
        },
      },
    },
    balances: [{ address: alice.bech32, amount: "100" }],
  };
  const instantiate = { has_admin: true, curators: [curator.bech32], initial_tokens: [coin], entropy: "e" };
  tokens = chain.instantiate(curator, chain.storeCode(rustWasm("snip1155")), instantiate);
  receiver = chain.instantiate(curator, chain.storeCode(rustWasm("probe")), { noop: {} });
  for (const wallet of [alice, bob, stranger]) {
    expect(does(wallet, { set_viewing_key: { key: key(wallet) } }).code).toBe("ok");
  }
  const cat = {
    token_info: {
      token_id: "cat",
      name: "Cat",
      symbol: "CAT",
      token_config: { nft: { public_total_supply: true, owner_is_public: false, enable_burn: false } },
      private_metadata: { token_uri: "secret" },
    },
    balances: [{ address: alice.bech32, amount: "1" }],
  };
  expect(does(stranger, { curate_token_ids: { initial_tokens: [cat] } }).error).toContain("Only curators");
  expect(does(curator, { curate_token_ids: { initial_tokens: [cat] } }).code).toBe("ok");
});

describe("enclave §2.1, contracts §6.1: many private tokens", () => {
  it("show nothing private to strangers", () => {
    expect(balance("coin", alice, stranger)).toContain("You do not have permission to view this balance");
    const all = { all_balances: { owner: alice.bech32, key: key(stranger) } };
    expect(asks(all)).toHaveProperty("viewing_key_error");
    const { token_id_info, total_supply, owner } = asks({
      token_id_public_info: { token_id: "cat" },
    }).token_id_public_info;
    expect([token_id_info.private_metadata, total_supply, owner]).toEqual([null, "1", null]);
    const info = { address: stranger.bech32, key: key(stranger), token_id: "cat" };
    expect(asks({ token_id_private_info: info })).toContain("You do not have permission");
  });

  it("move one by one and in batches", () => {
    expect(does(alice, { transfer: transfer("coin", alice, bob, "40") }).code).toBe("ok");
    expect([balance("coin", alice), balance("coin", bob)]).toEqual([
      { balance: { amount: "60" } },
      { balance: { amount: "40" } },
    ]);
    const batch = (amount: string) => ({
      batch_transfer: { actions: [transfer("coin", alice, bob, amount), transfer("cat", alice, bob, "1")] },
    });
    expect(does(alice, batch("61")).error).toContain("Insufficient funds");
    expect(does(alice, batch("60")).code).toBe("ok");
    const all = asks({ all_balances: { owner: bob.bech32, key: key(bob) } });
    expect(all.all_balances).toEqual([
      { token_id: "coin", amount: "100" },
      { token_id: "cat", amount: "1" },
    ]);
  });

  it("are minted and burned by whom it is allowed", () => {
    const mint = { mint_tokens: [{ token_id: "coin", balances: [{ address: alice.bech32, amount: "5" }] }] };
    expect(does(alice, { mint_tokens: mint }).error).toContain("You may not mint");
    expect(does(curator, { mint_tokens: mint }).code).toBe("ok");
    const burn = { burn_tokens: [{ token_id: "coin", balances: [{ address: alice.bech32, amount: "2" }] }] };
    expect(does(bob, { burn_tokens: burn }).error).toContain("no permission");
    expect(does(alice, { burn_tokens: burn }).code).toBe("ok");
    expect(asks({ token_id_public_info: { token_id: "coin" } }).token_id_public_info.total_supply).toBe("103");
  });

  it("open to others by permission", () => {
    const give = { allowed_address: stranger.bech32, token_id: "coin", view_balance: true, transfer: "3" };
    expect(does(bob, { give_permission: give }).code).toBe("ok");
    expect(balance("coin", bob, stranger)).toEqual({ balance: { amount: "100" } });
    expect(does(stranger, { transfer: transfer("coin", bob, stranger, "4") }).error).toContain("allowance");
    expect(does(stranger, { transfer: transfer("coin", bob, stranger, "3") }).code).toBe("ok");
    const revoke = { token_id: "coin", owner: bob.bech32, allowed_address: stranger.bech32 };
    expect(does(bob, { revoke_permission: revoke }).code).toBe("ok");
    expect(balance("coin", bob, stranger)).toContain("You do not have permission");
  });

  it("are sent to a contract that is told", () => {
    const send = {
      ...transfer("cat", bob, alice, "1"),
      recipient: receiver.bech32,
      recipient_code_hash: bytesToHex(receiver.codeHash),
      msg: b64("hello"),
    };
    expect(does(bob, { send }).code).toBe("ok");
    const stored = JSON.parse(chain.query(bob, receiver, { get: { key: b64("received") } }));
    expect(JSON.parse(bytesToUtf8(base64ToBytes(stored))).snip1155_receive).toMatchObject({
      sender: bob.bech32,
      from: bob.bech32,
      token_id: "cat",
      amount: "1",
      msg: b64("hello"),
    });
  });
});
