/**
 * Messages that a contract asks to be sent, of both versions of contracts (contracts §5.3).
 * @module
 */
import type { Coin } from "@sotto/boundary/messages";

export const VOTE_OPTIONS = ["yes", "no", "abstain", "no_with_veto"] as const;
export type VoteOption = (typeof VOTE_OPTIONS)[number];

export type IbcTimeout = {
  readonly block: { readonly revision: bigint; readonly height: bigint } | undefined;
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint | undefined;
};

/** What a contract gets as input: the code hash text that its sender expects, and the message in clear. */
export type ContractInput = { readonly codeHash: string; readonly msg: Uint8Array };

/** A message to a contract; addresses are as given, in Bech32 if they are any. */
export type WasmMessage =
  | ({ readonly kind: "wasmExecute"; readonly contract: string; readonly funds: readonly Coin[] } & ContractInput)
  | ({
      readonly kind: "wasmInstantiate";
      readonly admin: string | undefined;
      readonly codeId: bigint;
      readonly funds: readonly Coin[];
      readonly label: string;
    } & ContractInput)
  /** Code hash and id are those of the new code. */
  | ({ readonly kind: "wasmMigrate"; readonly contract: string; readonly codeId: bigint } & ContractInput)
  | { readonly kind: "wasmUpdateAdmin"; readonly contract: string; readonly admin: string }
  | { readonly kind: "wasmClearAdmin"; readonly contract: string };

/** A message to another module; addresses and channels are as given. */
export type NativeMessage =
  /** `from` is what a v0.10 contract says of itself. */
  | {
      readonly kind: "bankSend";
      readonly from: string | undefined;
      readonly to: string;
      readonly amount: readonly Coin[];
    }
  | { readonly kind: "bankBurn" }
  | { readonly kind: "custom" }
  | { readonly kind: "delegate" | "undelegate"; readonly validator: string; readonly amount: Coin }
  | { readonly kind: "redelegate"; readonly source: string; readonly destination: string; readonly amount: Coin }
  /** v0.10 alone. */
  | { readonly kind: "withdraw"; readonly validator: string; readonly recipient: string | undefined }
  | { readonly kind: "setWithdrawAddress"; readonly address: string }
  | { readonly kind: "withdrawReward"; readonly validator: string }
  | { readonly kind: "vote"; readonly proposal: bigint; readonly option: VoteOption }
  | {
      readonly kind: "ibcTransfer";
      readonly channel: string;
      readonly to: string;
      readonly amount: Coin;
      readonly timeout: IbcTimeout;
      readonly memo: string;
    }
  | { readonly kind: "ibcSendPacket" }
  | { readonly kind: "ibcCloseChannel"; readonly channel: string }
  | { readonly kind: "stargate"; readonly typeUrl: string; readonly value: Uint8Array };

export type ContractMessage = WasmMessage | NativeMessage | { readonly kind: "finalizeTx" };

export const REPLY_ON = ["always", "error", "success", "never"] as const;
export type ReplyOn = (typeof REPLY_ON)[number];

export type SubMessage = {
  readonly id: bigint;
  readonly message: ContractMessage;
  /** S. */
  readonly gasLimit: bigint | undefined;
  readonly replyOn: ReplyOn;
};
