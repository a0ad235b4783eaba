/**
 * Coin lists as messages carry them: what is valid, and which denominations no contract gets (chain §2.3, §2.9).
 * @module
 */
import { type Coin, LIMITS } from "@sotto/boundary/messages";

const DENOM = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;
const CW20_PREFIX = "cw20:";

/** No more than cross the boundary, sorted by denomination, no duplicates, all positive, denominations well formed. */
export function areValidCoins(coins: readonly Coin[]): boolean {
  if (coins.length > LIMITS.coins) return false;
  return coins.every(({ denom, amount }, i) => {
    const before = coins[i - 1];
    const positive = /^[0-9]{1,78}$/.test(amount) && BigInt(amount) > 0n;
    return positive && DENOM.test(denom) && (before === undefined || before.denom < denom);
  });
}

/** True for a coin that the chain takes out before it builds the environment of an execute (chain §2.9 step 4). */
export function isHiddenCoin({ denom }: Coin): boolean {
  return denom.startsWith(CW20_PREFIX);
}
