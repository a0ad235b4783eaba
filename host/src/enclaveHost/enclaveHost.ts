/**
 * The enclave as the host calls it: typed ecalls over a connection, with the ocalls of the running call answered by the caller.
 * @module
 */
import { ecall, type OcallHandlers, serveOcalls } from "@sotto/boundary/calls";
import { type EcallName, type EcallRequest, type EcallResponse, OCALLS } from "@sotto/boundary/messages";
import { CodedError, InputError, InputErrorCode } from "@sotto/common/errors";
import type { EnclaveConnection } from "@sotto/platform/platform";

export interface EnclaveHost {
  readonly measurement: Uint8Array;
  /**
   * One ecall, synchronous.
   * @param ocalls answers for this call; every other ocall is refused. A handler that throws a `CodedError` refuses;
   *   anything else that it throws ends the call and is thrown here.
   * @throws {RefusedError} the enclave refused, with its code; {BoundaryError} it is gone
   */
  call<N extends EcallName>(name: N, request: EcallRequest<N>, ocalls?: Partial<OcallHandlers>): EcallResponse<N>;
  close(): void;
}

/** Refuses every ocall. */
const NO_OCALLS = Object.fromEntries(
  Object.keys(OCALLS).map((name) => [
    name,
    () => {
      throw new InputError(InputErrorCode.Malformed, `${name}: no ocall is expected here`);
    },
  ]),
) as unknown as OcallHandlers;

/**
 * What goes to the enclave as a refusal is part of what a block computes. A host that failed (a full disk, a bug) has nothing
 * to say instead: were that a refusal too, this node alone would fail the message. So the call ends with the error itself.
 */
function refuse(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  throw error;
}

export function makeEnclaveHost(connection: EnclaveConnection): EnclaveHost {
  return {
    measurement: connection.measurement,
    call: (name, request, ocalls) => {
      const handlers = ocalls === undefined ? NO_OCALLS : { ...NO_OCALLS, ...ocalls };
      return ecall((bytes) => connection.exchange(bytes, serveOcalls(handlers, refuse)), name, request);
    },
    close: () => connection.close(),
  };
}
