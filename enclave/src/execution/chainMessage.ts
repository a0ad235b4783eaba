/**
 * Contract messages for other modules as chain messages (contracts §5.4, chain §2.12).
 * @module
 */
import { type Coin as CoinValue, LIMITS } from "@sotto/boundary/messages";
import { utf8ToBytes } from "@sotto/common/bytes";
import { Coin } from "@sotto/common/wire/coin";
import { always, field, int32, message, repeated, string, uint64 } from "@sotto/common/wire/message";
import type { IbcTimeout, NativeMessage, VoteOption } from "../messages/contractMessage.ts";
import { ComputeCode, computeFailure } from "./chainFailure.ts";
import { addressBytes, type Contract, validatorBytes } from "./contract.ts";

const MsgSend = message("cosmos.bank.v1beta1.MsgSend", {
  fromAddress: field(1, string),
  toAddress: field(2, string),
  amount: repeated(3, Coin),
});

const DELEGATION = { delegatorAddress: field(1, string), validatorAddress: field(2, string), amount: always(3, Coin) };
const MsgDelegate = message("cosmos.staking.v1beta1.MsgDelegate", DELEGATION);
const MsgUndelegate = message("cosmos.staking.v1beta1.MsgUndelegate", DELEGATION);

const MsgBeginRedelegate = message("cosmos.staking.v1beta1.MsgBeginRedelegate", {
  delegatorAddress: field(1, string),
  validatorSrcAddress: field(2, string),
  validatorDstAddress: field(3, string),
  amount: always(4, Coin),
});

const MsgSetWithdrawAddress = message("cosmos.distribution.v1beta1.MsgSetWithdrawAddress", {
  delegatorAddress: field(1, string),
  withdrawAddress: field(2, string),
});

const MsgWithdrawDelegatorReward = message("cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward", {
  delegatorAddress: field(1, string),
  validatorAddress: field(2, string),
});

const MsgVote = message("cosmos.gov.v1.MsgVote", {
  proposalId: field(1, uint64),
  voter: field(2, string),
  option: field(3, int32),
  metadata: field(4, string),
});

const Height = message("ibc.core.client.v1.Height", {
  revisionNumber: field(1, uint64),
  revisionHeight: field(2, uint64),
});

const MsgTransfer = message("ibc.applications.transfer.v1.MsgTransfer", {
  sourcePort: field(1, string),
  sourceChannel: field(2, string),
  token: always(3, Coin),
  sender: field(4, string),
  receiver: field(5, string),
  timeoutHeight: always(6, Height),
  timeoutTimestamp: field(7, uint64),
  memo: field(8, string),
});

const MsgChannelCloseInit = message("ibc.core.channel.v1.MsgChannelCloseInit", {
  portId: field(1, string),
  channelId: field(2, string),
  signer: field(3, string),
});

const TRANSFER_PORT = "transfer";
const CONTRACT_PORT_PREFIX = "wasm.";

/** Of `cosmos.gov.v1.VoteOption`. */
const VOTE_NUMBERS: Readonly<Record<VoteOption, number>> = { yes: 1, abstain: 2, no: 3, no_with_veto: 4 };

/** A message of another module, ready for the host. */
export type ChainMessage = { readonly typeUrl: string; readonly value: Uint8Array };

function invalidMessage(reason: string) {
  return computeFailure(ComputeCode.InvalidMessage, `${reason}: invalid CosmosMsg from the contract`);
}

function pack<T>(codec: { readonly typeUrl: string; encode(value: T): Uint8Array }, value: T): ChainMessage {
  return { typeUrl: codec.typeUrl, value: codec.encode(value) };
}

/**
 * The chain messages that a contract's message stands for, in order; none if there is nothing to do.
 * @param contract who sends and signs it
 * @throws {ChainFailure} bad address, or no handler
 */
