import { bytesToHex, concatBytes, u32be, u64be } from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import { MsgRemoveMachines, MsgUpdateMachineWhitelistProposal, MsgUpdatePolicy } from "@sotto/common/wire/registration";
import { describe, expect, it } from "vitest";
import { RefusalCode } from "../../src/enclaveError.ts";
import { type ExecOutcome, refusalOf, type TestChain, type Wallet } from "../harness.ts";
import {
  AUTHORITY,
  authenticateMessage,
  codeOf,
  evidenceOf,
  forgeEvidence,
  logOf,
  machineIdOf,
  machineOf,
  type NetworkOptions,
  ownerOf,
  policyDocument,
  register,
  registered,
  runMessages,
  startNetwork,
  USER,
} from "./admission.ts";

const idOf = (name: string) => machineIdOf(machineOf(name));
const hexOf = (name: string) => bytesToHex(idOf(name));
const LISTED = policyDocument({ machines: "listed" });

/** A network whose list holds the founder's machine and these. */
function listing(...machines: NonNullable<NetworkOptions["machines"]>[number][]): TestChain {
  return startNetwork({ policy: LISTED, machines });
}

const ownerIn = (chain: TestChain, name: string) => registered(chain, 6, idOf(name));

function run<T>(chain: TestChain, wallet: Wallet, ...[codec, message]: Parameters<typeof packAny<T>>): ExecOutcome {
  return runMessages(chain, wallet, packAny(codec, message))[0] as ExecOutcome;
}

const add = (chain: TestChain, machineId: string, wallet = AUTHORITY) =>
  run(chain, wallet, MsgUpdateMachineWhitelistProposal, {
    authority: wallet.bech32,
    title: "more machines",
    description: "",
    machineId,
  });
const remove = (chain: TestChain, machineId: string, wallet = AUTHORITY) =>
  run(chain, wallet, MsgRemoveMachines, { authority: wallet.bech32, machineId });
const setPolicy = (chain: TestChain, policy: object | string, wallet = AUTHORITY) =>
  run(chain, wallet, MsgUpdatePolicy, {
    authority: wallet.bech32,
    policy: typeof policy === "string" ? policy : JSON.stringify(policy),
  });

describe("enclave §1.4: whose place on the allow list a machine may take", () => {
  const mine = ownerOf("one").publicKey;
  const other = ownerOf("other").publicKey;
  const replacing = (chain: TestChain) => forgeEvidence(chain, "one", { replaces: idOf("before") });

  it("a listed one that nobody has", () => {
    const chain = listing({ id: idOf("one") });
    expect(codeOf(register(chain, forgeEvidence(chain, "one")))).toBe("ok");
    expect(ownerIn(chain, "one")).toEqual(mine);
  });

  it("its own, again, also if it names itself as replaced", () => {
    const chain = listing({ id: idOf("one"), owner: mine });
    expect(codeOf(register(chain, forgeEvidence(chain, "one", { replaces: idOf("one") }), hexOf("one")))).toBe("ok");
    expect(registered(chain, 4)).toBeUndefined();
  });

  it("not another owner's: register/46", () => {
    const chain = listing({ id: idOf("one"), owner: other });
    const outcome = register(chain, forgeEvidence(chain, "one"));
    expect([codeOf(outcome), logOf(outcome)]).toEqual([
      "register/46",
      `machine ${hexOf("one")} is another owner's: register with its validator key`,
    ]);
  });

  it("that of a machine of its owner, which goes", () => {
    const chain = listing({ id: idOf("before"), owner: mine });
    expect(codeOf(register(chain, replacing(chain), hexOf("before").toUpperCase()))).toBe("ok");
    expect([ownerIn(chain, "before"), ownerIn(chain, "one")]).toEqual([undefined, mine]);
    expect(registered(chain, 3, u32be(0))).toEqual(concatBytes(mine, idOf("one"), idOf("before")));
  });

  it("not in place of one that its owner did not name: whoever sends evidence cannot choose, register/43", () => {
    const chain = listing({ id: idOf("before"), owner: mine }, { id: idOf("one") });
    const certificate = forgeEvidence(chain, "one");
    expect(codeOf(register(chain, certificate, hexOf("before")))).toBe("register/43");
    expect(codeOf(register(chain, replacing(chain)))).toBe("register/43");
    expect(ownerIn(chain, "before")).toEqual(mine);
    expect(codeOf(register(chain, certificate))).toBe("ok");
  });

  it.each([
    ["one that is not listed", [], "is not this owner's"],
    ["another owner's", [{ id: idOf("before"), owner: other }], "is not this owner's"],
    ["one that nobody has", [{ id: idOf("before") }], "is not this owner's"],
    [
      "its own, for one that is on the list already",
      [{ id: idOf("before"), owner: mine }, { id: idOf("one") }],
      "is on the list",
    ],
  ])("not in place of %s: register/46", (_, machines, reason) => {
    const chain = listing(...machines);
    const outcome = register(chain, replacing(chain), hexOf("before"));
    expect(codeOf(outcome)).toBe("register/46");
    expect(logOf(outcome)).toContain(reason);
  });
});

