/**
 * The transaction by which an enclave learns that it is not fed the past: its nonce of this start, in a block (consensus §5 T20, T33).
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { packAny } from "@sotto/common/wire/any";
import { Coin } from "@sotto/common/wire/coin";
import { field, message, repeated, string } from "@sotto/common/wire/message";
import { TxBody, TxRaw } from "@sotto/common/wire/tx";
import type { AccountState } from "./nodeAccount.ts";
import { type AccountKey, signTx } from "./signTx.ts";

const MEMO_PREFIX = "sotto-boot:";
const GAS_LIMIT = 100_000n;

const MsgSend = message("cosmos.bank.v1beta1.MsgSend", {
  fromAddress: field(1, string),
  toAddress: field(2, string),
  amount: repeated(3, Coin),
});

/** The node's account sends itself 1uscrt; what counts is the memo. */
export function makeBootTransaction(
  crypto: Crypto,
  key: AccountKey,
  options: AccountState & { readonly chainId: string; readonly nonce: Uint8Array },
): Uint8Array {
  const send = { fromAddress: key.text, toAddress: key.text, amount: [{ denom: "uscrt", amount: "1" }] };
  const { nonce, ...account } = options;
  return signTx(crypto, key, {
    ...account,
    messages: [packAny(MsgSend, send)],
    memo: MEMO_PREFIX + bytesToHex(nonce),
    gasLimit: GAS_LIMIT,
  });
}

/** A node's own, which no user sent. */
export function isBootTransaction(tx: Uint8Array): boolean {
  try {
    return TxBody.decode(TxRaw.decode(tx).bodyBytes).memo.startsWith(MEMO_PREFIX);
  } catch {
    return false;
  }
}
