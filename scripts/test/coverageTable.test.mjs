import { describe, expect, it } from "vitest";
import { sectionsIn, testsIn } from "../coverageTable.mjs";

describe("the coverage table", () => {
  it("finds the sections that a title names", () => {
    expect(sectionsIn("contracts §5.3, §5.4: messages")).toEqual(["contracts 5.3", "contracts 5.4"]);
    expect(sectionsIn("regions, contracts §2.1 and §2.2; enclave §8")).toEqual([
      "contracts 2.1",
      "contracts 2.2",
      "enclave 8",
    ]);
    expect(sectionsIn("enclave §7.1 to §7.4")).toEqual(["enclave 7.1", "enclave 7.2", "enclave 7.3", "enclave 7.4"]);
    expect(sectionsIn("chain §3.6 and nothing of contracts")).toEqual([]);
  });

  it("counts the sections of a describe for the tests inside it, and for no others", () => {
    const source = [
      'describe("contracts §1.2: static check", () => {',
      '  it("refuses two memories", () => {});',
      "  it.each([",
      '    ["a", 1],',
      '  ])("refuses %s (enclave §11.3)", () => {});',
      "});",
      'it("stands alone", () => {});',
    ].join("\n");
    expect(testsIn(source)).toEqual([
      { title: "refuses two memories", sections: ["contracts 1.2"] },
      { title: "refuses %s (enclave §11.3)", sections: ["contracts 1.2", "enclave 11.3"] },
      { title: "stands alone", sections: [] },
    ]);
  });
});
