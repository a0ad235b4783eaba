/**
 * Queries of module staking (chain §7.15). Nothing unbonds or is redelegated yet, so those lists are empty.
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { Query } from "../../proto/gen/cosmos/staking/v1beta1/query_pb.ts";
import {
  BondStatus,
  type Delegation,
  DelegationSchema,
  type Validator,
  ValidatorSchema,
} from "../../proto/gen/cosmos/staking/v1beta1/staking_pb.ts";
import { parseAddress, parseValidator } from "../core/addresses.ts";
import { AppError, GrpcCode } from "../core/appError.ts";
import { type Context, storeOf } from "../core/context.ts";
import { type Page, type PageRequest, paginate } from "../core/pagination.ts";
import { type QueryRoute, serveQueries } from "../core/queryRouter.ts";
import type { AuthKeeper } from "./authKeeper.ts";
import type { BankKeeper } from "./bankKeeper.ts";
import { delegationsPrefix, STAKING_STORE, stakingKeeper, VALIDATORS_PREFIX } from "./stakingKeeper.ts";

const notFound = (text: string): AppError => AppError.status(GrpcCode.NotFound, text);
const internal = (text: string): AppError => AppError.status(GrpcCode.Internal, text);

const STATUS: { readonly [name: string]: BondStatus } = {
  BOND_STATUS_BONDED: BondStatus.BONDED,
  BOND_STATUS_UNBONDING: BondStatus.UNBONDING,
  BOND_STATUS_UNBONDED: BondStatus.UNBONDED,
};

function list<T>(
  context: Context,
  prefix: Uint8Array,
  pagination: PageRequest | undefined,
  read: (value: Uint8Array) => T | undefined,
): Page<T> {
  const rules = { read: (_key: Uint8Array, value: Uint8Array) => read(value), both: internal };
  return paginate(storeOf(context, STAKING_STORE), prefix, pagination, rules);
}

function validatorOf(context: Context, text: string): Validator {
  const validator = stakingKeeper.validator(context, parseValidator(text));
  if (validator === undefined) throw notFound(`validator ${text} not found`);
  return validator;
}

function describe(context: Context, delegation: Delegation) {
  const validator = validatorOf(context, delegation.validatorAddress);
  const amount = stakingKeeper.tokensOf(validator, delegation.shares).toString();
  return { delegation, balance: { denom: stakingKeeper.params(context).bondDenom, amount } };
}

function validatorsWithStatus(context: Context, status: string, pagination: PageRequest | undefined) {
  const wanted = STATUS[status];
  if (status !== "" && wanted === undefined) {
    throw AppError.status(GrpcCode.InvalidArgument, `invalid validator status ${status}`);
  }
  const page = list(context, VALIDATORS_PREFIX, pagination, (value) => {
    const validator = fromBinary(ValidatorSchema, value);
    return wanted === undefined || validator.status === wanted ? validator : undefined;
  });
  return { validators: page.items, pagination: page.pagination };
}

export function stakingQueries(auth: AuthKeeper, bank: BankKeeper): QueryRoute[] {
  const delegations = (
    context: Context,
    prefix: Uint8Array,
    pagination: PageRequest | undefined,
    validator?: string,
  ) => {
    const page = list(context, prefix, pagination, (value) => {
      const delegation = fromBinary(DelegationSchema, value);
      const wanted = validator === undefined || delegation.validatorAddress === validator;
      return wanted ? describe(context, delegation) : undefined;
    });
    return { delegationResponses: page.items, pagination: page.pagination };
  };

  return serveQueries(Query, {
    validators: (context, { status, pagination }) => validatorsWithStatus(context, status, pagination),
    validator: (context, { validatorAddr }) => ({ validator: validatorOf(context, validatorAddr) }),
    validatorDelegations: (context, { validatorAddr, pagination }) => {
      parseValidator(validatorAddr);
      return delegations(context, delegationsPrefix(), pagination, validatorAddr);
    },
    validatorUnbondingDelegations: (_context, { validatorAddr }) => {
      parseValidator(validatorAddr);
      return { pagination: { total: 0n } };
    },
    delegation: (context, { delegatorAddr, validatorAddr }) => {
      const [delegator, operator] = [parseAddress(delegatorAddr), parseValidator(validatorAddr)];
      const delegation = stakingKeeper.delegation(context, delegator, operator);
      if (delegation === undefined) {
        throw notFound(`delegation with delegator ${delegatorAddr} not found for validator ${validatorAddr}`);
      }
      return { delegationResponse: describe(context, delegation) };
    },
    unbondingDelegation: (_context, { delegatorAddr, validatorAddr }) => {
      parseAddress(delegatorAddr);
      parseValidator(validatorAddr);
      throw notFound(`unbonding delegation with delegator ${delegatorAddr} not found for validator ${validatorAddr}`);
    },
    delegatorDelegations: (context, { delegatorAddr, pagination }) =>
      delegations(context, delegationsPrefix(parseAddress(delegatorAddr)), pagination),
    delegatorUnbondingDelegations: (_context, { delegatorAddr }) => {
      parseAddress(delegatorAddr);
      return { pagination: { total: 0n } };
    },
    delegatorValidators: (context, { delegatorAddr, pagination }) => {
      const prefix = delegationsPrefix(parseAddress(delegatorAddr));
      const page = list(context, prefix, pagination, (value) =>
        validatorOf(context, fromBinary(DelegationSchema, value).validatorAddress),
      );
      return { validators: page.items, pagination: page.pagination };
    },
    delegatorValidator: (context, { delegatorAddr, validatorAddr }) => {
      const [delegator, operator] = [parseAddress(delegatorAddr), parseValidator(validatorAddr)];
      if (stakingKeeper.delegation(context, delegator, operator) === undefined) {
        throw internal("no delegation for (address, validator) tuple");
      }
      return { validator: validatorOf(context, validatorAddr) };
    },
    redelegations: (_context, { delegatorAddr, srcValidatorAddr, dstValidatorAddr }) => {
      if (srcValidatorAddr !== "" && dstValidatorAddr !== "") {
        const text = `redelegation not found for delegator address ${delegatorAddr} from validator address ${srcValidatorAddr}`;
        throw internal(`rpc error: code = NotFound desc = ${text}`);
      }
      return { pagination: { total: 0n } };
    },
    historicalInfo: (_context, { height }) => {
      throw notFound(`historical info for height ${height} not found`);
    },
    pool: (context) => {
      const { bondDenom } = stakingKeeper.params(context);
      const held = (pool: string) => bank.balance(context, auth.moduleAddressOf(pool), bondDenom).toString();
      return { pool: { bondedTokens: held("bonded_tokens_pool"), notBondedTokens: held("not_bonded_tokens_pool") } };
    },
    params: (context) => ({ params: stakingKeeper.params(context) }),
  });
}
