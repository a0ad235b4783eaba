/** Migration, changes of admin and the history of a contract, as a developer sees them through `secretjs`. */
import { MsgExecuteContractResponse, type TxResponse } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { withMark } from "../enclave/test/engine/patchModule.ts";
import { type Sotto, startSotto } from "./harness.ts";
import {
  ask,
  attribute,
  type Client,
  type Contract,
  connect,
  dataOf,
  execute,
  FAST,
  query,
  readWasm,
  storeCode,
  succeeded,
  toBase64,
} from "./network.ts";

type Code = { readonly codeId: string; readonly codeHash: string };

let sotto: Sotto;
let a: Client;
let b: Client;
let first: Code;
let second: Code;
let contract: Contract;
let labels = 0;

/** The client does not export the response of a migration, which has the same one field. */
const decode = (bytes: Uint8Array) => MsgExecuteContractResponse.decode(bytes);
const GAS = { gasLimit: 300_000, ...FAST };
const noop = { noop: {} };
const set = (key: string, value: string) => ({ set: { key: toBase64(key), value: toBase64(value) } });
const get = (key: string) => ({ get: { key: toBase64(key) } });
const run = (...ops: object[]) => ({ run: { ops } });

beforeAll(async () => {
  sotto = await startSotto();
  a = connect(sotto.rest, "a");
  b = connect(sotto.rest, "b");
  first = await storeCode(a, readWasm("probe_v2"));
  second = await storeCode(a, withMark(readWasm("probe_v2"), "second"));
  contract = await deploy(a.address, set("k", "old"));
}, 40_000);

async function deploy(admin: string | undefined, msg: object = noop): Promise<Contract> {
  const { codeId, codeHash } = first;
  const params = { sender: a.address, code_id: codeId, code_hash: codeHash, init_msg: msg, label: `m${labels++}` };
  const tx = succeeded(
    await a.tx.compute.instantiateContract({ ...params, ...(admin === undefined ? {} : { admin }) }, GAS),
  );
  return { ...first, address: attribute(tx, "message", "contract_address") ?? "" };
}

const migrate = (client: Client, { address }: { address: string }, code: Code, msg: object = noop) =>
  client.tx.compute.migrateContract(
    { sender: client.address, contract_address: address, code_id: code.codeId, code_hash: code.codeHash, msg },
    GAS,
  );
const updateAdmin = (client: Client, { address }: { address: string }, newAdmin: string) =>
  client.tx.compute.updateAdmin({ sender: client.address, contract_address: address, new_admin: newAdmin }, GAS);
const clearAdmin = (client: Client, { address }: { address: string }) =>
  client.tx.compute.clearAdmin({ sender: client.address, contract_address: address }, GAS);
const adminOf = async ({ address }: { address: string }) =>
  (await a.query.compute.contractInfo({ contract_address: address })).contract_info?.admin;

const failure = (text: string) => `failed to execute message; message index: 0: ${text}`;
const enclaveError = (text: string) => failure(`Execution error: Enclave: ${text}: migrate contract failed`);
const result = ({ codespace, code, rawLog }: TxResponse) => [`${codespace}/${code}`, rawLog];

