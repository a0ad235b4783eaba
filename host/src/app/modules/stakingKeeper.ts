/**
 * Validators and delegations as genesis made them (chain §7.15); messages that change them come with their issue.
 *
 * Store `staking`: 21 ‖ operator → Validator; 22 ‖ consensus address → operator; 31 ‖ delegator ‖ operator → Delegation;
 * 51 → Params. Addresses carry a length byte.
 * @module
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { concatBytes, EMPTY_BYTES } from "@sotto/common/bytes";
import {
  BondStatus,
  type Delegation,
  DelegationSchema,
  type Params,
  ParamsSchema,
  type Validator,
  ValidatorSchema,
} from "../../proto/gen/cosmos/staking/v1beta1/staking_pb.ts";
import { parseAddress, parseValidator } from "../core/addresses.ts";
import { type Context, storeOf } from "../core/context.ts";
import { prefixRange } from "../core/kvStore.ts";

export const STAKING_STORE = "staking";
export const VALIDATORS_PREFIX = Uint8Array.of(0x21);
const DELEGATIONS = Uint8Array.of(0x31);
const PARAMS_KEY = Uint8Array.of(0x51);

const sized = (address: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(address.length), address);
const validatorKey = (operator: Uint8Array): Uint8Array => concatBytes(VALIDATORS_PREFIX, sized(operator));
const consensusKey = (address: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(0x22), sized(address));
export const delegationsPrefix = (delegator?: Uint8Array): Uint8Array =>
  delegator === undefined ? DELEGATIONS : concatBytes(DELEGATIONS, sized(delegator));

const ONE = 10n ** 18n;
/** Bonded tokens for one unit of voting power. */
const POWER_REDUCTION = 10n ** 6n;

export const stakingKeeper = {
  params: (context: Context): Params =>
    fromBinary(ParamsSchema, storeOf(context, STAKING_STORE).get(PARAMS_KEY) ?? EMPTY_BYTES),

  setParams: (context: Context, params: Params): void =>
    storeOf(context, STAKING_STORE).set(PARAMS_KEY, toBinary(ParamsSchema, params)),

  validator: (context: Context, operator: Uint8Array): Validator | undefined => {
    const value = storeOf(context, STAKING_STORE).get(validatorKey(operator));
    return value === undefined ? undefined : fromBinary(ValidatorSchema, value);
  },

  setValidator: (context: Context, validator: Validator, consensusAddress: Uint8Array): void => {
    const operator = parseValidator(validator.operatorAddress);
    const store = storeOf(context, STAKING_STORE);
    store.set(validatorKey(operator), toBinary(ValidatorSchema, validator));
    store.set(consensusKey(consensusAddress), operator);
  },

  validators: (context: Context): Validator[] =>
    [...storeOf(context, STAKING_STORE).iterate(prefixRange(VALIDATORS_PREFIX))].map(([, value]) =>
      fromBinary(ValidatorSchema, value),
    ),

  /** Those that make blocks, strongest first; of equal ones the lower address comes first. */
  bondedByPower: (context: Context): Validator[] => {
    const { maxValidators } = stakingKeeper.params(context);
    // Records come in the order of addresses, and sorting keeps the order of equals.
    const bonded = stakingKeeper.validators(context).filter(({ status }) => status === BondStatus.BONDED);
    const power = ({ tokens }: Validator): bigint => BigInt(tokens) / POWER_REDUCTION;
    bonded.sort((a, b) => (power(a) < power(b) ? 1 : power(a) > power(b) ? -1 : 0));
    return bonded.slice(0, maxValidators);
  },

  /** In the order of operators' addresses. */
  delegationsOf: (context: Context, delegator: Uint8Array): Delegation[] =>
    [...storeOf(context, STAKING_STORE).iterate(prefixRange(delegationsPrefix(delegator)))].map(([, value]) =>
      fromBinary(DelegationSchema, value),
    ),

  delegation: (context: Context, delegator: Uint8Array, operator: Uint8Array): Delegation | undefined => {
    const value = storeOf(context, STAKING_STORE).get(concatBytes(delegationsPrefix(delegator), sized(operator)));
    return value === undefined ? undefined : fromBinary(DelegationSchema, value);
  },

  setDelegation: (context: Context, delegation: Delegation): void => {
    const delegator = parseAddress(delegation.delegatorAddress);
    const operator = parseValidator(delegation.validatorAddress);
    const key = concatBytes(delegationsPrefix(delegator), sized(operator));
    storeOf(context, STAKING_STORE).set(key, toBinary(DelegationSchema, delegation));
  },

  /** What shares of a validator are worth, rounded down. */
  tokensOf: ({ tokens, delegatorShares }: Validator, shares: string): bigint => {
    const all = BigInt(delegatorShares);
    return all === 0n ? 0n : (BigInt(shares) * BigInt(tokens) * ONE) / all / ONE;
  },
} as const;
