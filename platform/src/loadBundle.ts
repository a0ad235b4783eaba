/**
 * From bundle bytes to a running enclave in this thread.
 *
 * The text that is compiled is decoded from exactly the bytes that were measured, and sees no more than `exports`: no
 * `require`, no module loader. Everything else that it can do arrives in the powers.
 * @module
 */

import { compileFunction } from "node:vm";
import { Writer } from "@sotto/boundary/codec";
import { BoundaryError, BoundaryErrorCode } from "@sotto/boundary/errors";
import { LIMITS, REFUSAL } from "@sotto/boundary/messages";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";
import type { PlatformPowers } from "./powers.ts";

/** Bytes in, bytes out; never throws what the enclave threw. */
export type EcallFunction = (request: Uint8Array) => Uint8Array;

function refusal(code: PlatformErrorCode, message: string): Uint8Array {
  const writer = new Writer();
  writer.u8(1);
  REFUSAL.write(writer, { codespace: "platform", code, message });
  return writer.finish();
}

/** @throws {BoundaryError} TooLong, if `bytes` do not fit into a frame */
export function checkFrameLength(what: string, bytes: Uint8Array): void {
  if (bytes.length > LIMITS.frame) {
    throw new BoundaryError(BoundaryErrorCode.TooLong, `${what}: at most ${LIMITS.frame} bytes, got ${bytes.length}`);
  }
}

function badBundle(message: string, cause?: unknown): PlatformError {
  return new PlatformError(PlatformErrorCode.BadBundle, `enclave bundle: ${message}`, { cause });
}

function evaluate(bundle: Uint8Array): { readonly makeEnclave?: unknown } {
  let source: string;
  try {
    source = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bundle);
  } catch (error) {
    throw badBundle("is not valid UTF-8", error);
  }
  const exported = {};
  try {
    compileFunction(source, ["exports"], { filename: "enclave.cjs" })(exported);
  } catch (error) {
    throw badBundle("cannot be loaded", error);
  }
  return exported;
}

/**
 * Loads the bundle and makes its enclave.
 * @returns its entry; an exception that leaves it, and an answer that is no frame, become a refusal without detail, since
 * the text of an exception could hold plaintext
 * @throws {PlatformError} BadBundle
 */
export function loadBundle(bundle: Uint8Array, powers: PlatformPowers): EcallFunction {
  const { makeEnclave } = evaluate(bundle);
  if (typeof makeEnclave !== "function") throw badBundle("exports no function makeEnclave");
  let enclave: { ecall(request: Uint8Array): unknown };
  try {
    enclave = makeEnclave(powers);
  } catch (error) {
    throw badBundle("makeEnclave failed", error);
  }
  return (request) => {
    let response: unknown;
    try {
      response = enclave.ecall(request);
    } catch {
      return refusal(PlatformErrorCode.EnclaveFailed, "the enclave failed while it served the call");
    }
    if (!(response instanceof Uint8Array) || response.length > LIMITS.frame) {
      return refusal(PlatformErrorCode.EnclaveFailed, "the enclave's answer is no frame");
    }
    return response;
  };
}
