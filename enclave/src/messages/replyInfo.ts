/**
 * What stands in the response of a call that somebody waits for (enclave §7.3, §7.4).
 *
 * Contracts are answered inside the call tree, so only a client that puts reply headers into its own input gets to see it. The
 * signature is what the protocol says; nothing here accepts one.
 * @module
 */
import { bytesToBase64, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { formatJson } from "@sotto/common/json";
import { encryptForUser, formatReplyHeaders, type ReplyChain, type TxSecret } from "./secretMessage.ts";

/** A reply carries no funds. */
const NO_FUNDS = "[]";

/** `internal_msg_id`: who is answered, what about, and who waits for them. @param chain not empty */
function encryptReplyId(crypto: Crypto, { txKey }: Pick<TxSecret, "txKey">, chain: ReplyChain): Uint8Array {
  const [first, ...rest] = chain;
  if (first === undefined) throw new RangeError("reply id: nobody waits");
  const parts = [utf8ToBytes(first.codeHashText), formatReplyHeaders(rest), utf8ToBytes(first.id.toString())];
  return encryptForUser(crypto, txKey, concatBytes(...parts));
}

/** The callback signature of a reply that says `data`, which is encrypted (enclave §6.7). */
function signReply(
  crypto: Crypto,
  callbackSecret: Uint8Array,
  { id, data }: { readonly id: Uint8Array; readonly data: Uint8Array | undefined },
): Uint8Array {
  const result = { ok: { events: [], data: data === undefined ? null : bytesToBase64(data) } };
  const reply = { id: bytesToBase64(id), result, was_orig_msg_encrypted: true, is_encrypted: true };
  return crypto.sha256(concatBytes(callbackSecret, utf8ToBytes(formatJson(reply) + NO_FUNDS)));
}

/** The JSON in place of a response's data. @param data encrypted */
export function formatReplyInfo(
  crypto: Crypto,
  callbackSecret: Uint8Array,
  {
    secret,
    chain,
    data,
  }: { readonly secret: TxSecret; readonly chain: ReplyChain; readonly data: Uint8Array | undefined },
): Uint8Array {
  const id = encryptReplyId(crypto, secret, chain);
  const info = {
    internal_reply_enclave_sig: bytesToBase64(signReply(crypto, callbackSecret, { id, data })),
    internal_msg_id: bytesToBase64(id),
    ...(data === undefined ? {} : { data: bytesToBase64(data) }),
  };
  return utf8ToBytes(formatJson(info));
}
