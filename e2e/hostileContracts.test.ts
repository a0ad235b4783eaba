/** Contracts that want to break the node: each gets its typed error within bounded time and memory, and the node goes on. */
import { readFileSync } from "node:fs";
import { MsgExecuteContract } from "secretjs";
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
} from "./network.ts";

/** Resident memory that the node may have at most, whatever contracts do. */
const MAX_MEGABYTES = 1_500;

let sotto: Sotto;
let a: Client;
let probe: Contract;

beforeAll(async () => {
  sotto = await startSotto();
  a = connect(sotto.rest, "a");
  probe = await deployProbe(a);
}, 30_000);

const EMPTY_RESPONSE = '{"Ok":{"messages":[],"attributes":[],"events":[],"data":null}}';
const TEXT_AT = 65_536;
/** Base64 of nothing much. */
const DATA = "AAAA".repeat(256);

function region(at: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12));
  for (const [i, word] of [at, length, length].entries()) view.setUint32(4 * i, word, true);
  return new Uint8Array(view.buffer);
}

/** A module whose execute answers with `before`, `item` so many times, `last` and `after`. */
function repeating(before: string, item: string, count: number, after: string): Uint8Array {
  // Copied by eights: blanks are nothing to JSON.
  const padded = item.padEnd(Math.ceil(item.length / 8) * 8);
  const start = TEXT_AT + before.length;
  const end = start + padded.length * count;
  const pages = Math.ceil((end + after.length) / 65_536) + 1;
  return contract({
    memory: [pages],
    locals: ["i32", "i32"],
    execute: `i32.const ${start} local.set 3
      loop
        i32.const 0 local.set 4
        loop local.get 3 local.get 4 i32.add i32.const 1024 local.get 4 i32.add i64.load i64.store
          local.get 4 i32.const 8 i32.add local.tee 4 i32.const ${padded.length} i32.lt_u br_if 0 end
        local.get 3 i32.const ${padded.length} i32.add local.tee 3 i32.const ${end} i32.lt_u br_if 0
      end
      i32.const 256`,
    data: [
      [OUTPUT_REGION, region(48, EMPTY_RESPONSE.length)],
      [48, EMPTY_RESPONSE],
      [256, region(TEXT_AT, end + after.length - TEXT_AT)],
      [1024, padded],
      [TEXT_AT, before],
      [end, after],
    ],
  });
}

let labels = 0;

async function deployed(wasm: Uint8Array): Promise<Contract> {
  const code = await storeCode(a, wasm);
  const made = succeeded(await instantiate(a, code, {}, { label: `hostile ${labels++}` }));
  return { ...code, address: attribute(made, "message", "contract_address") ?? "" };
}

