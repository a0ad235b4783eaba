import { gzipSync } from "node:zlib";
import {
  EncryptionUtilsImpl,
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContractResponse,
} from "secretjs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Sotto, startSotto } from "./harness.ts";
import {
  attribute,
  balanceOf,
  type Client,
  type Contract,
  connect,
  dataOf,
  deployProbe,
  execute,
  FAST,
  feeOf,
  instantiate,
  query,
  readWasm,
  storeCode,
  succeeded,
  toBase64,
} from "./network.ts";

let sotto: Sotto;
let a: Client;
let b: Client;
let probe: Contract;

beforeAll(async () => {
  sotto = await startSotto();
  [a, b] = [connect(sotto.rest, "a"), connect(sotto.rest, "b")];
  probe = await deployProbe(a);
}, 30_000);

const messageOf = (client: Client, msg: object, target: Contract = probe): MsgExecuteContract<object> =>
  new MsgExecuteContract({
    sender: client.address,
    contract_address: target.address,
    code_hash: target.codeHash,
    msg,
    sent_funds: [],
  });
const decodeExecute = (bytes: Uint8Array): { data: Uint8Array } => MsgExecuteContractResponse.decode(bytes);

describe("contracts §1.1: storing code", () => {
  it("takes raw and gzipped wasm alike and gives both the same code hash", async () => {
    const wasm = readWasm("private_token");
    const raw = await storeCode(a, wasm);
    const zipped = await storeCode(a, gzipSync(wasm, { level: 9 }));
    expect(zipped.codeHash).toBe(raw.codeHash);
    expect(Number(zipped.codeId)).toBe(Number(raw.codeId) + 1);
    expect(
      Buffer.from((await a.query.compute.code({ code_id: zipped.codeId })).wasm as unknown as string, "base64"),
    ).toEqual(Buffer.from(wasm));
  });

  it("refuses what is no wasm and says so", async () => {
    const tx = await a.tx.compute.storeCode(
      { sender: a.address, wasm_byte_code: Buffer.from("no wasm at all"), source: "", builder: "" },
      { gasLimit: 1_000_000, ...FAST },
    );
    expect(tx).toMatchObject({ code: 15, codespace: "compute" });
    expect(tx.rawLog).toMatch(
      /^failed to execute message; message index: 0: Execution error: Error during static Wasm validation: Wasm bytecode could not be deserialized\. Deserialization error: ".+": create contract failed$/,
    );
  });

  it("stores a contract with floating point but refuses to instantiate it", async () => {
    const code = await storeCode(a, readWasm("floats"));
    const tx = await instantiate(a, code, { noop: {} }, { label: "floats" });
    expect(tx).toMatchObject({ code: 2, codespace: "compute" });
    expect(tx.rawLog).toContain("found floating point operation in module code");
  });
});

describe("contracts §3.1, §6.1: instantiating", () => {
  it("gives the contract's address in data and logs", async () => {
    const tx = succeeded(await instantiate(b, probe, { set: { key: "aw==", value: "dg==" } }, { label: "of b" }));
    const { address } = MsgInstantiateContractResponse.decode(tx.data[0] as Uint8Array);
    expect(address).toMatch(/^secret1[0-9a-z]{38}$/);
    expect(attribute(tx, "message", "contract_address")).toBe(address);
    expect(attribute(tx, "instantiate", "contract_address")).toBe(address);
    expect(attribute(tx, "wasm", "contract_address")).toBe(address);
    expect(await query(b, { ...probe, address }, { get: { key: "aw==" } })).toBe("dg==");
    const { contract_info: info } = await b.query.compute.contractInfo({ contract_address: address });
    expect(info).toMatchObject({ creator: b.address, label: "of b", code_id: probe.codeId, admin: "" });
  });

  it("returns what the contract put into data, decrypted", async () => {
    const tx = succeeded(await instantiate(a, probe, { set_data: { data: toBase64("hello") } }, { label: "data" }));
    const { data } = MsgInstantiateContractResponse.decode(tx.data[0] as Uint8Array);
    expect(Buffer.from(data).toString()).toBe("hello");
  });

  it("refuses a label that is taken", async () => {
    const tx = await instantiate(a, probe, { noop: {} }, { label: "probe" });
    expect(tx).toMatchObject({ code: 6, codespace: "compute" });
    expect(tx.rawLog).toContain("contract account already exists");
  });

  it("refuses a code that is not there", async () => {
    const tx = await instantiate(a, { ...probe, codeId: "9999" }, { noop: {} }, { label: "no code" });
    expect(tx.code).not.toBe(0);
    expect(tx.rawLog).toContain("not found");
  });
});

