/**
 * Module staking: genesis and queries (chain §7.15).
 * @module
 */
import { createRegistry, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { consensusAddress } from "@sotto/common/address";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { type PubKey, PubKeySchema } from "../../proto/gen/cosmos/crypto/ed25519/keys_pb.ts";
import { GenesisStateSchema } from "../../proto/gen/cosmos/staking/v1beta1/genesis_pb.ts";
import { BondStatus, type Validator } from "../../proto/gen/cosmos/staking/v1beta1/staking_pb.ts";
import { decimalToWire } from "../core/coins.ts";
import type { Context } from "../core/context.ts";
import type { Module } from "../core/module.ts";
import type { AuthKeeper } from "./authKeeper.ts";
import type { BankKeeper } from "./bankKeeper.ts";
import { stakingKeeper } from "./stakingKeeper.ts";
import { stakingQueries } from "./stakingQueries.ts";

const registry = createRegistry(PubKeySchema);

export function makeStakingModule(crypto: Crypto, auth: AuthKeeper, bank: BankKeeper): Module {
  return {
    name: "staking",
    queries: stakingQueries(auth, bank),
    initGenesis: (context, genesis) => initGenesis(crypto, context, genesis),
  };
}

/** Decimals of a genesis file become those of the wire. */
function wireValidator(validator: Validator): Validator {
  const rates = validator.commission?.commissionRates;
  if (rates !== undefined) {
    rates.rate = decimalToWire(rates.rate);
    rates.maxRate = decimalToWire(rates.maxRate);
    rates.maxChangeRate = decimalToWire(rates.maxChangeRate);
  }
  return { ...validator, delegatorShares: decimalToWire(validator.delegatorShares) };
}

function initGenesis(crypto: Crypto, context: Context, genesis: unknown): void {
  const state = fromJson(GenesisStateSchema, genesis as JsonValue, { registry });
  if (state.params === undefined) throw new RangeError("genesis of staking: expected params");
  const minCommissionRate = decimalToWire(state.params.minCommissionRate);
  stakingKeeper.setParams(context, { ...state.params, minCommissionRate });
  for (const validator of state.validators) {
    if (validator.status !== BondStatus.BONDED || validator.consensusPubkey === undefined) {
      throw new RangeError(
        `genesis of staking: expected a bonded validator with a key, got ${validator.operatorAddress}`,
      );
    }
    const key = anyUnpack(validator.consensusPubkey, registry) as PubKey | undefined;
    if (key?.key.length !== 32) throw new RangeError("genesis of staking: expected an ed25519 consensus key");
    stakingKeeper.setValidator(context, wireValidator(validator), consensusAddress(crypto, key.key));
  }
  for (const delegation of state.delegations) {
    stakingKeeper.setDelegation(context, { ...delegation, shares: decimalToWire(delegation.shares) });
  }
}