function residentMegabytes(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${sotto.pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

/** The node still runs contracts, and has never needed more memory than it may. */
async function expectAlive(): Promise<void> {
  succeeded(await execute(a, probe, { noop: {} }));
  expect(residentMegabytes()).toBeLessThan(MAX_MEGABYTES);
}

describe("contracts §1.6, §4.8, §6.4: hostile contracts", () => {
  it.each([
    [{ endless_loop: {} }, /^out of gas in location/],
    [{ recurse: { depth: 4_000_000_000 } }, /has run out of space on the stack/],
    [{ recurse_in_memory: { depth: 1_000_000 } }, /Enclave: the contract/],
    [{ allocate: { length: 4_000_000_000 } }, /Enclave: the contract panicked/],
    [{ large_outcome: { length: 12_000_000 } }, /Enclave: the contract panicked|out of gas/],
  ])("%j ends with its error", async (msg, error) => {
    const tx = await execute(a, probe, msg, { gasLimit: 4_000_000 });
    expect(tx.code).not.toBe(0);
    expect(tx.rawLog).toMatch(error);
    await expectAlive();
  });

  it("a memory bomb gets its 12 MiB and no more", async () => {
    succeeded(await execute(a, probe, { memory_grow_until_refused: {} }, { gasLimit: 4_000_000 }));
    await expectAlive();
  });

  it("10,000 sub-messages that do nothing are done, 100,000 are refused", async () => {
    const nothing = '{"id":0,"msg":{"bank":{"send":{"to_address":"","amount":[]}}},"reply_on":"never"}';
    const after = `${nothing}],"attributes":[],"events":[],"data":null}}`;
    const some = await deployed(repeating('{"Ok":{"messages":[', `${nothing},`, 9_999, after));
    succeeded(await execute(a, some, {}, { gasLimit: 6_000_000 }));
    const many = await deployed(repeating('{"Ok":{"messages":[', `${nothing},`, 99_999, after));
    const tx = await execute(a, many, {}, { gasLimit: 6_000_000 });
    expect(tx.rawLog).toMatch(/Enclave: calling a function in the contract failed for an unexpected reason: execute/);
    await expectAlive();
  }, 60_000);

  it("30,000 sub-messages that cost something end with the gas", async () => {
    const { address, codeHash } = probe;
    const body = `{"contract_addr":"${address}","code_hash":"${codeHash}","msg":"e30=","send":[]}`;
    const call = `{"id":0,"msg":{"wasm":{"execute":${body}}},"reply_on":"error"}`;
    const after = `${call}],"attributes":[],"events":[],"data":null}}`;
    const target = await deployed(repeating('{"Ok":{"messages":[', `${call},`, 29_999, after));
    const tx = await execute(a, target, {}, { gasLimit: 6_000_000 });
    expect(tx.code).not.toBe(0);
    await expectAlive();
  }, 60_000);

  it("10 MB of logs reach whoever asked for them, or fail with a typed error", async () => {
    const log = (i: string) => `{"key":"k${i}","value":"${"v".repeat(1_000)}","encrypted":true}`;
    const [before, after] = [`{"Ok":{"messages":[],"attributes":[`, `${log("z")}],"events":[],"data":null}}`];
    const target = await deployed(repeating(before, `${log("a")},`, 10_000, after));
    const tx = await execute(a, target, {}, { gasLimit: 6_000_000 });
    expect(tx.code === 0 || /failed to serialize data|calling a function/.test(tx.rawLog)).toBe(true);
    await expectAlive();
  }, 60_000);

  it("megabytes of answers come back to the enclave with the next block; more of one transaction are refused", async () => {
    const loud = await deployed(
      repeating('{"Ok":{"messages":[],"attributes":[],"events":[],"data":"', DATA, 1_170, '"}}'),
    );
    const { address, codeHash } = loud;
    const send = (client: Client, count: number) => {
      const message = {
        sender: client.address,
        contract_address: address,
        code_hash: codeHash,
        msg: {},
        sent_funds: [],
      };
      const messages = Array.from({ length: count }, () => new MsgExecuteContract(message));
      return client.tx.broadcast(messages, { ...FAST, gasLimit: 6_000_000 });
    };
    // Together more than one part of results; two of each sender do not come into one block.
    const clients = ["a", "b", "c", "d"].map((name) => connect(sotto.rest, name));
    for (const tx of await Promise.all(clients.map((client) => send(client, 2)))) succeeded(tx);
    const tx = await send(a, 20);
    expect(tx.rawLog).toContain("failed to serialize data");
    await expectAlive();
  }, 60_000);

  it("a query that asks itself again ends after ten", async () => {
    const ask = (depth: number): object => {
      if (depth === 0) return { noop: {} };
      const msg = Buffer.from(JSON.stringify(ask(depth - 1))).toString("base64");
      const smart = { contract_addr: probe.address, callback_code_hash: probe.codeHash, msg };
      return { query_chain: { request: JSON.stringify({ wasm: { smart } }) } };
    };
    expect(JSON.stringify(await query(a, probe, ask(9)))).not.toContain("exceeded_recursion_limit");
    let answer = JSON.stringify(await query(a, probe, ask(12)));
    for (let i = 0; i < 12 && !answer.includes("exceeded_recursion_limit"); i++) {
      const [, inner] = /([A-Za-z0-9+/]{40,}={0,2})/.exec(answer) ?? [];
      answer = Buffer.from(inner ?? "", "base64").toString();
    }
    expect(answer).toContain("exceeded_recursion_limit");
    await expectAlive();
  });

  it("regions that overlap, wrap or lie outside are refused or read as they are", async () => {
    const region = (words: object) => ({ region: { data: null, ...words } });
    const cases = [
      region({ offset: 4_294_967_290, capacity: 100, length: 100 }),
      region({ offset: 0, capacity: 0, length: 0 }),
      region({ offset: 1, capacity: 1, length: 4_294_967_295 }),
      { number: { value: 0 } },
      { number: { value: 4_294_967_295 } },
    ];
    for (const argument of cases) {
      const tx = await execute(a, probe, { call_import: { name: "db_read", arguments: [argument] } });
      expect(tx.rawLog).toMatch(/Enclave: failed to read memory: execute contract failed$/);
    }
    await expectAlive();
  });
});
