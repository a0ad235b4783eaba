/** What a developer does before sending: ask for the gas, and send with exactly that limit. Unmodified `secretjs`. */
import { gzipSync } from "node:zlib";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import {
  MsgClearAdmin,
  MsgExecuteContract,
  MsgInstantiateContract,
  MsgMigrateContract,
  MsgSend,
  MsgStoreCode,
  MsgUpdateAdmin,
  type TxOptions,
  Wallet,
} from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type Sotto, startSotto } from "./harness.ts";
import {
  ask,
  attribute,
  type Client,
  type Contract,
  connect,
  connectWallet,
  deployProbe,
  deployToken,
  execute,
  FAST,
  query,
  readWasm,
  succeeded,
  toBase64,
  uscrt,
} from "./network.ts";

type Message = Parameters<Client["tx"]["simulate"]>[0][number];

let sotto: Sotto;
let a: Client;
let b: Client;
let probe: Contract;
let token: Contract;
/** A contract whose admin is `a`, then `b`, then nobody. */
let governed: string;

beforeAll(async () => {
  sotto = await startSotto();
  [a, b] = [connect(sotto.rest, "a"), connect(sotto.rest, "b")];
  probe = await deployProbe(a);
  token = await deployToken(a, { label: "token", balances: [{ address: a.address, amount: "1000000" }] });
  const made = succeeded(await a.tx.broadcast([instantiateMessage("governed", { noop: {} }, a.address)], GENEROUS));
  governed = attribute(made, "message", "contract_address") ?? "";
  // The number of the block is part of what a contract reads: from here on it has two digits for a long time.
  for (let height = 0; height < 10; ) {
    const { block } = await a.query.tendermint.getLatestBlock({});
    height = Number(block?.header?.height);
    if (height < 10) succeeded(await execute(a, probe, { noop: {} }));
  }
}, 60_000);

const executeMessage = (msg: object, contract = probe, funds = 0): Message =>
  new MsgExecuteContract({
    sender: a.address,
    contract_address: contract.address,
    code_hash: contract.codeHash,
    msg,
    sent_funds: funds === 0 ? [] : uscrt(funds),
  });

const GENEROUS = { gasLimit: 500_000, ...FAST };

const instantiateMessage = (label: string, msg: object = { noop: {} }, admin = ""): Message =>
  new MsgInstantiateContract({
    sender: a.address,
    admin,
    code_id: probe.codeId,
    code_hash: probe.codeHash,
    init_msg: msg,
    label,
    init_funds: [],
  });

const migrateMessage = (): Message =>
  new MsgMigrateContract({
    sender: a.address,
    contract_address: governed,
    code_id: probe.codeId,
    code_hash: probe.codeHash,
    msg: set("migrated", "yes"),
  });

/** Gas for `messages`. The limit is part of the transaction and has a length, so it is asked for until it stays the same. */
async function gasOf(client: Client, messages: Message[]): Promise<number> {
  let gasLimit = 100_000;
  for (let rounds = 0; rounds < 5; rounds++) {
    const options: TxOptions = { gasLimit };
    const gas = Number((await client.tx.simulate(messages, options)).gas_info?.gas_used);
    if (gas === gasLimit) return gas;
    gasLimit = gas;
  }
  throw new Error("the gas does not settle");
}

const deliver = (client: Client, messages: Message[], gasLimit: number) =>
  client.tx.broadcast(messages, { gasLimit, ...FAST });

const wasm = (msg: object) => ({
  wasm: {
    execute: { contract_addr: probe.address, code_hash: probe.codeHash, msg: toBase64(JSON.stringify(msg)), send: [] },
  },
});
const sub = (msg: object, reply_on = "always") => ({ send: { messages: [{ id: 1, msg, gas_limit: null, reply_on }] } });
const set = (key: string, value: string) => ({ set: { key: toBase64(key), value: toBase64(value) } });