describe("contracts §3.1, §3.3: executing", () => {
  it("decrypts data and encrypted attributes, and leaves plaintext attributes as they are", async () => {
    const tx = succeeded(
      await execute(a, probe, {
        run: {
          ops: [
            { attribute: { key: "secret key", value: "secret value" } },
            { attribute: { key: "plain key", value: "plain value", plaintext: true } },
            { set_data: { data: toBase64('{"answer":42}') } },
          ],
        },
      }),
    );
    expect(dataOf(tx, decodeExecute)).toEqual({ answer: 42 });
    expect(attribute(tx, "wasm", "secret key")).toBe("secret value");
    expect(attribute(tx, "wasm", "plain key")).toBe("plain value");
    expect(tx.jsonLog?.[0]?.events.find(({ type }) => type === "wasm")?.attributes).toEqual([
      { key: "contract_address", value: probe.address },
      { key: "secret key", value: "secret value" },
      { key: "plain key", value: "plain value" },
    ]);
    const raw = await fetch(`${sotto.rest}/cosmos/tx/v1beta1/txs/${tx.transactionHash}`);
    const text = await raw.text();
    expect(text).toContain("plain value");
    expect(text).not.toContain("secret value");
  });

  it("runs several messages in one transaction, each with its own data and logs", async () => {
    const messages = ["one", "two", "three"].map((word) =>
      messageOf(a, {
        run: { ops: [{ attribute: { key: "word", value: word } }, { set_data: { data: toBase64(`"${word}"`) } }] },
      }),
    );
    const tx = succeeded(await a.tx.broadcast(messages, { gasLimit: 500_000, ...FAST }));
    expect(tx.data).toHaveLength(3);
    expect([0, 1, 2].map((index) => dataOf(tx, decodeExecute, index))).toEqual(["one", "two", "three"]);
    expect(tx.arrayLog?.filter(({ key }) => key === "word").map(({ msg, value }) => [msg, value])).toEqual([
      [0, "one"],
      [1, "two"],
      [2, "three"],
    ]);
  });

  it("shows the caller why the contract failed, and nobody else", async () => {
    const tx = await execute(a, probe, { fail: { text: "no sugar left" } });
    expect(tx).toMatchObject({ code: 3, codespace: "compute", data: [] });
    expect(tx.rawLog).toBe("failed to execute message; message index: 0: no sugar left: execute contract failed");
    const stored = await fetch(`${sotto.rest}/cosmos/tx/v1beta1/txs/${tx.transactionHash}`);
    const { tx_response: seen } = (await stored.json()) as { tx_response: { raw_log: string } };
    expect(seen.raw_log).toMatch(
      /^failed to execute message; message index: 0: encrypted: [A-Za-z0-9+/]+=*: execute contract failed$/,
    );
  });

  it("parses a contract error that is JSON into jsonLog", async () => {
    const error = JSON.stringify({ generic_err: { msg: "as JSON" } });
    const tx = await execute(a, probe, { raw_output: { output: toBase64(`{"Err":${error}}`) } });
    expect(tx.code).toBe(3);
    expect(tx.rawLog).toContain(error);
    expect(tx.jsonLog).toEqual({ generic_err: { msg: "as JSON" } });
  });

  it("undoes message 0 when message 1 fails, and names message 1", async () => {
    const key = toBase64("undone");
    const tx = await a.tx.broadcast(
      [messageOf(a, { set: { key, value: "dg==" } }), messageOf(a, { fail: { text: "second one" } })],
      { gasLimit: 500_000, ...FAST },
    );
    expect(tx.code).toBe(3);
    expect(tx.rawLog).toBe("failed to execute message; message index: 1: second one: execute contract failed");
    expect(await query(a, probe, { get: { key } })).toBeNull();
  });

  it("names message 0 when that one fails, and does not run message 1", async () => {
    const key = toBase64("never");
    const tx = await a.tx.broadcast(
      [messageOf(a, { fail: { text: "first one" } }), messageOf(a, { set: { key, value: "dg==" } })],
      { gasLimit: 500_000, ...FAST },
    );
    expect(tx.rawLog).toBe("failed to execute message; message index: 0: first one: execute contract failed");
    expect(await query(a, probe, { get: { key } })).toBeNull();
  });

  it("puts transactions that arrive together into one block, where contracts see their indexes", async () => {
    type Env = { block: { height: number }; transaction: { index: number; hash: string } };
    const sent = await Promise.all([a, b].map((client) => execute(client, probe, { echo_env: {} })));
    const seen = sent.map((tx) => JSON.parse(dataOf<string>(succeeded(tx), decodeExecute)) as Env);
    expect(sent[0]?.height).toBe(sent[1]?.height);
    expect(seen.map(({ transaction }) => transaction.index).sort()).toEqual([0, 1]);
    expect(seen.map(({ block }) => block.height)).toEqual(sent.map(({ height }) => height));
    expect(seen.map(({ transaction }) => transaction.hash.toUpperCase())).toEqual(
      sent.map(({ transactionHash }) => transactionHash),
    );
  });

  it("tells the contract the nanoseconds of the block's time", async () => {
    const tx = succeeded(await execute(a, probe, { echo_env: {} }));
    const env = JSON.parse(dataOf<string>(tx, decodeExecute)) as { block: { time: string } };
    const { block } = await a.query.tendermint.getBlockByHeight({ height: String(tx.height) });
    const time = String(block?.header?.time);
    expect(time).toMatch(/\.\d{9}Z$/);
    expect(time.slice(-10, -1)).toBe(env.block.time.slice(-9));
    expect(BigInt(Math.floor(Date.parse(time) / 1000))).toBe(BigInt(env.block.time) / 1_000_000_000n);
  });

  it.each([
    [{ panic: { message: "aaargh" } }, "the contract panicked"],
    [{ unreachable: {} }, "the contract panicked"],
    [{ divide: { dividend: 1, divisor: 0 } }, "the contract tried to divide by zero"],
    [{ recurse: { depth: 4_000_000_000 } }, "the contract has run out of space on the stack"],
    [{ read_memory: { address: 4_294_967_295 } }, "the contract tried to access memory out of bounds"],
  ])("turns the misbehaviour %j into its text", async (msg, text) => {
    const tx = await execute(a, probe, msg, { gasLimit: 2_000_000 });
    expect(tx).toMatchObject({ code: 3, codespace: "compute" });
    expect(tx.rawLog).toBe(
      `failed to execute message; message index: 0: Execution error: Enclave: ${text}: execute contract failed`,
    );
  });

  it("stops an endless loop at the gas limit", async () => {
    const tx = await execute(a, probe, { endless_loop: {} }, { gasLimit: 300_000 });
    expect(tx).toMatchObject({ code: 11, codespace: "sdk" });
    expect(tx.rawLog).toMatch(/^out of gas in location: [\w ]+; gasWanted: 300000, gasUsed: \d+: out of gas$/);
  });

  it("takes the fee and advances the sequence although the contract failed", async () => {
    const sequence = async (): Promise<number> => {
      const { account } = await b.query.auth.account({ address: b.address });
      return Number((account as { sequence?: string }).sequence);
    };
    const before = { balance: await balanceOf(b, b.address), sequence: await sequence() };
    await execute(b, probe, { fail: { text: "costly" } }, { gasLimit: 200_000 });
    expect(before.balance - (await balanceOf(b, b.address))).toBe(feeOf(200_000));
    expect(await sequence()).toBe(before.sequence + 1);
  });

  it("rejects a contract that is not there", async () => {
    const tx = await execute(a, { ...probe, address: a.address }, { noop: {} });
    expect(tx.code).not.toBe(0);
    expect(tx.rawLog).toContain("not found");
  });
});

