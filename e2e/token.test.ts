import { MsgExecuteContractResponse, type Permit } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startSotto } from "./harness.ts";
import {
  balanceOf,
  CHAIN_ID,
  type Client,
  type Contract,
  connect,
  dataOf,
  deploy,
  deployToken,
  execute,
  feeOf,
  query,
  succeeded,
  toBase64,
  tokenInit,
} from "./network.ts";

let a: Client;
let b: Client;
let c: Client;
let probe: Contract;
let token: Contract;

describe.each(["inline", "process"])("a private token, with the enclave %s", (enclave) => {
  beforeAll(async () => {
    const { rest } = await startSotto({ flags: ["--enclave", enclave] });
    [a, b, c] = [connect(rest, "a"), connect(rest, "b"), connect(rest, "c")];
    probe = await deploy(c, "probe", { noop: {} }, { label: "receiver" });
    token = await deployToken(a, {
      label: "token",
      balances: [
        { address: a.address, amount: "1000000" },
        { address: b.address, amount: "500" },
      ],
    });
    for (const [client, key] of [
      [a, "key of a"],
      [b, "key of b"],
    ] as const)
      succeeded(await execute(client, token, { set_viewing_key: { key } }));
  }, 40_000);

  const decode = (bytes: Uint8Array): { data: Uint8Array } => MsgExecuteContractResponse.decode(bytes);
  const balance = async (client: Client, key: string): Promise<string> => {
    const answer = await query<{ balance: { amount: string } }>(client, token, {
      balance: { address: client.address, key },
    });
    return answer.balance.amount;
  };
  const permit = (client: Client, name: string, tokens = [token.address]): Promise<Permit> =>
    client.utils.accessControl.permit.sign(client.address, CHAIN_ID, name, tokens, ["balance"], false);
  const withPermit = (signed: Permit): Promise<unknown> =>
    query(c, token, { with_permit: { permit: signed, query: { balance: {} } } });

  it("transfers, and both holders see it with their viewing keys", async () => {
    const [before, there] = [await balance(a, "key of a"), await balance(b, "key of b")];
    const tx = succeeded(await execute(a, token, { transfer: { recipient: b.address, amount: "250" } }));
    expect(dataOf(tx, decode)).toEqual({ transfer: { status: "success" } });
    expect(Number(before) - Number(await balance(a, "key of a"))).toBe(250);
    expect(Number(await balance(b, "key of b")) - Number(there)).toBe(250);
  });

  it("refuses a wrong viewing key", async () => {
    expect(await query(b, token, { balance: { address: b.address, key: "guess" } })).toMatchObject({
      viewing_key_error: { msg: expect.any(String) },
    });
  });

  it("makes a viewing key that works", async () => {
    const tx = succeeded(await execute(c, token, { create_viewing_key: { entropy: "of a test" } }));
    const { create_viewing_key: made } = dataOf<{ create_viewing_key: { key: string } }>(tx, decode);
    expect(await balance(c, made.key)).toBe("0");
  });

  it("refuses to transfer more than there is, and tells only the sender", async () => {
    const tx = await execute(b, token, { transfer: { recipient: a.address, amount: "999999999" } });
    expect(tx.code).toBe(3);
    expect(tx.rawLog).toContain("insufficient funds");
  });

  it("accepts a permit signed by the client, until it is revoked", async () => {
    const signed = await permit(b, "to be revoked");
    expect(await withPermit(signed)).toEqual({ balance: { amount: await balance(b, "key of b") } });
    succeeded(await execute(b, token, { revoke_permit: { permit_name: "to be revoked" } }));
    expect(String(await withPermit(signed))).toMatch(/revoked/);
    expect(await withPermit(await permit(b, "another"))).toMatchObject({ balance: {} });
  });

  it("refuses a permit with a changed name and one for another token", async () => {
    const signed = await permit(b, "genuine");
    const forged = { ...signed, params: { ...signed.params, permit_name: "forged" } };
    expect(String(await withPermit(forged))).toMatch(/signature/i);
    expect(String(await withPermit(await permit(b, "elsewhere", [probe.address])))).toMatch(/permit/i);
  });

  it("lends and takes back allowances", async () => {
    succeeded(await execute(a, token, { increase_allowance: { spender: b.address, amount: "100" } }));
    succeeded(await execute(b, token, { transfer_from: { owner: a.address, recipient: c.address, amount: "60" } }));
    expect(
      await query(a, token, { allowance: { owner: a.address, spender: b.address, key: "key of a" } }),
    ).toMatchObject({ allowance: { allowance: "40", owner: a.address, spender: b.address } });
    const tx = await execute(b, token, { transfer_from: { owner: a.address, recipient: c.address, amount: "41" } });
    expect(tx.rawLog).toContain("insufficient allowance");
    const lowered = succeeded(await execute(a, token, { decrease_allowance: { spender: b.address, amount: "40" } }));
    expect(dataOf(lowered, decode)).toMatchObject({ decrease_allowance: { allowance: "0" } });
  });

  it("mints for minters only, burns, and counts the supply", async () => {
    const supply = async (): Promise<number> => {
      const answer = await query<{ token_info: { total_supply: string } }>(a, token, { token_info: {} });
      return Number(answer.token_info.total_supply);
    };
    const before = await supply();
    succeeded(await execute(a, token, { set_minters: { minters: [a.address] } }));
    succeeded(await execute(a, token, { mint: { recipient: b.address, amount: "1000" } }));
    expect((await execute(b, token, { mint: { recipient: b.address, amount: "1" } })).code).toBe(3);
    succeeded(await execute(b, token, { burn: { amount: "400" } }));
    expect((await supply()) - before).toBe(600);
  });

  it("sends to a contract that wants no call", async () => {
    const tx = succeeded(await execute(a, token, { send: { recipient: probe.address, amount: "5" } }));
    expect(dataOf(tx, decode)).toEqual({ send: { status: "success" } });
  });

  it("tells a contract what was sent to it", async () => {
    const msg = toBase64(JSON.stringify({ buy: "tea" }));
    const send = { recipient: probe.address, amount: "5", recipient_code_hash: probe.codeHash, memo: "for tea", msg };
    succeeded(await execute(a, token, { send }));
    const received = Buffer.from(await query<string>(c, probe, { get: { key: toBase64("received") } }), "base64");
    expect(JSON.parse(received.toString())).toEqual({
      receive: { sender: a.address, from: a.address, amount: "5", memo: "for tea", msg },
    });
  });

  it("undoes the transfer if the contract that is told of it fails", async () => {
    const before = await balance(a, "key of a");
    const send = { recipient: probe.address, amount: "5", recipient_code_hash: token.codeHash, msg: toBase64("{}") };
    const tx = await execute(a, token, { send });
    expect(tx.code).toBe(3);
    expect(tx.rawLog).toMatch(/^failed to execute message; message index: 0: dispatch: submessages: /);
    expect(await balance(a, "key of a")).toBe(before);
  });

  it("changes deposited coins into tokens and back, to the last one", async () => {
    const [coins, tokens] = [await balanceOf(b, b.address), Number(await balance(b, "key of b"))];
    succeeded(await execute(b, token, { deposit: {} }, { funds: "777", gasLimit: 200_000 }));
    expect(coins - (await balanceOf(b, b.address))).toBe(777n + feeOf(200_000));
    expect(await balanceOf(b, token.address)).toBe(777n);
    expect(Number(await balance(b, "key of b"))).toBe(tokens + 777);
    succeeded(await execute(b, token, { redeem: { amount: "777", denom: "uscrt" } }, { gasLimit: 200_000 }));
    expect(coins - (await balanceOf(b, b.address))).toBe(2n * feeOf(200_000));
    expect(await balanceOf(b, token.address)).toBe(0n);
    expect(Number(await balance(b, "key of b"))).toBe(tokens);
  });

  it("takes coins when it is instantiated", async () => {
    const init = tokenInit(a.address, []);
    const made = await deploy(a, "private_token", init, { label: "with coins", funds: "4321" });
    expect(await balanceOf(a, made.address)).toBe(4321n);
  });

  it("tells its holders their history", async () => {
    const { transfer_history: history } = await query<{
      transfer_history: { txs: { receiver: string; coins: { amount: string } }[]; total: number };
    }>(a, token, { transfer_history: { address: a.address, key: "key of a", page: 0, page_size: 20 } });
    expect(history.txs.map(({ receiver, coins }) => [receiver, coins.amount])).toContainEqual([b.address, "250"]);
    expect(history.total).toBe(history.txs.length);
  });
});
