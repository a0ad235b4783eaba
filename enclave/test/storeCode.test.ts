/** Uploads: unzipped, priced, checked and recorded inside the enclave. */
import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { bytesToHex, concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { type Any, packAny } from "@sotto/common/wire/any";
import { CodeInfo, ComputeParams, MsgStoreCode, MsgStoreCodeResponse } from "@sotto/common/wire/compute";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import { type ExecOutcome, refusalOf, TestChain, testCrypto, Wallet } from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const LAST_CODE_ID = bytesToHex(concatBytes(Uint8Array.of(4), utf8ToBytes("lastCodeId")));
const codeKey = (codeId: bigint) => bytesToHex(concatBytes(Uint8Array.of(1), u64be(codeId)));

/** What the platform does, with the words of the protocol (contracts §1.1). */
function gunzip(data: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(gunzipSync(data));
  } catch {
    throw new Error("gzip: invalid header");
  }
}

let chain: TestChain;
let alice: Wallet;
let restore: () => void;

function start(chainId: string): TestChain {
  const started = TestChain.start({ chainId, powers: { gunzip } });
  const params = { compileCost: (8n * 10n ** 17n).toString(), maxContractSize: 2_000_000n };
  started.state.store.set("0b", ComputeParams.encode(params));
  started.block();
  return started;
}

beforeAll(() => {
  chain = start("secretdev-1");
  alice = new Wallet(1);
  restore = chain.snapshot();
});
beforeEach(() => restore());

const upload = (wasmByteCode: Uint8Array): Any =>
  packAny(MsgStoreCode, { sender: alice.address, wasmByteCode, source: "https://a.b", builder: "" });

function run(message: Any, gas = 5_000_000n): ExecOutcome {
  const [result] = chain.block([alice, alice.sign(chain.chainId, [message], { gas })]);
  return result?.outcomes[0] as ExecOutcome;
}

/** `codespace/code: log`, or the place where the gas ran out. */
function failureOf({ result }: ExecOutcome): string {
  if (result.kind === "ok") throw new Error("expected a failure");
  if (result.kind === "outOfGas") return result.value.location;
  return `${result.value.codespace}/${result.value.code}: ${result.value.log}`;
}

const get = (key: number, value: number) => 100n + BigInt(key + value);
const set = (key: number, value: number) => 200n + 5n * BigInt(key + value);

describe("contracts §1.1, §1.2: uploads", () => {
  it("are recorded under the next id, raw and zipped, with the gas, events and response of the protocol", () => {
    const paramsLength = (chain.state.store.get("0b") as Uint8Array).length;
    const price = (BigInt(PROBE.length) * 8n + 5n) / 10n;
    for (const [codeId, code] of [
      [1n, PROBE],
      [2n, new Uint8Array(gzipSync(PROBE))],
    ] as const) {
      const outcome = run(upload(code));
      expect(outcome.result).toEqual({ kind: "ok", value: MsgStoreCodeResponse.encode({ codeId }) });
      const record = chain.state.store.get(codeKey(codeId)) as Uint8Array;
      const info = CodeInfo.decode(record);
      expect(info).toMatchObject({ creator: alice.address, source: "https://a.b", builder: "" });
      expect(chain.state.store.get(LAST_CODE_ID)).toEqual(u64be(codeId + 1n));
      const counter = get(11, codeId === 1n ? 0 : 8) + set(11, 8);
      expect(outcome.gasUsed).toBe(get(1, paramsLength) + price + counter + set(9, record.length));
      expect(
        outcome.events.map(({ type, attributes }) => [type, ...attributes.map((a) => `${a.key}=${a.value}`)]),
      ).toEqual([
        ["message", "module=compute", `sender=${alice.bech32}`, `signer=${alice.bech32}`],
        ["message", `code_id=${codeId}`],
      ]);
    }
  });

  it("that cannot be code are refused, in the order of the checks", () => {
    const createFailed = "create contract failed";
    expect(failureOf(run(upload(Uint8Array.of(0x1f, 0x8b, 8, 1, 2))))).toBe(
      `compute/15: gzip: invalid header: ${createFailed}`,
    );
    const tooLarge = new Uint8Array(2_000_001);
    expect(failureOf(run(upload(tooLarge)))).toBe("compute/31: max contract size exceeded");
    expect(failureOf(run(upload(PROBE), 50_000n))).toBe("Compiling WASM Bytecode");
    expect(failureOf(run(upload(PROBE), 100n))).toBe("ReadPerByte");
    expect(failureOf(run(upload(utf8ToBytes("no module"))))).toMatch(
      /^compute\/15: Execution error: Error during static Wasm validation: .+: create contract failed$/,
    );
    expect(chain.state.store.get(LAST_CODE_ID)).toBeUndefined();
  });

  it("can be instantiated by the next message of their transaction, and are gone with it if it fails", () => {
    const code = { codeId: 1n, codeHash: testCrypto.sha256(PROBE) };
    chain.code.set(bytesToHex(code.codeHash), PROBE);
    const { any } = chain.instantiateMessage(alice, code, { noop: {} });
    const bad = chain.instantiateMessage(alice, { ...code, codeId: 9n }, { noop: {} });
    const [kept] = chain.block([alice, alice.sign(chain.chainId, [upload(PROBE), any], { gas: 5_000_000n })]);
    expect(kept?.outcomes.map(({ result }) => result.kind)).toEqual(["ok", "ok"]);
    const [dropped] = chain.block([alice, alice.sign(chain.chainId, [upload(PROBE), bad.any], { gas: 5_000_000n })]);
    expect(dropped?.outcomes.map(({ result }) => result.kind)).toEqual(["ok", "failed"]);
    expect(run(upload(PROBE)).result).toEqual({ kind: "ok", value: MsgStoreCodeResponse.encode({ codeId: 2n }) });
  });

  it("are simulated on every network, with the gas of their delivery; contract messages are not", () => {
    const production = start("secret-4");
    const message = upload(PROBE);
    const transaction = alice.sign("secret-4", [message], { gas: 5_000_000n });
    const simulated = production.call("simulateMessage", { transaction, message: 0, gasUsed: 0n });
    expect(simulated.gasUsed).toBe(run(message).gasUsed);
    const code = { codeId: 1n, codeHash: testCrypto.sha256(PROBE) };
    const signed = alice.sign("secret-4", [production.instantiateMessage(alice, code, { noop: {} }).any]);
    const ask = () => production.call("simulateMessage", { transaction: signed, message: 0, gasUsed: 0n });
    expect(refusalOf(ask).code).toBe(RefusalCode.SimulationNotAllowed);
  });
});