describe("enclave §2.4: messages that do not fit", () => {
  /** Flips a bit of the ciphertext, behind nonce and public key. */
  function corrupting(url: string): EncryptionUtilsImpl {
    const utils = new EncryptionUtilsImpl(url);
    const encrypt = utils.encrypt.bind(utils);
    utils.encrypt = async (codeHash, msg) => {
      const message = await encrypt(codeHash, msg);
      message[message.length - 1] = (message[message.length - 1] as number) ^ 1;
      return message;
    };
    return utils;
  }

  it("refuses corrupt ciphertext of execute and instantiate as an unverified signature", async () => {
    const client = connect(sotto.rest, "b", { encryptionUtils: corrupting(sotto.rest) });
    const executed = await execute(client, probe, { noop: {} });
    expect(executed).toMatchObject({ code: 3, codespace: "compute" });
    expect(executed.rawLog).toBe(
      "failed to execute message; message index: 0: Execution error: Enclave: failed to verify transaction signature: execute contract failed",
    );
    const made = await instantiate(client, probe, { noop: {} }, { label: "corrupt" });
    expect(made).toMatchObject({ code: 2, codespace: "compute" });
    expect(made.rawLog).toBe(
      "failed to execute message; message index: 0: Execution error: Enclave: failed to verify transaction signature: instantiate contract failed",
    );
  });

  it("refuses a corrupt query", async () => {
    const client = connect(sotto.rest, "b", { encryptionUtils: corrupting(sotto.rest) });
    await expect(query(client, probe, { noop: {} })).rejects.toMatchObject({
      code: 2,
      message: "codespace compute code 4: query contract failed: Execution error: Enclave: failed to decrypt data",
    });
  });

  it("refuses the hash of other code", async () => {
    const wrong = { ...probe, codeHash: "ab".repeat(32) };
    const tx = await execute(a, wrong, { noop: {} });
    expect(tx).toMatchObject({ code: 3, codespace: "compute" });
    expect(tx.rawLog).toBe(
      "failed to execute message; message index: 0: Execution error: Enclave: failed to validate transaction: execute contract failed",
    );
    await expect(query(a, wrong, { noop: {} })).rejects.toMatchObject({
      code: 2,
      message:
        "codespace compute code 4: query contract failed: Execution error: Enclave: failed to validate transaction",
    });
  });
});

