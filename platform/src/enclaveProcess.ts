/**
 * The enclave's own process on the `sim` and `tdx` platforms: entry script of the child that `processConnection.ts` starts.
 *
 * The main thread only watches its standard input, which closes when the host dies by whatever cause, and then ends the
 * process at once, even in the middle of a computation. The enclave runs in a worker with a stack of known size and blocks
 * on its two descriptors. Nothing is ever printed: an exception's text could hold plaintext.
 * @module
 */
import { isMainThread, Worker } from "node:worker_threads";
import { FrameKind, makeFrameChannel } from "./frameChannel.ts";
import { checkFrameLength, loadBundle } from "./loadBundle.ts";
import { decodeMachineSetup, machinePowers } from "./machineSetup.ts";
import { ENCLAVE_STACK_MB } from "./platform.ts";
import { makePowers, measureBundle } from "./powers.ts";

/** Descriptors that the host opens for the child. */
const READ_FD = 3;
const WRITE_FD = 4;

function watch(): void {
  const die = (): void => {
    process.kill(process.pid, "SIGKILL");
  };
  process.stdin.on("end", die).on("error", die).resume();
  const worker = new Worker(new URL(import.meta.url), {
    resourceLimits: { stackSizeMb: ENCLAVE_STACK_MB },
    stdout: true,
    stderr: true,
  });
  worker.on("error", die);
  worker.on("exit", () => process.exit(0));
}

function serve(): void {
  const channel = makeFrameChannel(READ_FD, WRITE_FD);
  const start = channel.receive();
  const { setup, bundle } = decodeMachineSetup(start.body);
  const measurement = measureBundle(bundle);
  const ocall = (request: Uint8Array): Uint8Array => {
    checkFrameLength("ocall request", request);
    channel.send(FrameKind.Ocall, request);
    const answer = channel.receive();
    if (answer.kind !== FrameKind.OcallAnswer) throw new Error("the host did not answer");
    return answer.body;
  };
  let enter: (request: Uint8Array) => Uint8Array;
  try {
    enter = loadBundle(bundle, makePowers(measurement, machinePowers(setup, bundle), ocall));
  } catch (error) {
    channel.send(FrameKind.Failed, new TextEncoder().encode((error as Error).message));
    return;
  }
  channel.send(FrameKind.Ready, measurement);
  for (;;) {
    const { kind, body } = channel.receive();
    if (kind !== FrameKind.Ecall) return;
    channel.send(FrameKind.EcallAnswer, enter(body));
  }
}

if (isMainThread) watch();
else {
  try {
    serve();
  } catch {
    // The host closed its end, or talks nonsense: either way there is nobody left to tell.
  }
}