describe("clients §1.4, contracts §6.7, §6.8, chain §2.14: migrating a contract", () => {
  it("runs the new code on the old state and answers with decrypted data", async () => {
    const moved = { ...contract, ...second };
    const tx = succeeded(
      await migrate(a, contract, second, run(get("k"), set("k", "new"), { attribute: { key: "was", value: "old" } })),
    );
    expect(dataOf(tx, decode)).toEqual([toBase64("old"), null, null]);
    // The client shows a key of an event type once.
    const events = (tx.arrayLog ?? []).map(({ type, key, value }) => [type, key, value]);
    expect(events).toEqual([
      ["message", "action", "/secret.compute.v1beta1.MsgMigrateContract"],
      ["message", "sender", a.address],
      ["message", "module", "compute"],
      ["migrate", "code_id", second.codeId],
      ["migrate", "contract_address", contract.address],
      ["wasm", "contract_address", contract.address],
      ["wasm", "was", "old"],
    ]);
    expect(await query(a, moved, get("k"))).toBe(toBase64("new"));
    expect(succeeded(await execute(a, moved, set("k", "newer"))).code).toBe(0);
  });

  it("needs the new code's hash from then on, in queries and in messages", async () => {
    await expect(query(a, contract, get("k"))).rejects.toThrow("failed to validate transaction");
    const stale = await execute(a, contract, noop);
    expect(stale.rawLog).toBe(
      failure("Execution error: Enclave: failed to validate transaction: execute contract failed"),
    );
    // A new client asks the node for the hash.
    expect(await query(connect(sotto.rest, "a"), { address: contract.address }, get("k"))).toBe(toBase64("newer"));
  });

  it("shows code, admin and history in queries", async () => {
    const at = { contract_address: contract.address };
    const { contract_info: info } = await a.query.compute.contractInfo(at);
    expect(info).toMatchObject({ code_id: second.codeId, admin: a.address, creator: a.address, ibc_port_id: "" });
    expect(info).toMatchObject({ admin_proof: null, require_governance: false });
    expect(await a.query.compute.codeHashByContractAddress(at)).toEqual({ code_hash: second.codeHash });
    const { contract_infos: moved } = await a.query.compute.contractsByCodeId({ code_id: second.codeId });
    expect(moved?.map(({ contract_address: address }) => address)).toEqual([contract.address]);

    const { entries } = await a.query.compute.contractHistory(at);
    expect(entries).toEqual([
      {
        operation: "CONTRACT_CODE_HISTORY_OPERATION_TYPE_INIT",
        code_id: first.codeId,
        updated: { block_height: expect.stringMatching(/^\d+$/), tx_index: "0" },
        msg: JSON.stringify(set("k", "old")),
      },
      {
        operation: "CONTRACT_CODE_HISTORY_OPERATION_TYPE_MIGRATE",
        code_id: second.codeId,
        updated: { block_height: expect.stringMatching(/^\d+$/), tx_index: "0" },
        msg: expect.stringContaining('"attribute"'),
      },
    ]);
    const { entries: others } = await b.query.compute.contractHistory(at);
    // Whoever did not send the message sees that there was one.
    expect(others.map(({ msg }) => msg)).not.toContain(JSON.stringify(set("k", "old")));
  });

  it("answers the history of nobody with none, and has no authorization of governance", async () => {
    const { entries } = await a.query.compute.contractHistory({ contract_address: b.address });
    expect(entries).toEqual([]);
    const { address } = contract;
    const base = `${sotto.rest}/compute/v1beta1`;
    expect(await ask(`${base}/authorized_migration/${address}`)).toMatchObject({
      status: 404,
      body: { code: 5, message: "no authorized migration found for the given contract address", details: [] },
    });
    expect(await ask(`${base}/authorized_admin_update/${address}`)).toMatchObject({
      status: 404,
      body: { code: 5, message: "no authorized admin update found for the given contract address" },
    });
    expect(await ask(`${base}/authorized_migration/nobody`)).toMatchObject({
      status: 400,
      body: { code: 3, message: "invalid contract address" },
    });
  });

  it("may go back, and to the code that it has", async () => {
    const again = await deploy(a.address, set("k", "kept"));
    for (const code of [second, first, first]) succeeded(await migrate(a, again, code));
    expect(await query(a, again, get("k"))).toBe(toBase64("kept"));
    const { entries } = await a.query.compute.contractHistory({ contract_address: again.address });
    expect(entries.map(({ code_id: id }) => id)).toEqual([first, second, first, first].map(({ codeId }) => codeId));
  });
});

describe("contracts §1.5, §5.8, §6.8, enclave §8: what a migration is refused with", () => {
  it("by another than the admin, and without one", async () => {
    const owned = await deploy(a.address);
    expect(result(await migrate(b, owned, second))).toEqual([
      "compute/5",
      failure("requires migrate from admin: migrate contract failed"),
    ]);
    expect(result(await migrate(a, await deploy(undefined), second))).toEqual([
      "compute/5",
      failure("contract is not upgradable: migrate contract failed"),
    ]);
  });

  it("of no contract, or to no code", async () => {
    expect(result(await migrate(a, { address: b.address }, second))).toEqual([
      "sdk/18",
      failure("unknown contract: contract: not found: invalid request"),
    ]);
    const owned = await deploy(a.address);
    expect(result(await migrate(a, owned, { ...second, codeId: "999" }))).toEqual([
      "sdk/18",
      failure("unknown code: failed to get code info for code id 999: invalid request"),
    ]);
    await expect(migrate(a, owned, { ...second, codeId: "0" })).rejects.toThrow("code id is required: invalid request");
  });

  it("with the old code's hash, and to code without the entry point", async () => {
    const owned = await deploy(a.address);
    expect(result(await migrate(a, owned, { ...second, codeHash: first.codeHash }))).toEqual([
      "compute/5",
      enclaveError("failed to validate transaction"),
    ]);
    const token = await storeCode(a, readWasm("private_token"));
    expect(result(await migrate(a, owned, token))).toEqual([
      "compute/5",
      enclaveError("calling a function in the contract failed for an unexpected reason"),
    ]);
  });

  it("by the code itself: a trap in clear, an error for the sender's eyes", async () => {
    const owned = await deploy(a.address, set("k", "kept"));
    expect(result(await migrate(a, owned, second, { panic: { message: "x" } }))).toEqual([
      "compute/5",
      enclaveError("the contract panicked"),
    ]);
    expect(result(await migrate(a, owned, second, run(set("k", "x"), { fail: { text: "not today" } })))).toEqual([
      "compute/5",
      failure("not today: migrate contract failed"),
    ]);
    expect(await query(a, owned, get("k"))).toBe(toBase64("kept"));
  });

  it("with floating point, which migrate does not look for, once it is reached", async () => {
    const owned = await deploy(a.address, set("k", "kept"));
    const floats = await storeCode(a, readWasm("floats"));
    const moved = { ...owned, ...floats };
    succeeded(await migrate(a, owned, floats));
    expect(await query(a, moved, get("k"))).toBe(toBase64("kept"));
    const tx = await execute(a, moved, { float: { numerator: 7, denominator: 2 } });
    expect(tx.rawLog).toBe(failure("Execution error: Enclave: the contract panicked: execute contract failed"));
  });
});

