import { bytesToHex } from "@sotto/common/bytes";
import { SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import { describe, expect, it } from "vitest";
import { EvidenceError, EvidenceErrorCode } from "../../src/evidence/evidenceError.ts";
import { allowsSimulation, formatPolicy, isSimulationChain, parsePolicy } from "../../src/evidence/policy.ts";

const DOCUMENT = {
  roots: ["intel", "sim-insecure", "ab".repeat(32)],
  statuses: ["UpToDate", "SWHardeningNeeded"],
  advisories: ["INTEL-SA-00615"],
  minimum_tcb_evaluation_data_number: 17,
  retired_fmspcs: ["00606A000000"],
  sgx: [
    { mrenclave: "01".repeat(32), mrsigner: "02".repeat(32), isv_prod_id: 3, minimum_isv_svn: 4 },
    { mrenclave: "05".repeat(32), isv_prod_id: 0, minimum_isv_svn: 0 },
  ],
  tdx: [{ measurement: "06".repeat(32) }],
  machines: "listed",
  max_evidence_age: 100,
  reattest_every: 0,
  authority: "secret1authority",
};

const refusal = (document: unknown): EvidenceError => {
  try {
    parsePolicy(typeof document === "string" ? document : JSON.stringify(document));
  } catch (error) {
    expect(error).toBeInstanceOf(EvidenceError);
    expect((error as EvidenceError).code).toBe(EvidenceErrorCode.BadPolicy);
    return error as EvidenceError;
  }
  throw new Error("was accepted");
};

describe("registration §2.8: the policy document", () => {
  it("reads back what it writes, names of roots included", () => {
    const policy = parsePolicy(JSON.stringify(DOCUMENT, null, 2));
    expect(formatPolicy(policy)).toBe(JSON.stringify(DOCUMENT));
    expect(parsePolicy(formatPolicy(policy))).toEqual(policy);
    expect(policy.roots.map(bytesToHex)).toEqual([
      "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3",
      bytesToHex(SIM_ROOT_SHA256),
      "ab".repeat(32),
    ]);
    expect(policy.sgx[1]?.signer).toBeUndefined();
  });

  it("writes the FMSPC of retired platforms in upper case", () => {
    const policy = parsePolicy(JSON.stringify({ ...DOCUMENT, retired_fmspcs: ["00a06d080000"] }));
    expect([...policy.retiredFmspcs]).toEqual(["00A06D080000"]);
  });

  it("leaves the order of execution to the proposer, unless it says otherwise", () => {
    const shuffled = JSON.stringify({ ...DOCUMENT, execution_order: "shuffled" });
    expect(parsePolicy(JSON.stringify(DOCUMENT)).executionOrder).toBe("proposed");
    expect(parsePolicy(shuffled).executionOrder).toBe("shuffled");
    expect(formatPolicy(parsePolicy(shuffled))).toBe(shuffled);
    const said = parsePolicy(JSON.stringify({ ...DOCUMENT, execution_order: "proposed" }));
    expect(formatPolicy(said)).toBe(JSON.stringify(DOCUMENT));
    for (const execution_order of ["random", "", 1, null]) {
      expect(refusal({ ...DOCUMENT, execution_order }).message).toContain("execution_order: expected proposed or");
    }
  });

  it.each(Object.keys(DOCUMENT))("refuses a document without %s", (name) => {
    expect(refusal({ ...DOCUMENT, [name]: undefined }).message).toContain(name);
  });

  it("refuses unknown members, in the document and in what it lists", () => {
    expect(refusal({ ...DOCUMENT, max_age: 1 }).message).toContain("max_age: is not known");
    expect(refusal({ ...DOCUMENT, tdx: [{ measurement: "06".repeat(32), rtmr3: "" }] }).message).toContain("rtmr3");
    expect(refusal({ ...DOCUMENT, sgx: [{ ...DOCUMENT.sgx[0], debug: true }] }).message).toContain("debug");
  });

  it.each([
    [{ roots: ["amd"] }, "roots: expected 32 bytes in hex"],
    [{ roots: "intel" }, "roots: expected a list"],
    [{ roots: [1] }, "roots: expected texts"],
    [{ statuses: ["uptodate"] }, "statuses: uptodate is none"],
    [{ minimum_tcb_evaluation_data_number: -1 }, "expected an integer from 0"],
    [{ minimum_tcb_evaluation_data_number: 1.5 }, "expected an integer from 0"],
    [{ retired_fmspcs: ["00"] }, "retired_fmspcs: expected 6 bytes in hex"],
    [{ sgx: [7] }, "sgx: expected an object"],
    [{ sgx: [{ ...DOCUMENT.sgx[0], mrenclave: "zz".repeat(32) }] }, "sgx: mrenclave: expected 32 bytes in hex"],
    [{ sgx: [{ ...DOCUMENT.sgx[0], mrsigner: null }] }, "sgx: mrsigner: expected a text"],
    [{ sgx: [{ ...DOCUMENT.sgx[0], isv_prod_id: 65_536 }] }, "expected an integer from 0 to 65535"],
    [{ machines: "some" }, "machines: expected any or listed"],
    [{ authority: 5 }, "authority: expected a text"],
  ])("refuses %j", (change, message) => {
    expect(refusal({ ...DOCUMENT, ...change }).message).toContain(message);
  });

  it("refuses what is no JSON object, and members twice", () => {
    refusal("");
    refusal("[]");
    refusal('{"roots":[],"roots":[]}');
  });

  it("tells whether simulated evidence may count: by the root in the policy and the end of the chain id", () => {
    expect(allowsSimulation(parsePolicy(JSON.stringify(DOCUMENT)))).toBe(true);
    expect(allowsSimulation(parsePolicy(JSON.stringify({ ...DOCUMENT, roots: ["intel"] })))).toBe(false);
    expect(isSimulationChain("private-1-sim")).toBe(true);
    expect(isSimulationChain("private-sim-1")).toBe(false);
  });
});
