import { MsgExecuteContract, MsgSend, type TxResponse } from "secretjs";
import { MsgSend as ProtoMsgSend } from "secretjs/dist/protobuf/cosmos/bank/v1beta1/tx.js";
import { beforeAll, describe, expect, it } from "vitest";
import { startSotto } from "./harness.ts";
import {
  balanceOf,
  type Client,
  type Contract,
  connect,
  deployProbe,
  execute,
  FAST,
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
  callee = await deployProbe(a, "callee");
}, 30_000);

type ReplyOn = "always" | "error" | "success" | "never";
const subMessage = (msg: object, replyOn: ReplyOn = "never", id = 1, gasLimit: number | null = null): object => ({
  id,
  msg,
  gas_limit: gasLimit,
  reply_on: replyOn,
});
const send = (...messages: object[]): object => ({ send: { messages } });
const call = (contract: Contract, msg: object): object => ({
  wasm: {
    execute: {
      contract_addr: contract.address,
      code_hash: contract.codeHash,
      msg: toBase64(JSON.stringify(msg)),
      send: [],
    },
  },
});
const runs = (msg: object): Promise<TxResponse> => execute(a, caller, msg, { gasLimit: 800_000 });
const told = async (
  id: number,
): Promise<{ result: { error?: string; ok?: { events: unknown[]; data: string | null } } }> => {
  const stored = await query<string>(a, caller, { get: { key: toBase64(`reply/${id}`) } });
  return JSON.parse(Buffer.from(stored, "base64").toString());
};

describe("contracts §5.3, §5.4: messages of contracts, through secretjs", () => {
  it("of any type that is routed can be sent packed, and the reply tells what came of it", async () => {
    await execute(a, caller, { noop: {} }, { funds: "30", gasLimit: 300_000 });
    const message = { from_address: caller.address, to_address: callee.address, amount: uscrt(30) };
    const value = toBase64(ProtoMsgSend.encode(message).finish());
    const stargate = { stargate: { type_url: "/cosmos.bank.v1beta1.MsgSend", value } };
    succeeded(await runs(send(subMessage(stargate, "success", 1))));
    expect(await balanceOf(a, callee.address)).toBe(30n);
    expect((await told(1)).result).toEqual({ ok: { events: [], data: null } });
    succeeded(await runs(send(subMessage(stargate, "error", 2))));
    expect((await told(2)).result.error).toContain("insufficient funds");
  });

  it.each([
    [
      "a burn",
      { bank: { burn: { amount: uscrt(1) } } },
      "Unknown variant of Bank: invalid CosmosMsg from the contract",
    ],
    ["a custom one", { custom: {} }, "Custom variant not supported: invalid CosmosMsg from the contract"],
    [
      "an unknown type",
      { stargate: { type_url: "/a.b.C", value: "" } },
      "Cannot unpack proto message with type URL: /a.b.C: invalid CosmosMsg from the contract",
    ],
    [
      "an address that is none",
      { bank: { send: { to_address: "nobody", amount: uscrt(1) } } },
      "nobody: invalid address",
    ],
    [
      "a delegation to no validator",
      { staking: { delegate: { validator: "x", amount: uscrt(1)[0] } } },
      "x: invalid address",
    ],
    [
      "a vote",
      { gov: { vote: { proposal_id: 1, vote: "no_with_veto" } } },
      "module gov is not built: /cosmos.gov.v1.MsgVote: feature not supported",
    ],
  ])("fail as the chain says: %s", async (_, message, text) => {
    const result = { Ok: { messages: [subMessage(message)], attributes: [], events: [] } };
    const tx = await runs({ raw_output: { output: toBase64(JSON.stringify(result)) } });
    expect(tx.rawLog).toBe(`failed to execute message; message index: 0: dispatch: submessages: ${text}`);
  });

  it("stop at a gas limit, which is all that is charged", async () => {
    const tx = await runs(send(subMessage(call(callee, { endless_loop: {} }), "error", 3, 100_000)));
    expect(tx).toMatchObject({ codespace: "undefined", code: 1 });
    expect(tx.rawLog).toContain(
      "dispatch: submessages: an sdk error occurred while sending a sub-message: SubMsg hit gas limit: out of gas",
    );
    expect(tx.gasUsed).toBeLessThan(400_000);
  });
});

describe("contracts §6.6: the last message of a transaction", () => {
  const finalizing = (): MsgExecuteContract<object> =>
    new MsgExecuteContract({
      sender: a.address,
      contract_address: caller.address,
      code_hash: caller.codeHash,
      msg: send(subMessage({ finalize_tx: {} })),
      sent_funds: [],
    });

  it("ends it: whatever message follows fails, of contracts and of other modules", async () => {
    const bank = new MsgSend({ from_address: a.address, to_address: callee.address, amount: uscrt(1) });
    for (const next of [finalizing(), bank]) {
      const tx = await a.tx.broadcast([finalizing(), next], { gasLimit: 600_000, ...FAST });
      expect(tx).toMatchObject({ codespace: "sdk", code: 40404 });
      expect(tx.rawLog).toBe(
        "message was attempted but last message was marked by a contract; message index: 1: " +
          "Cannot send messages after last tx marker was set",
      );
    }
  });

  it("may be that of a called contract, after which the caller sends nothing more", async () => {
    const inner = call(callee, send(subMessage({ finalize_tx: {} })));
    const tx = await runs(send(subMessage(inner), subMessage(call(callee, { noop: {} }))));
    expect(tx.rawLog).toBe(
      "failed to execute message; message index: 0: dispatch: submessages: Cannot send messages or submessages after last " +
        "tx marker was set: Cannot send messages after last tx marker was set",
    );
    succeeded(await runs(send(subMessage(inner))));
    succeeded(await a.tx.broadcast([finalizing()], { gasLimit: 600_000, ...FAST }));
  });
});
