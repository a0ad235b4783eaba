/** Contract keys and proofs of admins against a host that changes what it stores: any bit, and whole records of others. */
import { readFileSync } from "node:fs";
import { RefusedError } from "@sotto/boundary/calls";
import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import { packAny } from "@sotto/common/wire/any";
import { MsgMigrateContract } from "@sotto/common/wire/compute";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import {
  adminProof,
  contractKeyProof,
  deriveMigratedKey,
  isAdminProof,
  verifyContractKey,
} from "../src/keys/contractKey.ts";
import { deriveKeyTree } from "../src/keys/keyTree.ts";
import {
  type Code,
  changeInfo,
  changeKeys,
  clearAdminMessage,
  contractKeyKey,
  infoKey,
  infoOf,
  keysOf,
  migrate,
  migrateMessage,
  runAlone,
  updateAdminMessage,
} from "./adminMessages.ts";
import { withMark } from "./engine/patchModule.ts";
import { type Instance, TestChain, testCrypto, Wallet } from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
const noop = { noop: {} };

let chain: TestChain;
let alice: Wallet;
let mallory: Wallet;
let first: Code;
let second: Code;
/** Alice is its admin; it has not migrated. */
let fresh: Instance;
/** Alice is its admin; it has migrated to the second code. */
let moved: Instance;
/** Mallory is its admin. */
let theirs: Instance;
let restore: () => void;

beforeAll(() => {
  chain = TestChain.start();
  alice = new Wallet(1);
  mallory = new Wallet(2);
  first = chain.storeCode(PROBE);
  second = chain.storeCode(withMark(PROBE, "second"));
  fresh = chain.instantiate(alice, first, noop, { admin: alice.bech32 });
  const { contract } = migrate(chain, alice, chain.instantiate(alice, first, noop, { admin: alice.bech32 }), {
    code: second,
    message: noop,
  });
  moved = contract;
  theirs = chain.instantiate(mallory, first, noop, { admin: mallory.bech32 });
  restore = chain.snapshot();
});

beforeEach(() => restore());

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = bytes.slice();
  const at = (bit >> 3) % bytes.length;
  changed[at] = (changed[at] as number) ^ (1 << (bit & 7));
  return changed;
}

/** Runs with the record changed, and puts it back. */
function withRecord<T>(key: string, change: () => void, work: () => T): T {
  const before = chain.state.store.get(key) as Uint8Array;
  change();
  try {
    return work();
  } finally {
    chain.state.store.set(key, before);
  }
}

/** The log of a failure; "" if the message succeeded. */
const executeLog = (contract: Instance) => chain.execute(alice, contract, noop).log;
const migrateLog = (wallet: Wallet, contract: Instance) =>
  migrate(chain, wallet, contract, { code: second, message: noop }).log;
const failureOf = (text: string, verb: string) => `Execution error: Enclave: ${text}: ${verb} contract failed`;
const UNAUTHENTIC = "failed to authenticate secret contract";
const INVALID = "failed to validate transaction";

describe("enclave §4, contracts §1.5: keys of which the host changes a bit", () => {
  it.each([
    ["ogContractKey", () => fresh, UNAUTHENTIC],
    ["ogContractKey", () => moved, UNAUTHENTIC],
    ["currentContractKey", () => moved, UNAUTHENTIC],
    ["currentContractKeyProof", () => moved, INVALID],
  ] as const)("%s: neither execute nor query", (field, contractOf, text) => {
    const contract = contractOf();
    const key = keysOf(chain, contract)[field];
    fc.assert(
      fc.property(fc.nat({ max: key.length * 8 - 1 }), (bit) => {
        withRecord(
          contractKeyKey(contract),
          () => changeKeys(chain, contract, { [field]: flipped(key, bit) }),
          () => {
            expect(executeLog(contract)).toBe(failureOf(text, "execute"));
            expect(chain.query(alice, contract, noop)).toBe(failureOf(text, "query"));
          },
        );
      }),
      { numRuns: 60 },
    );
    expect(executeLog(contract)).toBe("");
  });

  it.each([
    ["cut", (bytes: Uint8Array) => bytes.slice(0, -1)],
    ["longer", (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])],
    ["gone", () => new Uint8Array(0)],
  ])("or which it leaves %s", (_, change) => {
    for (const field of ["ogContractKey", "currentContractKey", "currentContractKeyProof"] as const) {
      const log = withRecord(
        contractKeyKey(moved),
        () => changeKeys(chain, moved, { [field]: change(keysOf(chain, moved)[field]) }),
        () => executeLog(moved),
      );
      expect(log).toBe(failureOf(UNAUTHENTIC, "execute"));
    }
  });

  it("or which it takes from another contract, or from before the migration", () => {
    const others = [keysOf(chain, theirs), keysOf(chain, fresh)];
    const before = { ...keysOf(chain, moved), currentContractKey: new Uint8Array(0) };
    for (const keys of [...others, before]) {
      const log = withRecord(
        contractKeyKey(moved),
        () => changeKeys(chain, moved, keys),
        () => executeLog(moved),
      );
      expect(log).toBe(failureOf(UNAUTHENTIC, "execute"));
    }
  });
});

