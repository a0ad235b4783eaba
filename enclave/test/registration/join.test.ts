import { decodeEvidence } from "@sotto/boundary/evidence";
import { INTERFACE_VERSION } from "@sotto/boundary/messages";
import { bytesToHex, concatBytes, u32be, u64be } from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import { RaAuthenticate, RaAuthenticateResponse, RegistrationNodeInfo } from "@sotto/common/wire/registration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RefusalCode } from "../../src/enclaveError.ts";
import { type ExecOutcome, refusalOf, type TestChain } from "../harness.ts";
import { recordOf } from "../sealedRecord.ts";
import {
  authenticateMessage,
  codeOf,
  evidenceOf,
  forgeEvidence,
  genesisFile,
  machineIdOf,
  machineOf,
  nodeKeyOf,
  ownerOf,
  policyDocument,
  register,
  registered,
  runMessages,
  startApplicant,
  startNetwork,
  USER,
} from "./admission.ts";

const keysOf = (chain: TestChain) => {
  const { state } = chain.call("info", { interfaceVersion: INTERFACE_VERSION });
  return state.kind === "ready" ? state.value.keys : undefined;
};

function responseOf({ result }: ExecOutcome): RaAuthenticateResponse {
  if (result.kind !== "ok") throw new Error(JSON.stringify(result));
  return RaAuthenticateResponse.decode(result.value);
}

describe("enclave §1.4: a node that joins by its evidence", () => {
  it("gets the seeds that a block holds for its key, and comes to the keys of the network", () => {
    const chain = startNetwork();
    const applicant = startApplicant("second");
    const { nodeKey } = applicant.call("registrationKey", { sealed: undefined });
    const certificate = evidenceOf(applicant, chain);
    const outcome = register(chain, certificate);
    const { data, events } = responseOf(outcome);
    const value = registered(chain, 1, nodeKey);
    const { encryptedSeed, certificate: stored } = RegistrationNodeInfo.decode(value as Uint8Array);
    expect(stored).toEqual(certificate);
    expect(data).toBe(`S: ${bytesToHex(encryptedSeed)}`);
    const attributes = [
      { key: "module", value: "register" },
      { key: "signer", value: USER.bech32 },
      { key: "encrypted_seed", value: `0x${bytesToHex(encryptedSeed)}` },
      { key: "node_id", value: `0x${bytesToHex(nodeKey)}` },
    ];
    expect(outcome.events).toEqual([{ type: "message", attributes }]);
    expect(JSON.parse(events)).toEqual(outcome.events);

    const imported = applicant.call("importSeeds", { genesis: genesisFile(chain), encryptedSeeds: encryptedSeed });
    expect(imported.keys).toEqual(keysOf(chain));
    applicant.sealed = imported.sealed;
    const [theirs, ours] = [recordOf(applicant), recordOf(chain)];
    expect([theirs.seeds, theirs.anchor, theirs.last]).toEqual([ours.seeds, ours.anchor, undefined]);
  });

  it("leaves its machine, its evidence and the height in the state", () => {
    const chain = startNetwork();
    const machine = machineIdOf(machineOf("one"));
    const owner = ownerOf("one").publicKey;
    register(chain, forgeEvidence(chain, "one"));
    expect(registered(chain, 8, nodeKeyOf("one"))).toEqual(concatBytes(u64be(2n), machine));
    expect(registered(chain, 6, machine)).toEqual(owner);
    expect(registered(chain, 3, u32be(0))).toEqual(concatBytes(owner, machine, new Uint8Array(20)));
    expect(registered(chain, 4)).toEqual(u32be(0));
    const seen = [...chain.state.register].filter(([key]) => key.startsWith("07"));
    expect(seen.map(([, height]) => height)).toEqual([u64be(2n)]);
  });

  it("attests again with the same key, and gets the same envelope", () => {
    const chain = startNetwork();
    const nodeInfo = () => RegistrationNodeInfo.decode(registered(chain, 1, nodeKeyOf("one")) as Uint8Array);
    register(chain, forgeEvidence(chain, "one"));
    const first = nodeInfo();
    expect(codeOf(register(chain, forgeEvidence(chain, "one")))).toBe("ok");
    expect(nodeInfo().encryptedSeed).toEqual(first.encryptedSeed);
    expect(nodeInfo().certificate).not.toEqual(first.certificate);
    expect(registered(chain, 8, nodeKeyOf("one"))?.subarray(0, 8)).toEqual(u64be(3n));
    // The allow list did not change, so there is one record of it.
    expect(registered(chain, 4)).toEqual(u32be(0));
  });

  it("pays for verification first, then for what is stored", () => {
    const chain = startNetwork();
    const certificate = forgeEvidence(chain, "one");
    const { gasUsed } = register(chain, certificate);
    const stored = 5n * BigInt(certificate.length);
    expect(gasUsed).toBeGreaterThan(100_000n + stored);
    expect(gasUsed).toBeLessThan(125_000n + stored);
    const wallet = USER;
    const poor = wallet.sign(chain.chainId, [authenticateMessage(certificate)], { gas: 99_999n });
    const outcome = chain.block([wallet, poor])[0]?.outcomes[0];
    expect(outcome?.result).toEqual({ kind: "outOfGas", value: { location: "Verifying evidence" } });
  });

  it("leads to the same state in whatever order nodes register, but for the numbers of records", () => {
    const names = ["a", "b", "c", "d"];
    const run = (order: readonly string[]) => {
      const chain = startNetwork();
      const messages = order.map((name) => authenticateMessage(forgeEvidence(chain, name)));
      const outcomes = runMessages(chain, USER, ...messages);
      expect(outcomes.map(codeOf)).toEqual(order.map(() => "ok"));
      const entries = [...chain.state.register].filter(([key]) => !key.startsWith("03"));
      return entries.map(([key, value]) => `${key} ${bytesToHex(value)}`).sort();
    };
    const expected = run(names);
    const property = fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
      expect(run(order)).toEqual(expected);
    });
    fc.assert(property, { numRuns: 4 });
  });
});

