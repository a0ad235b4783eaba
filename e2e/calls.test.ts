import { MsgExecuteContractResponse, type TxResponse } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startSotto } from "./harness.ts";
import {
  balanceOf,
  type Client,
  type Contract,
  connect,
  dataOf,
  deployProbe,
  execute,
  instantiate,
  query,
  succeeded,
  toBase64,
  uscrt,
} from "./network.ts";

let a: Client;
let caller: Contract;
let callee: Contract;

beforeAll(async () => {
  const { rest } = await startSotto();
  a = connect(rest, "a");
  caller = await deployProbe(a, "caller");
  const tx = succeeded(await instantiate(a, caller, { noop: {} }, { label: "callee" }));
  const address = tx.arrayLog?.filter(({ key }) => key === "contract_address").at(-1)?.value as string;
  callee = { ...caller, address };
}, 30_000);

type ReplyOn = "always" | "error" | "success" | "never";
const subMessage = (msg: object, replyOn: ReplyOn = "never", id = 1): object => ({
  id,
  msg,
  gas_limit: null,
  reply_on: replyOn,
});
const call = (contract: Contract, msg: object, funds: object[] = []): object => ({
  wasm: {
    execute: {
      contract_addr: contract.address,
      code_hash: contract.codeHash,
      msg: toBase64(JSON.stringify(msg)),
      send: funds,
    },
  },
});
const run = (...ops: object[]): object => ({ run: { ops } });
const send = (...messages: object[]): object => ({ send: { messages } });
const set = (key: string, value = "v"): object => ({ set: { key: toBase64(key), value: toBase64(value) } });
const stored = async (contract: Contract, key: string): Promise<string | null> => {
  const value = await query<string | null>(a, contract, { get: { key: toBase64(key) } });
  return value === null ? null : Buffer.from(value, "base64").toString();
};
const runs = (msg: object): Promise<TxResponse> => execute(a, caller, msg, { gasLimit: 600_000 });
const decode = (bytes: Uint8Array): { data: Uint8Array } => MsgExecuteContractResponse.decode(bytes);

describe("contracts §6.4: sub-messages to contracts", () => {
  it("run after the call, and their logs are the caller's to read", async () => {
    const tx = succeeded(
      await runs(
        run(
          set("order", "first"),
          send(subMessage(call(callee, run(set("inner"), { attribute: { key: "inner key", value: "inner value" } })))),
        ),
      ),
    );
    expect(await stored(callee, "inner")).toBe("v");
    expect(tx.arrayLog?.find(({ key }) => key === "inner key")?.value).toBe("inner value");
    expect(tx.arrayLog?.filter((each) => each.type === "wasm" && each.key === "contract_address")).toMatchObject([
      { value: caller.address },
      { value: callee.address },
    ]);
  });

  it("undo the whole transaction when one fails without a reply", async () => {
    const tx = await runs(run(set("outer"), send(subMessage(call(callee, { fail: { text: "deep inside" } })))));
    expect(tx.code).toBe(3);
    expect(tx.rawLog).toBe(
      "failed to execute message; message index: 0: dispatch: submessages: deep inside: execute contract failed",
    );
    expect(await stored(caller, "outer")).toBeNull();
  });

  it("name each level of calls in the error", async () => {
    const inner = send(subMessage(call(callee, { fail: { text: "deeper" } })));
    const tx = await runs(send(subMessage(call(callee, inner))));
    expect(tx.rawLog).toBe(
      "failed to execute message; message index: 0: dispatch: submessages: dispatch: submessages: deeper: execute contract failed",
    );
  });

  it("see the calling contract as their sender", async () => {
    const tx = succeeded(
      await runs(
        run(
          { on_reply: { id: 5, op: { noop: {} } } },
          send(subMessage(call(callee, run(set("asked"), { echo_info: {} })), "success", 5)),
        ),
      ),
    );
    expect(tx.code).toBe(0);
    expect(await stored(caller, "reply/5")).toContain('"ok"');
  });
});

