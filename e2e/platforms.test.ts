/**
 * The command on machines that have no SGX and are no TD: what it says, and, with a stand-in for `gramine-sgx`, that the way from the
 * command to the enclave holds. Quotes and keys of such machines: platform/test/.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homePaths } from "@sotto/host/node/home";
import { describe, expect, it } from "vitest";
import { ROOT, runSotto, startArguments, startSotto, temporaryFolder } from "./harness.ts";
import { expectSentence } from "./home.ts";

/** A home that is ready for Gramine, and a search path on which `gramine-sgx` runs the entry script without it. */
function standIn(): { readonly home: string; readonly path: string; readonly key: string } {
  const folder = temporaryFolder();
  const home = join(folder, "home");
  const { gramine } = homePaths(home);
  mkdirSync(gramine, { recursive: true });
  writeFileSync(join(gramine, "sotto.manifest.sgx"), "");
  const attestation = join(folder, "attestation");
  mkdirSync(join(attestation, "keys"), { recursive: true });
  const key = join(attestation, "keys", "_sgx_mrenclave");
  writeFileSync(key, new Uint8Array(16).fill(5));
  writeFileSync(join(attestation, "attestation_type"), "none");
  const entry = join(ROOT, "platform", "dist", "sgx", "sgxProcess.js");
  const bundle = join(ROOT, "enclave", "bundle", "enclave.cjs");
  const program = join(folder, "gramine-sgx");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${entry}" "${bundle}" "${attestation}"\n`);
  chmodSync(program, 0o755);
  return { home, key, path: `${folder}:${process.env.PATH ?? ""}` };
}

describe("registration §5: platforms of the command", () => {
  it("says what is missing where there is no Gramine", async () => {
    const home = join(temporaryFolder(), "home");
    const refused = await runSotto(startArguments(home, ["--platform", "sgx"]), { env: { PATH: "/nowhere" } });
    expectSentence(refused, /^sotto: platform sgx: gramine-sgx is not in the search path; install Gramine/);
  });

  it("says so where the machine is no TD", async () => {
    const home = join(temporaryFolder(), "home");
    const refused = await runSotto(startArguments(home, ["--platform", "tdx"]));
    expectSentence(refused, /^sotto: platform tdx: .* is not there: this is no TD/);
  });

  it("runs a network with its enclave behind gramine-sgx, and opens it again with the processor's key", async () => {
    const { home, path } = standIn();
    const options = { home, flags: ["--platform", "sgx"], env: { PATH: path } };
    const first = await startSotto(options);
    expect(first.output()).not.toContain("INSECURE");
    await first.stop();
    const second = await startSotto(options);
    await second.stop();
  });

  it("gives no evidence where Gramine makes none, in one sentence", async () => {
    const { home, path } = standIn();
    const flags = ["--platform", "sgx", "--chain-id", "private-1"];
    const refused = await runSotto(startArguments(home, flags), { env: { PATH: path } });
    expectSentence(refused, /^sotto: .*expected attestation type dcap, got none.*gramine-direct makes none/);
  });

  it("does not start where the processor gives no sealing key, in one sentence", async () => {
    const { home, path, key } = standIn();
    writeFileSync(key, "");
    const refused = await runSotto(startArguments(home, ["--platform", "sgx"]), { env: { PATH: path } });
    expectSentence(refused, /^sotto: sgx sealing key: expected 16 bytes, got 0/);
  });
});
