/**
 * The part of a transaction's result that consensus covers: code, data and gas, but no text and no events (consensus §2.4).
 * @module
 */
import { Any } from "./any.ts";
import { bytes, field, int64, type MessageOf, message, repeated, uint32 } from "./message.ts";

export const DeterministicExecTxResult = message("tendermint.abci.ExecTxResult", {
  code: field(1, uint32),
  data: field(2, bytes),
  gasWanted: field(5, int64),
  gasUsed: field(6, int64),
});
export type DeterministicExecTxResult = MessageOf<typeof DeterministicExecTxResult>;

/** What `data` of a successful result holds: one response for each message (chain §2.21). */
export const TxMsgData = message("cosmos.base.abci.v1beta1.TxMsgData", { msgResponses: repeated(2, Any) });
export type TxMsgData = MessageOf<typeof TxMsgData>;
