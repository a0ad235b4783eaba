/**
 * Rewards for contracts (contracts §5.7). Nothing is distributed on this network yet: every delegation has earned nothing.
 * @module
 */
import { stakingKeeper } from "../../stakingKeeper.ts";
import { accountOf, type ChainAnswers, textOf } from "./chainAnswer.ts";

export const distributionAnswers: ChainAnswers = {
  rewards: ({ context, fields }) => {
    const delegations = stakingKeeper.delegationsOf(context, accountOf(textOf(fields, "delegator")));
    const rewards = delegations.map(({ validatorAddress }) => ({ validator_address: validatorAddress, reward: [] }));
    // Empty lists are left out, so is the total of nothing.
    return rewards.length === 0 ? {} : { rewards };
  },
};
