/**
 * The process transport: the enclave runs in a process of its own, and the calling thread blocks during each exchange.
 *
 * Two named pipes, opened here in blocking mode and unlinked before the child starts, carry the frames; why not Node's own
 * pipes or a socket thread is in docs/adr/0002. The child's standard input tells it when this process is gone.
 * @module
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BoundaryError, BoundaryErrorCode } from "@sotto/boundary/errors";
import { equalBytes } from "@sotto/common/bytes";
import { type Frame, type FrameChannel, FrameKind, makeFrameChannel } from "./frameChannel.ts";
import { checkFrameLength } from "./loadBundle.ts";
import { encodeMachineSetup, type MachineSetup } from "./machineSetup.ts";
import { OcallAnswers } from "./ocallAnswers.ts";
import type { EnclaveConnection } from "./platform.ts";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";
import { measureBundle } from "./powers.ts";

type Pipe = { readonly readFd: number; readonly writeFd: number };

function openPipe(path: string): Pipe {
  // Opening one end of a named pipe waits for the other; an end for both directions does not, and stands in meanwhile.
  const both = openSync(path, "r+");
  try {
    return { readFd: openSync(path, "r"), writeFd: openSync(path, "w") };
  } finally {
    closeSync(both);
  }
}

function makePipes(): { readonly toChild: Pipe; readonly toHost: Pipe } {
  const folder = mkdtempSync(join(tmpdir(), "sotto-enclave-"));
  try {
    const paths = [join(folder, "toChild"), join(folder, "toHost")] as const;
    execFileSync("mkfifo", ["-m", "600", ...paths]);
    return { toChild: openPipe(paths[0]), toHost: openPipe(paths[1]) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function spawnChild(readFd: number, writeFd: number): ChildProcess {
  const entry = fileURLToPath(new URL("./enclaveProcess.js", import.meta.url));
  const child = spawn(process.execPath, ["--no-addons", "--disallow-code-generation-from-strings", entry], {
    stdio: ["pipe", "ignore", "ignore", readFd, writeFd],
    // Nothing of the host's environment may change how Node runs the enclave (NODE_OPTIONS above all).
    env: {},
    // A group of its own: an interrupt from the terminal is for the host, which closes the enclave when it is ready.
    detached: true,
  });
  // Failures show at the pipes; without listeners they would end this process instead.
  child.on("error", () => {});
  child.stdin?.on("error", () => {});
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

function startEnclave(channel: FrameChannel, machine: MachineSetup, bundle: Uint8Array, measurement: Uint8Array): void {
  let answer: Frame;
  try {
    channel.send(FrameKind.Start, encodeMachineSetup(machine), bundle);
    answer = channel.receive();
  } catch (error) {
    throw new PlatformError(PlatformErrorCode.StartFailed, "the enclave's process ended before it was ready", {
      cause: error,
    });
  }
  if (answer.kind === FrameKind.Failed)
    throw new PlatformError(PlatformErrorCode.BadBundle, new TextDecoder().decode(answer.body));
  if (answer.kind !== FrameKind.Ready || !equalBytes(answer.body, measurement)) {
    throw new PlatformError(
      PlatformErrorCode.StartFailed,
      "the enclave's process runs other bytes than those that were measured",
    );
  }
}

function exchangeFrames(channel: FrameChannel, request: Uint8Array, answers: OcallAnswers): Uint8Array {
  channel.send(FrameKind.Ecall, request);
  for (;;) {
    const { kind, body } = channel.receive();
    if (kind === FrameKind.EcallAnswer) return body;
    if (kind !== FrameKind.Ocall)
      throw new BoundaryError(BoundaryErrorCode.Malformed, `unexpected frame of kind ${kind}`);
    const answer = answers.answer(body);
    if (answer === undefined) channel.send(FrameKind.OcallFailed);
    else channel.send(FrameKind.OcallAnswer, answer);
  }
}

/**
 * @param bundle owned: nobody else may change it
 * @param machine on what it runs
 * @throws {PlatformError} BadBundle, StartFailed
 */
export function makeProcessConnection(bundle: Uint8Array, machine: MachineSetup): EnclaveConnection {
  const measurement = measureBundle(bundle);
  const { toChild, toHost } = makePipes();
  let child: ChildProcess;
  try {
    child = spawnChild(toChild.readFd, toHost.writeFd);
  } finally {
    closeSync(toChild.readFd);
    closeSync(toHost.writeFd);
  }
  const channel = makeFrameChannel(toHost.readFd, toChild.writeFd);
  let state: "idle" | "running" | "closed" = "idle";

  const drop = (): void => {
    state = "closed";
    child.kill("SIGKILL");
    child.stdin?.destroy();
    closeSync(toChild.writeFd);
    closeSync(toHost.readFd);
  };
  try {
    startEnclave(channel, machine, bundle, measurement);
  } catch (error) {
    drop();
    throw error;
  }

  return {
    measurement,
    exchange: (request, onOcall) => {
      if (state === "closed")
        throw new BoundaryError(BoundaryErrorCode.Disconnected, "the connection to the enclave is closed");
      if (state === "running") throw new Error("exchange: an ecall is running already");
      checkFrameLength("ecall request", request);
      const answers = new OcallAnswers(onOcall);
      state = "running";
      let response: Uint8Array;
      try {
        response = exchangeFrames(channel, request, answers);
        state = "idle";
      } catch (error) {
        // The ends no longer agree on whose turn it is, or there is only one of them.
        drop();
        throw error;
      }
      answers.finish();
      return response;
    },
    close: () => {
      if (state === "running") throw new Error("close: an ecall is running");
      if (state === "closed") return;
      state = "closed";
      closeSync(toChild.writeFd);
      try {
        // The end of its input ends an idle enclave; the end of its output, which is no frame, says that it is gone.
        channel.receive();
      } catch {
        closeSync(toHost.readFd);
      }
      child.stdin?.destroy();
    },
  };
}
