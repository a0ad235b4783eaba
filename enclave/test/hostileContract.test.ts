/** Contracts that make the node work or remember for nothing: bounded, and an error of the call, the same on every node. */

import { bytesToBase64, bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { contract, OUTPUT_REGION } from "./engine/testContract.ts";
import { type Executed, type Instance, TestChain, Wallet } from "./harness.ts";

const LENGTH = 1_000_000;
const REFUSED =
  "Execution error: Enclave: calling a function in the contract failed for an unexpected reason: execute contract failed";
/** Region of a long argument, whose first word counts up, and the argument itself. */
const REGION = 256;
const DATA = 65_536;
const EMPTY_REGION = 300;
const SIGNATURE_REGION = 320;
const KEY_REGION = 340;
const OUTPUT_DATA = 600;
const ARGUMENT_REGION = 512;

const region = (at: number, length: number) => new Uint8Array(Uint32Array.of(at, length, length).buffer);
const output = (at: number, text: string): [number, Uint8Array | string][] => [
  [OUTPUT_REGION, region(at, utf8ToBytes(text).length)],
  [at, text],
];
const NOTHING = output(OUTPUT_DATA, '{"Ok":{"messages":[],"attributes":[],"events":[]}}');

/** Calls an import with a long argument that differs each time, for ever. */
function repeating(name: string, params: number, result: "i32" | "i64" | undefined, rest: string): Uint8Array {
  const type = Array.from({ length: params }, () => "i32" as const);
  return contract({
    imports: [["env", name, [type, result === undefined ? [] : [result]]]],
    memory: [40],
    data: [
      ...NOTHING,
      [REGION, region(DATA, LENGTH)],
      [EMPTY_REGION, region(DATA, 0)],
      [SIGNATURE_REGION, region(DATA, 64)],
      [KEY_REGION, region(DATA, 32)],
    ],
    locals: ["i32"],
    execute: `loop
        i32.const ${DATA} local.get 3 i32.const 1 i32.add local.tee 3 i32.store
        i32.const ${REGION} ${rest} call 0 ${result === undefined ? "" : "drop"}
        br 0
      end unreachable`,
  });
}

/** Executes to `text`, out of its own data; arguments all go to one place. */
function saying(text: string): Uint8Array {
  return contract({
    memory: [90],
    data: [...NOTHING, [REGION, region(DATA, text.length)], [DATA, text], [ARGUMENT_REGION, region(4_096, 8_192)]],
    execute: `i32.const ${REGION}`,
    allocate: { name: "allocate", type: [["i32"], ["i32"]], code: `i32.const ${ARGUMENT_REGION}` },
  });
}

class Stage {
  readonly chain = TestChain.start();
  readonly alice = new Wallet(1);

  instance(code: Uint8Array): Instance {
    return this.chain.instantiate(this.alice, this.chain.storeCode(code), {});
  }

  /** Executes in bounded time. */
  execute(instance: Instance, message: unknown, gas = 10_000_000n): Executed {
    const before = process.cpuUsage();
    const executed = this.chain.execute(this.alice, instance, message, { gas });
    expect(process.cpuUsage(before).user).toBeLessThan(30_000_000);
    return executed;
  }
}

describe("contracts §2.1, §2.2: imports that cost the same however long their arguments are", () => {
  it.each([
    ["db_remove", 1, undefined, ""],
    ["db_write", 2, undefined, `i32.const ${EMPTY_REGION}`],
    ["addr_validate", 1, "i32", ""],
    ["addr_canonicalize", 2, "i32", `i32.const ${EMPTY_REGION}`],
    ["secp256k1_sign", 2, "i64", `i32.const ${KEY_REGION}`],
    ["ed25519_sign", 2, "i64", `i32.const ${KEY_REGION}`],
    ["ed25519_verify", 3, "i32", `i32.const ${SIGNATURE_REGION} i32.const ${KEY_REGION}`],
  ] as const)("%s ends in bounded time and memory", { timeout: 60_000 }, (name, params, result, rest) => {
    const stage = new Stage();
    const hostile = stage.instance(repeating(name, params, result, rest));
    expect(stage.execute(hostile, {}, 1_000_000n).log).toBe(REFUSED);
  });
});

describe("contracts §5.2, §6.5: outputs out of a contract's own data, which cost it nothing", () => {
  /** Answers with what it is sent. */
  const ECHO = contract({ data: NOTHING, execute: "local.get 2" });

  it("end in bounded time and memory, however many contracts make them", { timeout: 60_000 }, () => {
    const stage = new Stage();
    const attributes = Array.from({ length: 20_000 }, () => '{"key":"b","value":""},{"key":"a","value":""}').join();
    const loud = saying(`{"Ok":{"messages":[],"attributes":[${attributes}],"events":[]}}`);
    const echo = stage.instance(ECHO);
    expect(loud.length).toBeLessThan(2_097_152);
    const execute = (msg: string) => ({
      id: 0,
      msg: {
        wasm: {
          execute: {
            contract_addr: loudInstance.bech32,
            code_hash: bytesToHex(loudInstance.codeHash),
            msg: bytesToBase64(utf8ToBytes(msg)),
            send: [],
          },
        },
      },
      gas_limit: null,
      reply_on: "never",
    });
    const loudInstance = stage.instance(loud);
    const messages = Array.from({ length: 200 }, () => execute("{}"));
    const executed = stage.execute(echo, { Ok: { messages, attributes: [], events: [] } });
    expect(executed.log).toBe(`dispatch: submessages: ${REFUSED}`);
  });

  it("may send messages up to the limit of a call, and none beyond (contracts §1.6, enclave §11.5)", () => {
    const stage = new Stage();
    const receiver = stage.instance(contract({ memory: [40], data: NOTHING, execute: `i32.const ${OUTPUT_REGION}` }));
    /** Nonce, key, IV and code hash are the rest of 2,048,000 bytes. */
    const sender = (length: number) => {
      const msg = bytesToBase64(new Uint8Array(length).fill(32));
      const execute = `{"contract_addr":"${receiver.bech32}","code_hash":"${bytesToHex(receiver.codeHash)}","msg":"${msg}","send":[]}`;
      const message = `{"id":0,"msg":{"wasm":{"execute":${execute}}},"gas_limit":null,"reply_on":"never"}`;
      return stage.instance(saying(`{"Ok":{"messages":[${message}],"attributes":[],"events":[]}}`));
    };
    expect(stage.execute(sender(2_048_000 - 144), {}).log).toBe("");
    expect(stage.execute(sender(2_048_000 - 143), {}).log).toBe(`dispatch: submessages: ${REFUSED}`);
  });

  it("are no more in one transaction than come back with the next block", { timeout: 60_000 }, () => {
    const stage = new Stage();
    const data = bytesToBase64(new Uint8Array(900_000));
    const loud = stage.instance(saying(`{"Ok":{"messages":[],"attributes":[],"events":[],"data":"${data}"}}`));
    const { chain, alice } = stage;
    const sign = (count: number) => {
      const messages = Array.from({ length: count }, () => chain.executeMessage(alice, loud, {}).any);
      return alice.sign(chain.chainId, messages, { gas: 10_000_000n });
    };
    const results = chain.block([alice, sign(2)], [alice, sign(20)]);
    // The header of this block names what those came to, and the enclave reads it.
    chain.block();
    expect(results.map(({ kept }) => kept)).toEqual([true, false]);
    expect(results[1]?.outcomes.at(-1)?.result).toMatchObject({
      kind: "failed",
      value: { log: expect.stringContaining("failed to serialize data") },
    });
  });
});
