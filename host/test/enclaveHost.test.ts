import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { BoundaryErrorCode } from "@sotto/boundary/errors";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { ENCLAVE_STACK_MB, type EnclaveConnection } from "@sotto/platform/platform";
import { makeSimPlatform } from "@sotto/platform/sim";
import { afterAll, describe, expect, it } from "vitest";
import { makeEnclaveHost } from "../src/enclaveHost/enclaveHost.ts";
import { testRealBundle, testTransport } from "./enclaveHostSuite.ts";
import { Command, FIXTURE_BUNDLE } from "./fixtureBundle.ts";

const folder = mkdtempSync(join(tmpdir(), "sotto-enclave-host-"));
afterAll(() => rmSync(folder, { recursive: true }));
const platform = makeSimPlatform({ machineSecretFile: join(folder, "insecure-machine-secret") });
const simModule = new URL("../../platform/dist/sim.js", import.meta.url).href;
const realBundle = new URL("../../enclave/bundle/enclave.cjs", import.meta.url);

testTransport("inline", (bundle) => platform.startInline(bundle));
testTransport("process", (bundle) => platform.startProcess(bundle));

testRealBundle("inline", () => platform.startInline(readFileSync(realBundle)));
testRealBundle("process", () => platform.startProcess(readFileSync(realBundle)));

