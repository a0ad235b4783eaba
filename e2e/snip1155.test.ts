/** A contract of many tokens, by the `snip1155` parts of `secretjs`. */
import { beforeAll, describe, expect, it } from "vitest";
import { startSotto } from "./harness.ts";
import { type Client, type Contract, connect, deploy, execute, query, succeeded } from "./network.ts";

let a: Client;
let b: Client;
let c: Client;
let tokens: Contract;

const auth = (reader: Client) => ({ viewer: { address: reader.address, viewing_key: reader.address } });
const contract = () => ({ address: tokens.address, code_hash: tokens.codeHash });
const balance = (token_id: string, owner: Client, reader = owner) =>
  reader.query.snip1155.getBalance({ contract: contract(), token_id, owner: owner.address, auth: auth(reader) });
describe("contracts §6.1: many private tokens through secretjs", () => {
  beforeAll(async () => {
    const { rest } = await startSotto();
    [a, b, c] = [connect(rest, "a"), connect(rest, "b"), connect(rest, "c")];
    const fungible = {
      minters: [a.address],
      decimals: 6,
      public_total_supply: true,
      enable_mint: true,
      enable_burn: true,
    };
    const token_info = { token_id: "coin", name: "Coin", symbol: "COIN", token_config: { fungible } };
    const init = {
      has_admin: true,
      curators: [a.address],
      initial_tokens: [{ token_info, balances: [{ address: b.address, amount: "100" }] }],
      entropy: "of a test",
    };
    tokens = await deploy(a, "snip1155", init, { label: "tokens" });
    for (const client of [a, b, c])
      succeeded(await execute(client, tokens, { set_viewing_key: { key: client.address } }));
  }, 60_000);

  it("curates a unique token whose owner and private metadata strangers do not see", async () => {
    const nft = { public_total_supply: true, owner_is_public: false, enable_burn: true };
    const curate_token_ids = {
      initial_tokens: [
        {
          token_info: {
            token_id: "cat",
            name: "Cat",
            symbol: "CAT",
            token_config: { nft },
            private_metadata: { token_uri: "secret" },
          },
          balances: [{ address: b.address, amount: "1" }],
        },
      ],
    };
    succeeded(await execute(a, tokens, { curate_token_ids }));
    const shown = await c.query.snip1155.getPublicTokenInfo({ contract: contract(), token_id: "cat" });
    expect(shown.token_id_public_info).toMatchObject({
      token_id_info: { private_metadata: null },
      total_supply: "1",
      owner: null,
    });
    const secret = (client: Client) =>
      client.query.snip1155.getPrivateTokenInfo({ contract: contract(), token_id: "cat", auth: auth(client) });
    expect((await secret(b)).token_id_private_info).toMatchObject({
      token_id_info: { private_metadata: { token_uri: "secret" } },
      owner: b.address,
    });
    expect(String(await secret(c))).toContain("You do not have permission");
  });

  it("moves balances that only their owners see", async () => {
    const action = { token_id: "coin", from: b.address, recipient: c.address };
    succeeded(await execute(b, tokens, { transfer: { ...action, amount: "30" } }));
    expect([await balance("coin", b), await balance("coin", c)]).toEqual([
      { balance: { amount: "70" } },
      { balance: { amount: "30" } },
    ]);
    expect(String(await balance("coin", b, c))).toContain("You do not have permission to view this balance");
    const guess = { all_balances: { owner: b.address, key: "guess" } };
    expect(await query(c, tokens, guess)).toHaveProperty("viewing_key_error");
    expect((await execute(b, tokens, { transfer: { ...action, amount: "71" } })).rawLog).toContain(
      "Insufficient funds",
    );
  });

  it("moves several at once", async () => {
    const actions = ["coin", "cat"].map((token_id) => ({
      token_id,
      from: b.address,
      recipient: c.address,
      amount: "1",
    }));
    succeeded(await execute(b, tokens, { batch_transfer: { actions } }));
    const { all_balances } = await c.query.snip1155.getAllBalances({
      contract: contract(),
      owner: c.address,
      auth: auth(c),
    });
    expect(all_balances).toEqual([
      { token_id: "coin", amount: "31" },
      { token_id: "cat", amount: "1" },
    ]);
  });

  it("mints and burns for whom it is allowed", async () => {
    const balances = [{ address: c.address, amount: "9" }];
    const mint_tokens = [{ token_id: "coin", balances }];
    expect((await execute(c, tokens, { mint_tokens: { mint_tokens } })).rawLog).toContain("You may not mint");
    succeeded(await execute(a, tokens, { mint_tokens: { mint_tokens } }));
    succeeded(await execute(c, tokens, { burn_tokens: { burn_tokens: mint_tokens } }));
    const shown = await c.query.snip1155.getPublicTokenInfo({ contract: contract(), token_id: "coin" });
    expect(shown.token_id_public_info.total_supply).toBe("100");
  });
});
