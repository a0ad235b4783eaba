/** Gas of whole messages: the worked example of contracts §4.9 b, and caches that must not show. */
import { readFileSync } from "node:fs";
import { bytesToBase64, bytesToHex, concatBytes, hexToBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { callGasLimit, reportedGas } from "../src/execution/wasmGas.ts";
import { GasMeter } from "../src/state/gasMeter.ts";
import { ALLOCATE, contract, OUTPUT_REGION } from "./engine/testContract.ts";
import { type Instance, refusalOf, TestChain, Wallet, wasmPower } from "./harness.ts";

/** Reads `cnt`, then writes ten bytes to it; instantiate does nothing. */
const EXAMPLE = hexToBytes(
  "0061736d0100000001190560017f017f60027f7f0060017f0060000060037f7f7f017f021e0203656e760764625f72656164000003656e760864625f" +
    "77726974650001030605000203040405030100010607017f014180200b075006066d656d6f7279020008616c6c6f6361746500020a6465616c6c6f63" +
    "617465000313696e746572666163655f76657273696f6e5f3800040b696e7374616e74696174650005076578656375746500060a45052301017f2300" +
    "22012001410c6a36020020012000360204200120006a410c6a240020010b02000b02000b05004198080b130041800810001a418008418c0810014198" +
    "080b0b940106004180080b0c4c040000030000000300000000418c080b0c560400000a0000000a000000004198080b0cb00400003e0000003e000000" +
    "0041cc080b03636e740041d6080b0a303132333435363738390041b0090b3e7b224f6b223a7b226d65737361676573223a5b5d2c2261747472696275" +
    "746573223a5b5d2c226576656e7473223a5b5d2c2264617461223a6e756c6c7d7d",
);
const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));

function storedLength(chain: TestChain, ...key: Uint8Array[]): bigint {
  return BigInt((chain.state.store.get(bytesToHex(concatBytes(...key))) as Uint8Array).length);
}

/** S of loading a contract to execute it: fixed, contract info, code info, block random, contract key (contracts §4.5). */
function loading(chain: TestChain, { address, codeId }: Instance): bigint {
  const info = 100n + 21n + storedLength(chain, Uint8Array.of(2), address);
  const code = 100n + 9n + storedLength(chain, Uint8Array.of(1), u64be(codeId));
  const key = 100n + 21n + storedLength(chain, Uint8Array.of(6), address);
  return 20_000n + info + code + (100n + 9n + 32n) + key;
}