describe("enclave §8, contracts §6.8: admins of which the host changes a bit", () => {
  const messages: readonly (readonly [string, () => Any])[] = [
    ["migrate", () => migrateMessage(chain, alice, fresh, { code: second, message: noop }).any],
    ["update", () => updateAdminMessage(alice, fresh, mallory.bech32)],
    ["clear", () => clearAdminMessage(alice, fresh)],
  ];
  /** What the enclave says, with the suffix of its call. */
  const refusal = (name: string, text: string) =>
    `Execution error: Enclave: ${text}${name === "migrate" ? ": migrate contract failed" : ""}`;

  it.each(messages)("the proof: no %s", (name, messageOf) => {
    const { adminProof: proof } = infoOf(chain, fresh);
    fc.assert(
      fc.property(fc.nat({ max: proof.length * 8 - 1 }), (bit) => {
        const log = withRecord(
          infoKey(fresh),
          () => changeInfo(chain, fresh, { adminProof: flipped(proof, bit) }),
          () => runAlone(chain, alice, messageOf()).log,
        );
        expect(log).toBe(refusal(name, INVALID));
      }),
      { numRuns: 60 },
    );
  });

  it.each(messages)("the original key, to which the proof is bound: no %s", (name, messageOf) => {
    const { ogContractKey } = keysOf(chain, fresh);
    fc.assert(
      fc.property(fc.nat({ max: ogContractKey.length * 8 - 1 }), (bit) => {
        const log = withRecord(
          contractKeyKey(fresh),
          () => changeKeys(chain, fresh, { ogContractKey: flipped(ogContractKey, bit) }),
          () => runAlone(chain, alice, messageOf()).log,
        );
        expect(log).toBe(refusal(name, INVALID));
      }),
      { numRuns: 60 },
    );
  });

  it.each(messages)("the admin: no %s", (name, messageOf) => {
    const [record, admin] = [chain.state.store.get(infoKey(fresh)) as Uint8Array, utf8ToBytes(alice.bech32)];
    const start = Buffer.from(record).indexOf(admin, 30);
    const [denied] =
      name === "migrate"
        ? ["requires migrate from admin: migrate contract failed"]
        : ["caller is not the admin: unauthorized"];
    fc.assert(
      fc.property(fc.nat({ max: admin.length * 8 - 1 }), (bit) => {
        const changed = Uint8Array.from([
          ...record.slice(0, start),
          ...flipped(admin, bit),
          ...record.slice(start + admin.length),
        ]);
        withRecord(
          infoKey(fresh),
          () => chain.state.store.set(infoKey(fresh), changed),
          () => {
            try {
              expect(runAlone(chain, alice, messageOf()).log).toBe(denied);
            } catch (error) {
              // What is no text any more is no record at all: the host alone hears of it, and the block has to begin again.
              if (!(error instanceof RefusedError)) throw error;
              expect(error.code).toBe(RefusalCode.HostMisbehavior);
              restore();
            }
          },
        );
      }),
      { numRuns: 60 },
    );
    restore();
    expect(runAlone(chain, alice, messageOf()).log).toBe("");
  });

  it("are no admins that the host names itself, with whatever proof it has", () => {
    const [ours, hers] = [infoOf(chain, fresh).adminProof, infoOf(chain, theirs).adminProof];
    const attempts = [ours, hers, new Uint8Array(32), keysOf(chain, fresh).ogContractKey.slice(0, 32)];
    for (const proof of attempts) {
      changeInfo(chain, fresh, { admin: mallory.bech32, adminProof: proof });
      expect(migrateLog(mallory, fresh)).toBe(failureOf(INVALID, "migrate"));
      const taken = runAlone(chain, mallory, clearAdminMessage(mallory, fresh));
      expect([taken.code, taken.log]).toEqual(["undefined/1", `Execution error: Enclave: ${INVALID}`]);
    }
  });

  it("need a proof of 32 bytes", () => {
    const log = (proof: Uint8Array) => {
      changeInfo(chain, fresh, { adminProof: proof });
      return [migrateLog(alice, fresh), runAlone(chain, alice, clearAdminMessage(alice, fresh)).log];
    };
    const missing = "Execution error: Null/Empty argument: current_admin_proof";
    expect(log(new Uint8Array(0))).toEqual([`${missing}: migrate contract failed`, missing]);
    const unexpected = "calling a function in the contract failed for an unexpected reason";
    expect(log(new Uint8Array(31))).toEqual([refusal("migrate", INVALID), refusal("clear", INVALID)]);
    expect(log(new Uint8Array(33))).toEqual([refusal("migrate", INVALID), refusal("clear", unexpected)]);
    expect(log(new Uint8Array(10_241))).toEqual([refusal("migrate", unexpected), refusal("clear", unexpected)]);
  });

  it("do not keep a contract running whose record names other code", () => {
    changeInfo(chain, fresh, { codeId: second.codeId });
    expect(executeLog(fresh)).toBe(failureOf(UNAUTHENTIC, "execute"));
    expect(executeLog({ ...fresh, ...second })).toBe(failureOf(UNAUTHENTIC, "execute"));
  });

  it("sign migrations of their own contract alone", () => {
    const { any } = migrateMessage(chain, alice, fresh, { code: second, message: noop });
    const message = { ...MsgMigrateContract.decode(any.value), contract: theirs.bech32 };
    changeInfo(chain, theirs, { admin: alice.bech32, adminProof: infoOf(chain, fresh).adminProof });
    expect(runAlone(chain, alice, packAny(MsgMigrateContract, message)).log).toBe(failureOf(INVALID, "migrate"));
  });
});

