/** Migration and changes of admin: every check with its text and order, records, events, gas, and calls through contracts. */
import { readFileSync } from "node:fs";
import { base64ToBytes, bytesToBase64, bytesToHex, bytesToUtf8, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import { ContractCodeHistoryOperation, MsgMigrateContract, MsgUpdateAdmin } from "@sotto/common/wire/compute";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  authorizedAdminKey,
  authorizedCodeKey,
  type Code,
  changeInfo,
  clearAdminMessage,
  contractKeyKey,
  historyKey,
  historyOf,
  indexedCodes,
  infoKey,
  infoOf,
  keysOf,
  migrate,
  migrateMessage,
  runAlone,
  updateAdminMessage,
} from "./adminMessages.ts";
import { assemble } from "./engine/assemble.ts";
import { withMark } from "./engine/patchModule.ts";
import { ALLOCATE, ENV, ENV_INFO } from "./engine/testContract.ts";
import { type Instance, TestChain, Wallet } from "./harness.ts";
import { simulate } from "./simulation.ts";

const readWasm = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../contracts/wasm/${name}.wasm`, import.meta.url)));
const PROBE = readWasm("probe");
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const json64 = (value: unknown) => b64(JSON.stringify(value));
const run = (...ops: unknown[]) => ({ run: { ops } });
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });
const get = (key: string) => ({ get: { key: b64(key) } });
const noop = { noop: {} };

let chain: TestChain;
let alice: Wallet;
let bob: Wallet;
let first: Code;
let second: Code;
/** Alice is its admin. */
let owned: Instance;
/** It has no admin. */
let free: Instance;
let restore: () => void;

beforeAll(() => {
  chain = TestChain.start();
  alice = new Wallet(1);
  bob = new Wallet(2);
  first = chain.storeCode(PROBE);
  second = chain.storeCode(withMark(PROBE, "second"));
  owned = chain.instantiate(alice, first, set("k", "old"), { admin: alice.bech32 });
  free = chain.instantiate(alice, first, noop);
  restore = chain.snapshot();
});

beforeEach(() => restore());

/** What the chain says when the enclave refuses a migration. */
const refused = (text: string) => ["compute/5", `Execution error: Enclave: ${text}: migrate contract failed`];

describe("chain §2.14, §2.19, contracts §6.5, §6.8: a migration", () => {
  it("runs the new code on the old state, and the contract then answers to the new hash alone", () => {
    const migrated = migrate(chain, alice, owned, { code: second, message: run(get("k"), set("k", "new")) });
    expect([migrated.code, migrated.log]).toEqual(["ok", ""]);
    expect(migrated.data()).toBe(JSON.stringify([b64("old"), null]));
    expect(chain.query(alice, migrated.contract, get("k"))).toBe(JSON.stringify(b64("new")));
    expect(chain.execute(alice, migrated.contract, set("k", "newer")).code).toBe("ok");
    const stale = "Execution error: Enclave: failed to validate transaction";
    expect(chain.query(alice, owned, get("k"))).toBe(`${stale}: query contract failed`);
    expect(chain.execute(alice, owned, noop).log).toBe(`${stale}: execute contract failed`);
  });

  it("tells its story in events, in the order of the protocol", () => {
    const message = run(
      { attribute: { key: "open", value: "yes", plaintext: true } },
      { event: { type: "moved", attributes: [{ key: "to", value: "two", encrypted: false }] } },
    );
    const { outcome } = migrate(chain, alice, owned, { code: second, message });
    const text = outcome.events.map(
      ({ type, attributes }) => `${type} ${attributes.map(({ key, value }) => `${key}=${value}`).join(" ")}`,
    );
    expect(text).toEqual([
      `message module=compute sender=${alice.bech32}`,
      `migrate code_id=${second.codeId} contract_address=${owned.bech32}`,
      `wasm contract_address=${owned.bech32} open=yes`,
      `wasm-moved contract_address=${owned.bech32} to=two`,
    ]);
  });

  it("moves code id, history and index, and leaves the rest of the record", () => {
    const before = infoOf(chain, owned);
    expect(indexedCodes(chain, owned)).toEqual([first.codeId]);
    const { any, bytes } = migrateMessage(chain, alice, owned, { code: second, message: noop });
    expect(runAlone(chain, alice, any).code).toBe("ok");
    expect(infoOf(chain, owned)).toEqual({ ...before, codeId: second.codeId });
    expect(indexedCodes(chain, owned)).toEqual([second.codeId]);
    const [init, moved] = historyOf(chain, owned);
    expect(init).toMatchObject({ operation: ContractCodeHistoryOperation.Init, codeId: first.codeId });
    expect(moved).toEqual({
      operation: ContractCodeHistoryOperation.Migrate,
      codeId: second.codeId,
      updated: { blockHeight: chain.height, txIndex: 0n },
      msg: bytes,
    });
  });

  it("may come again and again, also to the same code; each is one entry more", () => {
    const codes = [second, second, first, second, first, first, second, first, second];
    for (const code of codes) expect(migrate(chain, alice, owned, { code, message: noop }).code).toBe("ok");
    expect(historyOf(chain, owned).map(({ codeId }) => codeId)).toEqual([first, ...codes].map(({ codeId }) => codeId));
    expect(indexedCodes(chain, owned)).toEqual([second.codeId]);
    expect(chain.query(alice, { ...owned, ...second }, get("k"))).toBe(JSON.stringify(b64("old")));
  });

  it("gives the code an environment without info, with the hash of the new code", () => {
    const { data } = migrate(chain, alice, owned, { code: second, message: run({ echo_env: {} }, { echo_info: {} }) });
    const [env, info] = JSON.parse(data() as string);
    expect(info).toBeNull();
    expect(JSON.parse(env).contract).toEqual({ address: owned.bech32, code_hash: bytesToHex(second.codeHash) });
    expect(JSON.parse(env).transaction.index).toBe(0);
  });

  it("sends messages as the contract, and their failure undoes it with the texts of an execute", () => {
    const wasm = {
      wasm: { execute: { contract_addr: free.bech32, code_hash: bytesToHex(free.codeHash), send: [] } },
    };
    const message = (msg: unknown) => ({
      send: {
        messages: [
          {
            id: 1,
            msg: { wasm: { execute: { ...wasm.wasm.execute, msg: json64(msg) } } },
            gas_limit: null,
            reply_on: "never",
          },
        ],
      },
    });
    const migrated = migrate(chain, alice, owned, { code: second, message: message(set("from", "migrate")) });
    expect(migrated.code).toBe("ok");
    expect(chain.query(alice, free, get("from"))).toBe(JSON.stringify(b64("migrate")));
    const failed = migrate(chain, alice, migrated.contract, {
      code: first,
      message: message({ fail: { text: "no" } }),
    });
    expect(failed.log).toMatch(/^dispatch: submessages: encrypted: .*: execute contract failed$/);
    expect(failed.error()).toBe("no");
    expect(infoOf(chain, owned).codeId).toBe(second.codeId);
  });

  it("that the code refuses changes nothing, and the sender reads why", () => {
    const before = new Map(chain.state.store);
    const failed = migrate(chain, alice, owned, {
      code: second,
      message: run(set("k", "x"), { fail: { text: "no" } }),
    });
    expect(failed.code).toBe("compute/5");
    expect(failed.log).toMatch(/^encrypted: [^:]*: migrate contract failed$/);
    expect(failed.error()).toBe("no");
    expect(failed.outcome.writes).toEqual([]);
    expect(chain.state.store).toEqual(before);
  });
});

describe("chain §2.14, enclave §8, contracts §6.1: what a migration needs", () => {
  it("a contract and a code", () => {
    const nobody = { ...owned, bech32: bob.bech32, address: bob.address };
    const missing = migrate(chain, alice, nobody, { code: second, message: noop });
    expect([missing.code, missing.log]).toEqual(["sdk/18", "unknown contract: contract: not found: invalid request"]);
    const code = { ...second, codeId: 77n };
    const unknown = migrate(chain, alice, owned, { code, message: noop });
    expect([unknown.code, unknown.log]).toEqual([
      "sdk/18",
      "unknown code: failed to get code info for code id 77: invalid request",
    ]);
    chain.state.store.delete(contractKeyKey(owned));
    const keyless = migrate(chain, alice, owned, { code: second, message: noop });
    expect([keyless.code, keyless.log]).toEqual(["compute/9", "contract key: not found"]);
  });

  it("its admin", () => {
    const other = migrate(chain, bob, owned, { code: second, message: noop });
    expect([other.code, other.log]).toEqual(["compute/5", "requires migrate from admin: migrate contract failed"]);
    const none = migrate(chain, alice, free, { code: second, message: noop });
    expect([none.code, none.log]).toEqual(["compute/5", "contract is not upgradable: migrate contract failed"]);
  });

  it("a record of governance where the contract is flagged, which is used up", () => {
    changeInfo(chain, owned, { requireGovernance: true });
    const attempt = () => migrate(chain, alice, owned, { code: second, message: noop });
    const missing = "requires governance approval for migration: migrate contract failed";
    expect([attempt().code, attempt().log]).toEqual(["compute/5", missing]);
    chain.state.store.set(authorizedCodeKey(owned), u64be(first.codeId));
    expect(attempt().log).toBe("mismatch code id for migration: migrate contract failed");
    chain.state.store.set(authorizedCodeKey(owned), u64be(second.codeId));
    expect(attempt().code).toBe("ok");
    expect(chain.state.store.has(authorizedCodeKey(owned))).toBe(false);
    expect(attempt().log).toBe(missing);
  });

  it("an admin also where governance allows it: without one the enclave has nothing to check", () => {
    changeInfo(chain, free, { requireGovernance: true });
    chain.state.store.set(authorizedCodeKey(free), u64be(second.codeId));
    const attempt = migrate(chain, bob, free, { code: second, message: noop });
    expect([attempt.code, attempt.log]).toEqual(
      refused("calling a function in the contract failed for an unexpected reason"),
    );
  });

  it("the hash of the new code in the message", () => {
    const stale = migrate(chain, alice, owned, { code: second, message: noop, codeHash: first.codeHash });
    expect([stale.code, stale.log]).toEqual(refused("failed to validate transaction"));
  });

  it("an encrypted message that the admin signed", () => {
    const { any } = migrateMessage(chain, alice, owned, { code: second, message: noop });
    const changed = (change: Partial<MsgMigrateContract>) =>
      packAny(MsgMigrateContract, { ...MsgMigrateContract.decode(any.value), ...change });
    const log = (change: Partial<MsgMigrateContract>) => runAlone(chain, alice, changed(change)).log;
    const unverified = refused("failed to verify transaction signature")[1];
    const undecryptable = refused("failed to decrypt data")[1];
    expect(log({ msg: utf8ToBytes(JSON.stringify(noop).padEnd(100)) })).toBe(undecryptable);
    expect(log({ msg: utf8ToBytes("short") })).toBe(undecryptable);
    expect(log({ callbackSig: new Uint8Array(32) })).toBe(unverified);
    expect(log({ msg: new Uint8Array(0) })).toBe(
      refused("calling a function in the contract failed for an unexpected reason")[1],
    );
    const forged = runAlone(chain, bob, any);
    expect(forged.code).toBe("compute/16");
    expect(forged.log).toMatch(
      /^\[Compute\] Message sender: .* is not found in the tx signer set: .*: parse signature failed$/,
    );
  });

  it("a message that decodes and passes the stateless checks", () => {
    const garbled = { typeUrl: MsgMigrateContract.typeUrl, value: Uint8Array.of(255) };
    expect(runAlone(chain, alice, garbled).log).toBe(refused("failed to deserialize data")[1]);
    const garbledAdmin = runAlone(chain, alice, { typeUrl: MsgUpdateAdmin.typeUrl, value: Uint8Array.of(255) });
    expect([garbledAdmin.code, garbledAdmin.log]).toEqual([
      "undefined/1",
      "Execution error: Enclave: failed to deserialize data",
    ]);
    const zero = migrate(chain, alice, owned, { code: { ...second, codeId: 0n }, message: noop });
    expect([zero.code, zero.log]).toEqual(["sdk/18", "code id is required: invalid request"]);
    const nowhere = migrate(chain, alice, { ...owned, bech32: "" }, { code: second, message: noop });
    expect([nowhere.code, nowhere.log]).toEqual(["undefined/1", "contract: empty address string is not allowed"]);
  });

  it("the entry point, and an output that is a response", () => {
    const entryless = chain.storeCode(withMark(moduleWith({}), "no migrate"));
    expect(migrate(chain, alice, owned, { code: entryless, message: noop }).log).toBe(
      refused("calling a function in the contract failed for an unexpected reason")[1],
    );
    const raw = (output: string) =>
      migrate(chain, alice, owned, { code: second, message: { raw_output: { output: b64(output) } } }).log;
    const shape = "migrate: cannot detect response type (v0.10 or v1): migrate contract failed";
    expect(raw('{"Ok":"QQ=="}')).toBe(shape);
    expect(raw("{}")).toBe(shape);
    expect(raw("no json")).toBe(refused("failed to deserialize data")[1]);
  });

  it("a history: without one the chain itself gives up", () => {
    chain.state.store.delete(historyKey(owned, 1n));
    const panicked = migrate(chain, alice, owned, { code: second, message: noop });
    expect([panicked.code, panicked.log]).toEqual([
      "undefined/111222",
      `recovered: no history for ${owned.bech32}: panic`,
    ]);
    expect(panicked.outcome.writes).toEqual([]);
  });

  it("no code without floating point: floats are accepted here, and end a call that reaches them (contracts §1.4)", () => {
    const floats = chain.storeCode(readWasm("floats"));
    const float = { float: { numerator: 7, denominator: 2 } };
    const reached = migrate(chain, alice, owned, { code: floats, message: float });
    expect([reached.code, reached.log]).toEqual(refused("the contract panicked"));
    const migrated = migrate(chain, alice, owned, { code: floats, message: noop });
    expect(migrated.code).toBe("ok");
    expect(chain.execute(alice, migrated.contract, set("k", "2")).code).toBe("ok");
    expect(chain.execute(alice, migrated.contract, float).log).toContain("the contract panicked");
  });
});

describe("contracts §5.1, §7, enclave §10.2: migration between the versions", () => {
  it("goes to v0.10, whose environment names the admin, and back", () => {
    const api = "v0.10";
    const old = chain.storeCode(moduleWith({ api, migrate: "i32.const 32 local.get 0 call 1 i32.const 16" }));
    const { code, contract, outcome } = migrate(chain, alice, owned, { code: old, message: noop });
    expect(code).toBe("ok");
    expect(outcome.events.map(({ type }) => type)).toEqual(["message", "migrate", "wasm"]);
    const back = migrate(chain, alice, contract, { code: second, message: get("key") });
    const { block, message, contract: self, ...rest } = JSON.parse(atob(JSON.parse(back.data() as string)));
    expect(message).toEqual({ sender: alice.bech32, sent_funds: [] });
    expect(block.height).toBe(Number(chain.height) - 1);
    expect(self).toEqual({ address: owned.bech32 });
    expect(rest).toEqual({
      contract_key: null,
      contract_code_hash: bytesToHex(old.codeHash),
      transaction: null,
    });
  });
});

/** Reads and writes nothing but what `migrate` says; outputs an empty response. */
function moduleWith({
  api = "v1",
  ...parts
}: {
  readonly migrate?: string;
  readonly api?: "v0.10" | "v1";
}): Uint8Array {
  const lists = api === "v1" ? '"attributes":[],"events":[]' : '"log":[]';
  const output = `{"Ok":{"messages":[],${lists},"data":null}}`;
  const region = (offset: number, length: number) => {
    const view = new DataView(new ArrayBuffer(12));
    for (const [i, value] of [offset, length, length].entries()) view.setUint32(4 * i, value, true);
    return new Uint8Array(view.buffer);
  };
  const body = "i32.const 16";
  const [marker, first, second] =
    api === "v1" ? ["interface_version_8", "instantiate", "execute"] : ["cosmwasm_vm_version_3", "init", "handle"];
  const type = api === "v1" ? ENV_INFO : ENV;
  const migrateEntry = parts.migrate === undefined ? [] : [{ name: "migrate", type: ENV, code: parts.migrate }];
  return assemble({
    imports: [
      ["env", "db_read", [["i32"], ["i32"]]],
      ["env", "db_write", [["i32", "i32"], []]],
    ],
    memory: [1],
    exports: [["memory", 2, 0]],
    globals: [["i32", true, 4096]],
    functions: [
      ALLOCATE,
      { name: "deallocate", type: [["i32"], []], code: "" },
      { name: marker, type: [[], []], code: "" },
      { name: first, type, code: body },
      { name: second, type, code: body },
      ...migrateEntry,
    ],
    data: [
      [16, region(256, output.length)],
      [256, output],
      [32, region(64, 3)],
      [48, region(80, 10)],
      [64, "key"],
      [80, "0123456789"],
    ],
  });
}

describe("contracts §4.3, §4.5: gas of a migration", () => {
  /** S of one migration to code that does `migrate`, and what of it is not the engine's. */
  function gasOf(body: string, own: { readonly reads?: bigint; readonly flush?: bigint } = {}) {
    const code = chain.storeCode(moduleWith({ migrate: body }));
    const length = (key: string) => BigInt((chain.state.store.get(key) as Uint8Array).length);
    const codeKey = (codeId: bigint) => `01${bytesToHex(u64be(codeId))}`;
    const read = (key: string) => 100n + BigInt(key.length / 2) + length(key);
    const history = historyKey(owned, 1n);
    const reads =
      read(infoKey(owned)) + read(codeKey(first.codeId)) + read(codeKey(code.codeId)) + read(contractKeyKey(owned));
    const seek = 5n + BigInt(history.length / 2) + length(history);
    const { outcome, code: result } = migrate(chain, alice, owned, { code, message: noop });
    expect(result).toBe("ok");
    const records = outcome.writes.filter(({ key }) => key[0] !== 3);
    const sets = records
      .filter(({ value }) => value !== undefined)
      .reduce((sum, { key, value }) => sum + 200n + 5n * BigInt(key.length + (value?.length ?? 0)), 0n);
    expect(records.map(({ key, value }) => `${key[0]}${value === undefined ? " deleted" : ""}`)).toEqual([
      "2",
      "6",
      "9",
      ...(first.codeId < code.codeId ? ["10 deleted", "10"] : ["10", "10 deleted"]),
    ]);
    const { reads: stateReads = 0n, flush = 0n } = own;
    return outcome.gasUsed - (20_000n + reads + (100n + 9n + 32n) + seek + 100n + sets + stateReads + flush);
  }

  it("is 20,000 S, its accesses and the engine's share, of which values written are not given back", () => {
    // Two allocations (64 W), four instructions (8), 2000 and 50 000 for the write: 52 072 W.
    const flush = 100n + 200n + 5n * (65n + 3n + 56n + 10n);
    expect(gasOf("i32.const 32 i32.const 48 call 1 i32.const 16", { flush })).toBe(53n);
  });

  it("takes a thousand W off for each S that a read costs", () => {
    const flush = 100n + 200n + 5n * (65n + 3n + 56n + 10n);
    const reads = 100n + 68n + 153n;
    const body = "i32.const 32 call 0 drop i32.const 32 i32.const 48 call 1 i32.const 16";
    expect(gasOf(body, { flush, reads })).toBe(1n);
  });

  it("is what a simulation says, as for changes of admin", () => {
    const asked = [
      migrateMessage(chain, alice, owned, { code: second, message: run(get("k"), set("k", "new")) }).any,
      updateAdminMessage(alice, owned, bob.bech32),
    ];
    for (const any of asked) {
      const signed = alice.sign(chain.chainId, [any]);
      const [simulated] = simulate(chain, signed);
      const [delivered] = chain.block([alice, signed]);
      expect(simulated?.result.kind).toBe("ok");
      expect(simulated?.gasUsed).toBe(delivered?.outcomes[0]?.gasUsed);
      expect(simulated?.events).toEqual(delivered?.outcomes[0]?.events);
    }
  });

  it("runs out where it is charged", () => {
    const attempt = (gas: bigint) => migrate(chain, alice, owned, { code: second, message: { endless_loop: {} }, gas });
    expect(attempt(100_000n)).toMatchObject({ code: "outOfGas", log: "wasm contract" });
    expect(attempt(19_999n)).toMatchObject({ code: "outOfGas", log: "Loading CosmWasm module: migrate" });
    expect(attempt(20_050n)).toMatchObject({ code: "outOfGas", log: "ReadFlat" });
  });
});

describe("chain §2.15, contracts §6.5, §6.8, enclave §8: update and clear admin", () => {
  const update = (wallet: Wallet, contract: Instance, admin: string) =>
    runAlone(chain, wallet, updateAdminMessage(wallet, contract, admin));
  const clear = (wallet: Wallet, contract: Instance) => runAlone(chain, wallet, clearAdminMessage(wallet, contract));

  it("hands a contract on, which its old admin then cannot migrate", () => {
    const { outcome } = update(alice, owned, bob.bech32);
    expect(outcome.result).toEqual({ kind: "ok", value: new Uint8Array(0) });
    expect(outcome.events).toEqual([
      { type: "message", attributes: attributes({ module: "compute", sender: alice.bech32 }) },
      {
        type: "update_contract_admin",
        attributes: attributes({ contract_address: owned.bech32, new_admin_address: bob.bech32 }),
      },
    ]);
    expect(outcome.writes.map(({ key }) => bytesToHex(key))).toEqual([infoKey(owned)]);
    expect(infoOf(chain, owned).admin).toBe(bob.bech32);
    expect(migrate(chain, alice, owned, { code: second, message: noop }).log).toContain("requires migrate from admin");
    expect(migrate(chain, bob, owned, { code: second, message: noop }).code).toBe("ok");
  });

  it("takes the last admin away for good", () => {
    const { outcome } = clear(alice, owned);
    expect(outcome.events.at(-1)?.attributes).toEqual(
      attributes({ contract_address: owned.bech32, new_admin_address: "" }),
    );
    expect(infoOf(chain, owned)).toMatchObject({ admin: "", adminProof: expect.objectContaining({ length: 32 }) });
    const again = update(alice, owned, bob.bech32);
    expect([again.code, again.log]).toEqual(["sdk/4", "caller is not the admin: unauthorized"]);
    expect(migrate(chain, alice, owned, { code: second, message: noop }).log).toContain("contract is not upgradable");
  });

  it("works after a migration, since proofs are bound to the original key", () => {
    const { contract } = migrate(chain, alice, owned, { code: second, message: noop });
    expect(update(alice, contract, bob.bech32).code).toBe("ok");
    expect(migrate(chain, bob, contract, { code: first, message: noop }).code).toBe("ok");
    expect(clear(bob, owned).code).toBe("ok");
  });

  it("refuses whoever is not the admin, and contracts without one", () => {
    const attempts = [update(bob, owned, free.bech32), clear(bob, owned), clear(alice, free)];
    for (const { code, log } of attempts) {
      expect([code, log]).toEqual(["sdk/4", "caller is not the admin: unauthorized"]);
    }
    const nobody = { ...owned, bech32: bob.bech32, address: bob.address };
    const missing = clear(alice, nobody);
    expect([missing.code, missing.log]).toEqual(["compute/9", "contract: not found"]);
  });

  it("refuses the admin that there is, and texts that are no address", () => {
    const same = update(alice, owned, alice.bech32.toUpperCase());
    expect([same.code, same.log]).toEqual([
      "compute/10",
      "new admin is the same as the old: invalid CosmosMsg from the contract",
    ]);
    const empty = update(alice, owned, "");
    expect([empty.code, empty.log]).toEqual(["undefined/1", "new admin: empty address string is not allowed"]);
    expect(update(alice, owned, "secret1nobody").log).toMatch(/^new admin: decoding bech32 failed: /);
  });

  it("needs a record of governance where the contract is flagged, which is used up", () => {
    changeInfo(chain, owned, { requireGovernance: true });
    const missing = update(alice, owned, bob.bech32);
    expect([missing.code, missing.log]).toEqual([
      "sdk/4",
      "requires governance approval for admin change: unauthorized",
    ]);
    chain.state.store.set(authorizedAdminKey(owned), utf8ToBytes(""));
    expect(update(alice, owned, bob.bech32).log).toBe(
      `admin mismatch: governance authorized '', attempting '${bob.bech32}': unauthorized`,
    );
    expect(clear(alice, owned).code).toBe("ok");
    expect(chain.state.store.has(authorizedAdminKey(owned))).toBe(false);
  });

  it("needs the signature of its sender, and no callback signature", () => {
    const any = updateAdminMessage(alice, owned, bob.bech32);
    expect(runAlone(chain, bob, any).code).toBe("compute/16");
    const change = { ...MsgUpdateAdmin.decode(any.value), callbackSig: new Uint8Array(32) };
    const signed = runAlone(chain, alice, packAny(MsgUpdateAdmin, change));
    expect([signed.code, signed.log]).toEqual([
      "undefined/1",
      "Execution error: Enclave: failed to verify transaction signature",
    ]);
  });

  it("costs 20,000 S and its accesses, and no gas of the engine (contracts §4.5)", () => {
    const length = (key: string) => BigInt((chain.state.store.get(key) as Uint8Array).length);
    const read = (key: string) => 100n + BigInt(key.length / 2) + length(key);
    const reads = read(infoKey(owned)) + read(`01${bytesToHex(u64be(first.codeId))}`) + read(contractKeyKey(owned));
    const { outcome } = update(alice, owned, bob.bech32);
    expect(outcome.gasUsed).toBe(20_000n + reads + 200n + 5n * (21n + length(infoKey(owned))));
    const short = runAlone(chain, bob, clearAdminMessage(bob, owned), 19_999n);
    expect(short).toMatchObject({ code: "outOfGas", log: "Loading CosmWasm module: update-contract-admin" });
  });
});

function attributes(pairs: Record<string, string>) {
  return Object.entries(pairs).map(([key, value]) => ({ key, value }));
}

describe("contracts §6.3, §6.4, enclave §7.7, chain §2.11: migrations and admins by contracts", () => {
  /** Its admin is `outer`. */
  let inner: Instance;
  let outer: Instance;

  beforeEach(() => {
    outer = chain.instantiate(alice, first, noop);
    inner = chain.instantiate(alice, first, set("k", "old"), { admin: outer.bech32 });
  });

  const sub = (msg: unknown, reply_on = "never", id = 1) => ({ id, msg, gas_limit: null, reply_on });
  const send = (...messages: unknown[]) => ({ send: { messages } });
  const exec = (message: unknown) => chain.execute(alice, outer, message);
  const migration = (contract: Instance, code: Code, msg: unknown) => ({
    wasm: {
      migrate: {
        contract_addr: contract.bech32,
        code_hash: bytesToHex(code.codeHash),
        code_id: Number(code.codeId),
        msg: json64(msg),
      },
    },
  });
  const update = (contract: Instance, admin: string) => ({
    wasm: { update_admin: { contract_addr: contract.bech32, admin } },
  });
  const clear = (contract: Instance) => ({ wasm: { clear_admin: { contract_addr: contract.bech32 } } });

  it("work without a reply, in order, and leave no message events", () => {
    const executed = exec(
      send(
        sub(migration(inner, second, run(get("k"), set("k", "new"), { echo_env: {} }))),
        sub(update(inner, bob.bech32)),
      ),
    );
    expect(executed.code).toBe("ok");
    expect(executed.events.map((text) => text.split(" ")[0])).toEqual([
      "message",
      "execute",
      "wasm",
      "migrate",
      "wasm",
      "update_contract_admin",
    ]);
    expect(infoOf(chain, inner)).toMatchObject({ codeId: second.codeId, admin: bob.bech32 });
    expect(chain.query(alice, { ...inner, ...second }, get("k"))).toBe(JSON.stringify(b64("new")));
    expect(historyOf(chain, inner)[1]?.msg.length).toBeGreaterThan(64);
  });

  it("are for the admin alone, which the caller's user is not", () => {
    const foreign = exec(send(sub(migration(owned, second, noop))));
    expect([foreign.code, foreign.log]).toEqual([
      "compute/5",
      "dispatch: submessages: requires migrate from admin: migrate contract failed",
    ]);
    const cleared = exec(send(sub(clear(owned))));
    expect(cleared.log).toBe("dispatch: submessages: caller is not the admin: unauthorized");
  });

  it("are checked without state first", () => {
    const log = (message: unknown) => exec(send(sub(message))).log;
    expect(log(migration(inner, { ...second, codeId: 0n }, noop))).toBe(
      "dispatch: submessages: failed basic validation for message type *types.MsgMigrateContract: " +
        "code id is required: invalid request",
    );
    expect(log(update(inner, outer.bech32))).toBe(
      "dispatch: submessages: failed basic validation for message type *types.MsgUpdateAdmin: " +
        "new admin is the same as the old: invalid CosmosMsg from the contract",
    );
    expect(log(update(inner, ""))).toContain("new admin: empty address string is not allowed");
    expect(log(clear({ ...inner, bech32: "nobody" }))).toBe("dispatch: submessages: nobody: invalid address");
  });

  it.each(["always", "success"])("end the transaction when a reply to a migration is due on %s", (on) => {
    const executed = exec(run(set("mine", "1"), send(sub(migration(inner, second, noop), on))));
    expect([executed.code, executed.log]).toEqual([
      "undefined/111222",
      "recovered: a reply was asked for about a migration: panic",
    ]);
    expect(executed.outcome.writes).toEqual([]);
  });

  it("end the transaction also where another contract would have caught the failure", () => {
    const top = chain.instantiate(alice, first, noop);
    const middle = {
      wasm: {
        execute: {
          contract_addr: outer.bech32,
          code_hash: bytesToHex(first.codeHash),
          msg: json64(send(sub(migration(inner, second, { fail: { text: "no" } }), "error"))),
          send: [],
        },
      },
    };
    expect(chain.execute(alice, top, send(sub(middle, "always"))).code).toBe("undefined/111222");
  });

  it.each([
    ["a trap", { panic: { message: "x" } }, "the contract panicked"],
    ["no output", { raw_output: { output: b64("?") } }, "failed to deserialize data"],
  ])("cannot catch %s in a migration", (_, message, text) => {
    const executed = exec(send(sub(migration(inner, second, message), "error")));
    expect([executed.code, executed.log]).toEqual([
      "undefined/1",
      "dispatch: submessages: an sdk error occurred while sending a sub-message: " +
        `Execution error: Enclave: ${text}: migrate contract failed`,
    ]);
  });

  it("need no reply on success, and none is made when only errors were asked for", () => {
    expect(exec(send(sub(migration(inner, second, noop), "error"))).code).toBe("ok");
    expect(exec(send(sub(update(inner, bob.bech32), "error"))).code).toBe("ok");
  });

  it("have no reply about a changed admin", () => {
    const text =
      "dispatch: submessages: when sending a reply both InternaReplyEnclaveSig and InternalMsgId are expected to be initialized";
    for (const message of [update(inner, bob.bech32), clear(inner)]) {
      const executed = exec(send(sub(message, "success")));
      expect([executed.code, executed.log]).toEqual(["undefined/1", text]);
    }
    const foreign = exec(send(sub(clear(owned), "error")));
    expect(foreign.log).toBe(
      "dispatch: submessages: an sdk error occurred while sending a sub-message: caller is not the admin: unauthorized",
    );
  });

  it("let a contract migrate itself, after which encrypted replies are not for it and plain ones are (enclave §7.5)", () => {
    const own = chain.instantiate(alice, first, noop, { admin: alice.bech32 });
    expect(runAlone(chain, alice, updateAdminMessage(alice, own, own.bech32)).code).toBe("ok");
    const execute = { contract_addr: free.bech32, code_hash: bytesToHex(free.codeHash), msg: json64(noop), send: [] };
    const encrypted = send(sub(migration(own, second, noop)), sub({ wasm: { execute } }, "success", 2));
    const failed = chain.execute(alice, own, encrypted);
    expect([failed.code, failed.log]).toEqual([
      "compute/19",
      "dispatch: submessages: Execution error: Enclave: failed to validate transaction: reply to contract failed",
    ]);
    const bank = { bank: { send: { to_address: bob.bech32, amount: [] } } };
    const plain = chain.execute(alice, own, send(sub(migration(own, second, noop)), sub(bank, "success", 2)));
    expect([plain.code, plain.log]).toEqual(["ok", ""]);
    const told = JSON.parse(chain.query(alice, { ...own, ...second }, get("reply/2")));
    expect(JSON.parse(bytesToUtf8(base64ToBytes(told))).id).toBe(2);
  });
});

describe("enclave §4: keys of a migrated contract", () => {
  it("keep the original, and replace the current one with every migration", () => {
    const before = keysOf(chain, owned);
    expect(before.currentContractKey.length).toBe(0);
    migrate(chain, alice, owned, { code: second, message: noop });
    const once = keysOf(chain, owned);
    expect(once.ogContractKey).toEqual(before.ogContractKey);
    expect([once.currentContractKey.length, once.currentContractKeyProof.length]).toEqual([64, 32]);
    migrate(chain, alice, owned, { code: second, message: noop });
    const twice = keysOf(chain, owned);
    expect(twice.ogContractKey).toEqual(before.ogContractKey);
    expect(twice.currentContractKey).not.toEqual(once.currentContractKey);
  });

  it("are checked in another process too", () => {
    const { contract } = migrate(chain, alice, owned, { code: second, message: noop });
    chain.restart();
    expect(chain.query(alice, contract, get("k"))).toBe(JSON.stringify(b64("old")));
  });
});
