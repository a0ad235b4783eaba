/**
 * Every text that a client can be shown by enclave and contract module, as `secretjs` shows it.
 *
 * Texts that no client can produce here: those of a misbehaving host end the node's work instead of a message (`proof/tampering`);
 * `failed to perform an invalid conversion` and the like need floating point, which cannot be instantiated; `failed to write memory`,
 * `depth of nested contract calls exceeded` and `the contract tried to access an uninitialized resource` are not raised by the protocol. Code 16 (a sender who did not sign)
 * is refused by the ante chain first.
 */
import { EncryptionUtilsImpl } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { contract, OUTPUT_REGION } from "../enclave/test/engine/testContract.ts";
import { type Sotto, startSotto } from "./harness.ts";
import {
  attribute,
  type Client,
  type Contract,
  connect,
  deployProbe,
  execute,
  FAST,
  instantiate,
  query,
  storeCode,
  succeeded,
  toBase64,
  uscrt,
} from "./network.ts";

let sotto: Sotto;
let a: Client;
let probe: Contract;

beforeAll(async () => {
  sotto = await startSotto();
  a = connect(sotto.rest, "a");
  probe = await deployProbe(a);
}, 30_000);

const enclaveError = (text: string, verb: string): string =>
  `failed to execute message; message index: 0: Execution error: Enclave: ${text}: ${verb} contract failed`;
const output = `i32.const ${OUTPUT_REGION}`;
let labels = 0;
const label = (): string => `errors ${labels++}`;

/** Stores a module, instantiates it and executes `{}`. */
async function executeModule(wasm: Uint8Array, gasLimit = 500_000) {
  const code = await storeCode(a, wasm);
  const made = succeeded(await instantiate(a, code, {}, { label: label() }));
  return execute(a, { ...code, address: attribute(made, "message", "contract_address") ?? "" }, {}, { gasLimit });
}

describe("contracts §1.5, enclave §12.1, §12.2: enclave errors of an instantiate", () => {
  it.each([
    ["tried to load invalid wasm code", () => contract({ execute: "i64.const 1" })],
    ["failed to initialize wasm memory", () => contract({ execute: output, memory: [193] })],
    ["WasmModuleWithStart", () => contract({ execute: output, more: [{ type: [[], []], code: "" }], start: 5 })],
    ["found floating point operation in module code", () => contract({ execute: `f32.const 0 drop ${output}` })],
    [
      "unknown error",
      () => contract({ execute: output, imports: [["env", "db_read", [["i64"], ["i32"]]]], exports: [] }),
    ],
  ])("%s", async (text, wasm) => {
    const code = await storeCode(a, wasm());
    const tx = await instantiate(a, code, {}, { label: label() });
    expect(tx).toMatchObject({ code: 2, codespace: "compute", rawLog: enclaveError(text, "instantiate") });
  });
});

describe("contracts §1.5, §1.7, enclave §12.1: enclave errors of an execute", () => {
  it.each([
    [{ panic: { message: "aaargh" } }, "the contract panicked"],
    [{ divide: { dividend: -2_147_483_648, divisor: -1 } }, "the contract panicked"],
    [{ read_memory: { address: 4_294_967_295 } }, "the contract tried to access memory out of bounds"],
    [{ call_indirect: { index: 1_000_000 } }, "the contract tried to access a nonexistent resource"],
    [
      { call_wrong_signature: {} },
      "the contract tried to call a function but expected an incorrect function signature",
    ],
    [{ remainder: { dividend: 1, divisor: 0 } }, "the contract tried to divide by zero"],
    [{ recurse: { depth: 4_000_000_000 } }, "the contract has run out of space on the stack"],
    [{ raw_pointer: { pointer: 0 } }, "failed to read memory"],
    [{ raw_output: { output: toBase64("no JSON") } }, "failed to deserialize data"],
    [{ raw_output: { output: toBase64('{"Ok":1}') } }, "failed to deserialize data"],
  ])("%j: %s", async (msg, text) => {
    const tx = await execute(a, probe, msg, { gasLimit: 2_000_000 });
    expect(tx).toMatchObject({ code: 3, codespace: "compute", rawLog: enclaveError(text, "execute") });
  });

  it("an output that is too large to leave the enclave: failed to serialize data", async () => {
    const tx = await executeModule(largeOutput(11_300_000), 2_000_000);
    expect(tx).toMatchObject({ code: 3, rawLog: enclaveError("failed to serialize data", "execute") });
  });

  it("an allocate that traps: failed to allocate memory", async () => {
    const allocate = { name: "allocate", type: [["i32"], ["i32"]], code: "unreachable" } as const;
    const code = await storeCode(a, contract({ execute: output, allocate }));
    const tx = await instantiate(a, code, {}, { label: label() });
    expect(tx.rawLog).toBe(enclaveError("failed to allocate memory", "instantiate"));
  });

  it("an import that is not linked: calling a function … failed", async () => {
    const imports = [["env", "db_next", [["i32"], ["i32"]]]] as const;
    const tx = await executeModule(answering({ imports, execute: `i32.const 0 call 0 drop ${output}` }));
    expect(tx.rawLog).toBe(
      enclaveError("calling a function in the contract failed for an unexpected reason", "execute"),
    );
  });

  it("an allocate that calls an import: panicked", async () => {
    const imports = [["env", "gas_evaporate", [["i32"], ["i32"]]]] as const;
    const allocate = { name: "allocate", type: [["i32"], ["i32"]], code: "i32.const 1 call 0" } as const;
    const code = await storeCode(a, contract({ imports, execute: output, allocate }));
    const tx = await instantiate(a, code, {}, { label: label() });
    expect(tx.rawLog).toBe(enclaveError("panicked due to unexpected behavior", "instantiate"));
  });

  it("gas that ran out inside at the limit of a call, with some left outside: Out of gas", async () => {
    const evaporate = { gas_evaporate: { amount: 6_000_000 } };
    const tx = await execute(a, probe, { run: { ops: [evaporate, evaporate] } }, { gasLimit: 15_000_000 });
    expect(tx).toMatchObject({
      code: 3,
      rawLog: "failed to execute message; message index: 0: Out of gas: execute contract failed",
    });
  });

  it("gas that ran out: the chain's own text (contracts §4.8)", async () => {
    const tx = await execute(a, probe, { endless_loop: {} }, { gasLimit: 300_000 });
    expect(tx).toMatchObject({ code: 11, codespace: "sdk" });
    expect(tx.rawLog).toMatch(/^out of gas in location: wasm contract; gasWanted: 300000, gasUsed: \d+: out of gas$/);
  });
});