describe("enclave §1.2, §4, §8: proofs over rotations of seeds", () => {
  const seeds = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte));
  const trees = [2, 3, 4].map((count) => deriveKeyTree(testCrypto, seeds.slice(0, count)));
  const [two, , four] = trees as [(typeof trees)[0], (typeof trees)[0], (typeof trees)[0]];
  const admin = new Uint8Array(20).fill(7);
  const binding = { codeHash: new Uint8Array(32).fill(8), contract: new Uint8Array(20).fill(9) };
  const original = new Uint8Array(64).fill(10);

  it("hold under every later set of seeds, and under none that lacks theirs", () => {
    for (const [made, keys] of trees.entries()) {
      const proof = adminProof(testCrypto, keys, admin, original);
      const { key, proof: keyProof } = deriveMigratedKey(
        testCrypto,
        keys,
        { sender: admin, height: 5n },
        { ...binding, original },
      );
      const stored = { ogContractKey: original, currentContractKey: key, currentContractKeyProof: keyProof };
      for (const [checked, later] of trees.entries()) {
        expect(isAdminProof(testCrypto, later, proof, { admin, originalKey: original })).toBe(checked >= made);
        const verify = () => verifyContractKey(testCrypto, later, stored, binding);
        if (checked >= made) expect(verify()).toEqual(key);
        else expect(verify).toThrow(INVALID);
      }
    }
  });

  it("are never those of the genesis seed", () => {
    const genesis = { ...two, last: two.genesis };
    const proof = adminProof(testCrypto, genesis, admin, original);
    expect(isAdminProof(testCrypto, four, proof, { admin, originalKey: original })).toBe(false);
    const { key } = deriveMigratedKey(testCrypto, two, { sender: admin, height: 5n }, { ...binding, original });
    const secret = two.genesis.contractKeyProofSecret;
    const forged = contractKeyProof(testCrypto, secret, binding, { original, current: key });
    const stored = { ogContractKey: original, currentContractKey: key, currentContractKeyProof: forged };
    expect(() => verifyContractKey(testCrypto, four, stored, binding)).toThrow(INVALID);
  });

  it("bind the original key into the key of a migrated contract", () => {
    const { key } = deriveMigratedKey(testCrypto, two, { sender: admin, height: 5n }, { ...binding, original });
    const other = deriveMigratedKey(
      testCrypto,
      two,
      { sender: admin, height: 5n },
      { ...binding, original: original.map((byte) => byte ^ 1) },
    );
    expect(bytesToHex(key.slice(0, 32))).toBe(bytesToHex(other.key.slice(0, 32)));
    expect(bytesToHex(key.slice(32))).not.toBe(bytesToHex(other.key.slice(32)));
  });
});
