/** Every import of both versions with every kind of bad region, from the two probes. */
import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import { describe, expect, test } from "vitest";
import { BOB, b64, RustContract } from "./rustContract.ts";

const PAGE = 65536;
const READ = "failed to read memory";
const ALLOCATE = "failed to allocate memory";

type Words = { offset?: number; capacity?: number; length?: number };
const region = (data: string | Uint8Array, words: Words = {}) => ({ region: { data: b64(data), ...words } });
const number = (value: number) => ({ number: { value } });
const callImport = (name: string, ...args: unknown[]) => ({ call_import: { name, arguments: args } });

const KEY = region("key");
const HASH = region(new Uint8Array(32).fill(1));
const SIGNATURE = region(new Uint8Array(64).fill(1));
const PUBLIC_KEY = region(new Uint8Array(33).fill(2));
const OUT = region(new Uint8Array(90));

/** Each with arguments that it takes; all but numbers are regions (contracts §2.2). */
const BOTH: [string, ...unknown[]][] = [
  ["db_read", KEY],
  ["db_write", KEY, region("value")],
  ["db_remove", KEY],
  ["query_chain", region("{}")],
  ["secp256k1_verify", HASH, SIGNATURE, PUBLIC_KEY],
  ["secp256k1_recover_pubkey", HASH, SIGNATURE, number(0)],
  ["secp256k1_sign", HASH, HASH],
  ["ed25519_verify", HASH, SIGNATURE, HASH],
  ["ed25519_batch_verify", region(""), region(""), region("")],
  ["ed25519_sign", HASH, HASH],
];
const IMPORTS: Record<string, [string, ...unknown[]][]> = {
  probe_v010: [...BOTH, ["canonicalize_address", region(BOB), OUT], ["humanize_address", region("canonical"), OUT]],
  probe: [
    ...BOTH,
    ["addr_validate", region(BOB)],
    ["addr_canonicalize", region(BOB), OUT],
    ["addr_humanize", region("canonical"), OUT],
    ["dcap_quote_verify", region("quote"), region("collateral")],
  ],
};

/** Ways in which an argument is no region of memory. */
const BAD: [string, (contract: RustContract) => unknown][] = [
  ["a null pointer", () => number(0)],
  ["a pointer past memory", () => number(0xffff_fff0)],
  ["a region half past memory", (c) => number((c.outcome({ memory_size: {} }) as number) * PAGE - 4)],
  ["null data", () => region("data", { offset: 0 })],
  ["null data of no length", () => region("", { offset: 0, length: 0 })],
  ["data past memory", () => region("data", { offset: 0x7fff_ffff })],
  ["data half past memory", () => region("data", { length: 192 * PAGE })],
  ["data around the end of addresses", () => region("data", { offset: 0xffff_ff00, length: 0x200, capacity: 0x200 })],
];

describe.each(Object.keys(IMPORTS))("contracts §2.1, §2.2: imports of %s", (name) => {
  const contract = new RustContract(name);
  const imports = IMPORTS[name] as [string, ...unknown[]][];

  test.each(imports)("%s takes what it should", (name, ...args) => {
    expect(contract.failure(callImport(name, ...args))).toBeUndefined();
  });

  test.each(imports)("%s ends the call when a region is none", (name, ...args) => {
    for (const [at, good] of args.entries()) {
      if ("number" in (good as object)) continue;
      for (const [, bad] of BAD) {
        const changed = args.map((argument, i) => (i === at ? bad(contract) : argument));
        expect(contract.failure(callImport(name, ...changed))).toBe(READ);
      }
    }
  });

  test("capacity does not matter where the host reads, length alone says how much", () => {
    contract.outcome(callImport("db_write", region("abcdef", { length: 2, capacity: 0 }), region("v")));
    expect(contract.outcome({ get: { key: b64("ab") } })).toBe(b64("v"));
  });

  test("a region may lie on itself, and two on each other", () => {
    const self = callImport("db_read", region("x".repeat(12), { length: 12 }));
    expect(contract.failure(self)).toBeUndefined();
    expect(contract.failure(callImport("db_write", number(16), number(16)))).toBe(READ);
  });

  test("an import that is not there is the contract's own error", () => {
    const missing = name === "probe" ? "canonicalize_address" : "addr_validate";
    const error = `no import is called ${missing}`;
    const Err = name === "probe" ? error : { generic_err: { msg: error } };
    expect(contract.answer("execute", callImport(missing))).toEqual({ Err });
  });

  test.each([
    ["db_write", KEY, KEY],
    ["db_remove", KEY],
    ["db_write", number(0), number(0)],
    ["db_remove", number(0)],
  ])("%s in a query is refused before anything is read", (name, ...args) => {
    const outcome = contract.run("query", callImport(name as string, ...args));
    expect(outcome.result).toMatchObject({
      error: { message: "contract tried to write to storage during a query" },
    });
  });
});

