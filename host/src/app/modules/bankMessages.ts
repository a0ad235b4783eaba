/**
 * MsgSend and MsgMultiSend (chain §6.13, §7.3, §7.24).
 * @module
 */

import { create } from "@bufbuild/protobuf";
import type { Input, Output } from "../../proto/gen/cosmos/bank/v1beta1/bank_pb.ts";
import {
  type MsgMultiSend,
  MsgMultiSendResponseSchema,
  MsgMultiSendSchema,
  type MsgSend,
  MsgSendResponseSchema,
  MsgSendSchema,
} from "../../proto/gen/cosmos/bank/v1beta1/tx_pb.ts";
import { formatAddress, parseAddress } from "../core/addresses.ts";
import { AppError, sdkError } from "../core/appError.ts";
import { type Amount, formatCoins, type PlainCoin, validCoins } from "../core/coins.ts";
import { type Context, emit } from "../core/context.ts";
import { strictCodec } from "../core/genCodec.ts";
import { type MessageRoute, parseRole, route } from "../core/messageRouter.ts";
import type { BankKeeper } from "./bankKeeper.ts";

type IsBlocked = (address: Uint8Array) => boolean;

export function bankMessages(bank: BankKeeper, isBlocked: IsBlocked): MessageRoute[] {
  return [
    route({
      request: strictCodec(MsgSendSchema),
      response: strictCodec(MsgSendResponseSchema),
      signers: ({ fromAddress }) => [parseAddress(fromAddress)],
      handle: (context, message) => {
        handleSend(bank, isBlocked, context, message);
        return create(MsgSendResponseSchema);
      },
    }),
    route({
      request: strictCodec(MsgMultiSendSchema),
      response: strictCodec(MsgMultiSendResponseSchema),
      signers: ({ inputs }) => inputs.map(({ address }) => parseAddress(address)),
      handle: (context, message) => {
        handleMultiSend(bank, isBlocked, context, message);
        return create(MsgMultiSendResponseSchema);
      },
    }),
  ];
}

/** @throws {AppError} sdk/10 unless valid and not empty */
function requireCoins(coins: readonly PlainCoin[]): Amount[] {
  const amounts = validCoins(coins);
  if (amounts === undefined || amounts.length === 0) throw sdkError(10, formatCoins(coins));
  return amounts;
}

function refuseBlocked(isBlocked: IsBlocked, address: Uint8Array, text: string): void {
  if (isBlocked(address)) throw sdkError(4, `${text} is not allowed to receive funds`);
}

function handleSend(bank: BankKeeper, isBlocked: IsBlocked, context: Context, message: MsgSend): void {
  const from = parseRole("from", message.fromAddress, parseAddress);
  const to = parseRole("to", message.toAddress, parseAddress);
  const coins = requireCoins(message.amount);
  bank.requireSendEnabled(context, coins);
  refuseBlocked(isBlocked, to, message.toAddress);
  bank.send(context, from, to, coins);
}

function handleMultiSend(bank: BankKeeper, isBlocked: IsBlocked, context: Context, message: MsgMultiSend): void {
  const [input, ...more] = message.inputs;
  if (input === undefined) throw AppError.registered("bank", 2);
  if (more.length > 0) throw AppError.registered("bank", 9);
  if (message.outputs.length === 0) throw AppError.registered("bank", 3);
  const spent = readSide("input", input);
  const outputs = message.outputs.map((output) => readSide("output", output));
  requireEqualSums(spent.coins, outputs);
  bank.requireSendEnabled(context, spent.coins);
  for (const { address } of outputs) refuseBlocked(isBlocked, address, formatAddress(address));

  bank.subtract(context, spent.address, spent.coins);
  const sender = formatAddress(spent.address);
  emit(context, "message", ["sender", sender]);
  for (const { address, coins } of outputs) {
    bank.add(context, address, coins);
    const attributes = [["recipient", formatAddress(address)] as const, ["sender", sender] as const];
    emit(context, "transfer", ...attributes, ["amount", formatCoins(coins)]);
    bank.createIfNew(context, address);
  }
}

type Side = { readonly address: Uint8Array; readonly coins: readonly Amount[] };

function readSide(role: string, { address, coins }: Input | Output): Side {
  return { address: parseRole(role, address, parseAddress), coins: requireCoins(coins) };
}

function requireEqualSums(spent: readonly Amount[], outputs: readonly Side[]): void {
  const sums = new Map<string, bigint>();
  for (const { coins } of outputs) {
    for (const { denom, amount } of coins) sums.set(denom, (sums.get(denom) ?? 0n) + amount);
  }
  const equal = sums.size === spent.length && spent.every(({ denom, amount }) => sums.get(denom) === amount);
  if (!equal) throw AppError.registered("bank", 4);
}
