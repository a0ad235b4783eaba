/**
 * The order in which a block's transactions run where the network does not leave it to the proposer (consensus §5 T16).
 *
 * A function of the block's seed and of which transactions there are. Where they stand in the proposal does not count.
 * @module
 */
import { parseAddress } from "@sotto/common/address";
import { bytesToHex, bytesToUtf8, compareBytes, EMPTY_BYTES, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { CodedError } from "@sotto/common/errors";
import { accountKeyAddress, decodeAccountKey } from "@sotto/common/signing/accountKey";
import type { Any } from "@sotto/common/wire/any";
import { bytes, field, message } from "@sotto/common/wire/message";
import type { DecodedTx } from "@sotto/common/wire/tx";
import type { BlockTransaction } from "./blockTransaction.ts";

const LABEL = utf8ToBytes("snjs/execution-order/v1");
const ADDRESS_LENGTH = 20;

/** How messages begin: with who signs, as bytes or as text. */
const SignedMessage = message("SignedMessage", { signer: field(1, bytes) }, { toleratesUnknown: () => true });

/**
 * Ascending by HMAC(key out of the seed, hash); then, among the places that an account has got, by sequence, so that none breaks.
 * @param seed S_h, 32 bytes
 * @param transactions all of the block; the first is the random, which has no place
 * @returns positions of the others
 */
export function executionOrder(
  crypto: Crypto,
  seed: Uint8Array,
  transactions: readonly BlockTransaction[],
): readonly number[] {
  const key = crypto.hkdfSha256(seed, EMPTY_BYTES, LABEL, 32);
  const drawn = transactions.slice(1).map(({ hash, decoded }, i) => ({
    position: i + 1,
    lot: crypto.hmacSha256(key, hash),
    account: (decoded && accountOf(crypto, decoded)) ?? `of nobody at ${i + 1}`,
    sequence: decoded?.authInfo.signerInfos[0]?.sequence ?? 0n,
  }));
  drawn.sort((a, b) => compareBytes(a.lot, b.lot));
  /** The next one last; of equal sequences the one drawn first. */
  const waiting = new Map<string, number[]>();
  for (const { account, position } of [...drawn].reverse().sort((a, b) => Number(b.sequence - a.sequence))) {
    const own = waiting.get(account);
    if (own === undefined) waiting.set(account, [position]);
    else own.push(position);
  }
  return drawn.map(({ account }) => waiting.get(account)?.pop() as number);
}

/** Address of the first signer in hex, as far as the transaction tells; whether it signed is not looked at. */
function accountOf(crypto: Crypto, { authInfo, body }: DecodedTx): string | undefined {
  const publicKey = authInfo.signerInfos[0]?.publicKey;
  try {
    if (publicKey === undefined) return body.messages[0] && signerOf(body.messages[0]);
    const key = decodeAccountKey(publicKey);
    return key && bytesToHex(accountKeyAddress(crypto, key));
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

/** Of a transaction without a key, since the chain knows it. */
function signerOf({ value }: Any): string {
  const { signer } = SignedMessage.decode(value);
  return bytesToHex(signer.length === ADDRESS_LENGTH ? signer : parseAddress(bytesToUtf8(signer)));
}
