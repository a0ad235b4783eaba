import { readFileSync } from "node:fs";
import { bytesToBase64, utf8ToBytes } from "@sotto/common/bytes";
import { beforeAll, describe, expect, it } from "vitest";
import { type Instance, TestChain, Wallet } from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));

describe("one contract, run through the enclave", () => {
  let chain: TestChain;
  let alice: Wallet;
  let probe: Instance;

  beforeAll(() => {
    chain = TestChain.start();
    alice = new Wallet(1);
    const code = chain.storeCode(PROBE);
    probe = chain.instantiate(alice, code, { noop: {} });
  });

  it("writes state that a later execute and a query read", () => {
    expect(chain.execute(alice, probe, { set: { key: b64("k"), value: b64("v1") } }).code).toBe("ok");
    expect(chain.execute(alice, probe, { get: { key: b64("k") } }).data).toBe(JSON.stringify(b64("v1")));
    expect(chain.query(alice, probe, { get: { key: b64("k") } })).toBe(JSON.stringify(b64("v1")));
  });

  it("gives a contract its error back encrypted for the user alone", () => {
    const failed = chain.execute(alice, probe, { fail: { text: "no such thing" } });
    expect(failed.code).toBe("compute/3");
    expect(failed.error).toBe("no such thing");
  });
});
