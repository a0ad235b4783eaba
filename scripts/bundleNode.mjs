/**
 * Bundles the command line and the node's threads into `apps/cli/bundle/`: few files instead of hundreds, which is what most of
 * a start's time would go into. Untrusted code, not measured; the enclave's bundle is made by bundleEnclave.mjs.
 *
 *     node scripts/bundleNode.mjs
 * @module
 */
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rollup } from "rollup";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, "apps/cli/bundle");

/** Native code, CommonJS, or used by one command alone: loaded from node_modules as usual. */
const EXTERNAL = [/^node:/, /^lmdb$/, /^sorted-btree$/, /^commander$/, /^secretjs$/];

const bundle = await rollup({
  // Entries of threads and of the enclave's process stand beside the file that starts them, as they do in the packages.
  input: {
    main: join(ROOT, "apps/cli/dist/main.js"),
    executorThread: join(ROOT, "host/dist/node/executorThread.js"),
    indexThread: join(ROOT, "host/dist/node/indexThread.js"),
    enclaveProcess: join(ROOT, "platform/dist/enclaveProcess.js"),
    socketThread: join(ROOT, "platform/dist/sgx/socketThread.js"),
  },
  external: EXTERNAL,
  plugins: [nodeResolve({ exportConditions: ["node"] })],
  onwarn: ({ code, id, message }) => {
    // Helpers of an old compiler in a library ask for `this` at the top level and do without it.
    if (code !== "THIS_IS_UNDEFINED" || !id?.includes("node_modules")) throw new Error(message);
  },
});
rmSync(`${OUT}.new`, { recursive: true, force: true });
rmSync(`${OUT}.old`, { recursive: true, force: true });
const { output } = await bundle.write({
  dir: `${OUT}.new`,
  format: "es",
  entryFileNames: "[name].js",
  chunkFileNames: "[name].js",
});
// Whoever starts the node meanwhile finds the old bundle or the new one.
if (existsSync(OUT)) renameSync(OUT, `${OUT}.old`);
renameSync(`${OUT}.new`, OUT);
rmSync(`${OUT}.old`, { recursive: true, force: true });
await bundle.close();
console.log(
  `node bundle: ${output.length} files, ${output.reduce((sum, { code }) => sum + (code?.length ?? 0), 0)} characters`,
);
