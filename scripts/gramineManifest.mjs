/**
 * Makes the folder that runs inside SGX under Gramine, and its manifest (registration §5.3): the enclave bundle, the entry script, a
 * Node binary and the libraries, each of them named with its SHA-256. Same files, same manifest, whatever the place.
 *
 *     node scripts/gramineManifest.mjs --out HOME/gramine --node FILE --runtime FOLDER --libraries FOLDER
 *
 *     --node        the Node binary that is measured; one and the same file for everybody who wants the same measurement
 *     --runtime     Gramine's own libraries: what `gramine-manifest` calls gramine.runtimedir()
 *     --libraries   what Node needs besides: libstdc++.so.6, libgcc_s.so.1, libatomic.so.1 of the same system
 *
 * This much needs no Gramine. The rest does, and the last step a machine with SGX:
 *
 *     gramine-sgx-sign --manifest sotto.manifest --output sotto.manifest.sgx     in that folder, with a key of your own
 *     gramine-sgx-sigstruct-view --output-format json sotto.sig                  shows the measurement
 *     sotto start --platform sgx
 * @module
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rollup } from "rollup";

/** Where things are inside the enclave, and in the folder that is made. */
const MOUNTS = [
  ["/lib", "runtime"],
  ["/usr/lib/x86_64-linux-gnu", "libraries"],
  ["/app", "app"],
];
const NODE_FLAGS = ["--no-addons", "--disallow-code-generation-from-strings"];

const quoted = (text) => JSON.stringify(text);

/**
 * @param {readonly { path: string, sha256: string }[]} files relative to the manifest, with forward slashes
 * @returns {string} the manifest
 */
export function formatManifest(files) {
  const argv = ["node", ...NODE_FLAGS, "/app/sgxProcess.js", "/app/enclave.cjs"];
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  return `# Made by scripts/gramineManifest.mjs. The measurement covers this text: nothing here may be changed by hand.
libos.entrypoint = "/app/node"
loader.log_level = "error"
loader.argv = [${argv.map(quoted).join(", ")}]
loader.env.LD_LIBRARY_PATH = "/lib:/usr/lib/x86_64-linux-gnu"
loader.env.UV_THREADPOOL_SIZE = "4"
fs.mounts = [
${MOUNTS.map(([path, folder]) => `  { path = ${quoted(path)}, uri = ${quoted(`file:${folder}`)} },`).join("\n")}
  { type = "tmpfs", path = "/scratch" },
]
sys.disallow_subprocesses = true
sys.stack.size = "2M"
sgx.debug = false
sgx.remote_attestation = "dcap"
sgx.enclave_size = "2G"
sgx.max_threads = 32
sgx.edmm_enable = false
sgx.isvprodid = 1
sgx.isvsvn = 1
sgx.file_check_policy = "strict"
sgx.trusted_files = [
${sorted.map(({ path, sha256 }) => `  { uri = ${quoted(`file:${path}`)}, sha256 = ${quoted(sha256)} },`).join("\n")}
]
`;
}

/** Every file below `folder`, links followed. */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** The entry script as one file, so that what runs is what is listed. */
async function bundleEntry(root) {
  const input = join(root, "platform", "dist", "sgx", "sgxProcess.js");
  if (!existsSync(input)) throw new Error("platform/dist/sgx/sgxProcess.js is missing: run npm run build first");
  const build = await rollup({
    input,
    external: [/^node:/],
    plugins: [nodeResolve({ exportConditions: ["node"] })],
    onwarn: ({ message }) => {
      throw new Error(`entry script: ${message}`);
    },
  });
  const { output } = await build.generate({ format: "es" });
  if (output.length !== 1) throw new Error(`entry script: expected one file, got ${output.length}`);
  return output[0].code;
}

function requirePath(name, path) {
  if (path === undefined || !existsSync(path)) throw new Error(`--${name}: expected a path that exists, got ${path}`);
  return path;
}

/**
 * @param {{ root: string, out: string, node: string, runtime: string, libraries: string }} options `root` of the built workspace
 * @returns {Promise<string>} the manifest, which is in `out/sotto.manifest` too
 */
export async function makeGramineFolder({ root, out, node, runtime, libraries }) {
  const bundle = join(root, "enclave", "bundle", "enclave.cjs");
  for (const [name, path] of Object.entries({ node, runtime, libraries })) requirePath(name, path);
  if (!existsSync(bundle)) throw new Error("enclave/bundle/enclave.cjs is missing: run npm run build first");
  const entry = await bundleEntry(root);
  for (const folder of ["app", "runtime", "libraries"]) rmSync(join(out, folder), { recursive: true, force: true });
  mkdirSync(join(out, "app"), { recursive: true });
  cpSync(bundle, join(out, "app", "enclave.cjs"));
  cpSync(node, join(out, "app", "node"), { dereference: true });
  writeFileSync(join(out, "app", "sgxProcess.js"), entry);
  // The entry is an ES module.
  writeFileSync(join(out, "app", "package.json"), '{ "type": "module" }\n');
  cpSync(runtime, join(out, "runtime"), { recursive: true, dereference: true });
  cpSync(libraries, join(out, "libraries"), { recursive: true, dereference: true });
  const files = MOUNTS.flatMap(([, folder]) => filesBelow(join(out, folder))).map((path) => ({
    path: relative(out, path).split(sep).join("/"),
    sha256: createHash("sha256").update(readFileSync(path)).digest("hex"),
  }));
  const manifest = formatManifest(files);
  writeFileSync(join(out, "sotto.manifest"), manifest);
  return manifest;
}

async function main() {
  const options = Object.fromEntries(["out", "node", "runtime", "libraries"].map((name) => [name, { type: "string" }]));
  const { values } = parseArgs({ options });
  if (values.out === undefined)
    throw new Error("--out FOLDER is missing: where the folder is made, HOME/gramine for a node");
  const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
  const manifest = await makeGramineFolder({ root, ...values });
  console.log(`${join(values.out, "sotto.manifest")}: ${manifest.match(/sha256 =/g)?.length ?? 0} trusted files`);
  console.log("next, with Gramine's tools, in that folder:");
  console.log("  gramine-sgx-sign --manifest sotto.manifest --output sotto.manifest.sgx");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
