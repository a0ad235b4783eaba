import { bytesToHex, bytesToUtf8, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import { packCollateral, unpackCollateral } from "@sotto/common/wire/collateral";
import { publishedToday } from "@sotto/platform/sim/simCollateral";
import { makeSimMachine } from "@sotto/platform/sim/simMachine";
import { SgxFlag } from "@sotto/platform/sim/simQuote";
import { describe, expect, it } from "vitest";
import type { ExecOutcome, TestChain } from "../harness.ts";
import { testCrypto } from "../harness.ts";
import {
  authenticateMessage,
  blockSeconds,
  CHAIN_ID,
  codeOf,
  collateralFor,
  type EvidenceChanges,
  forgeEvidence,
  logOf,
  machineIdOf,
  machineOf,
  type NetworkOptions,
  ownerOf,
  policyDocument,
  register,
  runMessages,
  startNetwork,
  USER,
} from "./admission.ts";

const DAY = 86_400;
const bytes32 = (byte: number) => new Uint8Array(32).fill(byte);
const flags = SgxFlag.init | SgxFlag.mode64;
const oldMachine = makeSimMachine(testCrypto.sha256(utf8ToBytes("old")), {
  components: new Array(16).fill(0),
  pceSvn: 0,
});

/** The same documents, laid out for people: what was signed is another text. */
function reindented(collateral: Uint8Array): Uint8Array {
  const parts = unpackCollateral(collateral);
  const { tcbInfo, signature } = JSON.parse(bytesToUtf8(parts.tcbInfo));
  const text = `{"tcbInfo":${JSON.stringify(tcbInfo, null, 2)},"signature":"${signature}"}`;
  return packCollateral({ ...parts, tcbInfo: utf8ToBytes(text) });
}

function published(chain: TestChain, days: number) {
  return publishedToday(blockSeconds(chain) + days * DAY);
}

type Case = readonly [
  what: string,
  code: number,
  sentence: string,
  changes: (chain: TestChain) => EvidenceChanges,
  options?: NetworkOptions,
];

const CASES: readonly Case[] = [
  ["a debug enclave", 35, "debug", () => ({ report: { flags: flags | SgxFlag.debug } })],
  [
    "an enclave that may get the provisioning key",
    36,
    "ATTRIBUTES",
    () => ({ report: { flags: flags | SgxFlag.provisionKey } }),
  ],
  ["another measurement", 37, "measurement", () => ({ report: { mrEnclave: bytes32(1) } })],
  ["another signer", 38, "signer", () => ({ report: { mrSigner: bytes32(1) } })],
  ["another product", 39, "version", () => ({ report: { productId: 2 } })],
  ["an older security version", 39, "version", () => ({ report: { securityVersion: 0 } })],
  ["old collateral", 25, "valid", (chain) => ({ collateral: collateralFor(chain, published(chain, -60)) })],
  ["collateral from the future", 25, "valid", (chain) => ({ collateral: collateralFor(chain, published(chain, 60)) })],
  [
    "collateral below the chain's minimum",
    28,
    "number",
    (chain) => ({ collateral: collateralFor(chain, { tcbEvaluationDataNumber: 0 }) }),
  ],
  [
    "a revoked certificate",
    26,
    "in the PCK CRL",
    (chain) => ({ collateral: collateralFor(chain, { revokedByPckCa: [machineOf("one").serial] }) }),
  ],
  ["JSON collateral re-indented", 27, "sign", (chain) => ({ collateral: reindented(collateralFor(chain)) })],
  ["a byte after the quote", 21, "after", () => ({ tamper: (quote) => concatBytes(quote, Uint8Array.of(1)) })],
  ["a quote that was cut", 20, "quote", () => ({ tamper: (quote) => quote.subarray(0, -1) })],
  [
    "a quote with a changed report",
    30,
    "sign",
    () => ({
      tamper: (quote) => {
        const changed = quote.slice();
        (changed[48 + 320] as number) ^= 1;
        return changed;
      },
    }),
  ],
  [
    "an unknown machine",
    45,
    "is not on the network's allow list",
    () => ({}),
    { policy: policyDocument({ machines: "listed" }) },
  ],
  ["another chain's genesis", 40, "does not bind", () => ({ network: { chainId: CHAIN_ID, genesisHash: bytes32(1) } })],
  [
    "another chain",
    41,
    "it names a block of another",
    (chain) => ({
      network: { chainId: "private-2-sim", genesisHash: bytes32(1) },
      claims: { height: chain.height, blockHash: bytes32(2) },
    }),
  ],
  ["another purpose", 20, "expected purpose register", () => ({ claims: { purpose: "upgrade" } })],
  ["a key that the quote does not bind", 40, "does not bind", () => ({ unbound: { nodeKey: bytes32(9) } })],
  [
    "an owner that the quote does not bind",
    40,
    "does not bind",
    () => ({ unbound: { owner: ownerOf("thief").publicKey } }),
  ],
  ["somebody else's signature", 43, "are not signed by the validator key", () => ({ signer: ownerOf("thief") })],
  [
    "a block that is not of this chain",
    42,
    "is not the one that this chain has",
    () => ({ claims: { blockHash: bytes32(2) } }),
  ],
  ["a block to come", 42, "is not in the past", (chain) => ({ claims: { height: chain.height + 1n } })],
  ["the block before the first", 42, "blocks back", () => ({ claims: { height: 0n } })],
  ["a registration key of low order", 47, "full order", () => ({ claims: { nodeKey: new Uint8Array(32) } })],
  [
    "a sim root on a network whose policy does not name it",
    24,
    "root",
    () => ({}),
    { policy: policyDocument({ roots: ["intel"] }) },
  ],
  ["a sim root on a chain whose id does not say so", 24, "root", () => ({}), { chainId: "private-1" }],
  ["any evidence, on a network without a policy", 48, "it admits no nodes", () => ({}), { policy: undefined }],
];

describe("enclave §1.4: refusals of a registration, each with a code and a sentence", () => {
  it.each(CASES.map(([what, code, sentence, changes, options = {}]) => ({ what, code, sentence, changes, options })))(
    "$what: register/$code",
    ({ code, sentence, changes, options }) => {
      const chain = startNetwork(options);
      const before = new Map(chain.state.register);
      const outcome = register(chain, forgeEvidence(chain, "one", changes(chain)));
      expect([codeOf(outcome), logOf(outcome)]).toEqual([`register/${code}`, expect.stringContaining(sentence)]);
      expect(outcome).toMatchObject({ events: [], writes: [] });
      expect(chain.state.register).toEqual(before);
    },
  );

  it("zeros after the quote are no refusal: real quotes have them", () => {
    const chain = startNetwork();
    const tamper = (quote: Uint8Array) => concatBytes(quote, new Uint8Array(70));
    expect(codeOf(register(chain, forgeEvidence(chain, "one", { tamper })))).toBe("ok");
  });

  it("evidence that is none: register/20, whatever it is", () => {
    const chain = startNetwork();
    const good = forgeEvidence(chain, "one");
    for (const bad of [Uint8Array.of(0), good.subarray(1), good.subarray(0, -1), concatBytes(good, Uint8Array.of(0))]) {
      expect(codeOf(register(chain, bad))).toBe("register/20");
    }
    for (const replace of ["ab", "z".repeat(40), `${"ab".repeat(20)} `]) {
      const outcome = register(chain, good, replace);
      expect([codeOf(outcome), logOf(outcome)]).toEqual([
        "register/20",
        "replace_machine_id: expected 40 hex digits or nothing",
      ]);
    }
  });

  it("evidence that is older than the policy allows: register/42", () => {
    const chain = startNetwork({ policy: policyDocument({ max_evidence_age: 3 }) });
    const [young, old] = [forgeEvidence(chain, "one"), forgeEvidence(chain, "two")];
    chain.block();
    chain.block();
    expect(codeOf(register(chain, young))).toBe("ok");
    expect(logOf(register(chain, old))).toContain("is more than 3 blocks back");
  });

  it("the same claims once more: register/44, also in another form, in this block or a later one", () => {
    const chain = startNetwork();
    const claims = { height: chain.height, blockHash: chain.lastHash };
    const evidence = forgeEvidence(chain, "one");
    const [first, second] = runMessages(chain, USER, authenticateMessage(evidence), authenticateMessage(evidence));
    expect([first, second].map((outcome) => outcome && codeOf(outcome))).toEqual(["ok", "register/44"]);
    expect(codeOf(register(chain, evidence))).toBe("register/44");
    // What the owner may change of it: zeros behind the quote, and its own signature with them.
    const tamper = (quote: Uint8Array) => concatBytes(quote, new Uint8Array(1));
    expect(logOf(register(chain, forgeEvidence(chain, "one", { tamper, claims })))).toBe(
      "this evidence was accepted before: make new evidence",
    );
  });

  it("a key that was registered in this block: register/44, whatever the evidence", () => {
    const chain = startNetwork();
    const [one, two] = [{}, { collateral: collateralFor(chain, { tcbEvaluationDataNumber: 2 }) }].map((changes) =>
      authenticateMessage(forgeEvidence(chain, "one", changes)),
    );
    const outcomes = runMessages(chain, USER, one as Any, two as Any);
    expect(outcomes.map(codeOf)).toEqual(["ok", "register/44"]);
    expect(logOf(outcomes[1] as ExecOutcome)).toBe("this node was registered in this block: once is enough");
    chain.block();
    expect(codeOf(register(chain, forgeEvidence(chain, "one")))).toBe("ok");
  });
});

describe("consensus §5: a node that must not get the seeds", () => {
  it("T28: on a machine with an outdated TCB, unknown, with other report data, or with old evidence again", () => {
    const chain = startNetwork({
      policy: policyDocument({ machines: "listed", max_evidence_age: 2 }),
      machines: [{ id: machineIdOf(machineOf("one")) }, { id: machineIdOf(oldMachine) }],
    });
    const refused = (certificate: Uint8Array) => codeOf(register(chain, certificate));
    expect(refused(forgeEvidence(chain, "old", { machine: oldMachine }))).toBe("register/32");
    expect(refused(forgeEvidence(chain, "two"))).toBe("register/45");
    expect(refused(forgeEvidence(chain, "one", { report: { reportData: new Uint8Array(64) } }))).toBe("register/40");
    const evidence = forgeEvidence(chain, "one");
    const stale = forgeEvidence(chain, "one", { owner: ownerOf("other") });
    expect(refused(evidence)).toBe("ok");
    expect(refused(evidence)).toBe("register/44");
    chain.block();
    expect(refused(stale)).toBe("register/42");
    expect(bytesToHex(machineIdOf(oldMachine))).toHaveLength(40);
  });
});
