/**
 * Requests and responses as bytes: one function a direction, used by both ends and by every transport.
 * @module
 */
import { CodedError } from "@sotto/common/errors";
import { type Codec, decode, Reader, Writer } from "./codec.ts";
import { BoundaryError, BoundaryErrorCode } from "./errors.ts";
import {
  ECALLS,
  type EcallName,
  type EcallRequest,
  type EcallResponse,
  OCALLS,
  type OcallName,
  type OcallRequest,
  type OcallResponse,
  REFUSAL,
} from "./messages.ts";

/** The other side refused a request; (codespace, code) are those of the error it had. */
export class RefusedError extends CodedError {
  override readonly name = "RefusedError";
}

type Table = { readonly [name: string]: { readonly request: Codec<never>; readonly response: Codec<never> } };
type AnyCodec = Codec<unknown>;

function encodeCall(table: Table, name: string, request: unknown, writer: Writer): Uint8Array {
  writer.clear();
  writer.u8(Object.keys(table).indexOf(name));
  ((table[name] as { request: Codec<never> }).request as unknown as AnyCodec).write(writer, request);
  return writer.finish();
}

function decodeAnswer(table: Table, name: string, response: Uint8Array): unknown {
  const reader = new Reader(response);
  const status = reader.u8();
  if (status === 1) {
    const refusal = REFUSAL.read(reader);
    reader.end();
    throw new RefusedError(refusal.codespace, refusal.code, refusal.message);
  }
  if (status !== 0)
    throw new BoundaryError(BoundaryErrorCode.Malformed, `response: expected status 0 or 1, got ${status}`);
  const answer = ((table[name] as { response: Codec<never> }).response as unknown as AnyCodec).read(reader);
  reader.end();
  return answer;
}

/** Sends bytes and returns the bytes that came back. */
export type Exchange = (request: Uint8Array) => Uint8Array;

/**
 * @param writer what the request is written with; one that is kept saves making it
 * @throws {RefusedError} with the enclave's code; {BoundaryError} if the answer is no answer
 */
export function ecall<N extends EcallName>(
  exchange: Exchange,
  name: N,
  request: EcallRequest<N>,
  writer = new Writer(),
): EcallResponse<N> {
  return decodeAnswer(
    ECALLS as unknown as Table,
    name,
    exchange(encodeCall(ECALLS as unknown as Table, name, request, writer)),
  ) as EcallResponse<N>;
}

/**
 * @param writer as for {@link ecall}
 * @throws {RefusedError} with the host's code; {BoundaryError} if the answer is no answer
 */
export function ocall<N extends OcallName>(
  exchange: Exchange,
  name: N,
  request: OcallRequest<N>,
  writer = new Writer(),
): OcallResponse<N> {
  return decodeAnswer(
    OCALLS as unknown as Table,
    name,
    exchange(encodeCall(OCALLS as unknown as Table, name, request, writer)),
  ) as OcallResponse<N>;
}

export type EcallHandlers = { readonly [N in EcallName]: (request: EcallRequest<N>) => EcallResponse<N> };
export type OcallHandlers = { readonly [N in OcallName]: (request: OcallRequest<N>) => OcallResponse<N> };

function serve(table: Table, handlers: object, refuse: (error: unknown) => CodedError): Exchange {
  const names = Object.keys(table);
  // Nothing is written before the handler has returned, so a nested call cannot get in between.
  const writer = new Writer();
  return (bytes) => {
    try {
      const name = names[bytes[0] ?? 255];
      if (name === undefined) throw new BoundaryError(BoundaryErrorCode.Malformed, `request: unknown kind ${bytes[0]}`);
      const { request, response } = table[name] as { request: Codec<never>; response: Codec<never> };
      const answer = (handlers as Record<string, (request: unknown) => unknown>)[name]?.(
        decode(request as unknown as AnyCodec, bytes.subarray(1)),
      );
      writer.clear();
      writer.u8(0);
      (response as unknown as AnyCodec).write(writer, answer);
      return writer.finish();
    } catch (error) {
      const { codespace, code, message } = refuse(error);
      writer.clear();
      writer.u8(1);
      REFUSAL.write(writer, { codespace, code, message: message.slice(0, 2_048) });
      return writer.finish();
    }
  };
}

/** @param refuse what leaves in place of an error; it must not carry secrets */
export function serveEcalls(handlers: EcallHandlers, refuse: (error: unknown) => CodedError): Exchange {
  return serve(ECALLS as unknown as Table, handlers, refuse);
}

export function serveOcalls(handlers: OcallHandlers, refuse: (error: unknown) => CodedError): Exchange {
  return serve(OCALLS as unknown as Table, handlers, refuse);
}