/** Region at 16 for the text at `at`. */
function region(at: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12));
  for (const [i, word] of [at, length, length].entries()) view.setUint32(4 * i, word, true);
  return new Uint8Array(view.buffer);
}

const EMPTY_RESPONSE = '{"Ok":{"messages":[],"attributes":[],"events":[],"data":null}}';

/** A module whose instantiate and execute answer with an empty response. */
function answering(parts: Parameters<typeof contract>[0]): Uint8Array {
  return contract({
    ...parts,
    data: [
      [OUTPUT_REGION, region(48, EMPTY_RESPONSE.length)],
      [48, EMPTY_RESPONSE],
    ],
  });
}

/** A module whose execute answers with one plaintext attribute of `length` bytes, a multiple of 8. */
function largeOutput(length: number): Uint8Array {
  const start = '{"Ok":{"messages":[],"attributes":[{"key":"k","value":"';
  const end = '","encrypted":false}],"events":[],"data":null}}';
  const at = 65_536;
  const fill = at + start.length;
  return contract({
    memory: [180],
    locals: ["i32"],
    execute: `i32.const ${fill} local.set 3
      loop local.get 3 i64.const 8608480567731124087 i64.store
        local.get 3 i32.const 8 i32.add local.tee 3 i32.const ${fill + length} i32.lt_u br_if 0 end
      i32.const 256`,
    data: [
      [OUTPUT_REGION, region(48, EMPTY_RESPONSE.length)],
      [48, EMPTY_RESPONSE],
      [256, region(at, start.length + length + end.length)],
      [at, start],
      [fill + length, end],
    ],
  });
}

describe("contracts §1.5, enclave §2.4, §3.4: enclave errors around the input", () => {
  it("a code hash that is none: failed to validate transaction", async () => {
    const tx = await execute(a, { ...probe, codeHash: "zz".repeat(32) }, { noop: {} });
    expect(tx.rawLog).toBe(enclaveError("failed to validate transaction", "execute"));
  });

  it("a reply header that is cut off: panicked", async () => {
    const utils = new EncryptionUtilsImpl(sotto.rest);
    const encrypt = utils.encrypt.bind(utils);
    utils.encrypt = (codeHash, msg) => encrypt(`${codeHash}REPLY01`, msg);
    const tx = await execute(connect(sotto.rest, "b", { encryptionUtils: utils }), probe, { noop: {} });
    expect(tx.rawLog).toBe(enclaveError("panicked due to unexpected behavior", "execute"));
  });

  it("a write in a query: contract tried to write to storage during a query", async () => {
    await expect(query(a, probe, { set: { key: toBase64("k"), value: "" } })).rejects.toMatchObject({
      message:
        "codespace compute code 4: query contract failed: Execution error: Enclave: contract tried to write to storage during a query",
    });
  });

  it("an entry point that is not there: calling a function … failed", async () => {
    const code = await storeCode(a, answering({ execute: output }));
    const made = succeeded(await instantiate(a, code, {}, { label: label() }));
    const target = { ...code, address: attribute(made, "message", "contract_address") ?? "" };
    await expect(query(a, target, {})).rejects.toMatchObject({
      message:
        "codespace compute code 4: query contract failed: Execution error: Enclave: calling a function in the contract failed for an unexpected reason",
    });
  });
});

