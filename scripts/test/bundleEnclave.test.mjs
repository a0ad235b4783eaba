import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { bundleEnclave } from "../bundleEnclave.mjs";
import { countCodeLines } from "../sourceTree.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const script = join(root, "scripts", "bundleEnclave.mjs");
const folders = [];

function temporaryFolder(prefix) {
  folders.push(mkdtempSync(join(tmpdir(), prefix)));
  return folders.at(-1);
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A copy of all that the bundle is made of. */
function checkoutIn(folder) {
  for (const part of ["common", "boundary", "enclave"]) {
    cpSync(join(root, part, "package.json"), join(folder, part, "package.json"));
    cpSync(join(root, part, "dist"), join(folder, part, "dist"), { recursive: true });
  }
  for (const modules of ["node_modules", join("common", "node_modules")]) {
    const libraries = join(root, modules, "@noble");
    if (existsSync(libraries)) cpSync(libraries, join(folder, modules, "@noble"), { recursive: true });
  }
  return folder;
}

/** A workspace that has another enclave, and all else from this one. */
function workspaceWith(main) {
  const folder = temporaryFolder("sotto-bundle-");
  for (const part of ["common", "boundary", "node_modules"]) symlinkSync(join(root, part), join(folder, part));
  mkdirSync(join(folder, "enclave", "dist"), { recursive: true });
  writeFileSync(join(folder, "enclave", "dist", "main.js"), main);
  return folder;
}

const SMALL_MAIN = `
import { bytesToHex } from "@sotto/common/bytes";
import { makeNativeCrypto } from "@sotto/common/crypto/nativeCrypto";
/** A comment that stays. */
export function makeEnclave(powers) {
  const crypto = makeNativeCrypto(powers.nodeCrypto, powers.wasm);
  return { ecall: (request) => { bytesToHex(request); return crypto.sha256(request); } };
}
`;

describe("bundleEnclave", () => {
  it("makes the same bytes of two checkouts in different folders, without a path in them", async () => {
    const one = checkoutIn(temporaryFolder("sotto-a-"));
    const two = checkoutIn(join(temporaryFolder("sotto-other-"), "deeper", "still"));
    const first = await bundleEnclave(one);
    expect(await bundleEnclave(two)).toEqual(first);
    expect(first.code).toContain("exports.makeEnclave");
    for (const text of [one, two, root, tmpdir(), "node_modules", "require("]) expect(first.code).not.toContain(text);
  });

  it("leaves the code readable, with its comments", async () => {
    const { code, lines } = await bundleEnclave(workspaceWith(SMALL_MAIN));
    expect(code).toContain("/** A comment that stays. */");
    expect(code).toMatch(/^exports\.makeEnclave = makeEnclave;$/m);
    expect(lines).toBeGreaterThan(50);
  });

  it.each([
    ["a global", "export const makeEnclave = () => process.env;", /process/],
    ["the clock", "export const makeEnclave = () => Date.now();", /Date\.now/],
    ["randomness", "export const makeEnclave = () => Math.random();", /Math\.random/],
    ["code from text", "export const makeEnclave = () => eval('1');", /eval/],
    ["a platform module", "import fs from 'node:fs'; export const makeEnclave = () => fs;", /imports node:fs/],
    ["another library", "import x from 'left-pad'; export const makeEnclave = () => x;", /imports left-pad/],
    ["the host", "import x from '@sotto/host/x'; export const makeEnclave = () => x;", /imports @sotto\/host/],
    ["a module at run time", "export const makeEnclave = () => import('node:fs');", /imports node:fs/],
    ["no makeEnclave", "export const start = 1;", /exports makeEnclave/],
  ])("refuses an enclave that has %s", async (_, main, message) => {
    await expect(bundleEnclave(workspaceWith(main))).rejects.toThrow(message);
  });

  it("compares with the committed measurement and names both", () => {
    const folder = workspaceWith("export const makeEnclave = () => 1;");
    const run = (...options) =>
      spawnSync(process.execPath, [script, "--root", folder, ...options], { encoding: "utf8" });
    const measured = /^enclave ([0-9a-f]{64}), /.exec(
      execFileSync(process.execPath, [script, "--root", folder], { encoding: "utf8" }),
    )[1];
    expect(readFileSync(join(folder, "enclave", "bundle", "enclave.sha256"), "utf8")).toBe(`${measured}\n`);

    const missing = run("--check");
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain(`committed is nothing, built is ${measured}`);

    writeFileSync(join(folder, "enclave", "measurement.txt"), `${"0".repeat(64)}\n`);
    const other = run("--check");
    expect(other.status).toBe(1);
    expect(other.stderr).toContain(`committed is ${"0".repeat(64)}, built is ${measured}`);

    expect(run("--accept").status).toBe(0);
    expect(run("--check").status).toBe(0);
  });
});

describe("countCodeLines", () => {
  it("counts neither blank lines nor comments", () => {
    expect(countCodeLines("a;\n\n// b\n/* c\n d\n*/\n  /** e */ f;\n/* g */\n h; // i\n")).toBe(3);
  });
});
