/**
 * Balances for contracts. Quirk: also one balance is found by reading all, and costs as much (contracts §5.7).
 * @module
 */
import { toCoin } from "../../../core/coins.ts";
import type { BankKeeper } from "../../bankKeeper.ts";
import { accountOf, type ChainAnswers, type ChainQuestion, textOf } from "./chainAnswer.ts";

export function bankAnswers(bank: BankKeeper): ChainAnswers {
  const balances = ({ context, fields }: ChainQuestion) =>
    bank.allBalances(context, accountOf(textOf(fields, "address"))).map(toCoin);
  return {
    balance: (question) => {
      const denom = textOf(question.fields, "denom");
      const held = balances(question).find((coin) => coin.denom === denom);
      return { amount: held ?? { denom, amount: "0" } };
    },
    all_balances: (question) => ({ amount: balances(question) }),
  };
}
