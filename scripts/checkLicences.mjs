/**
 * Every library that users get with the product must have a licence that goes together with Apache-2.0.
 *
 *     node scripts/checkLicences.mjs [--list]
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ALLOWED = new Set(
  "Apache-2.0 MIT MIT-0 ISC BSD-2-Clause BSD-3-Clause 0BSD Unlicense CC0-1.0 CC-BY-3.0 CC-BY-4.0 Python-2.0 BlueOak-1.0.0 Zlib".split(
    " ",
  ),
);
// No SPDX name, but what it says: jsonify.
ALLOWED.add("Public Domain");

/** Whether an SPDX expression offers a choice of allowed licences only. */
export function isAllowed(expression) {
  const choices = expression.replaceAll(/[()]/g, "").split(/\s+OR\s+/i);
  return choices.some((choice) => choice.split(/\s+AND\s+/i).every((licence) => ALLOWED.has(licence.trim())));
}

function statedLicence(root, path, entry) {
  if (typeof entry.license === "string") return entry.license;
  const manifest = join(root, path, "package.json");
  if (!existsSync(manifest)) return undefined;
  const { license, licenses } = JSON.parse(readFileSync(manifest, "utf8"));
  const stated = license ?? licenses?.map((one) => one.type ?? one).join(" OR ");
  return typeof stated === "object" ? stated.type : stated;
}

/** @returns {{ name: string, version: string, licence: string }[]} all production dependencies in the lock file */
export function productionLicences(root) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(([path, entry]) => path.includes("node_modules/") && !entry.dev && !entry.link)
    .map(([path, entry]) => {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      const licence = statedLicence(root, path, entry) ?? "not stated";
      return { name, version: entry.version, licence };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function main() {
  const all = productionLicences(join(dirname(fileURLToPath(import.meta.url)), ".."));
  const refused = all.filter(({ licence }) => !isAllowed(licence));
  if (process.argv.includes("--list"))
    for (const { name, version, licence } of all) console.log(`${name}@${version}: ${licence}`);
  for (const { name, version, licence } of refused)
    console.error(`${name}@${version}: ${licence} is not in the list of accepted licences`);
  console.log(`licences: ${all.length} libraries, ${refused.length} refused`);
  process.exitCode = refused.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