describe.each([
  ["probe_v010", "canonicalize_address", "humanize_address"],
  ["probe", "addr_canonicalize", "addr_humanize"],
])("contracts §2.1: regions that the host writes into, %s", (name, canonicalize, humanize) => {
  const contract = new RustContract(name);

  test.each([
    [canonicalize, region(BOB), 20],
    [humanize, region(new Uint8Array(20)), 45],
  ])("%s needs exactly the capacity of its result", (name, input, length) => {
    const out = (capacity: number) => region(new Uint8Array(100), { capacity, length: 0 });
    expect(contract.outcome(callImport(name, input, out(length)))).toBe(0);
    expect(contract.failure(callImport(name, input, out(length - 1)))).toBe(READ);
  });

  test("an error's text comes back as a region, and the output is not touched", () => {
    const result = contract.outcome(callImport(canonicalize, region("secret"), number(0)));
    expect(result).toBeGreaterThan(0);
  });
});

describe.each(["probe_v010", "probe"])("contracts §2.1: allocate of %s", (name) => {
  const contract = new RustContract(name);
  contract.store.set(bytesToHex(utf8ToBytes("key")), utf8ToBytes("value"));
  const read = (how: string) => ({ run: { ops: [{ next_allocate: { how } }, { get: { key: b64("key") } }] } });

  test.each([
    ["null", READ],
    ["outside", READ],
    ["data_outside", READ],
    ["short", READ],
    ["trap", ALLOCATE],
    ["endless_loop", ALLOCATE],
  ])("that goes wrong (%s) ends the call", (how, text) => {
    expect(contract.failure(read(how), { gasLimit: 100_000_000n })).toBe(text);
  });

  test("that calls an import ends the call", () => {
    expect(contract.failure(read("call_import"))).toBeDefined();
  });

  test("is not called for a value that is not there", () => {
    const absent = { run: { ops: [{ next_allocate: { how: "trap" } }, { get: { key: b64("other") } }] } };
    expect(contract.outcome(absent)).toEqual([null, null]);
  });

  test("an empty value is a region of no length", () => {
    contract.store.set("65", new Uint8Array(0));
    expect(contract.outcome({ get: { key: b64("e") } })).toBe("");
  });
});

describe.each(["probe_v010", "probe"])("contracts §1.6, §1.7: traps and limits of %s", (name) => {
  const contract = new RustContract(name);

  test.each([
    [{ panic: { message: "no" } }, "the contract panicked"],
    [{ unreachable: {} }, "the contract panicked"],
    [{ divide: { dividend: 1, divisor: 0 } }, "the contract tried to divide by zero"],
    [{ remainder: { dividend: 1, divisor: 0 } }, "the contract tried to divide by zero"],
    [{ divide: { dividend: -2147483648, divisor: -1 } }, "the contract panicked"],
    [{ call_indirect: { index: 1_000_000 } }, "the contract tried to access a nonexistent resource"],
    [
      { call_wrong_signature: {} },
      "the contract tried to call a function but expected an incorrect function signature",
    ],
    [{ read_memory: { address: 4294967295 } }, "the contract tried to access memory out of bounds"],
    [{ recurse: { depth: 4294967295 } }, "the contract has run out of space on the stack"],
    [{ raw_pointer: { pointer: 0 } }, READ],
    [{ raw_pointer: { pointer: 4294967295 } }, READ],
  ])("%o ends the call", (operation, text) => {
    expect(contract.failure(operation)).toBe(text);
  });

  test("memory grows to 192 pages and no further", () => {
    const grown = contract.outcome({ run: { ops: [{ memory_grow_until_refused: {} }, { memory_size: {} }] } });
    expect((grown as number[])[1]).toBe(192);
    expect(contract.outcome({ memory_grow: { pages: 1000 } })).toBe(-1);
  });
});

describe("contracts §2.7: query_chain of the v0.10 probe", () => {
  test("gives the answer as it is", () => {
    const contract = new RustContract("probe_v010");
    expect(contract.outcome({ query_chain: { request: "anything" } })).toBe('{"Ok":{"Err":"no queries here"}}');
  });
});
