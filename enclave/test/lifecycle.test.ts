import { ecall } from "@sotto/boundary/calls";
import { INTERFACE_VERSION } from "@sotto/boundary/messages";
import { bytesToHex } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import { makeEnclave } from "../src/main.ts";
import { APP_HASH, countingRandom, GENESIS_HASH, refusalOf, TestChain } from "./harness.ts";

const anchor = {
  initialHeight: 1n,
  genesisTimeNs: 0n,
  validatorsHash: new Uint8Array(32),
  appHash: APP_HASH,
  genesisHash: GENESIS_HASH,
};

describe("consensus §3.5: life cycle", () => {
  it("starts empty and says what it is", () => {
    const chain = new TestChain();
    const info = chain.call("info", { interfaceVersion: INTERFACE_VERSION });
    expect(info.state.kind).toBe("empty");
    expect(info.measurement).toEqual(chain.powers.measurement);
  });

  it("refuses a host of another interface version", () => {
    const refusal = refusalOf(() => new TestChain().call("info", { interfaceVersion: INTERFACE_VERSION + 1 }));
    expect(refusal.codespace).toBe("boundary");
  });

  it("does nothing that needs a network before it has one", () => {
    const chain = new TestChain();
    const proposer = new Uint8Array(20);
    for (const call of [
      () => chain.call("endBlock", {}),
      () => chain.call("execMessage", { transaction: 1, message: 0, signers: [] }),
      () => chain.call("endTransaction", { transaction: 1, kept: true }),
      () => chain.call("proposeRandom", { height: 1n, proposer }),
      () => chain.call("query", { contract: proposer, query: new Uint8Array(100), gasLimit: 1n, past: undefined }),
      () => chain.call("anchorGenesis", anchor),
    ]) {
      expect(refusalOf(call).code).toBe(RefusalCode.WrongState);
    }
  });

  it("bootstraps once, and anchors once", () => {
    const chain = TestChain.start();
    expect(refusalOf(() => chain.call("bootstrap", { chainId: "other" })).code).toBe(RefusalCode.WrongState);
    expect(refusalOf(() => chain.call("anchorGenesis", anchor)).code).toBe(RefusalCode.WrongState);
  });

  it("carries the same network after a restart", () => {
    const chain = TestChain.start();
    chain.block();
    chain.block();
    const before = chain.call("info", { interfaceVersion: INTERFACE_VERSION });
    chain.restart();
    const after = chain.call("info", { interfaceVersion: INTERFACE_VERSION });
    expect(after.state).toEqual(before.state);
    expect(after.bootNonce).not.toEqual(before.bootNonce);
    chain.block();
    expect(chain.height).toBe(3n);
  });

  it("runs the block of its record again after a restart", () => {
    const chain = TestChain.start();
    chain.block();
    const built = chain.build([]);
    chain.runBlock(built, []);
    chain.restart();
    expect(chain.begin(built)).toBe(true);
    chain.end();
  });

  it("answers no ecall from within an ocall", () => {
    const chain = TestChain.start();
    chain.block();
    let inner: unknown;
    const { readProven } = chain.ocalls;
    chain.ocalls.readProven = (request) => {
      inner = refusalOf(() => chain.call("endBlock", {}));
      return readProven(request);
    };
    chain.storeCode(new Uint8Array(1));
    chain.adopt();
    const request = { contract: new Uint8Array(20), query: new Uint8Array(100), gasLimit: 1_000_000n, past: undefined };
    chain.call("query", request);
    expect(inner).toMatchObject({ codespace: "refusal", code: RefusalCode.WrongState });
  });
});

describe("sealing", () => {
  it("names both measurements if another bundle sealed the record", () => {
    const chain = TestChain.start();
    const measurement = new Uint8Array(32).fill(1);
    const refusal = refusalOf(() => chain.restart({ measurement }));
    expect(refusal.code).toBe(RefusalCode.SealOfAnotherMeasurement);
    expect(refusal.message).toContain(bytesToHex(measurement));
    expect(refusal.message).toContain(bytesToHex(chain.powers.measurement));
  });

  it("opens no record that was cut, or changed at any byte, and stays empty", () => {
    const chain = TestChain.start();
    const { sealed } = chain;
    const enclave = makeEnclave(chain.powers);
    const { SealBroken, SealOfAnotherMeasurement, SealOfAnotherMachine, SealOfAnotherLabel } = RefusalCode;
    const codes = [SealBroken, SealOfAnotherMeasurement, SealOfAnotherMachine, SealOfAnotherLabel] as number[];
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      (changed[i] as number) ^= 0x01;
      expect(codes, `byte ${i}`).toContain(refusalOf(() => ecall(enclave.ecall, "unseal", { sealed: changed })).code);
      const cut = sealed.slice(0, i);
      expect(refusalOf(() => ecall(enclave.ecall, "unseal", { sealed: cut })).code).toBe(RefusalCode.SealBroken);
    }
    expect(ecall(enclave.ecall, "info", { interfaceVersion: INTERFACE_VERSION }).state.kind).toBe("empty");
    expect(ecall(enclave.ecall, "unseal", { sealed }).chainId).toBe(chain.chainId);
  });

  it("opens nothing on another machine", () => {
    const chain = TestChain.start();
    const refusal = refusalOf(() => chain.restart({ sealingKey: () => new Uint8Array(32) }));
    expect(refusal.code).toBe(RefusalCode.SealOfAnotherMachine);
  });

  it("uses a new nonce and a higher counter each time", () => {
    const chain = TestChain.start();
    const first = chain.sealed;
    chain.block();
    expect(chain.sealed).not.toEqual(first);
  });

  it("returns to an older record of its own on a development network only", () => {
    for (const [chainId, allowed] of [
      ["secretdev-7", true],
      ["mine-sim", true],
      ["secret-4", false],
    ] as const) {
      const chain = TestChain.start({ chainId });
      const { sealed } = chain;
      chain.block();
      if (allowed) expect(chain.call("unseal", { sealed }).height).toBe(0n);
      else expect(refusalOf(() => chain.call("unseal", { sealed })).code).toBe(RefusalCode.WrongState);
    }
  });

  it("takes no other network's record while it carries one", () => {
    const chain = TestChain.start();
    const other = TestChain.start({ powers: { randomBytes: countingRandom(1_000) } });
    expect(refusalOf(() => chain.call("unseal", { sealed: other.sealed })).code).toBe(RefusalCode.WrongState);
  });
});

describe("proposals", () => {
  it("judges the random by height, proposer and content", () => {
    const chain = TestChain.start();
    chain.block();
    const proposer = chain.validators[0]?.address as Uint8Array;
    const { transaction } = chain.call("proposeRandom", { height: 2n, proposer });
    const check = (height: bigint, by: Uint8Array, tx: Uint8Array) =>
      chain.call("checkProposal", { height, proposer: by, transaction: tx }).accepted;
    expect(check(2n, proposer, transaction)).toBe(true);
    expect(check(3n, proposer, transaction)).toBe(false);
    expect(check(2n, new Uint8Array(20), transaction)).toBe(false);
    expect(check(2n, proposer, transaction.slice(1))).toBe(false);
    for (let i = 0; i < transaction.length; i++) {
      const changed = transaction.slice();
      (changed[i] as number) ^= 1;
      expect(check(2n, proposer, changed)).toBe(false);
    }
    expect(refusalOf(() => chain.call("proposeRandom", { height: 1n, proposer })).code).toBe(RefusalCode.BlockHeight);
  });
});
