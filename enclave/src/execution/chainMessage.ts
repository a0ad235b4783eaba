/**
 * Contract messages for other modules as chain messages (contracts §5.4).
 * @module
 */
import { LIMITS } from "@sotto/boundary/messages";
import { addressFromBytes, formatAddress } from "@sotto/common/address";
import { utf8ToBytes } from "@sotto/common/bytes";
import { Coin } from "@sotto/common/wire/coin";
import { field, message, repeated, string } from "@sotto/common/wire/message";
import type { ContractMessage, UnhandledModule } from "../messages/contractMessage.ts";
import { type ChainFailure, ComputeCode, computeFailure } from "./chainFailure.ts";
import { addressBytes } from "./contract.ts";

const MsgSend = message("cosmos.bank.v1beta1.MsgSend", {
  fromAddress: field(1, string),
  toAddress: field(2, string),
  amount: repeated(3, Coin),
});

/** A message of another module, ready for the host. */
export type ChainMessage = { readonly typeUrl: string; readonly value: Uint8Array };

/** What a message says that no module here handles. */
const UNHANDLED_TEXTS: Readonly<Record<UnhandledModule, string>> = {
  bank: "Unknown variant of Bank",
  custom: "Custom variant not supported",
  staking: "Unknown variant of Staking",
  gov: "Unknown variant of Gov",
  distribution: "no handler found",
  ibc: "no handler found",
};

function unhandled(module: UnhandledModule): ChainFailure {
  const text = UNHANDLED_TEXTS[module];
  return module === "distribution" || module === "ibc"
    ? computeFailure(ComputeCode.UnknownMessage, `${text}: unknown message from the contract`)
    : computeFailure(ComputeCode.InvalidMessage, `${text}: invalid CosmosMsg from the contract`);
}

export type NonWasmMessage = Extract<ContractMessage, { kind: "bankSend" | "stargate" | "unhandled" | "finalizeTx" }>;

/**
 * The chain message that a contract's message stands for; undefined if there is nothing to do.
 * @param contract the sender, 20 bytes
 * @throws {ChainFailure} bad address, or no handler
 */
export function toChainMessage(contract: Uint8Array, message: NonWasmMessage): ChainMessage | undefined {
  switch (message.kind) {
    case "bankSend": {
      addressBytes(message.to);
      if (message.amount.length === 0) return undefined;
      const fromAddress = formatAddress(addressFromBytes(contract));
      const value = MsgSend.encode({ fromAddress, toAddress: message.to, amount: message.amount });
      return { typeUrl: MsgSend.typeUrl, value };
    }
    case "stargate":
      if (utf8ToBytes(message.typeUrl).length > LIMITS.typeUrl) {
        const text = `Cannot unpack proto message with type URL: ${message.typeUrl}`;
        throw computeFailure(ComputeCode.InvalidMessage, `${text}: invalid CosmosMsg from the contract`);
      }
      return { typeUrl: message.typeUrl, value: message.value };
    case "unhandled":
      throw unhandled(message.module);
    case "finalizeTx":
      return undefined;
  }
}
