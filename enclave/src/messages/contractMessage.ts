/**
 * Messages that a v1 contract asks to be sent (contracts §5.3).
 * @module
 */
import type { Coin } from "@sotto/boundary/messages";
import type { JsonValue } from "@sotto/common/json";
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
  /** Migrate and admin messages. */
  | { readonly kind: "wasmAdministration" }
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
  if (["migrate", "update_admin", "clear_admin"].includes(name)) return { kind: "wasmAdministration" };
  const common = {
    codeHash: asText(fields.get("code_hash")),
    msg: asBytes(fields.get("msg")),
    funds: asList(fields.get("send"), parseCoin),
  };
  if (name === "execute") return { kind: "wasmExecute", contract: asText(fields.get("contract_addr")), ...common };
  if (name !== "instantiate") throw misfit();
  return {
    kind: "wasmInstantiate",
    admin: asOptional(fields.get("admin"), asText),
    codeId: asU64(fields.get("code_id")),
    label: asText(fields.get("label")),
    ...common,
  };
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