describe("enclave §3.2, §3.4, contracts §5.5: errors of the contract itself, decrypted", () => {
  const quoted = 'say "hi"';
  it("of an execute, an instantiate and a query", async () => {
    const executed = await execute(a, probe, { fail: { text: "not today" } });
    expect(executed).toMatchObject({ code: 3, codespace: "compute" });
    expect(executed.rawLog).toContain("not today");
    const made = await instantiate(a, probe, { fail: { text: "not at all" } }, { label: label() });
    expect(made).toMatchObject({ code: 2, codespace: "compute" });
    expect(made.rawLog).toContain("not at all");
    expect(await query(a, probe, { fail: { text: "not for you" } })).toBe("not for you");
  });

  it("keeps JSON escapes and loses a quote at the end, as the protocol has it", async () => {
    const tx = await execute(a, probe, { fail: { text: quoted } });
    expect(tx.rawLog).toContain(String.raw`say \"hi\ `.trim());
  });

  it("of a called contract, with each level named", async () => {
    const call = {
      id: 1,
      msg: {
        wasm: {
          execute: {
            contract_addr: probe.address,
            code_hash: probe.codeHash,
            msg: toBase64(JSON.stringify({ fail: { text: "deep down" } })),
            send: [],
          },
        },
      },
      gas_limit: null,
      reply_on: "never",
    };
    const tx = await execute(a, probe, { send: { messages: [call] } });
    expect(tx).toMatchObject({ code: 3, codespace: "compute" });
    expect(tx.rawLog).toContain("deep down");
  });
});

describe("contracts §5.8: codes of the contract module", () => {
  it("6: a label that is taken", async () => {
    const taken = label();
    succeeded(await instantiate(a, probe, { noop: {} }, { label: taken }));
    const tx = await instantiate(a, probe, { noop: {} }, { label: taken });
    expect(tx).toMatchObject({ code: 6, codespace: "compute" });
    expect(tx.rawLog).toBe(`failed to execute message; message index: 0: ${taken}: contract account already exists`);
  });

  it("9: no contract at the address", async () => {
    const tx = await execute(a, { ...probe, address: a.address }, { noop: {} });
    expect(tx).toMatchObject({ code: 9, codespace: "compute" });
    expect(tx.rawLog).toBe("failed to execute message; message index: 0: contract: not found");
  });

  it("10: a message that no module takes", async () => {
    const burn = { id: 0, msg: { bank: { burn: { amount: uscrt(1) } } }, gas_limit: null, reply_on: "never" };
    const tx = await execute(a, probe, { send: { messages: [burn] } });
    expect(tx).toMatchObject({ code: 10, codespace: "compute" });
    expect(tx.rawLog).toBe(
      "failed to execute message; message index: 0: dispatch: submessages: Unknown variant of Bank: invalid CosmosMsg from the contract",
    );
  });

  it("15: code that is none", async () => {
    const tx = await a.tx.compute.storeCode(
      { sender: a.address, wasm_byte_code: new Uint8Array(100), source: "", builder: "" },
      { gasLimit: 1_000_000, ...FAST },
    );
    expect(tx).toMatchObject({ code: 15, codespace: "compute" });
    expect(tx.rawLog).toMatch(/: create contract failed$/);
  });

  it("19: a reply that fails", async () => {
    const fails = (text: string): object => ({ fail: { text } });
    const call = {
      id: 5,
      msg: {
        wasm: {
          execute: {
            contract_addr: probe.address,
            code_hash: probe.codeHash,
            msg: toBase64(JSON.stringify({ noop: {} })),
            send: [],
          },
        },
      },
      gas_limit: null,
      reply_on: "success",
    };
    const ops = [{ on_reply: { id: 5, op: fails("no reply") } }, { send: { messages: [call] } }];
    const tx = await execute(a, probe, { run: { ops } }, { gasLimit: 500_000 });
    expect(tx).toMatchObject({ code: 19, codespace: "compute" });
    expect(tx.rawLog).toMatch(/reply to contract failed$/);
  });

  it("21: an event with an empty key", async () => {
    const attributes = [{ key: " ", value: "v", encrypted: false }];
    const tx = await execute(a, probe, { event: { type: "something", attributes } });
    expect(tx).toMatchObject({ code: 21, codespace: "compute" });
    expect(tx.rawLog).toBe(
      "failed to execute message; message index: 0: dispatch: Empty attribute key. Value: v: invalid event",
    );
  });
});
