import { MsgExecuteContractResponse, MsgInstantiateContractResponse, type TxResponse } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { v010Contract } from "../enclave/test/v010Contract.ts";
import { startSotto } from "./harness.ts";
import {
  attribute,
  type Client,
  type Contract,
  connect,
  dataOf,
  deployProbe,
  execute,
  instantiate,
  query,
  storeCode,
  succeeded,
  toBase64,
} from "./network.ts";

let a: Client;
let code: { codeId: string; codeHash: string };
let old: Contract;
let caller: Contract;

/** A result of the contract, which answers with what it is sent. */
const result = (parts: { messages?: object[]; log?: object[]; data?: string } = {}): object => ({
  Ok: { messages: [], log: [], ...parts },
});
const json64 = (value: unknown): string => toBase64(JSON.stringify(value));

beforeAll(async () => {
  const { rest } = await startSotto();
  a = connect(rest, "a");
  code = await storeCode(a, v010Contract());
  const tx = succeeded(await instantiate(a, code, result(), { label: "old" }));
  old = { ...code, address: attribute(tx, "message", "contract_address") ?? "" };
  caller = await deployProbe(a, "caller");
}, 30_000);

const runs = (msg: object): Promise<TxResponse> => execute(a, old, msg, { gasLimit: 600_000 });

describe("contracts §1.2, §3.1, §7: v0.10 contracts through secretjs", () => {
  it("are created, with data and a log that its user can read", async () => {
    const log = [{ key: "made", value: "by init" }];
    const tx = succeeded(await instantiate(a, code, result({ log, data: json64("new") }), { label: "another" }));
    expect(tx.arrayLog?.find(({ key }) => key === "made")?.value).toBe("by init");
    expect(tx.arrayLog?.some(({ type }) => type === "instantiate")).toBe(false);
    expect(dataOf(tx, (bytes) => MsgInstantiateContractResponse.decode(bytes))).toBe("new");
  });

  it("handle messages", async () => {
    const log = [
      { key: "hidden", value: "for the user" },
      { key: "open", value: "for all", encrypted: false },
    ];
    const tx = succeeded(await runs(result({ log, data: json64({ n: 1 }) })));
    expect(dataOf(tx, (bytes) => MsgExecuteContractResponse.decode(bytes))).toEqual({ n: 1 });
    const seen = Object.fromEntries(tx.arrayLog?.map(({ key, value }) => [key, value]) ?? []);
    expect(seen).toMatchObject({ hidden: "for the user", open: "for all", contract_address: old.address });
    expect(tx.arrayLog?.some(({ type }) => type === "execute")).toBe(false);
  });

  it("answer queries", async () => {
    expect(await query(a, old, { Ok: json64({ answer: 42 }) })).toEqual({ answer: 42 });
  });

  it("fail with an error object, which the client opens", async () => {
    const error = { unauthorized: {} };
    const tx = await runs({ Err: error });
    expect(tx).toMatchObject({ code: 3, codespace: "compute" });
    expect(tx.rawLog).toContain('{"unauthorized":{}}: execute contract failed');
    expect(tx.jsonLog).toEqual(error);
    const wrong = { generic_err: { msg: 'say "no"' } };
    expect(JSON.stringify(await query(a, old, { Err: wrong }).catch((reason: Error) => reason.message))).toContain(
      "no",
    );
  });

  it("call v1 contracts and are called by them", async () => {
    const set = { set: { key: toBase64("k"), value: toBase64("v") } };
    const call = (hashName: string, { address, codeHash }: Contract, msg: object): object => ({
      wasm: { execute: { contract_addr: address, [hashName]: codeHash, msg: json64(msg), send: [] } },
    });
    succeeded(await runs(result({ messages: [call("callback_code_hash", caller, set)] })));
    expect(await query(a, caller, { get: { key: toBase64("k") } })).toBe(toBase64("v"));
    const calling = (msg: object, replyOn: string, id: number): object => ({
      send: { messages: [{ id, msg: call("code_hash", old, msg), gas_limit: null, reply_on: replyOn }] },
    });
    const told = async (id: number): Promise<unknown> => {
      const stored = await query<string>(a, caller, { get: { key: toBase64(`reply/${id}`) } });
      return JSON.parse(Buffer.from(stored, "base64").toString());
    };
    const options = { gasLimit: 600_000 };
    succeeded(await execute(a, caller, calling(result({ data: toBase64("of old") }), "success", 1), options));
    expect(await told(1)).toMatchObject({ id: 1, result: { ok: { data: toBase64("of old") } } });
    succeeded(await execute(a, caller, calling({ Err: { generic_err: { msg: "x" } } }, "error", 2), options));
    expect(await told(2)).toEqual({ id: 2, result: { error: '{"generic_err":{"msg":"x"}}' } });
  });

  it("cannot migrate others: the whole result is refused", async () => {
    const migrate = {
      wasm: {
        migrate: {
          contract_addr: old.address,
          callback_code_hash: old.codeHash,
          code_id: 1,
          msg: "",
          callback_sig: null,
        },
      },
    };
    const tx = await runs(result({ messages: [migrate] }));
    expect(tx.rawLog).toContain(
      "message index: 0: couldn't convert v0.10 messages to v1 messages: exactly one message type is supported: ",
    );
  });
});
