/** Bank messages as `Any`, for tests. */
import { create, toBinary } from "@bufbuild/protobuf";
import type { Any } from "@sotto/common/wire/any";
import type { Coin } from "@sotto/common/wire/coin";
import { MsgMultiSendSchema, MsgSendSchema } from "../../src/proto/gen/cosmos/bank/v1beta1/tx_pb.ts";
import { account } from "./testNetwork.ts";

const addressOf = (who: string): string => (who.startsWith("secret1") ? who : account(who).address);

export function sendMessage(from: string, to: string, ...amount: Coin[]): Any {
  const message = create(MsgSendSchema, { fromAddress: addressOf(from), toAddress: addressOf(to), amount });
  return { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: toBinary(MsgSendSchema, message) };
}

export function multiSendMessage(from: string, input: Coin[], outputs: readonly (readonly [string, Coin[]])[]): Any {
  const message = create(MsgMultiSendSchema, {
    inputs: [{ address: addressOf(from), coins: input }],
    outputs: outputs.map(([to, coins]) => ({ address: addressOf(to), coins })),
  });
  return { typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value: toBinary(MsgMultiSendSchema, message) };
}
