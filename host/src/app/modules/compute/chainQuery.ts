/**
 * Queries that contracts make of other modules (contracts §5.7): bank now, others as their modules come.
 * @module
 */
import { utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { formatJson, type JsonObject, type JsonValue, parseJson } from "@sotto/common/json";
import { parseAddress } from "../../core/addresses.ts";
import { AppError } from "../../core/appError.ts";
import { toCoin } from "../../core/coins.ts";
import type { Context } from "../../core/context.ts";
import type { BankKeeper } from "../bankKeeper.ts";

export type ChainAnswer =
  | { readonly kind: "ok"; readonly value: Uint8Array }
  | { readonly kind: "failed"; readonly value: { readonly log: string } }
  | { readonly kind: "unsupported"; readonly value: { readonly what: string } };

/** The one member of an object. */
function onlyMember(value: JsonValue | undefined): [string, JsonValue] | undefined {
  if (!(value instanceof Map) || value.size !== 1) return undefined;
  return [...value][0];
}

function textOf(object: JsonObject, name: string): string {
  const value = object.get(name);
  return typeof value === "string" ? value : "";
}

/** @throws {OutOfGas} */
export function answerChainQuery(bank: BankKeeper, context: Context, request: Uint8Array): ChainAnswer {
  try {
    const [module, inner] = onlyMember(parseJson(request)) ?? ["", null];
    const [name, parameters] = onlyMember(inner) ?? ["", null];
    const what = `${module}.${name}`;
    if (!(parameters instanceof Map) || (what !== "bank.balance" && what !== "bank.all_balances")) {
      return { kind: "unsupported", value: { what } };
    }
    const balances = bank.allBalances(context, addressOf(textOf(parameters, "address"))).map(toCoin);
    const denom = textOf(parameters, "denom");
    const one = balances.find((coin) => coin.denom === denom) ?? { denom, amount: "0" };
    return { kind: "ok", value: utf8ToBytes(formatJson({ amount: what === "bank.balance" ? one : balances })) };
  } catch (error) {
    if (error instanceof CodedError) return { kind: "failed", value: { log: error.message } };
    throw error;
  }
}

function addressOf(text: string): Uint8Array {
  try {
    return parseAddress(text);
  } catch (error) {
    throw error instanceof AppError ? AppError.registered("sdk", 7, text) : error;
  }
}
