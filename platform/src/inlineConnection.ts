/**
 * The inline transport: the enclave runs in the calling thread, and an ocall is a function call.
 *
 * Bytes are copied as they cross, so that neither side can change what the other one has checked, and both transports
 * behave alike.
 * @module
 */
import { BoundaryError, BoundaryErrorCode } from "@sotto/boundary/errors";
import { checkFrameLength, loadBundle } from "./loadBundle.ts";
import { OcallAnswers } from "./ocallAnswers.ts";
import type { EnclaveConnection } from "./platform.ts";
import { type MachinePowers, makePowers, measureBundle } from "./powers.ts";

/**
 * @param bundle owned: nobody else may change it
 * @param machine what the machine gives to an enclave of `bundle`
 * @throws {PlatformError} BadBundle
 */
export function makeInlineConnection(bundle: Uint8Array, machine: MachinePowers): EnclaveConnection {
  const measurement = measureBundle(bundle);
  let running: OcallAnswers | undefined;
  let open = true;

  const ocall = (request: Uint8Array): Uint8Array => {
    if (running === undefined) throw new Error("an ocall is possible only while an ecall runs");
    checkFrameLength("ocall request", request);
    const answer = running.answer(new Uint8Array(request));
    if (answer === undefined) throw new Error("the host did not answer");
    return new Uint8Array(answer);
  };
  const enter = loadBundle(bundle, makePowers(measurement, machine, ocall));

  return {
    measurement,
    exchange: (request, onOcall) => {
      if (!open) throw new BoundaryError(BoundaryErrorCode.Disconnected, "the connection to the enclave is closed");
      if (running !== undefined) throw new Error("exchange: an ecall is running already");
      checkFrameLength("ecall request", request);
      const answers = new OcallAnswers(onOcall);
      running = answers;
      let response: Uint8Array;
      try {
        response = new Uint8Array(enter(new Uint8Array(request)));
      } finally {
        running = undefined;
      }
      answers.finish();
      return response;
    },
    close: () => {
      if (running !== undefined) throw new Error("close: an ecall is running");
      open = false;
    },
  };
}
