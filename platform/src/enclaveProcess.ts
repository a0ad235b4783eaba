/**
 * The enclave's own process on the `sim` and `tdx` platforms: entry script of the child that `processConnection.ts` starts.
 *
 * The main thread only watches its standard input, which closes when the host dies by whatever cause, and then ends the
 * process at once, even in the middle of a computation. The enclave runs in a worker with a stack of known size and blocks
 * on its two descriptors. Nothing is ever printed: an exception's text could hold plaintext.
 * @module
 */
import { isMainThread } from "node:worker_threads";
import { die, startEnclaveThread } from "./enclaveThread.ts";
import { makeFrameChannel } from "./frameChannel.ts";
import { decodeMachineSetup, machinePowers } from "./machineSetup.ts";
import { serveEnclave } from "./serveEnclave.ts";

/** Descriptors that the host opens for the child. */
const READ_FD = 3;
const WRITE_FD = 4;

function serve(): void {
  const channel = makeFrameChannel(READ_FD, WRITE_FD);
  const { setup, bundle } = decodeMachineSetup(channel.receive().body);
  serveEnclave(channel, bundle, machinePowers(setup, bundle));
}

if (isMainThread) {
  process.stdin.on("end", die).on("error", die).resume();
  startEnclaveThread(new URL(import.meta.url));
} else {
  try {
    serve();
  } catch {
    // The host closed its end, or talks nonsense: either way there is nobody left to tell.
  }
}
