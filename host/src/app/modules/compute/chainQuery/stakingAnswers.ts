/**
 * Validators and delegations for contracts (contracts §5.7).
 *
 * Nothing unbonds, is redelegated or earns rewards on this network yet, so those lists are empty.
 * @module
 */
import type { JsonInput } from "@sotto/common/json";
import type { Delegation, Validator } from "../../../../proto/gen/cosmos/staking/v1beta1/staking_pb.ts";
import { parseAddress } from "../../../core/addresses.ts";
import { AppError } from "../../../core/appError.ts";
import { formatDecimal } from "../../../core/coins.ts";
import type { Context } from "../../../core/context.ts";
import { stakingKeeper } from "../../stakingKeeper.ts";
import { accountOf, type ChainAnswers, ChainPanic, operatorOf, textOf } from "./chainAnswer.ts";

function describeValidator({ operatorAddress, commission }: Validator) {
  const { rate = "0", maxRate = "0", maxChangeRate = "0" } = commission?.commissionRates ?? {};
  return {
    address: operatorAddress,
    commission: formatDecimal(BigInt(rate)),
    max_commission: formatDecimal(BigInt(maxRate)),
    max_change_rate: formatDecimal(BigInt(maxChangeRate)),
  };
}

function bondedValidators(context: Context): JsonInput {
  return { validators: stakingKeeper.bondedByPower(context).map(describeValidator) };
}

/** Undefined for a delegation whose validator is gone. */
function describeDelegation(context: Context, { delegatorAddress, validatorAddress, shares }: Delegation) {
  const validator = stakingKeeper.validator(context, operatorOf(validatorAddress));
  if (validator === undefined) return undefined;
  const amount = {
    denom: stakingKeeper.params(context).bondDenom,
    amount: stakingKeeper.tokensOf(validator, shares).toString(),
  };
  return { delegator: delegatorAddress, validator: validatorAddress, amount };
}

export const stakingAnswers: ChainAnswers = {
  bonded_denom: ({ context }) => ({ denom: stakingKeeper.params(context).bondDenom }),
  validators: ({ context }) => bondedValidators(context),
  all_validators: ({ context }) => bondedValidators(context),
  validator: ({ context, fields }) => {
    const validator = stakingKeeper.validator(context, operatorOf(textOf(fields, "address")));
    return { validator: validator === undefined ? null : describeValidator(validator) };
  },
  all_delegations: ({ context, fields }) => {
    const delegations = stakingKeeper.delegationsOf(context, accountOf(textOf(fields, "delegator")));
    return { delegations: delegations.flatMap((delegation) => describeDelegation(context, delegation) ?? []) };
  },
  delegation: ({ context, fields }) => {
    const delegator = accountOf(textOf(fields, "delegator"));
    const operator = operatorOf(textOf(fields, "validator"));
    const delegation = stakingKeeper.delegation(context, delegator, operator);
    const described = delegation === undefined ? undefined : describeDelegation(context, delegation);
    if (described === undefined) return {};
    // All or nothing, and nothing keeps it from being redelegated.
    return { delegation: { ...described, accumulated_rewards: [], can_redelegate: described.amount } };
  },
  unbonding_delegations: ({ fields }) => {
    try {
      parseAddress(textOf(fields, "delegator"));
    } catch (error) {
      throw error instanceof AppError ? new ChainPanic(error.message) : error;
    }
    return { delegations: [] };
  },
};
