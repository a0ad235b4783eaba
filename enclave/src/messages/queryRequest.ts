/**
 * Queries that a contract makes: the shapes of all requests, and who answers each (contracts §5.7).
 * @module
 */
import { LIMITS } from "@sotto/boundary/messages";
import { utf8ToBytes } from "@sotto/common/bytes";
import { formatJson } from "@sotto/common/json";
import { ParserFault } from "./parser/parserFault.ts";
import { parseVariant } from "./parser/readVariant.ts";
import { describeValue, struct, type ValueOf, variants } from "./parser/shapes.ts";
import { COMPUTE_SERVICE, isStargatePathAllowed } from "./stargatePaths.ts";

const SHAPES = {
  bank: variants({
    balance: struct("BankQuery::Balance", { address: "text", denom: "text" }),
    all_balances: struct("BankQuery::AllBalances", { address: "text" }),
  }),
  custom: { kind: "any" },
  staking: variants({
    bonded_denom: struct("StakingQuery::BondedDenom", {}),
    all_delegations: struct("StakingQuery::AllDelegations", { delegator: "text" }),
    delegation: struct("StakingQuery::Delegation", { delegator: "text", validator: "text" }),
    validators: struct("StakingQuery::Validators", {}),
    unbonding_delegations: struct("StakingQuery::UnbondingDelegations", { delegator: "text" }),
    all_validators: struct("StakingQuery::AllValidators", {}),
    validator: struct("StakingQuery::Validator", { address: "text" }),
  }),
  wasm: variants({
    smart: struct("WasmQuery::Smart", { contract_addr: "text", callback_code_hash: "text", msg: "bytes" }),
    // The hash is required here as well: that is why the raw queries of v1 contracts are none.
    raw: struct("WasmQuery::Raw", { contract_addr: "text", callback_code_hash: "text", key: "bytes" }),
    contract_info: struct("WasmQuery::ContractInfo", { contract_addr: "text" }),
  }),
  dist: variants({ rewards: struct("DistQuery::Rewards", { delegator: "text" }) }),
  mint: variants({
    inflation: struct("MintQuery::Inflation", {}),
    bonded_ratio: struct("MintQuery::BondedRatio", {}),
  }),
  gov: variants({ proposals: struct("GovQuery::Proposals", {}) }),
  ibc: variants({
    port_id: struct("IbcQuery::PortId", {}),
    list_channels: struct("IbcQuery::ListChannels", { port_id: "optionalText" }),
    channel: struct("IbcQuery::Channel", { channel_id: "text", port_id: "optionalText" }),
  }),
  stargate: struct("QueryRequest::Stargate", { path: "text", data: "bytes" }),
} as const;

export type QueryRequest =
  | { readonly kind: "smart"; readonly contract: string; readonly codeHash: string; readonly message: Uint8Array }
  /** `key` is one of the encrypted store. */
  | { readonly kind: "raw"; readonly contract: string; readonly key: Uint8Array }
  | { readonly kind: "contractInfo"; readonly contract: string }
  | { readonly kind: "unsupported"; readonly what: string }
  | ChainRequest
  | { readonly kind: "invalid"; readonly error: string };

/** One for the host. */
export type ChainRequest = {
  readonly kind: "chain";
  /** The request with its known members alone. */
  readonly json: Uint8Array;
  /** Runs under the limit that the caller's gas sets, and not on the caller's own meter (contracts §4.6). */
  readonly limited: boolean;
  /** The answer depends on records of contracts, of which the host does not have the newest. */
  readonly needsRecords: boolean;
};

/** Total: what does not parse is `invalid`, with the parser's text. */
export function parseQueryRequest(request: Uint8Array): QueryRequest {
  try {
    return whoAnswers(parseVariant(SHAPES, request));
  } catch (error) {
    if (error instanceof ParserFault) return { kind: "invalid", error: error.message };
    throw error;
  }
}

function whoAnswers(request: ValueOf<typeof SHAPES>): QueryRequest {
  switch (request.name) {
    case "custom":
      return { kind: "unsupported", what: "custom" };
    case "wasm":
      return wasmRequest(request.body);
    case "stargate": {
      const { path } = request.body;
      if (isStargatePathAllowed(path)) return chainRequest(request);
      return { kind: "unsupported", what: `query path '${path}' is not allowed from the contract` };
    }
    default:
      return chainRequest(request);
  }
}

function wasmRequest(request: ValueOf<typeof SHAPES.wasm.variants>): QueryRequest {
  const contract = request.body.contract_addr;
  switch (request.name) {
    case "smart":
      return { kind: "smart", contract, codeHash: request.body.callback_code_hash, message: request.body.msg };
    case "raw":
      return { kind: "raw", contract, key: request.body.key };
    case "contract_info":
      return { kind: "contractInfo", contract };
  }
}

function chainRequest(request: ValueOf<typeof SHAPES>): QueryRequest {
  const json = utf8ToBytes(formatJson(describeValue(SHAPES, request)));
  // No rule of the protocol: a contract can write a request that does not fit through the boundary.
  if (json.length > LIMITS.message) return { kind: "invalid", error: "the request is too long" };
  const limited = request.name === "bank" || request.name === "staking";
  const needsRecords =
    request.name === "ibc" || (request.name === "stargate" && request.body.path.startsWith(COMPUTE_SERVICE));
  return { kind: "chain", json, limited, needsRecords };
}