describe("chain §2.16: what the authority changes", () => {
  it("adds machines, one or several, and leaves those that are there", () => {
    const chain = listing({ id: idOf("one"), owner: ownerOf("one").publicKey });
    const text = `${hexOf("two")} , ${hexOf("one").toUpperCase()},${hexOf("three")}`;
    const outcome = add(chain, text);
    const attributes = [
      { key: "machine_id", value: text.length.toString(16) },
      { key: "sender", value: AUTHORITY.bech32 },
    ];
    expect(outcome.events).toEqual([{ type: "machine_whitelist_proposal", attributes }]);
    expect(ownerIn(chain, "two")).toEqual(new Uint8Array(32));
    expect(ownerIn(chain, "one")).toEqual(ownerOf("one").publicKey);
    expect([0, 1].map((index) => registered(chain, 3, u32be(index)))).toEqual([idOf("two"), idOf("three")]);
    expect(codeOf(register(chain, forgeEvidence(chain, "two")))).toBe("ok");
  });

  it("removes machines, whoever's they are, all or none", () => {
    const chain = listing({ id: idOf("one"), owner: ownerOf("one").publicKey }, { id: idOf("two") });
    expect(codeOf(remove(chain, `${hexOf("one")},${hexOf("three")}`))).toBe("register/45");
    expect(ownerIn(chain, "one")).toBeDefined();
    expect(codeOf(remove(chain, `${hexOf("one")},${hexOf("two")}`))).toBe("ok");
    expect([ownerIn(chain, "one"), ownerIn(chain, "two")]).toEqual([undefined, undefined]);
    expect(registered(chain, 3, u32be(1))).toEqual(concatBytes(new Uint8Array(52), idOf("two")));
    expect(codeOf(register(chain, forgeEvidence(chain, "one")))).toBe("register/45");
  });

  it("puts another policy in place, which counts from the next block on", () => {
    const chain = startNetwork();
    const policy = policyDocument({ machines: "listed", authority: USER.bech32 });
    expect(codeOf(setPolicy(chain, policy))).toBe("ok");
    expect(registered(chain, 5)).toEqual(new TextEncoder().encode(JSON.stringify(policy)));
    expect(codeOf(register(chain, forgeEvidence(chain, "one")))).toBe("register/45");
    expect(codeOf(setPolicy(chain, policyDocument()))).toBe("register/49");
    expect(codeOf(setPolicy(chain, policyDocument(), USER))).toBe("ok");
  });

  it.each([
    ["no JSON", "{", "attestation policy"],
    ["one with a member that is not known", { ...policyDocument(), more: 1 }, "more: is not known"],
    ["an authority that is no account", policyDocument({ authority: "nobody" }), "nobody could change it again"],
  ])("takes no policy that is %s: register/50", (_, policy, reason) => {
    const chain = startNetwork();
    const outcome = setPolicy(chain, policy);
    expect([codeOf(outcome), logOf(outcome)]).toEqual(["register/50", expect.stringContaining(reason)]);
  });

  it("takes no simulated root where the chain id does not say so: register/50", () => {
    const chain = startNetwork({ chainId: "private-1", policy: policyDocument({ roots: ["intel"] }) });
    const outcome = setPolicy(chain, policyDocument());
    expect([codeOf(outcome), logOf(outcome)]).toEqual([
      "register/50",
      "attestation policy: the simulated root proves nothing: expected a chain id that ends in -sim, this is private-1",
    ]);
  });

  it("is nobody else's to change: register/49, and register/48 where there is no policy", () => {
    const chain = listing();
    const expected = `expected the network's authority ${AUTHORITY.bech32}, got ${USER.bech32}`;
    for (const outcome of [
      add(chain, hexOf("one"), USER),
      remove(chain, hexOf("founder"), USER),
      setPolicy(chain, LISTED, USER),
    ]) {
      expect([codeOf(outcome), logOf(outcome)]).toEqual(["register/49", expected]);
    }
    const without = startNetwork({ policy: undefined });
    expect(codeOf(add(without, hexOf("one")))).toBe("register/48");
  });

  it("is not taken for the authority's because it names it", () => {
    const chain = listing();
    const message = { authority: AUTHORITY.bech32, machineId: hexOf("founder") };
    expect(codeOf(run(chain, USER, MsgRemoveMachines, message))).toBe("compute/16");
  });

  it.each([
    ["", "machine_id must not be empty: invalid"],
    [" ", "machine_id must not be empty: invalid"],
    ["ab", "machine_id malformed: invalid"],
    [`${"ab".repeat(20)},`, "machine_id malformed: invalid"],
    ["xy".repeat(20), "machine_id malformed: invalid"],
  ])("takes no list like %j: compute/13", (text, log) => {
    const chain = listing();
    for (const outcome of [add(chain, text), remove(chain, text)]) {
      expect([codeOf(outcome), logOf(outcome)]).toEqual(["compute/13", log]);
    }
  });
});