describe("querying", () => {
  it("works with the code hash and without", async () => {
    await execute(a, probe, { set: { key: toBase64("k"), value: toBase64("v") } });
    const message = { get: { key: toBase64("k") } };
    expect(await query(b, probe, message)).toBe(toBase64("v"));
    // The client warns that looking the hash up takes time.
    vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await query(connect(sotto.rest, "b"), { address: probe.address }, message)).toBe(toBase64("v"));
  });

  it("hands a contract's error to the caller as text", async () => {
    expect(await query(a, probe, { fail: { text: "not for you" } })).toBe("not for you");
  });

  it("gives an empty object for an empty answer", async () => {
    expect(await query(a, probe, { run: { ops: [{ set_data: { data: "" } }] } })).toEqual({});
  });

  it("cannot write", async () => {
    await expect(query(a, probe, { set: { key: "aw==", value: "dg==" } })).rejects.toMatchObject({
      message: expect.stringContaining("contract tried to write to storage during a query"),
    });
  });

  it("stops at the gas limit of queries", async () => {
    await expect(query(a, probe, { endless_loop: {} })).rejects.toMatchObject({ details: [] });
    expect(await query(a, probe, { noop: {} })).toBeNull();
  });

  it("says that a contract is not there", async () => {
    await expect(query(a, { ...probe, address: a.address }, { noop: {} })).rejects.toMatchObject({
      code: 2,
      message: "codespace compute code 9: not found: contract",
    });
    await expect(a.query.compute.codeHashByContractAddress({ contract_address: a.address })).rejects.toMatchObject({
      message: "codespace compute code 9: not found",
    });
    await expect(a.query.compute.codeHashByCodeId({ code_id: "77" })).rejects.toMatchObject({
      message: "failed to get code info for code id 77",
    });
  });

  it("answers from the state of a past height", async () => {
    const key = toBase64("history");
    const first = succeeded(await execute(a, probe, { set: { key, value: toBase64("old") } }));
    succeeded(await execute(a, probe, { set: { key, value: toBase64("new") } }));
    const at = (height: number): Promise<unknown> =>
      query(a, probe, { get: { key } }, [["x-cosmos-block-height", String(height)]]);
    expect(await at(first.height - 1)).toBeNull();
    expect(await at(first.height)).toBe(toBase64("old"));
    expect(await query(a, probe, { get: { key } })).toBe(toBase64("new"));
  });
});
