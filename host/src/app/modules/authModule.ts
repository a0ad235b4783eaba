/**
 * Module auth: genesis and queries (chain §7.1).
 * @module
 */
import { createRegistry, fromBinary, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { ACCOUNT_PREFIX } from "@sotto/common/address";
import { ACCOUNT_RECORDS_PREFIX, ACCOUNT_STORE, BaseAccount } from "@sotto/common/wire/account";
import { Any } from "@sotto/common/wire/any";
import { BaseAccountSchema, ModuleAccountSchema } from "../../proto/gen/cosmos/auth/v1beta1/auth_pb.ts";
import { GenesisStateSchema } from "../../proto/gen/cosmos/auth/v1beta1/genesis_pb.ts";
import { Query } from "../../proto/gen/cosmos/auth/v1beta1/query_pb.ts";
import { PubKeySchema } from "../../proto/gen/cosmos/crypto/secp256k1/keys_pb.ts";
import { formatAddress, MODULE_ACCOUNTS, parseAddress } from "../core/addresses.ts";
import { AppError, GrpcCode } from "../core/appError.ts";
import { type Context, storeOf } from "../core/context.ts";
import type { Module } from "../core/module.ts";
import { paginate } from "../core/pagination.ts";
import { serveQueries } from "../core/queryRouter.ts";
import { type AuthKeeper, AuthParams, ModuleAccount } from "./authKeeper.ts";

const registry = createRegistry(BaseAccountSchema, ModuleAccountSchema, PubKeySchema);

function notFound(what: string): AppError {
  return AppError.status(GrpcCode.NotFound, `account ${what} not found`);
}

export function makeAuthModule(auth: AuthKeeper): Module {
  const recordOf = (context: Context, address: Uint8Array, name: string): Any => {
    const record = auth.record(context, address);
    if (record === undefined) throw notFound(name);
    return record;
  };

  return {
    name: "auth",
    initGenesis: (context, genesis) => initGenesis(auth, context, genesis),
    queries: serveQueries(Query, {
      accounts: (context, { pagination }) => {
        const page = paginate(storeOf(context, ACCOUNT_STORE), ACCOUNT_RECORDS_PREFIX, pagination, {
          read: (_key, value) => Any.decode(value),
          both: AppError.plain,
          zeroTotalPastEnd: true,
        });
        return { accounts: page.items, pagination: page.pagination };
      },
      account: (context, { address }) => ({ account: recordOf(context, parseAddress(address), address) }),
      accountInfo: (context, { address }) => {
        const { typeUrl, value } = recordOf(context, parseAddress(address), address);
        if (typeUrl === BaseAccount.typeUrl) return { info: fromBinary(BaseAccountSchema, value) };
        const { baseAccount } = fromBinary(ModuleAccountSchema, value);
        return baseAccount === undefined ? {} : { info: baseAccount };
      },
      accountAddressByID: (context, { id, accountId }) => {
        if (id !== 0n) {
          const text = "requesting with id isn't supported, try to request using account-id";
          throw AppError.status(GrpcCode.InvalidArgument, text);
        }
        const address = auth.addressByNumber(context, accountId);
        if (address === undefined) {
          throw AppError.status(GrpcCode.NotFound, `account address not found with account number ${accountId}`);
        }
        return { accountAddress: formatAddress(address) };
      },
      params: (context) => ({ params: auth.params(context) }),
      moduleAccounts: (context) => ({
        accounts: MODULE_ACCOUNTS.flatMap(({ name }) => auth.record(context, auth.moduleAddressOf(name)) ?? []),
      }),
      moduleAccountByName: (context, { name }) => {
        if (!MODULE_ACCOUNTS.some((rule) => rule.name === name)) throw notFound(name);
        return { account: recordOf(context, auth.moduleAddressOf(name), name) };
      },
      bech32Prefix: () => ({ bech32Prefix: ACCOUNT_PREFIX }),
      addressBytesToString: (_context, { addressBytes }) => {
        if (addressBytes.length === 0) throw AppError.plain("empty address bytes is not allowed");
        return { addressString: formatAddress(addressBytes) };
      },
      addressStringToBytes: (_context, { addressString }) => ({ addressBytes: parseAddress(addressString) }),
    }),
  };
}

/** Accounts are numbered in the order of the file; those of modules come after them. */
function initGenesis(auth: AuthKeeper, context: Context, genesis: unknown): void {
  const { params, accounts } = fromJson(GenesisStateSchema, genesis as JsonValue, { registry });
  if (params === undefined) throw new RangeError("genesis of auth: expected params");
  auth.setParams(context, { ...AuthParams.decode(new Uint8Array(0)), ...params });
  for (const any of accounts) {
    const account = anyUnpack(any, registry);
    if (account?.$typeName === "cosmos.auth.v1beta1.BaseAccount") {
      auth.createAccount(context, parseAddress((account as unknown as { address: string }).address));
    } else if (any.typeUrl !== ModuleAccount.typeUrl) {
      throw new RangeError(`genesis of auth: account of unknown type ${any.typeUrl}`);
    }
  }
  for (const { name } of MODULE_ACCOUNTS) auth.moduleAccount(context, name);
}