describe("consensus §5: approvals that only the host vouches for", () => {
  /** In one block: what its host lets in, and a node that asks for the seeds. */
  const together = (chain: TestChain, approval: Uint8Array, certificate: Uint8Array): ExecOutcome[] => {
    const asks = USER.sign(chain.chainId, [authenticateMessage(certificate)]);
    return chain.block([AUTHORITY, approval], [USER, asks]).map(({ outcomes }) => outcomes[0] as ExecOutcome);
  };

  it("T34: an old message of the authority that a proposer puts into a block again lists no machine for it", () => {
    const chain = listing();
    const message = { authority: AUTHORITY.bech32, title: "", description: "", machineId: hexOf("one") };
    const approval = AUTHORITY.sign(chain.chainId, [packAny(MsgUpdateMachineWhitelistProposal, message)]);
    chain.block([AUTHORITY, approval]);
    expect(codeOf(remove(chain, hexOf("one")))).toBe("ok");
    expect(together(chain, approval, forgeEvidence(chain, "one")).map(codeOf)).toEqual(["ok", "register/45"]);
  });

  it("T34: nor does it bring back a policy", () => {
    const chain = startNetwork();
    const change = (policy: object) => {
      const message = { authority: AUTHORITY.bech32, policy: JSON.stringify(policy) };
      return AUTHORITY.sign(chain.chainId, [packAny(MsgUpdatePolicy, message)]);
    };
    const before = change(policyDocument());
    chain.block([AUTHORITY, before]);
    chain.block([AUTHORITY, change(policyDocument({ sgx: [] }))]);
    const [policy, node] = together(chain, before, forgeEvidence(chain, "one"));
    expect([codeOf(policy as ExecOutcome), codeOf(node as ExecOutcome)]).toEqual(["ok", "register/37"]);
  });

  it("T34: but what the block takes away counts at once", () => {
    const chain = listing({ id: idOf("before"), owner: ownerOf("one").publicKey });
    const message = { authority: AUTHORITY.bech32, machineId: hexOf("before") };
    const removal = AUTHORITY.sign(chain.chainId, [packAny(MsgRemoveMachines, message)]);
    const certificate = forgeEvidence(chain, "one", { replaces: idOf("before") });
    const asks = USER.sign(chain.chainId, [authenticateMessage(certificate, hexOf("before"))]);
    const results = chain.block([AUTHORITY, removal], [USER, asks]);
    expect(results.map(({ outcomes }) => codeOf(outcomes[0] as ExecOutcome))).toEqual(["ok", "register/46"]);
  });
});

describe("enclave §1.4: an enclave that may take part no more", () => {
  const begin = (chain: TestChain) => chain.begin(chain.build([]));

  it("is a founder whose machine is not in genesis", () => {
    expect(refusalOf(() => startNetwork({ policy: LISTED, isFounderListed: false }))).toMatchObject({
      code: RefusalCode.NotListed,
      message: expect.stringContaining(`machine ${hexOf("founder")} is not on the network's allow list any more`),
    });
  });

  it("is one whose machine was removed, from the next block on", () => {
    const chain = listing({ id: idOf("one") });
    expect(codeOf(remove(chain, hexOf("founder")))).toBe("ok");
    expect(refusalOf(() => begin(chain)).code).toBe(RefusalCode.NotListed);
    chain.restart();
    expect(refusalOf(() => begin(chain)).code).toBe(RefusalCode.NotListed);
  });

  it("goes on where the policy admits any machine", () => {
    const chain = startNetwork();
    expect(codeOf(remove(chain, hexOf("founder")))).toBe("ok");
    chain.block();
  });

  it("is one whose evidence is older than the network asks for", () => {
    const chain = startNetwork({ policy: policyDocument({ reattest_every: 3 }) });
    chain.call("registrationKey", { sealed: undefined });
    expect(codeOf(register(chain, evidenceOf(chain, chain)))).toBe("ok");
    chain.block();
    expect(codeOf(register(chain, evidenceOf(chain, chain)))).toBe("ok");
    chain.block();
    chain.block();
    chain.block();
    expect(refusalOf(() => begin(chain))).toMatchObject({
      code: RefusalCode.AttestationDue,
      message: expect.stringContaining("attested at height 4 and had to again by 7"),
    });
  });

  it("has the time to attest that a new policy asks for, however long ago it did so last", () => {
    const chain = startNetwork();
    chain.call("registrationKey", { sealed: undefined });
    expect(codeOf(register(chain, evidenceOf(chain, chain)))).toBe("ok");
    for (let i = 0; i < 5; i++) chain.block();
    expect(codeOf(setPolicy(chain, policyDocument({ reattest_every: 2 })))).toBe("ok");
    expect(registered(chain, 9)).toEqual(u64be(8n));
    chain.block();
    expect(codeOf(register(chain, evidenceOf(chain, chain)))).toBe("ok");
    chain.block();
    chain.block();
    expect(refusalOf(() => begin(chain)).message).toContain("attested at height 10 and had to again by 12");
  });

  it("is every one on a network whose policy in genesis is none", () => {
    expect(refusalOf(() => startNetwork({ policy: { roots: [] } }))).toMatchObject({
      code: RefusalCode.PolicyUnreadable,
      message: expect.stringContaining("mend app_state.register.attestation"),
    });
  });
});
