/**
 * All checks that are no tests, in one run: `npm run check`. Goes through to the end and fails if one of them did.
 *
 *     node scripts/check.mjs [--report FILE]     FILE gets `{ passed: [...], failed: [...], skipped: [...] }`
 * @module
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The compiler that contracts/build.sh needs for its results to be the same bytes. */
function hasContractCompiler() {
  const { stdout } = spawnSync(process.env.RUSTC_1_63 ?? "/usr/bin/rustc", ["--version"], { encoding: "utf8" });
  return /^rustc 1\.63\./.test(stdout ?? "");
}

const CHECKS = [
  { name: "format and lint", command: ["npx", "biome", "ci", "."] },
  { name: "types", command: ["npx", "tsc", "-b"] },
  { name: "types of tests", command: ["npx", "tsc", "-p", "tsconfig.test.json"] },
  { name: "import arrows", command: ["node", "scripts/checkArrows.mjs"] },
  { name: "enclave measurement", command: ["node", "scripts/bundleEnclave.mjs", "--check"] },
  { name: "coverage of the spec", command: ["node", "scripts/coverageTable.mjs", "--check"] },
  { name: "licences", command: ["node", "scripts/checkLicences.mjs"] },
  {
    name: "contracts",
    command: ["sh", "contracts/build.sh", "--check"],
    skip: () => (hasContractCompiler() ? undefined : "Debian's rustc 1.63 is not installed"),
  },
];

function run({ name, command: [program, ...parameters], skip }) {
  const reason = skip?.();
  if (reason !== undefined) {
    console.log(`-- ${name}: skipped, ${reason}`);
    return "skipped";
  }
  console.log(`-- ${name}`);
  return spawnSync(program, parameters, { cwd: root, stdio: "inherit" }).status === 0 ? "passed" : "failed";
}

const { values } = parseArgs({ options: { report: { type: "string" } } });
const report = { passed: [], failed: [], skipped: [] };
for (const check of CHECKS) report[run(check)].push(check.name);
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(report));
for (const [outcome, names] of Object.entries(report))
  if (names.length > 0) console.log(`checks ${outcome}: ${names.join(", ")}`);
process.exitCode = report.failed.length === 0 ? 0 : 1;
