import type { ContractKey } from "@sotto/common/wire/compute";
import { describe, expect, it } from "vitest";
import { EnclaveError } from "../src/enclaveError.ts";
import { contractKeyProof, deriveContractKey } from "../src/keys/contractKey.ts";
import { ContractKeyCheck } from "../src/keys/contractKeyCheck.ts";
import { deriveKeyTree } from "../src/keys/keyTree.ts";
import { testCrypto as crypto } from "./harness.ts";

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);
const keys = deriveKeyTree(crypto, [bytes(32, 1), bytes(32, 2)]);
const contract = bytes(20, 3);
const created = { sender: bytes(20, 4), height: 5n };
const none = new Uint8Array(0);

/** A contract as it was made, and as it is after a migration to other code. */
function records(): readonly { readonly stored: ContractKey; readonly codeHash: Uint8Array }[] {
  const [codeHash, newHash] = [bytes(32, 6), bytes(32, 7)];
  const original = deriveContractKey(crypto, keys, created, { codeHash, contract });
  const current = deriveContractKey(crypto, keys, created, { codeHash: newHash, contract, original });
  const binding = { contract, codeHash: newHash };
  const proof = contractKeyProof(crypto, keys.last.contractKeyProofSecret, binding, { original, current });
  return [
    { codeHash, stored: { ogContractKey: original, currentContractKey: none, currentContractKeyProof: none } },
    {
      codeHash: newHash,
      stored: { ogContractKey: original, currentContractKey: current, currentContractKeyProof: proof },
    },
  ];
}

const flipped = (value: Uint8Array, at: number) => value.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe("enclave §4: contract keys that were found authentic", () => {
  it("are checked again when one bit of record, code or contract is another", () => {
    const check = new ContractKeyCheck(crypto, keys);
    for (const { stored, codeHash } of records()) {
      const latest = stored.currentContractKey.length > 0 ? stored.currentContractKey : stored.ogContractKey;
      const passes = () => expect(check.verify(stored, { contract, codeHash })).toEqual(latest);
      passes();
      for (const name of ["ogContractKey", "currentContractKey", "currentContractKeyProof"] as const) {
        for (let at = 0; at < stored[name].length; at += 7) {
          const changed = { ...stored, [name]: flipped(stored[name], at) };
          expect(() => check.verify(changed, { contract, codeHash })).toThrow(EnclaveError);
        }
      }
      for (let at = 0; at < 20; at++) {
        expect(() => check.verify(stored, { contract: flipped(contract, at), codeHash })).toThrow(EnclaveError);
        expect(() => check.verify(stored, { contract, codeHash: flipped(codeHash, at) })).toThrow(EnclaveError);
      }
      passes();
    }
  });

  it("follow a migration", () => {
    const check = new ContractKeyCheck(crypto, keys);
    const [before, after] = records() as [ReturnType<typeof records>[0], ReturnType<typeof records>[0]];
    for (const { stored, codeHash } of [before, after, before, after]) {
      const latest = stored.currentContractKey.length > 0 ? stored.currentContractKey : stored.ogContractKey;
      expect(check.verify(stored, { contract, codeHash })).toEqual(latest);
    }
    expect(() => check.verify(before.stored, { contract, codeHash: after.codeHash })).toThrow(EnclaveError);
  });
});