describe("consensus §5: seeds leave in one way", () => {
  it("T34: not for the same bytes in another message, in a memo, or in no block", () => {
    const chain = startNetwork();
    const certificate = forgeEvidence(chain, "one");
    const { value } = authenticateMessage(certificate);
    const disguises = [
      { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value },
      { typeUrl: "/secret.registration.v1beta1.RaAuthenticat", value },
      { typeUrl: "secret.registration.v1beta1.RaAuthenticate", value },
    ];
    for (const disguise of disguises) {
      const signed = USER.sign(chain.chainId, [disguise]);
      chain.begin(chain.build([signed]));
      expect(refusalOf(() => chain.exec(1, 0, [USER.number])).code).toBe(RefusalCode.NoSuchMessage);
      chain.call("endTransaction", { transaction: 1, kept: false });
      chain.end();
    }
    for (const typeUrl of [
      "/sotto.registration.v1.MsgUpdatePolicy",
      "/sotto.registration.v1.MsgRemoveMachines",
      "/secret.compute.v1beta1.MsgUpdateMachineWhitelistProposal",
    ]) {
      const [outcome] = runMessages(chain, USER, { typeUrl, value });
      expect(outcome?.result.kind).toBe("failed");
      expect(outcome?.writes).toEqual([]);
    }
    const transaction = USER.sign(chain.chainId, [authenticateMessage(certificate)]);
    const simulation = () => chain.call("simulateMessage", { transaction, message: 0, gasUsed: 0n });
    expect(refusalOf(simulation).code).toBe(RefusalCode.NoSuchMessage);
    expect(registered(chain, 1, nodeKeyOf("one"))).toBeUndefined();
    const { claims } = decodeEvidence(certificate);
    expect(claims.nodeKey).toEqual(nodeKeyOf("one"));
  });

  it("T34: not twice for one place in a block, nor for a place that has none", () => {
    const chain = startNetwork();
    const signed = USER.sign(chain.chainId, [authenticateMessage(forgeEvidence(chain, "one"))]);
    chain.begin(chain.build([signed]));
    expect(codeOf(chain.exec(1, 0, [USER.number]))).toBe("ok");
    expect(refusalOf(() => chain.exec(1, 0, [USER.number])).code).toBe(RefusalCode.AlreadyRun);
    expect(refusalOf(() => chain.exec(1, 1, [USER.number])).code).toBe(RefusalCode.NoSuchMessage);
  });

  it("T13: not for a sender who did not sign", () => {
    const chain = startNetwork();
    const certificate = forgeEvidence(chain, "one");
    const message = packAny(RaAuthenticate, { sender: new Uint8Array(20), certificate, replaceMachineId: "" });
    expect(runMessages(chain, USER, message).map(codeOf)).toEqual(["compute/16"]);
    const signed = USER.sign(chain.chainId, [authenticateMessage(certificate)]);
    chain.begin(chain.build([signed]));
    // The host gives another account number than was signed.
    expect(codeOf(chain.exec(1, 0, [USER.number + 1n]))).toBe("register/2");
  });
});

describe("consensus §3.5: a host that shows other headers", () => {
  type Headers = readonly Uint8Array[];
  const lies: readonly (readonly [string, (headers: Headers) => Headers])[] = [
    ["none", () => []],
    ["one too few", (headers) => headers.slice(1)],
    ["one too many", (headers) => [...headers, headers[0] as Uint8Array]],
    ["in another order", (headers) => [...headers].reverse()],
    ["one twice", (headers) => headers.map(() => headers[0] as Uint8Array)],
    ["no header", (headers) => headers.map(() => Uint8Array.of(1))],
    ["a changed one", ([first, ...rest]) => [changedHeader(first as Uint8Array), ...rest]],
  ];

  function changedHeader(header: Uint8Array): Uint8Array {
    const changed = header.slice();
    (changed[changed.length - 1] as number) ^= 1;
    return changed;
  }

  it.each(lies)("%s: there is no result, and the block must begin again", (_, lie) => {
    const chain = startNetwork();
    const certificate = forgeEvidence(chain, "one");
    chain.block();
    chain.block();
    const { readHeaders } = chain.ocalls;
    chain.ocalls.readHeaders = (request) => ({ headers: lie(readHeaders(request).headers) });
    const built = chain.build([USER.sign(chain.chainId, [authenticateMessage(certificate)])]);
    chain.begin(built);
    expect(refusalOf(() => chain.exec(1, 0, [USER.number])).code).toBe(RefusalCode.HostMisbehavior);
    chain.ocalls.readHeaders = readHeaders;
    chain.begin(built);
    expect(codeOf(chain.exec(1, 0, [USER.number]))).toBe("ok");
  });
});

describe("enclave §1.4: a founder that registers", () => {
  it("attests with its own key, and gets what it has", () => {
    const chain = startNetwork({ policy: policyDocument({ reattest_every: 50 }) });
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    expect(codeOf(register(chain, evidenceOf(chain, chain)))).toBe("ok");
    expect(registered(chain, 8, nodeKey)).toBeDefined();
    chain.block();
  });
});
