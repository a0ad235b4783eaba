/**
 * Module slashing: parameters and signing records of validators as genesis made them (chain §7.14).
 *
 * Missed blocks are not counted in state: with one validator every block is signed, and a quiet block must leave the app hash
 * as it is (consensus §3.7). Store `slashing`: 00 parameters; 01 ‖ length ‖ consensus address → ValidatorSigningInfo.
 * @module
 */
import { fromBinary, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { concatBytes, EMPTY_BYTES, utf8ToBytes } from "@sotto/common/bytes";
import { Query } from "../../proto/gen/cosmos/slashing/v1beta1/query_pb.ts";
import {
  ParamsSchema,
  type ValidatorSigningInfo,
  ValidatorSigningInfoSchema,
} from "../../proto/gen/cosmos/slashing/v1beta1/slashing_pb.ts";
import { parseConsensusAddress } from "../core/addresses.ts";
import { AppError } from "../core/appError.ts";
import { decimalToWire } from "../core/coins.ts";
import { type Context, storeOf } from "../core/context.ts";
import type { Module } from "../core/module.ts";
import { paginate } from "../core/pagination.ts";
import { serveQueries } from "../core/queryRouter.ts";

const STORE = "slashing";
const PARAMS_KEY = Uint8Array.of(0);
const INFOS_PREFIX = Uint8Array.of(1);
const infoKey = (address: Uint8Array): Uint8Array => concatBytes(INFOS_PREFIX, Uint8Array.of(address.length), address);

/** Decimals that genesis writes as text and the wire as bytes. */
const DECIMALS = ["min_signed_per_window", "slash_fraction_double_sign", "slash_fraction_downtime"] as const;

type GenesisMembers = {
  readonly params?: Readonly<Record<string, JsonValue>>;
  readonly signing_infos?: readonly { readonly address: string; readonly validator_signing_info: JsonValue }[];
};

function initGenesis(context: Context, genesis: unknown): void {
  const { params = {}, signing_infos = [] } = genesis as GenesisMembers;
  const rest = Object.fromEntries(Object.entries(params).filter(([name]) => !DECIMALS.some((one) => one === name)));
  const decimal = (name: (typeof DECIMALS)[number]) => utf8ToBytes(decimalToWire(String(params[name] ?? "0")));
  const store = storeOf(context, STORE);
  const stored = fromJson(ParamsSchema, rest);
  stored.minSignedPerWindow = decimal("min_signed_per_window");
  stored.slashFractionDoubleSign = decimal("slash_fraction_double_sign");
  stored.slashFractionDowntime = decimal("slash_fraction_downtime");
  store.set(PARAMS_KEY, toBinary(ParamsSchema, stored));
  for (const { address, validator_signing_info } of signing_infos) {
    const info = fromJson(ValidatorSigningInfoSchema, validator_signing_info);
    store.set(infoKey(parseConsensusAddress(address)), toBinary(ValidatorSigningInfoSchema, info));
  }
}

export function makeSlashingModule(): Module {
  return {
    name: "slashing",
    initGenesis,
    queries: serveQueries(Query, {
      params: (context) => ({
        params: fromBinary(ParamsSchema, storeOf(context, STORE).get(PARAMS_KEY) ?? EMPTY_BYTES),
      }),
      signingInfo: (context, { consAddress }) => {
        const value = storeOf(context, STORE).get(infoKey(parseConsensusAddress(consAddress)));
        if (value === undefined)
          throw AppError.registered("slashing", 8, `SigningInfo not found for validator ${consAddress}`);
        return { valSigningInfo: fromBinary(ValidatorSigningInfoSchema, value) };
      },
      signingInfos: (context, { pagination }) => {
        const page = paginate<ValidatorSigningInfo>(storeOf(context, STORE), INFOS_PREFIX, pagination, {
          read: (_key, value) => fromBinary(ValidatorSigningInfoSchema, value),
          both: AppError.plain,
        });
        return { info: page.items, pagination: page.pagination };
      },
    }),
  };
}