describe("clients §1.4, contracts §6.8, chain §2.15, enclave §8: admins", () => {
  it("are handed on and cleared, with their events", async () => {
    const owned = await deploy(a.address);
    const handed = succeeded(await updateAdmin(a, owned, b.address));
    expect((handed.arrayLog ?? []).map(({ type, key, value }) => [type, key, value])).toEqual([
      ["message", "action", "/secret.compute.v1beta1.MsgUpdateAdmin"],
      ["message", "sender", a.address],
      ["message", "module", "compute"],
      ["update_contract_admin", "contract_address", owned.address],
      ["update_contract_admin", "new_admin_address", b.address],
    ]);
    expect(handed.data).toEqual([new Uint8Array(0)]);
    expect(await adminOf(owned)).toBe(b.address);
    expect((await migrate(a, owned, second)).code).toBe(5);
    succeeded(await migrate(b, owned, second));

    const cleared = succeeded(await clearAdmin(b, owned));
    expect(attribute(cleared, "update_contract_admin", "new_admin_address")).toBe("");
    expect(await adminOf(owned)).toBe("");
    expect((await migrate(b, owned, first)).rawLog).toContain("contract is not upgradable");
  });

  it("are changed by themselves alone", async () => {
    const owned = await deploy(a.address);
    const denied = ["sdk/4", failure("caller is not the admin: unauthorized")];
    expect(result(await updateAdmin(b, owned, owned.address))).toEqual(denied);
    expect(result(await clearAdmin(b, owned))).toEqual(denied);
    expect(result(await clearAdmin(a, await deploy(undefined)))).toEqual(denied);
    expect(result(await clearAdmin(a, { address: b.address }))).toEqual(["compute/9", failure("contract: not found")]);
    await expect(updateAdmin(a, owned, a.address)).rejects.toThrow(
      "new admin is the same as the old: invalid CosmosMsg from the contract",
    );
    await expect(updateAdmin(a, owned, "secret1nobody")).rejects.toThrow("new admin: decoding bech32 failed");
  });

  it("that are contracts migrate others in their messages, and a reply about it ends the transaction", async () => {
    const boss = await deploy(undefined);
    const owned = await deploy(boss.address, set("k", "old"));
    const message = (replyOn: string) => ({
      send: {
        messages: [
          {
            id: 1,
            msg: {
              wasm: {
                migrate: {
                  contract_addr: owned.address,
                  code_hash: second.codeHash,
                  code_id: Number(second.codeId),
                  msg: toBase64(JSON.stringify(get("k"))),
                },
              },
            },
            gas_limit: null,
            reply_on: replyOn,
          },
        ],
      },
    });
    const panicked = await execute(a, boss, message("success"));
    expect(result(panicked)).toEqual(["undefined/111222", "recovered: a reply was asked for about a migration: panic"]);
    const moved = succeeded(await execute(a, boss, message("never")));
    expect(attribute(moved, "migrate", "contract_address")).toBe(owned.address);
    expect(await query(a, { ...owned, ...second }, get("k"))).toBe(toBase64("old"));
  });
});

describe("contracts §2.8, §2.9, §5.1: randomness, gas and position through the client", () => {
  const env = async (tx: TxResponse, index = 0) =>
    JSON.parse(dataOf<string>(tx, decode, index)) as {
      block: { random: string };
      transaction: { index: number; hash: string };
    };

  it("gives each message of a transaction another random number, and a query none", async () => {
    const own = await deploy(undefined);
    const [one, two] = [await execute(a, own, { echo_env: {} }), await execute(a, own, { echo_env: {} })];
    const [first_, second_] = [await env(succeeded(one)), await env(succeeded(two))];
    expect(first_.block.random).toMatch(/^[\w+/]{43}=$/);
    expect(first_.block.random).not.toBe(second_.block.random);
    expect(first_.transaction).toEqual({ index: 0, hash: one.transactionHash.toUpperCase() });
    const asked = JSON.parse(await query<string>(a, own, { echo_env: {} }));
    expect(asked.block.random).toBe("AA==");
  });

  it("makes evaporated gas visible in what a transaction used", async () => {
    const own = await deploy(undefined);
    const used = async (amount: number) =>
      Number(succeeded(await execute(a, own, { gas_evaporate: { amount } })).gasUsed);
    expect((await used(9_000)) - (await used(8_000))).toBe(1_000);
    const { data } = succeeded(await execute(a, own, run({ gas_evaporate: { amount: 20_000 } }, { check_gas: {} })));
    const [, gas] = JSON.parse(Buffer.from(decode(data[0] as Uint8Array).data).toString());
    expect(gas).toBeGreaterThan(20_000);
  });
});