export function toChainMessages(
  { address }: Pick<Contract, "address">,
  message: NativeMessage,
): readonly ChainMessage[] {
  switch (message.kind) {
    case "bankSend":
      return bankSend(address, message.to, message.amount);
    case "bankBurn":
      throw invalidMessage("Unknown variant of Bank");
    case "custom":
      throw invalidMessage("Custom variant not supported");
    case "delegate":
      return [pack(MsgDelegate, delegation(address, message))];
    case "undelegate":
      return [pack(MsgUndelegate, delegation(address, message))];
    case "redelegate":
      return [redelegate(address, message)];
    case "withdraw":
      return withdraw(address, message);
    case "setWithdrawAddress":
      return [pack(MsgSetWithdrawAddress, { delegatorAddress: address, withdrawAddress: message.address })];
    case "withdrawReward":
      return [pack(MsgWithdrawDelegatorReward, { delegatorAddress: address, validatorAddress: message.validator })];
    case "vote": {
      const { proposal: proposalId, option } = message;
      return [pack(MsgVote, { proposalId, voter: address, option: VOTE_NUMBERS[option], metadata: "" })];
    }
    case "ibcTransfer":
      return [transfer(address, message)];
    case "ibcCloseChannel": {
      const close = { portId: CONTRACT_PORT_PREFIX + address, channelId: message.channel, signer: address };
      return [pack(MsgChannelCloseInit, close)];
    }
    case "ibcSendPacket":
      // No contract has a port of its own here.
      throw computeFailure(ComputeCode.Unsupported, "ibc not supported: unsupported for this contract");
    case "stargate":
      return [stargate(message)];
  }
}

/** Quirk: without coins nothing is sent, whoever to. */
function bankSend(fromAddress: string, toAddress: string, amount: readonly CoinValue[]): readonly ChainMessage[] {
  if (amount.length === 0) return [];
  addressBytes(toAddress);
  return [pack(MsgSend, { fromAddress, toAddress, amount })];
}

function delegation(delegatorAddress: string, message: Extract<NativeMessage, { kind: "delegate" | "undelegate" }>) {
  validatorBytes(message.validator);
  return { delegatorAddress, validatorAddress: message.validator, amount: message.amount };
}

function redelegate(delegatorAddress: string, message: Extract<NativeMessage, { kind: "redelegate" }>): ChainMessage {
  const { source, destination, amount } = message;
  validatorBytes(source);
  validatorBytes(destination);
  const addresses = { delegatorAddress, validatorSrcAddress: source, validatorDstAddress: destination };
  return pack(MsgBeginRedelegate, { ...addresses, amount });
}

/** Quirk: the changed withdraw address stays. */
function withdraw(
  delegatorAddress: string,
  { validator, recipient = delegatorAddress }: Extract<NativeMessage, { kind: "withdraw" }>,
): readonly ChainMessage[] {
  validatorBytes(validator);
  addressBytes(recipient);
  return [
    pack(MsgSetWithdrawAddress, { delegatorAddress, withdrawAddress: recipient }),
    pack(MsgWithdrawDelegatorReward, { delegatorAddress, validatorAddress: validator }),
  ];
}

function transfer(sender: string, message: Extract<NativeMessage, { kind: "ibcTransfer" }>): ChainMessage {
  const { channel: sourceChannel, amount: token, to: receiver, timeout, memo } = message;
  const until = { timeoutHeight: timeoutHeight(timeout), timeoutTimestamp: timeout.timestamp ?? 0n };
  return pack(MsgTransfer, { sourcePort: TRANSFER_PORT, sourceChannel, token, sender, receiver, ...until, memo });
}

function timeoutHeight({ block }: IbcTimeout) {
  return { revisionNumber: block?.revision ?? 0n, revisionHeight: block?.height ?? 0n };
}

function stargate({ typeUrl, value }: Extract<NativeMessage, { kind: "stargate" }>): ChainMessage {
  // A longer one cannot cross the boundary, and no module has it.
  if (utf8ToBytes(typeUrl).length > LIMITS.typeUrl) {
    throw invalidMessage(`Cannot unpack proto message with type URL: ${typeUrl}`);
  }
  return { typeUrl, value };
}
