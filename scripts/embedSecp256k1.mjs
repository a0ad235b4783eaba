/**
 * Writes common/src/crypto/secp256k1WasmBase64.ts from the wasm file of the `@bitauth/libauth` package.
 *
 * `node scripts/embedSecp256k1.mjs` writes the file; with `--check` it only compares, and fails when the committed file is
 * not what the installed package gives.
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const packageFolder = new URL("../node_modules/@bitauth/libauth/", import.meta.url);
const target = new URL("../common/src/crypto/secp256k1WasmBase64.ts", import.meta.url);

const { name, version, license } = JSON.parse(readFileSync(new URL("package.json", packageFolder), "utf8"));
if (license !== "MIT") throw new Error(`${name} ${version}: expected licence MIT, got ${license}`);
const licenseText = readFileSync(new URL("LICENSE", packageFolder), "utf8").trim().split("\n");
const wasm = readFileSync(new URL("build/lib/bin/secp256k1/secp256k1.wasm", packageFolder));

const text = `/**
 * libsecp256k1 as WebAssembly, in base64. Made by scripts/embedSecp256k1.mjs; do not edit.
 *
 * Source: ${name} ${version}, build/lib/bin/secp256k1/secp256k1.wasm,
 * SHA-256 ${createHash("sha256").update(wasm).digest("hex")}.
 * NOTICE: libsecp256k1 is Copyright (c) 2013 Pieter Wuille, under the same licence as the package, which says:
 *
${licenseText.map((line) => ` * ${line}`.trimEnd()).join("\n")}
 * @module
 */

export const SECP256K1_WASM_BASE64 =
  "${wasm.toString("base64")}";
`;

if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error(
    `${target.pathname.split("/").pop()}: differs from what ${name} ${version} gives; run scripts/embedSecp256k1.mjs`,
  );
  process.exitCode = 1;
}
