/**
 * The host's end of an enclave behind a channel of frames, whatever carries them: the start, the turns, the end.
 * @module
 */
import { BoundaryError, BoundaryErrorCode } from "@sotto/boundary/errors";
import { equalBytes } from "@sotto/common/bytes";
import { type Frame, type FrameChannel, FrameKind } from "./frameChannel.ts";
import { checkFrameLength } from "./loadBundle.ts";
import { OcallAnswers } from "./ocallAnswers.ts";
import type { EnclaveConnection } from "./platform.ts";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";

/** A channel whose other end is an enclave's process. */
export type EnclaveChannel = FrameChannel & {
  /** Ends the process at once, whatever it does. */
  kill(): void;
  /** Ends an idle process and waits until it is gone. */
  end(): void;
};

function startEnclave(channel: EnclaveChannel, start: readonly Uint8Array[], measurement: Uint8Array): void {
  let answer: Frame;
  try {
    channel.send(FrameKind.Start, ...start);
    answer = channel.receive();
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    throw new PlatformError(PlatformErrorCode.StartFailed, "the enclave's process ended before it was ready", {
      cause: error,
    });
  }
  if (answer.kind === FrameKind.Failed)
    throw new PlatformError(answer.body[0] as PlatformErrorCode, new TextDecoder().decode(answer.body.subarray(1)));
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
 * @param start parts of the first frame's body
 * @param measurement 32 bytes, of the bundle that has to run
 * @throws {PlatformError} BadBundle, NoSealingKey, StartFailed
 */
export function makeChannelConnection(
  channel: EnclaveChannel,
  start: readonly Uint8Array[],
  measurement: Uint8Array,
): EnclaveConnection {
  let state: "idle" | "running" | "closed" = "idle";
  const drop = (): void => {
    state = "closed";
    channel.kill();
  };
  try {
    startEnclave(channel, start, measurement);
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
      channel.end();
    },
  };
}
