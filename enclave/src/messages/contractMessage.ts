/**
 * Messages that a v1 contract asks to be sent (contracts §5.3).
 * @module
 */
import type { Coin } from "@sotto/boundary/messages";
import type { JsonObject, JsonValue } from "@sotto/common/json";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { asBytes, asList, asObject, asOptional, asText, asU64, asVariant } from "./jsonShape.ts";

export type ContractMessage =
  | { readonly kind: "bankSend"; readonly to: string; readonly amount: readonly Coin[] }
  | { readonly kind: "stargate"; readonly typeUrl: string; readonly value: Uint8Array }
  | {
      readonly kind: "wasmExecute";
      /** Bech32, as given. */
      readonly contract: string;
      readonly codeHash: string;
      readonly msg: Uint8Array;
      readonly funds: readonly Coin[];
    }
  | {
      readonly kind: "wasmInstantiate";
      readonly admin: string | undefined;
      readonly codeId: bigint;
      readonly codeHash: string;
      readonly msg: Uint8Array;
      readonly funds: readonly Coin[];
      readonly label: string;
    }
  | {
      readonly kind: "wasmMigrate";
      /** Bech32, as given. */
      readonly contract: string;
      /** Of the new code. */
      readonly codeHash: string;
      readonly codeId: bigint;
      readonly msg: Uint8Array;
    }
  | { readonly kind: "wasmUpdateAdmin"; readonly contract: string; readonly admin: string }
  | { readonly kind: "wasmClearAdmin"; readonly contract: string }
  | { readonly kind: "finalizeTx" }
  /** A message for a module that has no handler here. */
  | { readonly kind: "unhandled"; readonly module: UnhandledModule };

export type UnhandledModule = "bank" | "custom" | "staking" | "distribution" | "ibc" | "gov";

export type ReplyOn = "always" | "error" | "success" | "never";

export type SubMessage = {
  readonly id: bigint;
  readonly message: ContractMessage;
  /** S. */
  readonly gasLimit: bigint | undefined;
  readonly replyOn: ReplyOn;
};

/** Variants that are known but have no handler, by module. */
const UNHANDLED: Readonly<Record<Exclude<UnhandledModule, "custom">, readonly string[]>> = {
  bank: ["burn"],
  staking: ["delegate", "undelegate", "redelegate"],
  distribution: ["set_withdraw_address", "withdraw_delegator_reward"],
  ibc: ["transfer", "send_packet", "close_channel"],
  gov: ["vote"],
};

function misfit(): EnclaveError {
  return new EnclaveError(EnclaveErrorCode.FailedToDeserialize);
}

export function parseCoin(value: JsonValue): Coin {
  const coin = asObject(value);
  return { denom: asText(coin.get("denom")), amount: asAmount(coin.get("amount")) };
}

/** 128-bit amounts come as decimal text, here without leading zeros. */
function asAmount(value: JsonValue | undefined): string {
  const text = asText(value);
  if (!/^[0-9]{1,39}$/.test(text) || BigInt(text) >= 1n << 128n) throw misfit();
  return BigInt(text).toString();
}

function parseWasm(body: JsonValue): ContractMessage {
  const { name, body: fieldsOf } = asVariant(body);
  const fields = asObject(fieldsOf);
  if (name !== "instantiate") return parseContractCall(name, fields);
  return {
    kind: "wasmInstantiate",
    admin: asOptional(fields.get("admin"), asText),
    codeId: asU64(fields.get("code_id")),
    label: asText(fields.get("label")),
    ...parseInput(fields),
    funds: asList(fields.get("send"), parseCoin),
  };
}

/** Messages to a contract that exists. */
function parseContractCall(name: string, fields: JsonObject): ContractMessage {
  const contract = asText(fields.get("contract_addr"));
  switch (name) {
    case "execute":
      return { kind: "wasmExecute", contract, ...parseInput(fields), funds: asList(fields.get("send"), parseCoin) };
    case "migrate":
      return { kind: "wasmMigrate", contract, ...parseInput(fields), codeId: asU64(fields.get("code_id")) };
    case "update_admin":
      return { kind: "wasmUpdateAdmin", contract, admin: asText(fields.get("admin")) };
    case "clear_admin":
      return { kind: "wasmClearAdmin", contract };
    default:
      throw misfit();
  }
}

function parseInput(fields: JsonObject): { readonly codeHash: string; readonly msg: Uint8Array } {
  return { codeHash: asText(fields.get("code_hash")), msg: asBytes(fields.get("msg")) };
}

function parseMessage(value: JsonValue): ContractMessage {
  const { name: module, body } = asVariant(value);
  if (module === "wasm") return parseWasm(body);
  if (module === "finalize_tx") return { kind: "finalizeTx" };
  if (module === "custom") return { kind: "unhandled", module };
  if (module === "stargate") {
    const fields = asObject(body);
    return { kind: "stargate", typeUrl: asText(fields.get("type_url")), value: asBytes(fields.get("value")) };
  }
  const { name, body: fieldsOf } = asVariant(body);
  if (module === "bank" && name === "send") {
    const fields = asObject(fieldsOf);
    return { kind: "bankSend", to: asText(fields.get("to_address")), amount: asList(fields.get("amount"), parseCoin) };
  }
  if (!(module in UNHANDLED)) throw misfit();
  const known = module as Exclude<UnhandledModule, "custom">;
  if (!UNHANDLED[known].includes(name)) throw misfit();
  return { kind: "unhandled", module: known };
}

/** @throws {EnclaveError} FailedToDeserialize, also for kinds that are not known */
export function parseSubMessage(value: JsonValue): SubMessage {
  const fields = asObject(value);
  const replyOn = asText(fields.get("reply_on"));
  if (replyOn !== "always" && replyOn !== "error" && replyOn !== "success" && replyOn !== "never") throw misfit();
  return {
    id: asU64(fields.get("id")),
    message: parseMessage(fields.get("msg") ?? null),
    gasLimit: asOptional(fields.get("gas_limit"), asU64),
    replyOn,
  };
}
