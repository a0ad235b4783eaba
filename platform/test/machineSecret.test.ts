import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadMachineSecret } from "../src/machineSecret.ts";
import { PlatformErrorCode } from "../src/platformError.ts";

describe("loadMachineSecret", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sotto-secret-"));
    file = join(folder, "insecure-machine-secret");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const failure = (message: RegExp) =>
    expect.objectContaining({
      codespace: "platform",
      code: PlatformErrorCode.MachineSecret,
      message: expect.stringMatching(message),
    });

  it("makes 32 random bytes that only the owner may read, and finds them again", () => {
    const secret = loadMachineSecret(file);
    expect(secret).toHaveLength(32);
    expect(new Set(secret).size).toBeGreaterThan(8);
    expect(loadMachineSecret(file)).toEqual(secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["insecure-machine-secret"]);
    expect(loadMachineSecret(join(folder, "insecure-2"))).not.toEqual(secret);
  });

  it("wants a file whose name says that it is insecure", () => {
    expect(() => loadMachineSecret(join(folder, "insecure", "secret"))).toThrow(
      failure(/must contain "insecure", got secret/),
    );
  });

  it.each([0, 31, 33])("does not take a file of %i bytes for a secret, and leaves it alone", (length) => {
    writeFileSync(file, new Uint8Array(length));
    expect(() => loadMachineSecret(file)).toThrow(failure(new RegExp(`expected 32 bytes, got ${length}`)));
    expect(readFileSync(file)).toHaveLength(length);
  });

  it("says so if the file cannot be read or made", () => {
    mkdirSync(file);
    expect(() => loadMachineSecret(file)).toThrow(failure(/cannot read .*: EISDIR/));
    expect(() => loadMachineSecret(join(folder, "missing", "insecure"))).toThrow(failure(/cannot create .*: ENOENT/));
    if (process.getuid?.() !== 0) {
      chmodSync(folder, 0o500);
      expect(() => loadMachineSecret(join(folder, "insecure-2"))).toThrow(failure(/cannot create .*: EACCES/));
      chmodSync(folder, 0o700);
    }
  });

  it("gives processes that make it at the same moment the same secret", async () => {
    const module = new URL("../dist/machineSecret.js", import.meta.url).href;
    const script = `import { loadMachineSecret } from ${JSON.stringify(module)};
      console.log(Buffer.from(loadMachineSecret(${JSON.stringify(file)})).toString("hex"));`;
    const outputs = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let output = "";
        for await (const chunk of child.stdout) output += String(chunk);
        return output.trim();
      }),
    );
    expect(outputs[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(outputs).size).toBe(1);
  });
});
