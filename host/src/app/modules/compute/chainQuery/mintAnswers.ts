/**
 * Inflation for contracts (contracts §5.7). No coins are minted on this network yet, so the rate is zero.
 * @module
 */
import { DECIMAL_ONE, formatDecimal } from "../../../core/coins.ts";
import type { AuthKeeper } from "../../authKeeper.ts";
import type { BankKeeper } from "../../bankKeeper.ts";
import { stakingKeeper } from "../../stakingKeeper.ts";
import type { ChainAnswers } from "./chainAnswer.ts";

export function mintAnswers(auth: AuthKeeper, bank: BankKeeper): ChainAnswers {
  return {
    inflation: () => ({ inflation_rate: formatDecimal(0n) }),
    bonded_ratio: ({ context }) => {
      const { bondDenom } = stakingKeeper.params(context);
      const supply = bank.supply(context, bondDenom);
      const bonded = bank.balance(context, auth.moduleAddressOf("bonded_tokens_pool"), bondDenom);
      return { bonded_ratio: formatDecimal(supply === 0n ? 0n : (bonded * DECIMAL_ONE) / supply) };
    },
  };
}
