/**
 * One line for each transaction: what the chain may know of it, and no more.
 * @module
 */
import { TxBody, TxRaw } from "@sotto/common/wire/tx";
import type { TxResult } from "../abci/application.ts";

export type TransactionLine = {
  readonly height: number;
  readonly tx: Uint8Array;
  readonly result: TxResult;
  readonly labelOf: (contract: string) => string | undefined;
};

function attribute(result: TxResult, type: string, key: string): string | undefined {
  for (const event of result.events) {
    if (event.type !== type) continue;
    const found = event.attributes.find((each) => each.key === key);
    if (found !== undefined) return found.value;
  }
  return undefined;
}

function messageTypes(tx: Uint8Array): string {
  try {
    const names = TxBody.decode(TxRaw.decode(tx).bodyBytes).messages.map(({ typeUrl }) =>
      typeUrl.slice(typeUrl.lastIndexOf(".") + 1),
    );
    return names.length > 3 ? `${names.slice(0, 3).join(" ")} and ${names.length - 3} more` : names.join(" ");
  } catch {
    return "undecodable transaction";
  }
}

const short = (address: string): string =>
  address.length > 20 ? `${address.slice(0, 11)}…${address.slice(-4)}` : address;
const grouped = (value: bigint): string => value.toString().replace(/\B(?=(\d{3})+$)/g, ",");

export function formatTransactionLine({ height, tx, result, labelOf }: TransactionLine): string {
  const sender = attribute(result, "tx", "fee_payer") ?? attribute(result, "tx", "acc_seq")?.split("/")[0];
  const contract = attribute(result, "message", "contract_address") ?? attribute(result, "wasm", "contract_address");
  const label = contract === undefined ? undefined : labelOf(contract);
  const target = contract === undefined ? "" : ` → ${short(contract)}${label === undefined ? "" : ` (${label})`}`;
  const outcome = result.code === 0 ? "ok" : `failed ${result.codespace}/${result.code}: ${result.log.slice(0, 300)}`;
  return `#${height} ${sender === undefined ? "unknown sender" : short(sender)} ${messageTypes(tx)}${target} gas ${grouped(result.gasUsed)}/${grouped(result.gasWanted)} ${outcome}`;
}
