/**
 * Adds up the reports of a CI run; the last line says `N passed, N failed`, and the exit status whether the second N is 0.
 *
 *     node scripts/ciSummary.mjs NAME:EXIT_STATUS:REPORT_FILE...
 *
 * A report is that of vitest's JSON reporter or that of `check.mjs`. A step that failed without a failure in its report
 * (it crashed, ran out of time, or wrote none) counts as one failure.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @returns {{ passed: number, failed: number }} of a parsed report */
export function countReport(report) {
  if (Array.isArray(report.passed)) return { passed: report.passed.length, failed: report.failed.length };
  // A file that could not even be loaded has failed without a test that did.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((one) => one.status !== "failed"),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
}

function readReport(file) {
  if (!existsSync(file)) return { passed: 0, failed: 0 };
  try {
    return countReport(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return { passed: 0, failed: 0 };
  }
}

/** @param {string} step `NAME:EXIT_STATUS:REPORT_FILE` */
export function countStep(step) {
  const [, name, status, file] = /^([^:]+):(\d+):(.*)$/.exec(step);
  const { passed, failed } = readReport(file);
  const nothingRan = passed + failed === 0;
  return { name, passed, failed: failed === 0 && (status !== "0" || nothingRan) ? 1 : failed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const steps = process.argv.slice(2).map(countStep);
  for (const { name, passed, failed } of steps) console.log(`${name}: ${passed} passed, ${failed} failed`);
  const total = (key) => steps.reduce((sum, step) => sum + step[key], 0);
  console.log(`${total("passed")} passed, ${total("failed")} failed`);
  process.exitCode = total("failed") === 0 ? 0 : 1;
}
