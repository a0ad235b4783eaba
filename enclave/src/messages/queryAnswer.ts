/**
 * The envelopes of answers that a contract gets to its queries (contracts §5.7).
 * @module
 */
import { bytesToBase64 } from "@sotto/common/bytes";
import { formatJson, type JsonInput } from "@sotto/common/json";

function systemError(error: JsonInput): string {
  return formatJson({ Err: error });
}

/** JSON texts, compact, members in the order shown. */
export const QueryAnswer = {
  ok: (answer: Uint8Array) => `{"Ok":{"Ok":"${bytesToBase64(answer)}"}}`,
  /** @param stdError JSON of the object */
  error: (stdError: string) => `{"Ok":{"Err":${stdError}}}`,
  genericError: (msg: string) => formatJson({ Ok: { Err: { generic_err: { msg } } } }),
  invalidRequest: (error: string, request: Uint8Array) =>
    systemError({ invalid_request: { error, request: bytesToBase64(request) } }),
  invalidResponse: (error: string, response: Uint8Array) =>
    systemError({ invalid_response: { error, response: bytesToBase64(response) } }),
  unsupported: (kind: string) => systemError({ unsupported_request: { kind } }),
  tooDeep: () => systemError({ exceeded_recursion_limit: {} }),
} as const;
