/**
 * `TxResponse`: the outcome of a transaction as clients read it (chain §6.10, clients §1.3).
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { Event as ChainEvent } from "@sotto/boundary/messages";
import { type TxResponse, TxResponseSchema } from "../../proto/gen/cosmos/base/abci/v1beta1/abci_pb.ts";
import { type Event, EventSchema } from "../../proto/gen/tendermint/abci/types_pb.ts";
import type { AdmissionResult, IndexedTx } from "../backend.ts";
import { formatTime, toUpperHex } from "../json/text.ts";
import { hashTx } from "./txHash.ts";

const NANOS_PER_SECOND = 1_000_000_000n;

/** @param index whether the attributes are searchable: those of simulations are not */
export function toEvents(events: readonly ChainEvent[], index: boolean): Event[] {
  return events.map(({ type, attributes }) =>
    create(EventSchema, { type, attributes: attributes.map(({ key, value }) => ({ key, value, index })) }),
  );
}

export function toTxResponse(indexed: IndexedTx): TxResponse {
  const { result } = indexed;
  return create(TxResponseSchema, {
    height: BigInt(indexed.height),
    txhash: toUpperHex(indexed.hash),
    codespace: result.codespace,
    code: result.code,
    data: toUpperHex(result.data),
    // Empty on success: clients take a text here for a failure (clients §1.3).
    rawLog: result.code === 0 ? "" : result.log,
    gasWanted: result.gasWanted,
    gasUsed: result.gasUsed,
    // TxRaw and Tx have the same bytes.
    tx: { typeUrl: "/cosmos.tx.v1beta1.Tx", value: indexed.tx },
    timestamp: formatTime(indexed.timeNs / NANOS_PER_SECOND, 0) ?? "",
    events: toEvents(result.events, true),
  });
}

/** The answer to a broadcast: height, gas and events are not known yet. @param admission none for async */
export function broadcastResponse(tx: Uint8Array, admission?: AdmissionResult): TxResponse {
  return create(TxResponseSchema, {
    txhash: toUpperHex(hashTx(tx)),
    ...(admission === undefined
      ? {}
      : { code: admission.code, codespace: admission.codespace, rawLog: admission.code === 0 ? "" : admission.log }),
  });
}
