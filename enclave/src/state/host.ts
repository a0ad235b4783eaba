/**
 * The enclave's side of the ocalls: everything that it asks the host while an ecall runs.
 *
 * A host that refuses, or answers nonsense, ends the ecall without a result: no such answer may become part of the chain.
 * @module
 */
import { ocall, RefusedError } from "@sotto/boundary/calls";
import { Writer } from "@sotto/boundary/codec";
import { BoundaryError } from "@sotto/boundary/errors";
import type { OcallName, OcallRequest, OcallResponse } from "@sotto/boundary/messages";
import { RefusalCode, RefusalError } from "../enclaveError.ts";

export interface Host {
  /** @throws {RefusalError} HostMisbehavior */
  call<N extends OcallName>(name: N, request: OcallRequest<N>): OcallResponse<N>;
}

export function makeHost(exchange: (request: Uint8Array) => Uint8Array): Host {
  const writer = new Writer();
  return {
    call: (name, request) => {
      try {
        return ocall(exchange, name, request, writer);
      } catch (error) {
        const reason =
          error instanceof RefusedError || error instanceof BoundaryError ? "refused or malformed" : "failed";
        throw new RefusalError(RefusalCode.HostMisbehavior, `ocall ${name}: ${reason}`, { cause: error });
      }
    },
  };
}
