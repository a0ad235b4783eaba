/**
 * Account records of module auth, as far as more than one part reads them (chain §7.1).
 * @module
 */
import { Any } from "./any.ts";
import { field, type MessageOf, message, optional, string, uint64 } from "./message.ts";

/** Name of the store, as the app hash covers it. */
export const ACCOUNT_STORE = "acc";
/** Key of an account: this and the address, 20 bytes. The value is an `Any`. */
export const ACCOUNT_RECORDS_PREFIX: Uint8Array = Uint8Array.of(1);

export const BaseAccount = message("cosmos.auth.v1beta1.BaseAccount", {
  address: field(1, string),
  publicKey: optional(2, Any),
  accountNumber: field(3, uint64),
  sequence: field(4, uint64),
});
export type BaseAccount = MessageOf<typeof BaseAccount>;