describe("contracts §4.3, §4.4, §4.5, enclave §5.4: gas", () => {
  it("of the worked example is 1292 and then 1205 S above loading", () => {
    const chain = TestChain.start();
    const alice = new Wallet(1);
    const contract = chain.instantiate(alice, chain.storeCode(EXAMPLE), {});
    const gas = () => chain.execute(alice, contract, {}).outcome.gasUsed - loading(chain, contract);
    expect([gas(), gas()]).toEqual([1_291n + 1n, 1_204n + 1n]);
  });

  it("of a panic is half of the limit, whatever reads would have taken off (contracts §4.3)", () => {
    const chain = TestChain.start();
    const alice = new Wallet(1);
    const region = (at: number, length: number) => new Uint8Array(Uint32Array.of(at, length, length).buffer);
    const okay = utf8ToBytes('{"Ok":{"messages":[],"attributes":[],"events":[]}}');
    // Once the second global is set, `allocate` calls an import; the text of an error comes by `allocate`.
    const code = contract({
      imports: [
        ["env", "db_read", [["i32"], ["i32"]]],
        ["env", "addr_validate", [["i32"], ["i32"]]],
        ["env", "check_gas", [[], ["i64"]]],
      ],
      globals: [["i32", true, 0]],
      allocate: { ...ALLOCATE, code: `global.get 1 if call 2 drop end ${ALLOCATE.code}` },
      execute: `i32.const 256 call 0 i32.const 1 global.set 1 drop i32.const 272 call 1`,
      data: [
        [OUTPUT_REGION, region(600, okay.length)],
        [600, okay],
        [256, region(600, 3)],
        [272, region(600, 0)],
      ],
    });
    const instance = chain.instantiate(alice, chain.storeCode(code), {});
    const gas = 1_000_000n;
    const { log, outcome } = chain.execute(alice, instance, {}, { gas });
    expect(log).toBe("Execution error: Enclave: panicked due to unexpected behavior: execute contract failed");
    const loaded = loading(chain, instance);
    expect(outcome.gasUsed).toBe(loaded + (100n + 68n) + (100n + 53n) + (gas - loaded) / 2n + 1n);
  });

  it("that is asked for beyond all numbers is as much as 64 bits hold (contracts §4.3)", () => {
    const outcome = { remaining: 0n, exhausted: (1n << 64n) - 1n };
    expect(reportedGas(10n, outcome, { external: 0n, refund: 0n })).toBe((1n << 64n) - 1n);
  });

  it("has a limit that wraps, and one of 10,000,000 S (contracts §4.2)", () => {
    const limit = (gas: bigint) => callGasLimit(new GasMeter(gas, { countsNative: false }));
    expect(limit((1n << 64n) - 1n)).toBe(10_000_000_000n);
    expect(limit((1n << 61n) + 7n)).toBe(7_000n);
    expect(limit(10_000_001n)).toBe(10_000_000_000n);
    expect(limit(9_999_999n)).toBe(9_999_999_000n);
  });

  it("is no matter of a machine that comes to its end: then there is no result", () => {
    let isFull = false;
    const Instance = new Proxy(wasmPower.Instance, {
      construct(target, given) {
        if (isFull) throw new RangeError("WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory");
        return new target(...(given as ConstructorParameters<typeof wasmPower.Instance>));
      },
    });
    const { Module, Memory, Table, RuntimeError } = wasmPower;
    const validate = (bytes: Uint8Array) => wasmPower.validate(bytes);
    const wasm = { Module, Instance, Memory, Table, RuntimeError, validate };
    const chain = TestChain.start({ powers: { wasm } });
    const alice = new Wallet(1);
    const instance = chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} });
    chain.restart();
    isFull = true;
    expect(refusalOf(() => chain.execute(alice, instance, { noop: {} }))).toMatchObject({
      codespace: "refusal",
      code: 1,
    });
  });

  it("of an instantiate is that of its accesses, and no refund", () => {
    const chain = TestChain.start();
    const alice = new Wallet(1);
    const code = chain.storeCode(EXAMPLE);
    const { any } = chain.instantiateMessage(alice, code, {}, { label: "five5" });
    const [result] = chain.block([alice, alice.sign(chain.chainId, [any])]);
    const written = (key: Uint8Array, value: Uint8Array | undefined) =>
      200n + 5n * BigInt(key.length + (value?.length ?? 0));
    const writes = result?.outcomes[0]?.writes ?? [];
    expect(writes.length).toBe(6);
    const codeInfo = 100n + 9n + storedLength(chain, Uint8Array.of(1), u64be(code.codeId));
    const reads = 100n + 6n + (100n + 15n) + codeInfo + (100n + 9n + 32n);
    const sets = writes.reduce((sum, { key, value }) => sum + written(key, value), 0n);
    // 98 W for three allocations and a constant.
    expect(result?.outcomes[0]?.gasUsed).toBe(20_000n + reads + sets + 1n);
  });

  it("and results are the same with cold and with warm caches, and in another process", () => {
    const run = (restartEach: boolean) => {
      const chain = TestChain.start();
      const alice = new Wallet(1);
      const probe = chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} });
      const messages = [
        { set_many: { prefix: b64("p"), count: 20, size: 30 } },
        { get_many: { prefix: b64("p"), count: 25 } },
        { remove_many: { prefix: b64("p"), count: 3 } },
        { get_many: { prefix: b64("p"), count: 25 } },
      ];
      return messages.map((message) => {
        if (restartEach) chain.restart();
        const { any } = chain.executeMessage(alice, probe, message);
        const random = new Uint8Array(64);
        return chain.runBlock(chain.build([alice.sign(chain.chainId, [any])], { random }), [alice]);
      });
    };
    expect(run(true)).toEqual(run(false));
  });

  it("of a transaction bounds all its messages together", () => {
    const chain = TestChain.start();
    const alice = new Wallet(1);
    const probe = chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} });
    const compute = { gas_evaporate: { amount: 100_000 } };
    const messages = [1, 2].map(() => chain.executeMessage(alice, probe, compute).any);
    const [result] = chain.block([alice, alice.sign(chain.chainId, messages, { gas: 200_000n })]);
    expect(result?.outcomes.map(({ result: { kind } }) => kind)).toEqual(["ok", "outOfGas"]);
    expect(result?.kept).toBe(false);
  });
});
