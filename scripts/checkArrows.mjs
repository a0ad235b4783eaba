/**
 * Holds the import arrows between packages, and what a package may take from outside (design, "Parts and arrows").
 *
 *     node scripts/checkArrows.mjs [FOLDER]      of the workspace; default: this checkout
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { codeOnly, importsOf, lineAt } from "./sourceText.mjs";

/** Which packages of the workspace a package may import. An app is any package under `apps/`. */
const ARROWS = {
  common: [],
  boundary: ["common"],
  enclave: ["boundary", "common"],
  platform: ["boundary", "common"],
  host: ["boundary", "common", "platform"],
  apps: ["common", "host"],
};

/** Packages that end up inside the enclave: no platform, no clock, no randomness but what they are given. */
const TRUSTED = new Set(["common", "boundary", "enclave"]);
const AMBIENT =
  /\bnew Date\(\s*\)|(?<!\bnew )\bDate\(|\b(?:Date\.now|Math\.random|Buffer|process|globalThis|console|require|eval|WebAssembly|setTimeout|fetch)\b(?!\s*:)/g;
const PROPERTY = /[.#]\s*$/;

const zoneOf = (folder) => (folder.startsWith("apps/") ? "apps" : folder);

function readPackages(root) {
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return workspaces.map((folder) => {
    const { name, dependencies = {} } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return { folder, zone: zoneOf(folder), name, dependencies: new Set(Object.keys(dependencies)) };
  });
}

function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => file.endsWith(".ts"))
    .sort();
}

const packageName = (specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

/** @returns a sentence, or undefined if `specifier` may be imported by `file` */
function complaintOf(specifier, file, owner, packages) {
  const place = relative(join(owner.root, owner.folder), file);
  if (specifier.startsWith(".")) {
    const target = relative(join(owner.root, owner.folder, "src"), normalize(join(dirname(file), specifier)));
    if (target.startsWith("..")) return `${specifier} leaves the package`;
    if (!specifier.endsWith(".ts")) return `${specifier}: relative imports carry .ts`;
    if (
      owner.zone === "host" &&
      place.startsWith("src/app/") &&
      target.startsWith("store/") &&
      target !== "store/store.ts"
    ) {
      return `${specifier}: the state machine knows the store's interface only`;
    }
    return undefined;
  }
  if (specifier.startsWith("node:")) {
    if (TRUSTED.has(owner.zone)) return `${specifier}: trusted code has no platform`;
    if (owner.zone === "host" && place.startsWith("src/app/")) return `${specifier}: the state machine is pure`;
    return undefined;
  }
  const name = packageName(specifier);
  const target = packages.find((candidate) => candidate.name === name);
  if (target !== undefined && !ARROWS[owner.zone].includes(target.zone))
    return `${specifier}: ${owner.zone} must not import ${target.zone}`;
  if (!owner.dependencies.has(name)) return `${specifier}: ${name} is not among the dependencies of ${owner.name}`;
  if (name === "lmdb" && place.startsWith("src/app/"))
    return `${specifier}: the state machine knows the store's interface only`;
  if (name.startsWith("@noble/") && !(owner.zone === "common" && place.startsWith("src/crypto/"))) {
    return `${specifier}: only common/src/crypto imports @noble`;
  }
  return undefined;
}

function ambientUses(source) {
  const code = codeOnly(source);
  return [...code.matchAll(AMBIENT)]
    .filter(({ index }) => !PROPERTY.test(code.slice(0, index)))
    .map(({ 0: name, index }) => ({
      line: lineAt(source, index),
      text: `${name}: trusted code gets such things as arguments`,
    }));
}

/** One cycle through each file that closes one, as text. */
function findCycles(graph) {
  const cycles = [];
  const done = new Set();
  const path = [];
  const visit = (file) => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push({ file, cycle: [...path.slice(at), file] });
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

function checkFile(file, owner, packages, graph) {
  const source = readFileSync(file, "utf8");
  const imports = importsOf(source);
  const problems = imports.flatMap(({ specifier, line }) => {
    const text = complaintOf(specifier, file, owner, packages);
    return text === undefined ? [] : [{ line, text }];
  });
  if (basename(file) === "index.ts")
    problems.push({ line: 1, text: "no folder index files: import the defining file" });
  if (TRUSTED.has(owner.zone)) problems.push(...ambientUses(source));
  graph.set(
    file,
    imports
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => normalize(join(dirname(file), specifier))),
  );
  return problems;
}

/**
 * @param {string} root folder of a workspace
 * @returns {string[]} one line a problem: `file:line: what is wrong`
 */
export function checkArrows(root) {
  const packages = readPackages(root).map((owner) => ({ ...owner, root }));
  const problems = [];
  for (const owner of packages) {
    if (ARROWS[owner.zone] === undefined) {
      problems.push(`${owner.folder}: no arrows are known for this package`);
      continue;
    }
    const graph = new Map();
    for (const file of sourceFiles(join(root, owner.folder, "src"))) {
      for (const { line, text } of checkFile(file, owner, packages, graph))
        problems.push(`${relative(root, file)}:${line}: ${text}`);
    }
    for (const { file, cycle } of findCycles(graph)) {
      problems.push(
        `${relative(root, file)}:1: import cycle: ${cycle.map((name) => relative(root, name)).join(" -> ")}`,
      );
    }
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkArrows(resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..")));
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "import arrows hold" : `import arrows: ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
