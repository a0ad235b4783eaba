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
import { type EnclaveChannel, makeChannelConnection } from "./channelConnection.ts";
import { makeFrameChannel } from "./frameChannel.ts";
import { encodeMachineSetup, type MachineSetup } from "./machineSetup.ts";
import type { EnclaveConnection } from "./platform.ts";
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

function openChannel(): EnclaveChannel {
  const { toChild, toHost } = makePipes();
  let child: ChildProcess;
  try {
    child = spawnChild(toChild.readFd, toHost.writeFd);
  } finally {
    closeSync(toChild.readFd);
    closeSync(toHost.writeFd);
  }
  const channel = makeFrameChannel(toHost.readFd, toChild.writeFd);
  return {
    ...channel,
    kill: () => {
      child.kill("SIGKILL");
      child.stdin?.destroy();
      closeSync(toChild.writeFd);
      closeSync(toHost.readFd);
    },
    end: () => {
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

/**
 * @param bundle owned: nobody else may change it
 * @param machine on what it runs
 * @throws {PlatformError} BadBundle, StartFailed
 */
export function makeProcessConnection(bundle: Uint8Array, machine: MachineSetup): EnclaveConnection {
  return makeChannelConnection(openChannel(), [encodeMachineSetup(machine), bundle], measureBundle(bundle));
}
