/**
 * Coins and decimals: the texts of messages as numbers and back, with the rules of the SDK.
 * @module
 */
import type { Coin } from "@sotto/common/wire/coin";

/** One coin with its amount as a number. */
export type Amount = { readonly denom: string; readonly amount: bigint };

const DENOM = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;

export function isDenom(text: string): boolean {
  return DENOM.test(text);
}

/** The number of a coin's amount text; undefined unless it is an integer of at most 256 bits. */
export function parseInteger(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]{1,78}$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return value < 1n << 256n && value > -(1n << 256n) ? value : undefined;
}

export type PlainCoin = { readonly denom: string; readonly amount: string };

/** Sorted, without duplicates, all positive, good denoms: what the SDK calls valid; undefined otherwise. */
export function validCoins(coins: readonly PlainCoin[]): Amount[] | undefined {
  const amounts: Amount[] = [];
  let last = "";
  for (const { denom, amount } of coins) {
    const value = parseInteger(amount);
    if (value === undefined || value <= 0n || !isDenom(denom) || (amounts.length > 0 && denom <= last))
      return undefined;
    amounts.push({ denom, amount: value });
    last = denom;
  }
  return amounts;
}

/** `1uscrt,2foo`, as in events and logs; empty for none. */
export function formatCoins(coins: readonly { readonly denom: string; readonly amount: bigint | string }[]): string {
  return coins.map(({ denom, amount }) => `${amount}${denom}`).join(",");
}

export function toCoin({ denom, amount }: Amount): Coin {
  return { denom, amount: amount.toString() };
}

/** The decimal 1 on the wire. */
export const DECIMAL_ONE = 10n ** 18n;

/** A decimal of the wire as text: all 18 decimals. */
export function formatDecimal(scaled: bigint): string {
  return `${scaled / DECIMAL_ONE}.${(scaled % DECIMAL_ONE).toString().padStart(18, "0")}`;
}

/** A LegacyDec of JSON (`0.8`) as on the wire: the digits of the value times 10^18 (chain §3.3). */
export function decimalToWire(text: string): string {
  const match = /^([0-9]+)(?:\.([0-9]{1,18}))?$/.exec(text);
  if (match === null)
    throw new RangeError(`decimal: expected digits with at most 18 decimals, got ${text.slice(0, 40)}`);
  return (BigInt(match[1] as string) * DECIMAL_ONE + BigInt((match[2] ?? "").padEnd(18, "0"))).toString();
}

/** A decimal (times 10^18) rounded to an integer, half to even. */
export function roundHalfEven(scaled: bigint): bigint {
  const whole = scaled / DECIMAL_ONE;
  const twice = (scaled % DECIMAL_ONE) * 2n;
  if (twice === DECIMAL_ONE) return whole + (whole & 1n);
  return twice > DECIMAL_ONE ? whole + 1n : whole;
}

export function ceilDecimal(scaled: bigint): bigint {
  return (scaled + DECIMAL_ONE - 1n) / DECIMAL_ONE;
}
