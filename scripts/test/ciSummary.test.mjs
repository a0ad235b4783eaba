import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { countStep } from "../ciSummary.mjs";

const folder = mkdtempSync(join(tmpdir(), "sotto-summary-"));
afterAll(() => rmSync(folder, { recursive: true }));

function step(status, report) {
  const file = join(folder, "report.json");
  writeFileSync(file, typeof report === "string" ? report : JSON.stringify(report));
  const { passed, failed } = countStep(`test:${status}:${file}`);
  return [passed, failed];
}

const vitest = (passed, failed, testResults = []) => ({ numPassedTests: passed, numFailedTests: failed, testResults });

describe("the summary of a CI run", () => {
  it("counts tests and checks", () => {
    expect(step(0, vitest(7, 0))).toEqual([7, 0]);
    expect(step(1, vitest(7, 2))).toEqual([7, 2]);
    expect(step(1, { passed: ["a", "b"], failed: ["c"], skipped: ["d"] })).toEqual([2, 1]);
  });

  it("counts a test file that could not be loaded", () => {
    const broken = { status: "failed", assertionResults: [] };
    const failed = { status: "failed", assertionResults: [{ status: "failed" }] };
    expect(step(1, vitest(7, 1, [broken, failed]))).toEqual([7, 2]);
  });

  it("counts a step that failed without a word, or did nothing, as a failure", () => {
    expect(step(124, vitest(7, 0))).toEqual([7, 1]);
    expect(step(1, "{ cut off")).toEqual([0, 1]);
    expect(step(0, vitest(0, 0))).toEqual([0, 1]);
    expect(countStep(`test:0:${join(folder, "missing")}`)).toEqual({ name: "test", passed: 0, failed: 1 });
  });
});
