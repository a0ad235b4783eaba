/**
 * Module bank: messages, genesis and queries (chain §7.3).
 * @module
 */
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { GenesisStateSchema } from "../../proto/gen/cosmos/bank/v1beta1/genesis_pb.ts";
import { parseAddress } from "../core/addresses.ts";
import { validCoins } from "../core/coins.ts";
import type { Context } from "../core/context.ts";
import type { Module } from "../core/module.ts";
import type { BankKeeper } from "./bankKeeper.ts";
import { bankMessages } from "./bankMessages.ts";
import { bankQueries } from "./bankQueries.ts";

/** @param isBlocked whether an address must not receive by message (chain §1.5) */
export function makeBankModule(bank: BankKeeper, isBlocked: (address: Uint8Array) => boolean): Module {
  return {
    name: "bank",
    messages: bankMessages(bank, isBlocked),
    queries: bankQueries(bank),
    initGenesis: (context, genesis) => initGenesis(bank, context, genesis),
  };
}

function initGenesis(bank: BankKeeper, context: Context, genesis: unknown): void {
  const { params, balances, supply } = fromJson(GenesisStateSchema, genesis as JsonValue);
  bank.setParams(context, params?.defaultSendEnabled ?? false);
  const total = new Map<string, bigint>();
  for (const { address, coins } of balances) {
    const amounts = validCoins(coins);
    if (amounts === undefined) throw new RangeError(`genesis of bank: invalid coins of ${address}`);
    for (const { denom, amount } of amounts) {
      bank.setBalance(context, parseAddress(address), denom, amount);
      total.set(denom, (total.get(denom) ?? 0n) + amount);
    }
  }
  for (const { denom, amount } of supply) {
    if ((total.get(denom) ?? 0n).toString() !== amount) {
      throw new RangeError(
        `genesis of bank: supply of ${denom} is ${amount}, balances add up to ${total.get(denom) ?? 0n}`,
      );
    }
  }
  for (const [denom, amount] of total) bank.setSupply(context, denom, amount);
}
