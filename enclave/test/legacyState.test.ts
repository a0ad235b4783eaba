/** Contracts on entries of the legacy format, and the gas that runs out around the store. */
import { readFileSync } from "node:fs";
import { bytesToBase64, bytesToHex, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import { ContractKey } from "@sotto/common/wire/compute";
import { beforeEach, describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import { deriveKeyTree } from "../src/keys/keyTree.ts";
import { testCrypto as crypto, type Instance, refusalOf, TestChain, Wallet } from "./harness.ts";
import { legacyEntry } from "./legacyState.ts";
import { recordOf, rotate } from "./sealedRecord.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const get = (key: string) => ({ get: { key: b64(key) } });
const set = (key: string, value: string) => ({ set: { key: b64(key), value: b64(value) } });
const remove = (key: string) => ({ remove: { key: b64(key) } });
const run = (...ops: unknown[]) => ({ run: { ops } });
const VALUE = JSON.stringify(b64("of old"));

let chain: TestChain;
let alice: Wallet;
let probe: Instance;

beforeEach(() => {
  chain = TestChain.start();
  alice = new Wallet(1);
  probe = chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} });
});

/** Puts an entry of the legacy format into the store. @returns its key there, in hex */
function plant(key: string, change: (value: Uint8Array) => Uint8Array = (value) => value): string {
  const record = chain.state.store.get(bytesToHex(concatBytes(Uint8Array.of(6), probe.address))) as Uint8Array;
  const { ogContractKey } = ContractKey.decode(record);
  const { genesis } = deriveKeyTree(crypto, recordOf(chain).seeds);
  const entry = legacyEntry(genesis.stateIkm, ogContractKey, utf8ToBytes(key), utf8ToBytes("of old"));
  const name = bytesToHex(concatBytes(Uint8Array.of(3), probe.address, entry.key));
  chain.state.store.set(name, change(entry.value));
  return name;
}

/** How many entries the contract has in each format. */
function count(): { legacy: number; current: number } {
  const keys = [...chain.state.store.keys()].filter((key) => key.startsWith(`03${bytesToHex(probe.address)}`));
  const legacy = keys.filter((key) => key.length === 2 * 53).length;
  return { legacy, current: keys.length - legacy };
}

describe("enclave §5.2, contracts §2.3: entries of the legacy format", () => {
  it("are read, and move to the current format with the first message that reads them", () => {
    plant("k");
    expect(chain.execute(alice, probe, get("k")).data).toBe(VALUE);
    expect(count()).toEqual({ legacy: 0, current: 1 });
    expect(chain.execute(alice, probe, get("k")).data).toBe(VALUE);
    expect(chain.query(alice, probe, get("k"))).toBe(VALUE);
  });

  it("stay where they are in queries", () => {
    plant("k");
    for (let i = 0; i < 2; i++) expect(chain.query(alice, probe, get("k"))).toBe(VALUE);
    expect(count()).toEqual({ legacy: 1, current: 0 });
  });

  it("stay where they are in queries that a contract makes in a message, too", () => {
    plant("k");
    const request = {
      wasm: {
        smart: {
          contract_addr: probe.bech32,
          callback_code_hash: bytesToHex(probe.codeHash),
          msg: b64(JSON.stringify(get("k"))),
        },
      },
    };
    const executed = chain.execute(alice, probe, { query_chain: { request: JSON.stringify(request) } });
    expect(executed.data).toContain("Ok");
    expect(count()).toEqual({ legacy: 1, current: 0 });
  });

  it("are deleted with the key, and by a write that never read them", () => {
    plant("removed");
    plant("written");
    expect(chain.execute(alice, probe, run(remove("removed"), set("written", "anew"))).ok).toBe(true);
    expect(count()).toEqual({ legacy: 0, current: 1 });
    expect(chain.query(alice, probe, run(get("removed"), get("written")))).toBe(JSON.stringify([null, b64("anew")]));
  });

  it("stay if the message fails that read them", () => {
    plant("k");
    expect(chain.execute(alice, probe, run(get("k"), { fail: { text: "no" } })).ok).toBe(false);
    expect(chain.execute(alice, probe, run(get("k"), { panic: { message: "no" } })).ok).toBe(false);
    expect(count()).toEqual({ legacy: 1, current: 0 });
  });

  it("stay readable after a rotation, and are written under its seed", () => {
    plant("k");
    rotate(chain, new Uint8Array(32).fill(3));
    expect(chain.execute(alice, probe, get("k")).data).toBe(VALUE);
    expect(count()).toEqual({ legacy: 0, current: 1 });
    const [value] = [...chain.state.store].filter(([key]) => key.startsWith("03")).map(([, stored]) => stored);
    expect([...(value as Uint8Array).subarray(-2)]).toEqual([3, 0]);
  });

  it("count less than those of the current format: where both are, the current one is read", () => {
    plant("k");
    chain.execute(alice, probe, set("k", "new"));
    plant("k");
    expect(chain.execute(alice, probe, get("k")).data).toBe(JSON.stringify(b64("new")));
    expect(count()).toEqual({ legacy: 1, current: 1 });
  });

  it("make the call panic, at half its gas, if they are shorter than their head", () => {
    plant("k", (value) => value.subarray(0, 31));
    const executed = chain.execute(alice, probe, get("k"), { gas: 1_000_000n });
    expect(executed.log).toBe("Execution error: Enclave: panicked due to unexpected behavior: execute contract failed");
    expect(executed.code).toBe("compute/3");
    expect(Number(executed.outcome.gasUsed)).toBeGreaterThan(490_000);
    expect(Number(executed.outcome.gasUsed)).toBeLessThan(520_000);
    expect(chain.query(alice, probe, get("k"))).toBe(
      "Execution error: Enclave: panicked due to unexpected behavior: query contract failed",
    );
  });

  it("are the host's fault if they do not decrypt: no result, whichever byte is wrong", () => {
    const length = 32 + 16 + 6;
    for (let at = 0; at <= length; at += 6) {
      const name = plant("k", (value) => {
        const changed = value.slice();
        if (at < length) changed[at] = (changed[at] as number) ^ 1;
        return at < length ? changed : changed.subarray(0, 40);
      });
      expect(refusalOf(() => chain.query(alice, probe, get("k"))).code).toBe(RefusalCode.HostMisbehavior);
      chain.state.store.delete(name);
    }
  });
});

