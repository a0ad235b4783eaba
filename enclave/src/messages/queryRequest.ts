/**
 * Queries that a contract makes: which kinds are known, and what is said of those that are not (contracts §5.7).
 * @module
 */
import { LIMITS } from "@sotto/boundary/messages";
import { bytesToBase64 } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { formatJson, type JsonInput, parseJson } from "@sotto/common/json";
import { asBytes, asObject, asText, asVariant } from "./jsonShape.ts";

export type QueryRequest =
  | { readonly kind: "smart"; readonly contract: string; readonly codeHash: string; readonly message: Uint8Array }
  | { readonly kind: "contractInfo"; readonly contract: string }
  | { readonly kind: "custom" }
  /** For the host; `limited` kinds run under the limit that the caller's gas sets (contracts §4.6). */
  | { readonly kind: "chain"; readonly limited: boolean }
  | { readonly kind: "invalid"; readonly error: string };

/** Query variants of other modules, by their two names. */
const CHAIN_QUERIES: Readonly<Record<string, readonly string[]>> = {
  bank: ["balance", "all_balances"],
  staking: [
    "bonded_denom",
    "validators",
    "all_validators",
    "validator",
    "all_delegations",
    "delegation",
    "unbonding_delegations",
  ],
  dist: ["rewards"],
  mint: ["inflation", "bonded_ratio"],
  gov: ["proposals"],
  ibc: ["port_id", "list_channels", "channel"],
};
const LIMITED_MODULES: ReadonlySet<string> = new Set(["bank", "staking", "wasm"]);

/** Total: what does not parse is `invalid`. */
export function parseQueryRequest(request: Uint8Array): QueryRequest {
  if (request.length > LIMITS.message) return invalid("the request is too long");
  try {
    const { name: module, body } = asVariant(parseJson(request));
    if (module === "custom") return { kind: "custom" };
    if (module === "stargate") {
      const fields = asObject(body);
      asText(fields.get("path"));
      asBytes(fields.get("data"));
      return { kind: "chain", limited: false };
    }
    const { name, body: inner } = asVariant(body);
    const fields = asObject(inner);
    if (module === "wasm") return parseWasmQuery(name, fields);
    const known = Object.hasOwn(CHAIN_QUERIES, module) && CHAIN_QUERIES[module]?.includes(name);
    if (known) return { kind: "chain", limited: LIMITED_MODULES.has(module) };
    return invalid(`unknown variant \`${name}\` of ${module}`);
  } catch (error) {
    if (error instanceof CodedError) return invalid("the request does not parse as a query");
    throw error;
  }
}

function parseWasmQuery(name: string, fields: ReturnType<typeof asObject>): QueryRequest {
  const contract = asText(fields.get("contract_addr"));
  if (name === "contract_info") return { kind: "contractInfo", contract };
  // Without the hash the request is none; that is how v1 contracts send raw queries.
  const codeHash = asText(fields.get("callback_code_hash"));
  if (name === "smart") return { kind: "smart", contract, codeHash, message: asBytes(fields.get("msg")) };
  if (name !== "raw") return invalid(`unknown variant \`${name}\` of wasm`);
  asBytes(fields.get("key"));
  return { kind: "chain", limited: true };
}

function invalid(error: string): QueryRequest {
  return { kind: "invalid", error };
}

function systemError(error: JsonInput): string {
  return formatJson({ Err: error });
}

/** The envelopes that a contract gets back. */
export const QueryAnswer = {
  ok: (base64: string) => `{"Ok":{"Ok":"${base64}"}}`,
  genericError: (msg: string) => formatJson({ Ok: { Err: { generic_err: { msg } } } }),
  invalidRequest: (error: string, request: Uint8Array) =>
    systemError({ invalid_request: { error, request: bytesToBase64(request) } }),
  invalidResponse: (error: string, response: Uint8Array) =>
    systemError({ invalid_response: { error, response: bytesToBase64(response) } }),
  unsupported: (kind: string) => systemError({ unsupported_request: { kind } }),
  tooDeep: () => systemError({ exceeded_recursion_limit: {} }),
} as const;
