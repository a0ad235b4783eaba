/**
 * `cosmos.base.v1beta1.Coin`.
 * @module
 */
import { field, type MessageOf, message, string } from "./message.ts";

export const Coin = message("cosmos.base.v1beta1.Coin", {
  denom: field(1, string),
  /** Decimal digits; not validated here. */
  amount: field(2, string),
});
export type Coin = MessageOf<typeof Coin>;
