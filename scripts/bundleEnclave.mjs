/**
 * Builds the enclave bundle, the one file that is measured: `enclave/bundle/enclave.cjs` from the compiled packages.
 *
 * The file is meant to be read: it is not minified and keeps its comments. It assigns to `exports` and uses nothing from
 * outside but the intrinsics of the language. It holds no path and no date, so the same sources give the same bytes in any folder.
 *
 *     node scripts/bundleEnclave.mjs             build and print the measurement
 *     node scripts/bundleEnclave.mjs --check     and fail unless it is the committed one
 *     node scripts/bundleEnclave.mjs --accept    and commit to it: rewrites enclave/measurement.txt
 *     --root FOLDER                              of the workspace; default: this checkout
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { rollup } from "rollup";
import { forbiddenVariables } from "./freeVariables.mjs";
import { countCodeLines } from "./sourceTree.mjs";

/** Of the project's own sources inside the bundle (design, "Budgets"). */
const LINE_BUDGET = 13_000;
const OWN_PACKAGES = ["common", "boundary", "enclave"];

const HEADER = `/*
 * Sotto enclave. Built by scripts/bundleEnclave.mjs from common/, boundary/ and enclave/ and the @noble libraries.
 * The SHA-256 of this file is the measurement of the enclave.
 */`;

/**
 * The libraries look at the global object for a random generator and for text codecs when one of their functions is called
 * that the enclave does not use. Inside the bundle there is nothing to be found.
 */
const NO_AMBIENT_POWERS = `/** The enclave has no ambient powers: all of them are arguments of makeEnclave. */
const globalThis = undefined, TextEncoder = undefined, TextDecoder = undefined;
`;

/** Finds workspace packages in `root`, and libraries from the one package that may use them. */
function resolver(root) {
  const libraries = createRequire(join(root, "common", "package.json"));
  return {
    name: "workspace",
    resolveId(specifier, importer) {
      if (importer === undefined) return specifier;
      if (specifier.startsWith(".")) return resolve(dirname(importer), specifier);
      const own = /^@sotto\/(common|boundary)\/(.+)$/.exec(specifier);
      if (own) return join(root, own[1], "dist", `${own[2]}.js`);
      // One copy of each, wherever npm has put others: the bytes must not depend on the layout of node_modules.
      if (specifier.startsWith("@noble/")) return libraries.resolve(specifier);
      throw new Error(`${relative(root, importer)} imports ${specifier}: not part of the enclave`);
    },
  };
}

function ownLines(root, modules) {
  const own = OWN_PACKAGES.map((name) => join(root, name, "dist") + sep);
  return Object.entries(modules)
    .filter(([id]) => own.some((folder) => id.startsWith(folder)))
    .reduce((sum, [, { code }]) => sum + countCodeLines(code ?? ""), 0);
}

/**
 * @param {string} root folder of the workspace, compiled
 * @returns {Promise<{ code: string, lines: number }>} the bundle and the lines of code of its own sources
 * @throws if anything is left that the bundle would take from outside
 */
export async function bundleEnclave(root) {
  const input = join(root, "enclave", "dist", "main.js");
  if (!existsSync(input)) throw new Error("enclave/dist/main.js is missing: run tsc -b first");
  const build = await rollup({
    input,
    plugins: [resolver(root)],
    onwarn: (warning) => {
      // checkArrows.mjs reports these, by the names of the sources.
      if (warning.code === "CIRCULAR_DEPENDENCY") return;
      throw new Error(`enclave bundle: ${warning.message}`);
    },
  });
  const { output } = await build.generate({
    format: "cjs",
    exports: "named",
    esModule: false,
    banner: HEADER,
    intro: NO_AMBIENT_POWERS,
  });
  const [chunk] = output;
  if (output.length !== 1 || chunk.exports.join() !== "makeEnclave") {
    throw new Error(
      `enclave bundle: expected one file that exports makeEnclave, got ${output.length} with ${chunk.exports}`,
    );
  }
  const forbidden = forbiddenVariables(chunk.code);
  if (forbidden.length > 0) throw new Error(`enclave bundle: uses what is not in it: ${forbidden.join(", ")}`);
  return { code: chunk.code, lines: ownLines(root, chunk.modules) };
}

function checkMeasurement(file, measurement) {
  const committed = existsSync(file) ? readFileSync(file, "utf8").trim() : "nothing";
  if (committed === measurement) return;
  throw new Error(
    `enclave measurement: committed is ${committed}, built is ${measurement}; if the change is meant, run node scripts/bundleEnclave.mjs --accept`,
  );
}

async function main() {
  const here = resolve(dirname(fileURLToPath(import.meta.url)), "..");
  const { values } = parseArgs({
    options: { root: { type: "string", default: here }, check: { type: "boolean" }, accept: { type: "boolean" } },
  });
  const root = resolve(values.root);
  const { code, lines } = await bundleEnclave(root);
  const measurement = createHash("sha256").update(code).digest("hex");
  const folder = join(root, "enclave", "bundle");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "enclave.cjs"), code);
  writeFileSync(join(folder, "enclave.sha256"), `${measurement}\n`);
  console.log(`enclave ${measurement}, ${lines} lines of code of ${LINE_BUDGET}, ${code.length} bytes`);
  if (lines > LINE_BUDGET) throw new Error(`enclave bundle: ${lines} lines of code, the budget is ${LINE_BUDGET}`);
  const committed = join(root, "enclave", "measurement.txt");
  if (values.accept) writeFileSync(committed, `${measurement}\n`);
  if (values.check) checkMeasurement(committed, measurement);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
