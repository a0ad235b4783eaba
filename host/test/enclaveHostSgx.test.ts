/**
 * The transport of the `sgx` platform. A plain process stands in for `gramine-sgx`, a folder for its pseudo-files: what only Gramine does
 * is in platform/test/sgx.test.ts.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BoundaryErrorCode } from "@sotto/boundary/errors";
import type { EnclaveConnection } from "@sotto/platform/platform";
import { makeSgxPlatform } from "@sotto/platform/sgx";
import { simMachinePowers } from "@sotto/platform/sim/simMachinePowers";
import { afterAll, describe, expect, it } from "vitest";
import { testRealBundle, testTransport } from "./enclaveHostSuite.ts";
import { Command, FIXTURE_BUNDLE } from "./fixtureBundle.ts";

const folder = mkdtempSync(join(tmpdir(), "sotto-enclave-sgx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const entry = fileURLToPath(new URL("../../platform/dist/sgx/sgxProcess.js", import.meta.url));
const sgxModule = new URL("../../platform/dist/sgx.js", import.meta.url).href;
const realBundle = new URL("../../enclave/bundle/enclave.cjs", import.meta.url);

const attestation = join(folder, "attestation");
mkdirSync(join(attestation, "keys"), { recursive: true });
writeFileSync(join(attestation, "keys", "_sgx_mrenclave"), new Uint8Array(16).fill(5));
writeFileSync(join(attestation, "attestation_type"), "dcap");
writeFileSync(join(attestation, "user_report_data"), new Uint8Array(64));
// The one quote that the suite asks for: a folder cannot make any.
const { quote } = simMachinePowers(new Uint8Array(32), FIXTURE_BUNDLE);
writeFileSync(join(attestation, "quote"), quote(Uint8Array.from({ length: 64 }, (_, i) => i)));

let bundles = 0;
function launchFor(bundle: Uint8Array) {
  const file = join(folder, `${bundles++}.cjs`);
  writeFileSync(file, bundle);
  const flags = ["--no-addons", "--disallow-code-generation-from-strings"];
  return { command: process.execPath, arguments: [...flags, entry, file, attestation], folder };
}
const start = (bundle: Uint8Array): EnclaveConnection =>
  makeSgxPlatform({ launch: () => launchFor(bundle), collateral: folder }).startProcess(bundle);

testTransport("socket", start);
testRealBundle("socket", () => start(new Uint8Array(readFileSync(realBundle))));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function waitForEnd(pid: number): Promise<void> {
  for (let i = 0; i < 500 && isAlive(pid); i++) await sleep(10);
  expect(isAlive(pid)).toBe(false);
}

const noOcall = () => new Uint8Array(0);
const processIdOf = (connection: EnclaveConnection): number =>
  Number(new TextDecoder().decode(connection.exchange(Uint8Array.of(Command.ProcessId), noOcall)));
const disconnected = expect.objectContaining({ codespace: "boundary", code: BoundaryErrorCode.Disconnected });

describe("registration §4.3: an enclave behind a socket", () => {
  it("may die in the middle of an ecall: the call is disconnected, and so are the later ones", () => {
    const connection = start(FIXTURE_BUNDLE);
    expect(() => connection.exchange(Uint8Array.of(Command.Die), noOcall)).toThrow(disconnected);
    expect(() => connection.exchange(Uint8Array.of(Command.Echo), noOcall)).toThrow(disconnected);
    connection.close();
  });

  it("may be killed while the host answers an ocall, and between two calls", async () => {
    const during = start(FIXTURE_BUNDLE);
    const pid = processIdOf(during);
    const killed = () =>
      during.exchange(Uint8Array.of(Command.Ocalls, 2), () => {
        process.kill(pid, "SIGKILL");
        return new Uint8Array(1_000_000);
      });
    expect(killed).toThrow(disconnected);
    const between = start(FIXTURE_BUNDLE);
    process.kill(processIdOf(between), "SIGKILL");
    await waitForEnd(pid);
    expect(() => between.exchange(Uint8Array.of(Command.Echo), noOcall)).toThrow(disconnected);
    between.close();
  });

  it("ends when it is closed", async () => {
    const connection = start(FIXTURE_BUNDLE);
    const pid = processIdOf(connection);
    connection.close();
    await waitForEnd(pid);
  });

  it("has eleven nested full contract stacks", () => {
    const connection = start(FIXTURE_BUNDLE);
    expect([...connection.exchange(Uint8Array.of(Command.DeepStack), noOcall)]).toEqual([11]);
    connection.close();
  });

  it("does not start without a sealing key, and says why", () => {
    const { arguments: args, ...rest } = launchFor(FIXTURE_BUNDLE);
    const launch = () => ({ ...rest, arguments: [...args.slice(0, -1), join(folder, "nothing")] });
    expect(() => makeSgxPlatform({ launch, collateral: folder }).startProcess(FIXTURE_BUNDLE)).toThrow(
      expect.objectContaining({
        codespace: "platform",
        message: expect.stringMatching(/^sgx sealing key: cannot read/),
      }),
    );
  });

  it("is not the one that was meant if its bundle is another", () => {
    const other = launchFor(new TextEncoder().encode("exports.makeEnclave = () => ({});"));
    const platform = makeSgxPlatform({ launch: () => other, collateral: folder });
    expect(() => platform.startProcess(FIXTURE_BUNDLE)).toThrow("runs other bytes than those that were measured");
  });

  it.each([
    ["waiting", Command.Echo],
    ["computing", Command.Spin],
  ])("ends with a host that is killed, %s", async (_, command) => {
    const script = `
      import { makeSgxPlatform } from ${JSON.stringify(sgxModule)};
      const [launch, bundle, command] = process.argv.slice(1);
      const platform = makeSgxPlatform({ launch: () => JSON.parse(launch), collateral: "." });
      const connection = platform.startProcess(new TextEncoder().encode(bundle));
      const { writeSync } = await import("node:fs");
      writeSync(1, connection.exchange(Uint8Array.of(${Command.ProcessId}), () => new Uint8Array(0)));
      writeSync(1, "\\n");
      connection.exchange(Uint8Array.of(Number(command)), () => new Uint8Array(0));
      setInterval(() => {}, 1000);
    `;
    const bundle = new TextDecoder().decode(FIXTURE_BUNDLE);
    const args = [
      "--input-type=module",
      "-e",
      script,
      JSON.stringify(launchFor(FIXTURE_BUNDLE)),
      bundle,
      String(command),
    ];
    const host = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const pid = await new Promise<number>((resolve) =>
      host.stdout.once("data", (data) => resolve(Number(String(data)))),
    );
    expect(isAlive(pid)).toBe(true);
    await sleep(100);
    host.kill("SIGKILL");
    await waitForEnd(pid);
  });

  it("does not keep a host alive that has nothing else to do", async () => {
    const script = `
      import { makeSgxPlatform } from ${JSON.stringify(sgxModule)};
      const [launch, bundle] = process.argv.slice(1);
      makeSgxPlatform({ launch: () => JSON.parse(launch), collateral: "." }).startProcess(new TextEncoder().encode(bundle));
    `;
    const bundle = new TextDecoder().decode(FIXTURE_BUNDLE);
    const args = ["--input-type=module", "-e", script, JSON.stringify(launchFor(FIXTURE_BUNDLE)), bundle];
    const host = spawn(process.execPath, args, { stdio: "inherit" });
    expect(await new Promise((resolve) => host.once("exit", resolve))).toBe(0);
  });

  it("gets its socket's port and token neither as arguments nor in its environment, and drops who has no token", async () => {
    // The child of this launch is the test: it connects without the token first, then as the enclave does.
    const spy = join(folder, "spy.mjs");
    const out = join(folder, "spy.json");
    writeFileSync(
      spy,
      `import { connect } from "node:net";
       import { writeFileSync } from "node:fs";
       process.stdin.once("data", (line) => {
         const { port, token } = JSON.parse(String(line));
         const stranger = connect(port, "127.0.0.1", () => stranger.write(Buffer.alloc(40)));
         stranger.on("error", () => {}).on("close", () => {
           const shown = JSON.stringify([process.argv, process.env]);
           writeFileSync(${JSON.stringify(out)}, JSON.stringify({ dropped: true, shown: shown.includes(token) || shown.includes(String(port)) }));
           const child = connect(port, "127.0.0.1", () => child.write(Buffer.from(token, "hex"), () => child.destroy()));
         });
       });`,
    );
    const launch = () => ({ command: process.execPath, arguments: [spy], folder });
    const platform = makeSgxPlatform({ launch, collateral: folder });
    expect(() => platform.startProcess(FIXTURE_BUNDLE)).toThrow("ended before it was ready");
    expect(JSON.parse(readFileSync(out, "utf8"))).toEqual({ dropped: true, shown: false });
  });
});
