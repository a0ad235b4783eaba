/**
 * What goes into a proposal: the random first, then as many transactions as fit (consensus §3.7).
 * @module
 */
import { isRandomTransaction } from "./core/tx.ts";

/** Bytes of one transaction inside the block's data: tag, length, content. */
function sizeInBlock(tx: Uint8Array): number {
  let lengthBytes = 1;
  for (let rest = tx.length; rest >= 0x80; rest = Math.floor(rest / 0x80)) lengthBytes++;
  return 1 + lengthBytes + tx.length;
}

/** Keeps the order; the first one that does not fit ends the block. */
export function fillProposal(
  random: Uint8Array,
  transactions: readonly Uint8Array[],
  maxTxBytes: number,
): readonly Uint8Array[] {
  const chosen = [random];
  let size = sizeInBlock(random);
  for (const tx of transactions) {
    // A second transaction of that shape would make everybody refuse the block.
    if (isRandomTransaction(tx)) continue;
    size += sizeInBlock(tx);
    if (size > maxTxBytes) break;
    chosen.push(tx);
  }
  return chosen;
}
