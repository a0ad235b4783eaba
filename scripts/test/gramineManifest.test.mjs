import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatManifest, makeGramineFolder } from "../gramineManifest.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = mkdtempSync(join(tmpdir(), "sotto-gramine-"));
afterAll(() => rmSync(folder, { recursive: true }));

const input = (name) => join(folder, name);
const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const options = (out) => ({
  root,
  out: input(out),
  node: input("node"),
  runtime: input("rt"),
  libraries: input("libs"),
});

describe("registration §5.3, §5.4: the Gramine manifest", () => {
  let manifest;
  beforeAll(async () => {
    writeFileSync(input("node"), "a binary");
    mkdirSync(join(input("rt"), "deep"), { recursive: true });
    mkdirSync(input("libs"));
    writeFileSync(join(input("rt"), "libc.so.6"), "c");
    writeFileSync(join(input("rt"), "deep", "ld.so"), "ld");
    writeFileSync(join(input("libs"), "libstdc++.so.6.0.30"), "c++");
    symlinkSync("libstdc++.so.6.0.30", join(input("libs"), "libstdc++.so.6"));
    manifest = await makeGramineFolder(options("one"));
  });

  it("names every file that can run, with its hash, in order", () => {
    const listed = [...manifest.matchAll(/\{ uri = "file:(.*)", sha256 = "([0-9a-f]{64})" \}/g)].map(
      ([, path, hash]) => [path, hash],
    );
    const paths = [
      "app/enclave.cjs",
      "app/node",
      "app/package.json",
      "app/sgxProcess.js",
      "libraries/libstdc++.so.6",
      "libraries/libstdc++.so.6.0.30",
      "runtime/deep/ld.so",
      "runtime/libc.so.6",
    ];
    expect(listed).toEqual(paths.map((path) => [path, sha256(join(input("one"), path))]));
    expect(listed[0][1]).toBe(sha256(join(root, "enclave", "bundle", "enclave.cjs")));
    expect(readFileSync(join(input("one"), "sotto.manifest"), "utf8")).toBe(manifest);
  });

  it("is the same wherever and whenever it is made, and another for another bundle", async () => {
    expect(await makeGramineFolder(options("two"))).toBe(manifest);
    expect(await makeGramineFolder(options("two"))).toBe(manifest);
    expect(manifest).not.toContain(folder);
    expect(formatManifest([{ path: "app/enclave.cjs", sha256: "00" }])).not.toBe(
      formatManifest([{ path: "app/enclave.cjs", sha256: "01" }]),
    );
  });

  it("lets the host choose nothing: no files, environment, arguments or debugging of its own", () => {
    expect(manifest).not.toMatch(/allowed_files|insecure__|passthrough|encrypted/);
    for (const line of [
      "sgx.debug = false",
      'sgx.remote_attestation = "dcap"',
      "sys.disallow_subprocesses = true",
      'sgx.file_check_policy = "strict"',
    ])
      expect(manifest.split("\n")).toContain(line);
    expect(manifest).toContain(
      'loader.argv = ["node", "--no-addons", "--disallow-code-generation-from-strings", "/app/sgxProcess.js", "/app/enclave.cjs"]',
    );
  });

  it("says what is missing", async () => {
    await expect(makeGramineFolder({ ...options("three"), node: input("none") })).rejects.toThrow(
      /--node: expected a path/,
    );
    await expect(makeGramineFolder({ ...options("three"), root: input("rt") })).rejects.toThrow(
      /run npm run build first/,
    );
    const script = join(root, "scripts", "gramineManifest.mjs");
    const error = await promisify(execFile)(process.execPath, [script]).catch((reason) => reason);
    expect([error.code, error.stderr]).toEqual([
      1,
      "--out FOLDER is missing: where the folder is made, HOME/gramine for a node\n",
    ]);
  });

  it("has an entry script that runs by itself, and connects with the token of its start", async () => {
    const app = join(input("one"), "app");
    const server = createServer();
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    const child = spawn(process.execPath, [join(app, "sgxProcess.js"), join(app, "enclave.cjs")], {
      stdio: ["pipe", "inherit", "inherit"],
    });
    const opening = new Promise((read) => {
      server.once("connection", (socket) => {
        socket.once("data", (data) => {
          read(data);
          socket.destroy();
        });
      });
    });
    const ended = new Promise((end) => child.once("exit", (_, signal) => end(signal)));
    child.stdin.end(`${JSON.stringify({ port: server.address().port, token: "ab".repeat(32) })}\n`);
    expect((await opening).subarray(0, 32).toString("hex")).toBe("ab".repeat(32));
    expect(await ended).toBe("SIGKILL");
    server.close();
  });
});
