/**
 * The enclave's end of a channel: loads the bundle, says what it measures, and serves ecalls until the host is gone.
 * @module
 */
import { type FrameChannel, FrameKind } from "./frameChannel.ts";
import { checkFrameLength, type EcallFunction, loadBundle } from "./loadBundle.ts";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";
import { type MachinePowers, makePowers, measureBundle } from "./powers.ts";

function sendFailure(channel: FrameChannel, error: unknown): void {
  const { code, message } =
    error instanceof PlatformError
      ? error
      : new PlatformError(PlatformErrorCode.StartFailed, "the enclave's process failed before it was ready");
  channel.send(FrameKind.Failed, Uint8Array.of(code), new TextEncoder().encode(message));
}

/**
 * Answers the start frame that the caller has received, and what follows.
 * @param bundle owned: nobody else may change it
 */
export function serveEnclave(channel: FrameChannel, bundle: Uint8Array, machine: MachinePowers): void {
  const measurement = measureBundle(bundle);
  const ocall = (request: Uint8Array): Uint8Array => {
    checkFrameLength("ocall request", request);
    channel.send(FrameKind.Ocall, request);
    const answer = channel.receive();
    if (answer.kind !== FrameKind.OcallAnswer) throw new Error("the host did not answer");
    return answer.body;
  };
  let enter: EcallFunction;
  try {
    // Asked for once before anything else: without it there is no use in going on, and here the reason is told.
    machine.sealingKey();
    enter = loadBundle(bundle, makePowers(measurement, machine, ocall));
  } catch (error) {
    sendFailure(channel, error);
    return;
  }
  channel.send(FrameKind.Ready, measurement);
  for (;;) {
    const { kind, body } = channel.receive();
    if (kind !== FrameKind.Ecall) return;
    channel.send(FrameKind.EcallAnswer, enter(body));
  }
}
