/** A collection of unique tokens, by the `snip721` parts of `secretjs`. */
import { MsgExecuteContractResponse } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startSotto } from "./harness.ts";
import { type Client, type Contract, connect, dataOf, deploy, execute, FAST, query, succeeded } from "./network.ts";

let a: Client;
let b: Client;
let c: Client;
let collection: Contract;
let receiver: Contract;

const TX = { gasLimit: 300_000, ...FAST };
const decode = (bytes: Uint8Array): { data: Uint8Array } => MsgExecuteContractResponse.decode(bytes);
const viewer = (client: Client, key = client.address) => ({ viewer: { address: client.address, viewing_key: key } });
const info = (token_id: string, reader: Client, auth = viewer(reader)) =>
  reader.query.snip721.GetTokenInfo({ contract: collection, token_id, auth });
const owned = (owner: Client, reader: Client, auth = viewer(reader)) =>
  reader.query.snip721.GetOwnedTokens({ contract: collection, owner: owner.address, auth });
const call = <T>(msg: T) => ({ contract_address: collection.address, code_hash: collection.codeHash, msg });

describe("contracts §6.1: a private collection through secretjs", () => {
  beforeAll(async () => {
    const { rest } = await startSotto();
    [a, b, c] = [connect(rest, "a"), connect(rest, "b"), connect(rest, "c")];
    const config = { enable_burn: true };
    const init = { name: "Cats", symbol: "CAT", entropy: "of a test", config };
    collection = await deploy(a, "snip721", init, { label: "cats" });
    receiver = await deploy(a, "probe", { noop: {} }, { label: "receiver" });
    for (const client of [a, b, c])
      succeeded(await execute(client, collection, { set_viewing_key: { key: client.address } }));
    for (const token_id of ["tom", "felix"]) {
      const mint_nft = {
        token_id,
        owner: b.address,
        public_metadata: { token_uri: `https://cats/${token_id}` },
        private_metadata: { token_uri: `secret of ${token_id}` },
      };
      const tx = succeeded(await a.tx.snip721.mint({ sender: a.address, ...call({ mint_nft }) }, TX));
      expect(dataOf(tx, decode)).toEqual({ mint_nft: { token_id } });
    }
  }, 60_000);

  it("shows the owner what is theirs, and strangers the public part alone", async () => {
    expect((await info("tom", b)).all_nft_info).toMatchObject({
      access: { owner: b.address },
      info: { token_uri: "https://cats/tom" },
    });
    expect((await info("tom", c)).all_nft_info).toMatchObject({
      access: { owner: null, approvals: [] },
      info: { token_uri: "https://cats/tom" },
    });
    const secret = (client: Client) =>
      query(client, collection, { private_metadata: { token_id: "tom", ...viewer(client) } });
    expect(await secret(b)).toMatchObject({ private_metadata: { token_uri: "secret of tom" } });
    expect(String(await secret(c))).toContain("not authorized");
  });

  it("lists tokens for the holder of the key", async () => {
    expect(await owned(b, b)).toEqual({ token_list: { tokens: ["tom", "felix"] } });
    expect(String(await owned(b, c))).toContain("Wrong viewing key");
    expect(String(await query(c, collection, { num_tokens: {} }))).toContain("supply of this contract is private");
  });

  it("transfers for the owner, and nobody else", async () => {
    const transfer = { transfer_nft: { recipient: c.address, token_id: "tom" } };
    expect((await execute(c, collection, transfer)).rawLog).toContain("not authorized");
    succeeded(await execute(b, collection, transfer));
    expect((await info("tom", c)).all_nft_info.access.owner).toBe(c.address);
    expect((await info("tom", b)).all_nft_info.access.owner).toBeNull();
  });

  it("sends to a contract, which is told", async () => {
    const send_nft = {
      contract: receiver.address,
      token_id: "tom",
      receiver_info: { recipient_code_hash: receiver.codeHash },
    };
    succeeded(await c.tx.snip721.send({ sender: c.address, ...call({ send_nft }) }, TX));
    const stored = await query<string>(c, receiver, { get: { key: Buffer.from("received").toString("base64") } });
    const { receive_nft } = JSON.parse(Buffer.from(stored, "base64").toString());
    expect(receive_nft).toEqual({ sender: c.address, token_id: "tom", msg: null });
  });

  it("gives minting to others, and burns", async () => {
    const add_minters = { minters: [c.address] };
    succeeded(await a.tx.snip721.addMinter({ sender: a.address, ...call({ add_minters }) }, TX));
    const mint_nft = { token_id: "garfield" };
    succeeded(await c.tx.snip721.mint({ sender: c.address, ...call({ mint_nft }) }, TX));
    succeeded(await execute(c, collection, { burn_nft: { token_id: "garfield" } }));
    expect(await owned(c, c)).toEqual({ token_list: { tokens: [] } });
  });
});