describe("clients §1.2: the simulated gas of contract messages", () => {
  it.each<[string, () => Message[]]>([
    ["an execute that writes", () => [executeMessage(set("k", "v"))]],
    [
      "one that reads, and reads its environment",
      () => [executeMessage({ run: { ops: [{ echo_env: {} }, { check_gas: {} }] } })],
    ],
    ["one with funds", () => [executeMessage({ echo_info: {} }, probe, 5)]],
    ["an instantiate", () => [instantiateMessage("simulated and made")]],
    ["a call to another contract, with a reply", () => [executeMessage(sub(wasm(set("sub", "1"))))]],
    ["a failure that is caught", () => [executeMessage(sub(wasm({ fail: { text: "caught" } }), "error"))]],
    ["a transfer of the token", () => [executeMessage({ transfer: { recipient: b.address, amount: "5" } }, token)]],
    ["a migration", () => [migrateMessage()]],
    [
      "a migration, and a change of admin behind it",
      () => [
        migrateMessage(),
        new MsgUpdateAdmin({ sender: a.address, contract_address: governed, new_admin: b.address }),
      ],
    ],
    [
      "code and a first contract of it",
      () => [
        new MsgStoreCode({ sender: a.address, wasm_byte_code: gzipSync(readWasm("probe")), source: "", builder: "" }),
        instantiateMessage("made beside code"),
      ],
    ],
    [
      "several messages, of the bank too",
      () => [
        instantiateMessage("made with others", set("a", "1")),
        new MsgSend({ from_address: a.address, to_address: b.address, amount: uscrt(7) }),
        executeMessage(set("first", "1")),
        executeMessage({ get: { key: toBase64("first") } }),
      ],
    ],
  ])("is exactly enough for %s, and one less is not", async (_, messages) => {
    const short = messages();
    const tooLittle = await deliver(a, short, (await gasOf(a, short)) - 1);
    expect(tooLittle).toMatchObject({ code: 11, codespace: "sdk" });
    expect(tooLittle.rawLog).toContain("out of gas in location: ");
    const exact = messages();
    const gas = await gasOf(a, exact);
    const tx = succeeded(await deliver(a, exact, gas));
    expect([tx.gasUsed, tx.gasWanted]).toEqual([gas, gas]);
  });

  it("is exactly enough for taking the admin away, once", async () => {
    const message = [new MsgClearAdmin({ sender: b.address, contract_address: governed })];
    const gas = await gasOf(b, message);
    expect(succeeded(await deliver(b, message, gas)).gasUsed).toBe(gas);
    await expect(b.tx.simulate(message)).rejects.toMatchObject({ code: 2 });
    await expect(a.tx.simulate([migrateMessage()])).rejects.toMatchObject({ code: 2 });
  });

  it("is exactly enough for a wallet that signs amino JSON", async () => {
    const wallet = new Wallet(DEVELOPMENT_ACCOUNTS.find(({ name }) => name === "a")?.mnemonic);
    const signer = {
      getAccounts: () => wallet.getAccounts(),
      signAmino: (...args: Parameters<Wallet["signAmino"]>) => wallet.signAmino(...args),
    };
    const amino = connectWallet(sotto.rest, signer as unknown as Wallet, { walletAddress: wallet.address });
    const message = [executeMessage(set("amino", "1"))];
    const gas = await gasOf(amino, message);
    expect(succeeded(await deliver(amino, message, gas)).gasUsed).toBe(gas);
  });

  it("comes with the answer and the events of the delivery, for those who can read them", async () => {
    const { result } = await a.tx.simulate([executeMessage({ attribute: { key: "k", value: "v", plaintext: true } })]);
    const event = result?.events?.find(({ type }) => type === "wasm");
    expect(event?.attributes).toEqual([
      { key: "contract_address", value: probe.address, index: false },
      { key: "k", value: "v", index: false },
      { key: "msg_index", value: "0", index: false },
    ]);
    expect(result?.msg_responses).toHaveLength(1);
  });

  it("is also what the short form of the client says", async () => {
    const params = {
      sender: a.address,
      contract_address: probe.address,
      code_hash: probe.codeHash,
      msg: { noop: {} },
      sent_funds: [],
    };
    const { gas_info: gas } = await a.tx.compute.executeContract.simulate(params, { gasLimit: 50_000 });
    const tx = succeeded(await execute(a, probe, { noop: {} }, { gasLimit: 50_000 }));
    expect(gas).toEqual({ gas_wanted: "18446744073709551615", gas_used: String(tx.gasUsed) });
  });

  it("leaves nothing behind, and does not stop while blocks are made", async () => {
    succeeded(await execute(a, probe, set("kept", "real")));
    const sent = Array.from({ length: 5 }, async () => a.tx.simulate([executeMessage(set("kept", "simulated"))]));
    const [tx] = await Promise.all([execute(b, probe, set("other", "1")), ...sent]);
    succeeded(tx);
    expect(await query(a, probe, { get: { key: toBase64("kept") } })).toBe(toBase64("real"));
    await a.tx.simulate([instantiateMessage("never made")]);
    succeeded(await deliver(a, [instantiateMessage("never made")], 500_000));
  });
});

describe("clients §1.2: simulations that fail", () => {
  it.each<[string, () => Message, RegExp]>([
    [
      "a contract error, encrypted",
      () => executeMessage({ fail: { text: "secret" } }),
      /message index: 0: encrypted: .*: execute contract failed/,
    ],
    ["a panic", () => executeMessage({ panic: { message: "x" } }), /the contract panicked: execute contract failed/],
    ["an endless loop", () => executeMessage({ endless_loop: {} }), /out of gas in location: wasm contract/],
    ["a label that is taken", () => instantiateMessage("probe"), /contract account already exists/],
    [
      "a wrong code hash",
      () => executeMessage({ noop: {} }, { ...probe, codeHash: "ab".repeat(32) }),
      /failed to validate transaction/,
    ],
    ["no such contract", () => executeMessage({ noop: {} }, { ...probe, address: b.address }), /contract: not found/],
  ])(
    "say why: %s",
    async (_, message, log) => {
      await expect(a.tx.simulate([message()])).rejects.toMatchObject({
        code: 2,
        message: expect.stringMatching(new RegExp(`${log.source}.* with gas used: '\\d+'`)),
      });
    },
    30_000,
  );

  it("are those of a sender who does not sign, of a wrong sequence and of no transaction at all", async () => {
    await expect(b.tx.simulate([executeMessage({ noop: {} })])).rejects.toMatchObject({ code: 2 });
    const explicitSignerData = { accountNumber: 1, sequence: 9_999, chainId: "secretdev-1" };
    await expect(a.tx.simulate([executeMessage({ noop: {} })], { explicitSignerData })).rejects.toMatchObject({
      message: expect.stringContaining("account sequence mismatch"),
    });
    for (const bytes of ["AAAA", "/w==", toBase64("no transaction"), "A".repeat(100_000)]) {
      const answer = await ask(`${sotto.rest}/cosmos/tx/v1beta1/simulate`, {
        method: "POST",
        body: JSON.stringify({ tx_bytes: bytes }),
      });
      expect(answer).toMatchObject({
        status: 500,
        body: { code: 2, message: expect.stringContaining("tx parse error") },
      });
    }
  });
});
