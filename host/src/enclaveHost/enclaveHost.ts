/**
 * The enclave as the host calls it: typed ecalls over a connection, with the ocalls of the running call answered by the caller.
 * @module
 */
import { ecall, type OcallHandlers, serveOcalls } from "@sotto/boundary/calls";
import { CodedError, InputError, InputErrorCode } from "@sotto/common/errors";
import type { EcallName, EcallRequest, EcallResponse } from "@sotto/boundary/messages";
import type { EnclaveConnection } from "@sotto/platform/platform";

export interface EnclaveHost {
  readonly measurement: Uint8Array;
  /**
   * One ecall, synchronous.
   * @param ocalls answers for this call; without them every ocall is refused
   * @throws {RefusedError} the enclave refused, with its code; {BoundaryError} it is gone
   */
  call<N extends EcallName>(name: N, request: EcallRequest<N>, ocalls?: OcallHandlers): EcallResponse<N>;
  close(): void;
}

function refuse(error: unknown): CodedError {
  return error instanceof CodedError ? error : new InputError(InputErrorCode.Malformed, "the host could not answer");
}

export function makeEnclaveHost(connection: EnclaveConnection): EnclaveHost {
  const noOcalls = (): never => {
    throw new InputError(InputErrorCode.Malformed, "no ocall is expected here");
  };
  return {
    measurement: connection.measurement,
    call: (name, request, ocalls) => {
      const onOcall = ocalls === undefined ? noOcalls : serveOcalls(ocalls, refuse);
      return ecall((bytes) => connection.exchange(bytes, onOcall), name, request);
    },
    close: () => connection.close(),
  };
}