describe("contracts §5.6, §6.4: replies", () => {
  it("come after success, with the data of the call", async () => {
    const data = toBase64("for the reply");
    succeeded(await runs(send(subMessage(call(callee, { set_data: { data } }), "always", 11))));
    const reply = JSON.parse((await stored(caller, "reply/11")) as string) as { id: number; result: { ok: object } };
    expect(reply).toMatchObject({ id: 11, result: { ok: expect.anything() } });
  });

  it("come after failure, which undoes the callee and keeps the caller", async () => {
    const tx = succeeded(
      await runs(
        run(set("kept"), send(subMessage(call(callee, run(set("undone"), { fail: { text: "caught" } })), "error", 12))),
      ),
    );
    expect(tx.code).toBe(0);
    expect(await stored(caller, "kept")).toBe("v");
    expect(await stored(callee, "undone")).toBeNull();
    const reply = JSON.parse((await stored(caller, "reply/12")) as string) as { result: { error: string } };
    expect(reply).toMatchObject({ id: 12, result: { error: expect.any(String) } });
  });

  it("stay away when they were not asked for", async () => {
    succeeded(await runs(send(subMessage(call(callee, { noop: {} }), "error", 13))));
    expect(await stored(caller, "reply/13")).toBeNull();
    const failed = await runs(send(subMessage(call(callee, { fail: { text: "x" } }), "success", 14)));
    expect(failed.code).toBe(3);
    expect(await stored(caller, "reply/14")).toBeNull();
  });

  it("replace the data of the call when they have some", async () => {
    const tx = succeeded(
      await runs(
        run(
          { set_data: { data: toBase64('"of the call"') } },
          { on_reply: { id: 15, op: { set_data: { data: toBase64('"of the reply"') } } } },
          send(subMessage(call(callee, { noop: {} }), "always", 15)),
        ),
      ),
    );
    expect(dataOf(tx, decode)).toBe("of the reply");
  });

  it("fail the transaction with code 19 when they fail after a failure", async () => {
    const tx = await runs(
      run(
        { on_reply: { id: 16, op: { fail: { text: "reply fails" } } } },
        send(subMessage(call(callee, { fail: { text: "first failure" } }), "always", 16)),
      ),
    );
    expect(tx.code).not.toBe(0);
    expect(tx.rawLog).toContain("reply to contract failed");
    expect(await stored(caller, "reply/16")).toBeNull();
  });
});

describe("contracts §5.4: messages to other modules", () => {
  it("move the contract's own coins", async () => {
    const before = await balanceOf(a, callee.address);
    succeeded(
      await execute(
        a,
        caller,
        send(subMessage({ bank: { send: { to_address: callee.address, amount: uscrt(321) } } })),
        { funds: "321", gasLimit: 600_000 },
      ),
    );
    expect((await balanceOf(a, callee.address)) - before).toBe(321n);
    expect(await balanceOf(a, caller.address)).toBe(0n);
  });

  it("pass coins on to a called contract", async () => {
    const before = await balanceOf(a, callee.address);
    succeeded(
      await execute(a, caller, send(subMessage(call(callee, { noop: {} }, uscrt(55)))), {
        funds: "55",
        gasLimit: 600_000,
      }),
    );
    expect((await balanceOf(a, callee.address)) - before).toBe(55n);
  });

  it("fail as in a transaction when the contract has too little, and give sent coins back", async () => {
    const tx = await execute(
      a,
      caller,
      send(subMessage({ bank: { send: { to_address: callee.address, amount: uscrt(1000) } } })),
      { funds: "10", gasLimit: 600_000 },
    );
    expect(tx).toMatchObject({ code: 5, codespace: "sdk" });
    expect(tx.rawLog).toContain("10uscrt is smaller than 1000uscrt");
    expect(await balanceOf(a, caller.address)).toBe(0n);
  });

  it("can be caught by a reply", async () => {
    const message = { bank: { send: { to_address: callee.address, amount: uscrt(1000) } } };
    succeeded(await runs(send(subMessage(message, "error", 21))));
    expect(await stored(caller, "reply/21")).toContain('"error"');
  });
});

describe("contracts §5.7: queries from contracts", () => {
  /** What the chain answers, with the two envelopes taken off. */
  const asked = async (request: object): Promise<unknown> => {
    const text = await query<string>(a, caller, { query_chain: { request: JSON.stringify(request) } });
    const { Ok: system } = JSON.parse(text) as { Ok?: { Ok?: string } };
    if (system?.Ok === undefined) throw new Error(text);
    return JSON.parse(Buffer.from(system.Ok, "base64").toString());
  };

  it("read a balance", async () => {
    expect(await asked({ bank: { balance: { address: a.address, denom: "uscrt" } } })).toEqual({
      amount: { denom: "uscrt", amount: String(await balanceOf(a, a.address)) },
    });
  });

  it("ask another contract", async () => {
    succeeded(await execute(a, callee, set("shared", "between two")));
    const msg = toBase64(JSON.stringify({ get: { key: toBase64("shared") } }));
    const smart = { contract_addr: callee.address, callback_code_hash: callee.codeHash, msg };
    expect(await asked({ wasm: { smart } })).toBe(toBase64("between two"));
  });

  it("are answered by an error when they are none", async () => {
    await expect(asked({ moon: {} })).rejects.toThrow("invalid_request");
  });
});