describe("the stack of an enclave", () => {
  it("holds eleven nested full contract stacks in the enclave's own process", () => {
    const connection = platform.startProcess(FIXTURE_BUNDLE);
    expect([...connection.exchange(Uint8Array.of(Command.DeepStack), () => new Uint8Array(0))]).toEqual([11]);
    connection.close();
  });

  it("holds them inline in a worker that has the documented stack size", async () => {
    const script = `
      import { parentPort, workerData } from "node:worker_threads";
      import { makeSimPlatform } from ${JSON.stringify(simModule)};
      const connection = makeSimPlatform({ machineSecretFile: workerData.file }).startInline(workerData.bundle);
      parentPort.postMessage(connection.exchange(Uint8Array.of(${Command.DeepStack}), () => new Uint8Array(0)));
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
      resourceLimits: { stackSizeMb: ENCLAVE_STACK_MB },
      workerData: { file: join(folder, "insecure-machine-secret"), bundle: FIXTURE_BUNDLE },
    });
    const levels = await new Promise<Uint8Array>((resolve, reject) =>
      worker.once("message", resolve).once("error", reject),
    );
    expect([...levels]).toEqual([11]);
  });
});

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

describe("the process of an enclave", () => {
  const disconnected = expect.objectContaining({ codespace: "boundary", code: BoundaryErrorCode.Disconnected });
  const processIdOf = (connection: EnclaveConnection): number =>
    Number(new TextDecoder().decode(connection.exchange(Uint8Array.of(Command.ProcessId), () => new Uint8Array(0))));

  it("may die in the middle of an ecall: the call is disconnected, and so are the later ones", () => {
    const connection = platform.startProcess(FIXTURE_BUNDLE);
    expect(() => connection.exchange(Uint8Array.of(Command.Die), () => new Uint8Array(0))).toThrow(disconnected);
    expect(() => connection.exchange(Uint8Array.of(Command.Echo), () => new Uint8Array(0))).toThrow(disconnected);
    connection.close();
  });

  it("may be killed while the host answers an ocall, large answers included", () => {
    const connection = platform.startProcess(FIXTURE_BUNDLE);
    const pid = processIdOf(connection);
    const attempt = () =>
      connection.exchange(Uint8Array.of(Command.Ocalls, 1), () => {
        process.kill(pid, "SIGKILL");
        return new Uint8Array(10_000_000);
      });
    expect(attempt).toThrow(disconnected);
  });

  it("may be killed between two calls", async () => {
    const connection = platform.startProcess(FIXTURE_BUNDLE);
    const pid = processIdOf(connection);
    process.kill(pid, "SIGKILL");
    await waitForEnd(pid);
    expect(() => connection.exchange(Uint8Array.of(Command.Echo), () => new Uint8Array(0))).toThrow(disconnected);
  });

  it("ends when it is closed", async () => {
    const connection = platform.startProcess(FIXTURE_BUNDLE);
    const pid = processIdOf(connection);
    connection.close();
    await waitForEnd(pid);
  });

  it("does not keep the host alive, and ends with it", async () => {
    const pid = await hostWithEnclave("", "exit");
    await waitForEnd(pid);
  });

  it("ends at once when the host is killed, waiting or computing", async () => {
    const idle = await hostWithEnclave("setInterval(() => {}, 1000);", "SIGKILL");
    const busy = await hostWithEnclave(
      `connection.exchange(Uint8Array.of(${Command.Spin}), () => new Uint8Array(0));`,
      "SIGKILL",
    );
    await waitForEnd(idle);
    await waitForEnd(busy);
  });

  it("gets its secret and its bundle neither as arguments nor in its environment", () => {
    const connection = platform.startProcess(FIXTURE_BUNDLE);
    const pid = processIdOf(connection);
    const seen = readFileSync(`/proc/${pid}/cmdline`, "latin1") + readFileSync(`/proc/${pid}/environ`, "latin1");
    const secret = readFileSync(join(folder, "insecure-machine-secret"));
    for (const encoding of ["latin1", "hex", "base64"] as const) expect(seen).not.toContain(secret.toString(encoding));
    expect(seen).not.toContain("makeEnclave");
    expect(seen).not.toContain("PATH=");
    connection.close();
  });

  /** Starts a process that starts an enclave, ends the former, and returns the id of the latter. */
  async function hostWithEnclave(then: string, end: "exit" | "SIGKILL"): Promise<number> {
    const script = join(folder, `host-${Math.random()}.mjs`);
    const bundle = join(folder, "bundle.cjs");
    writeFileSync(bundle, FIXTURE_BUNDLE);
    writeFileSync(
      script,
      `import { readFileSync, writeSync } from "node:fs";
       import { makeSimPlatform } from ${JSON.stringify(simModule)};
       const platform = makeSimPlatform({ machineSecretFile: ${JSON.stringify(join(folder, "insecure-machine-secret"))} });
       const connection = platform.startProcess(readFileSync(${JSON.stringify(bundle)}));
       const pid = connection.exchange(Uint8Array.of(${Command.ProcessId}), () => new Uint8Array(0));
       writeSync(1, new TextDecoder().decode(pid) + "\\n");
       ${then}`,
    );
    const host = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    const line = await new Promise<string>((resolve) =>
      host.stdout.once("data", (data: Buffer) => resolve(data.toString())),
    );
    const exited = new Promise((resolve) => host.once("exit", resolve));
    if (end === "SIGKILL") {
      await sleep(50);
      expect(isAlive(Number(line))).toBe(true);
      host.kill("SIGKILL");
    }
    await exited;
    return Number(line);
  }
});

describe("makeEnclaveHost", () => {
  const measurement = new Uint8Array(32);
  const readStore = Uint8Array.of(0, 1, 0, 0, 0, 9);

  /** An enclave that makes one ocall in each ecall and answers `{}`. */
  function connectionThatAsks(request: Uint8Array): EnclaveConnection & { answers: Uint8Array[] } {
    const answers: Uint8Array[] = [];
    return {
      measurement,
      answers,
      exchange: (_, onOcall) => {
        answers.push(onOcall(request));
        return Uint8Array.of(0);
      },
      close: () => {},
    };
  }

  it("refuses ocalls in a call that has no handlers for them", () => {
    const connection = connectionThatAsks(readStore);
    makeEnclaveHost(connection).call("endTransaction", { transaction: 1, kept: true });
    expect(connection.answers[0]?.[0]).toBe(1);
  });

  it("sends a coded error of a handler as a refusal", () => {
    const connection = connectionThatAsks(readStore);
    const refuse = () => {
      throw new InputError(InputErrorCode.OutOfRange, "no such key");
    };
    makeEnclaveHost(connection).call("endTransaction", { transaction: 1, kept: true }, { readStore: refuse } as never);
    expect(new TextDecoder().decode(connection.answers[0])).toContain("no such key");
  });

  it("lets any other error of a handler end the call", () => {
    const failure = new TypeError("a bug");
    const fail = () => {
      throw failure;
    };
    const attempt = () =>
      makeEnclaveHost(connectionThatAsks(readStore)).call("endTransaction", { transaction: 1, kept: true }, {
        readStore: fail,
      } as never);
    expect(attempt).toThrow(failure);
  });
});
