import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BoundaryErrorCode } from "@sotto/boundary/errors";
import { makeSimPlatform } from "@sotto/platform/sim";
import { afterAll, expect, it } from "vitest";
import { Command, FIXTURE_BUNDLE } from "./fixtureBundle.ts";

const KILLS = 50;
const folder = mkdtempSync(join(tmpdir(), "sotto-kills-"));
afterAll(() => rmSync(folder, { recursive: true }));

it(`is disconnected, and never hangs, when the enclave's process is killed at ${KILLS} random instants of its work`, () => {
  const platform = makeSimPlatform({ machineSecretFile: join(folder, "insecure-machine-secret") });
  for (let round = 0; round < KILLS; round++) {
    const connection = platform.startProcess(FIXTURE_BUNDLE);
    const pid = Number(
      new TextDecoder().decode(connection.exchange(Uint8Array.of(Command.ProcessId), (bytes) => bytes)),
    );
    const lastOcall = Math.floor(Math.random() * 200);
    const answer = new Uint8Array(Math.floor(Math.random() * 100_000));
    let ocalls = 0;
    const work = () => {
      for (;;) {
        connection.exchange(Uint8Array.of(Command.Ocalls, 20), () => {
          if (ocalls++ === lastOcall) process.kill(pid, "SIGKILL");
          return answer;
        });
      }
    };
    expect(work, `killed in ocall ${lastOcall} with ${answer.length} bytes`).toThrow(
      expect.objectContaining({ codespace: "boundary", code: BoundaryErrorCode.Disconnected }),
    );
  }
});
