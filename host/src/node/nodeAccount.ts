/**
 * The node's own account: a key in the home folder that pays for what the node has to say on the chain.
 *
 * A first node makes one and funds it in its genesis; who joins brings one.
 * @module
 */
import { randomBytes } from "node:crypto";
import { base64ToBytes, bytesToBase64 } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { BaseAccount } from "@sotto/common/wire/account";
import { Any } from "@sotto/common/wire/any";
import { field, message, optional, string } from "@sotto/common/wire/message";
import { readFileIfAny, writeFileDurably } from "./home.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import { type AccountKey, makeAccountKey } from "./signTx.ts";

/** Reads the key file, or makes one. @throws {NodeError} BadConfiguration if the file is no key file */
export function loadNodeAccount(path: string, crypto: Crypto): AccountKey {
  const text = readFileIfAny(path);
  if (text !== undefined) return parseKey(path, text, crypto);
  for (;;) {
    // Of 2^128 draws one is no key.
    const key = makeAccountKey(crypto, new Uint8Array(randomBytes(32)));
    if (key === undefined) continue;
    saveNodeAccount(path, key);
    return key;
  }
}

export function saveNodeAccount(path: string, { secret }: AccountKey): void {
  writeFileDurably(path, `${JSON.stringify({ type: "secp256k1", key: bytesToBase64(secret) }, null, 2)}\n`, 0o600);
}

function parseKey(path: string, text: string, crypto: Crypto): AccountKey {
  try {
    const { type, key } = JSON.parse(text) as { type?: unknown; key?: unknown };
    const bytes = type === "secp256k1" && typeof key === "string" ? base64ToBytes(key) : undefined;
    const account = bytes === undefined ? undefined : makeAccountKey(crypto, bytes);
    if (account !== undefined) return account;
  } catch {
    // told below
  }
  throw new NodeError(
    NodeErrorCode.BadConfiguration,
    `${path}: expected {"type":"secp256k1","key":"<base64 of 32 bytes>"}`,
  );
}

export type AccountState = { readonly accountNumber: bigint; readonly sequence: bigint };

/** Path and protobuf of the query for an account (chain §7.1), for whoever can ask one: this node or a peer. */
export const ACCOUNT_QUERY = "/cosmos.auth.v1beta1.Query/Account";
const AccountRequest = message("cosmos.auth.v1beta1.QueryAccountRequest", { address: field(1, string) });
const AccountResponse = message("cosmos.auth.v1beta1.QueryAccountResponse", { account: optional(1, Any) });

export const encodeAccountRequest = (address: string): Uint8Array => AccountRequest.encode({ address });

/** @throws {InputError}, if it is none */
export function decodeAccountResponse(value: Uint8Array): AccountState {
  const any = AccountResponse.decode(value).account;
  const { accountNumber, sequence } = BaseAccount.decode(any?.value ?? new Uint8Array(0));
  return { accountNumber, sequence };
}