describe("enclave §5.4, contracts §4.3, §4.8: gas that runs out in the flush", () => {
  const many = { set_many: { prefix: b64("p"), count: 100, size: 10 } };
  /** Gas of the flush of `many`: deletions, then entries. */
  const DELETES = 100n * 100n;
  const SETS = 100n * (200n + 5n * BigInt(65 + 5 + 56 + 10));

  it("ends the message with the chain's own error, and nothing is written", () => {
    const enough = chain.execute(alice, probe, many).outcome.gasUsed;
    const at = (gas: bigint) => chain.execute(alice, probe, many, { gas });
    const inSets = at(enough - SETS / 2n);
    const inDeletes = at(enough - SETS - DELETES / 2n);
    for (const { log, outcome } of [inSets, inDeletes]) {
      expect(log).toBe("out of gas: wasm contract");
      expect(outcome.writes).toEqual([]);
    }
    // A panic is charged half of what the call had; a flush that fails while writing the whole work, no longer refunded.
    expect(inDeletes.outcome.gasUsed).toBeGreaterThan(enough - SETS - DELETES / 2n);
    expect(inSets.outcome.gasUsed).toBeGreaterThan(enough - SETS / 2n + 100n * 50n);
  });
});

describe("contracts §2.9, enclave §9.3: queries that a contract makes", () => {
  it("see one zero byte as random, as all queries do, and do not count among the calls of the block", () => {
    const ask = {
      query_chain: {
        request: JSON.stringify({
          wasm: {
            smart: {
              contract_addr: probe.bech32,
              callback_code_hash: bytesToHex(probe.codeHash),
              msg: b64(JSON.stringify({ echo_env: {} })),
            },
          },
        }),
      },
    };
    const executed = chain.execute(alice, probe, ask);
    const { Ok } = JSON.parse(JSON.parse(executed.data as string));
    const env = JSON.parse(JSON.parse(Buffer.from(Ok.Ok, "base64").toString()));
    expect(env.block.random).toBe("AA==");
    /** Counter in the salt of the value that the second message stores. */
    const counter = (first: unknown): bigint => {
      const anys = [first, set("salted", "x")].map((message) => chain.executeMessage(alice, probe, message).any);
      const [result] = chain.block([alice, alice.sign(chain.chainId, anys)]);
      const stored = result?.outcomes[1]?.writes.find(({ key, value }) => key[0] === 3 && value !== undefined)?.value;
      const { buffer, byteOffset } = stored as Uint8Array;
      return new DataView(buffer, byteOffset).getBigUint64(8 + 16, false);
    };
    expect(counter(ask)).toBe(counter({ noop: {} }));
  });
});
