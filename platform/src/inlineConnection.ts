/**
 * The inline transport: the enclave runs in the calling thread, and an ocall is a function call.
 *
 * Bytes are copied as they cross, so that neither side can change what the other one has checked, and both transports
 * behave alike.
 * @module
 */
import { BoundaryError, BoundaryErrorCode } from "@sotto/boundary/errors";
import { checkFrameLength, loadBundle } from "./loadBundle.ts";
import type { EnclaveConnection } from "./platform.ts";
import { makeSimPowers } from "./simPowers.ts";

type OnOcall = (request: Uint8Array) => Uint8Array;
type RunningEcall = { readonly onOcall: OnOcall; hostFailure: { readonly error: unknown } | undefined };

/**
 * @param bundle owned: nobody else may change it
 * @param measurement 32 bytes, of `bundle`
 * @throws {PlatformError} BadBundle
 */
export function makeInlineConnection(bundle: Uint8Array, measurement: Uint8Array, secret: Uint8Array): EnclaveConnection {
  let running: RunningEcall | undefined;
  let open = true;

  const ocall: OnOcall = (request) => {
    if (running === undefined) throw new Error("an ocall is possible only while an ecall runs");
    if (running.hostFailure !== undefined) throw new Error("the host failed earlier in this ecall");
    checkFrameLength("ocall request", request);
    try {
      const answer = running.onOcall(new Uint8Array(request));
      checkFrameLength("ocall answer", answer);
      return new Uint8Array(answer);
    } catch (error) {
      running.hostFailure = { error };
      throw new Error("the host did not answer");
    }
  };
  const enter = loadBundle(bundle, makeSimPowers(secret, measurement, ocall));

  return {
    measurement,
    exchange: (request, onOcall) => {
      if (!open) throw new BoundaryError(BoundaryErrorCode.Disconnected, "the connection to the enclave is closed");
      if (running !== undefined) throw new Error("exchange: an ecall is running already");
      checkFrameLength("ecall request", request);
      const call: RunningEcall = { onOcall, hostFailure: undefined };
      running = call;
      try {
        const response = new Uint8Array(enter(new Uint8Array(request)));
        if (call.hostFailure === undefined) return response;
      } finally {
        running = undefined;
      }
      // What the enclave made of a call that the host abandoned means nothing.
      open = false;
      throw call.hostFailure.error;
    },
    close: () => {
      open = false;
    },
  };
}
