/**
 * Queries of module bank (chain §7.3). All coins are spendable until vesting accounts come.
 * @module
 */
import { bytesToUtf8, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import { Query } from "../../proto/gen/cosmos/bank/v1beta1/query_pb.ts";
import { formatAddress, parseAddress } from "../core/addresses.ts";
import { AppError, GrpcCode } from "../core/appError.ts";
import { isDenom, toCoin } from "../core/coins.ts";
import { type Context, storeOf } from "../core/context.ts";
import { type PageRequest, paginate } from "../core/pagination.ts";
import { type QueryRoute, serveQueries } from "../core/queryRouter.ts";
import {
  BANK_STORE,
  type BankKeeper,
  balancesPrefix,
  decodeAmount,
  ownersPrefix,
  SEND_ENABLED_PREFIX,
  SUPPLY_PREFIX,
} from "./bankKeeper.ts";

const invalid = (text: string): AppError => AppError.status(GrpcCode.InvalidArgument, text);

/** Bank says InvalidArgument where other modules give the bare text (chain §7). */
function addressOf(text: string): Uint8Array {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof AppError) throw invalid(`invalid address: ${error.log}`);
    throw error;
  }
}

function requireDenom(denom: string): void {
  if (!isDenom(denom)) throw invalid(`invalid denom: ${denom}`);
}

type DenomRequest = { readonly address: string; readonly denom: string };
type OwnersRequest = { readonly denom: string; readonly pagination?: PageRequest | undefined };

export function bankQueries(bank: BankKeeper): QueryRoute[] {
  const balanceOf = (context: Context, { address, denom }: DenomRequest) => {
    requireDenom(denom);
    return { balance: toCoin({ denom, amount: bank.balance(context, addressOf(address), denom) }) };
  };
  const balances = (context: Context, address: string, pagination: PageRequest | undefined) => {
    const page = paginate(storeOf(context, BANK_STORE), balancesPrefix(addressOf(address)), pagination, {
      read: (key, value) => toCoin({ denom: bytesToUtf8(key), amount: decodeAmount(value) }),
      both: (text) => invalid(`paginate: ${text}`),
      zeroTotalPastEnd: true,
    });
    return { balances: page.items, pagination: page.pagination };
  };
  const owners = (context: Context, { denom, pagination }: OwnersRequest) => {
    requireDenom(denom);
    const page = paginate(storeOf(context, BANK_STORE), ownersPrefix(denom), pagination, {
      read: (address) => ({
        address: formatAddress(address),
        balance: toCoin({ denom, amount: bank.balance(context, address, denom) }),
      }),
      both: AppError.plain,
      zeroTotalPastEnd: true,
    });
    return { denomOwners: page.items, pagination: page.pagination };
  };
  const noMetadata = (denom: string): AppError =>
    AppError.status(GrpcCode.NotFound, `client metadata for denom ${denom}`);

  return serveQueries(Query, {
    balance: balanceOf,
    allBalances: (context, { address, pagination }) => balances(context, address, pagination),
    spendableBalances: (context, { address, pagination }) => balances(context, address, pagination),
    spendableBalanceByDenom: balanceOf,
    totalSupply: (context, { pagination }) => {
      const page = paginate(storeOf(context, BANK_STORE), SUPPLY_PREFIX, pagination, {
        read: (key, value) => toCoin({ denom: bytesToUtf8(key), amount: decodeAmount(value) }),
        both: (text) => AppError.status(GrpcCode.Internal, text),
        zeroTotalPastEnd: true,
      });
      return { supply: page.items, pagination: page.pagination };
    },
    supplyOf: (context, { denom }) => {
      requireDenom(denom);
      return { amount: toCoin({ denom, amount: bank.supply(context, denom) }) };
    },
    params: (context) => ({ params: { defaultSendEnabled: bank.params(context).defaultSendEnabled } }),
    denomMetadata: (_context, { denom }) => {
      requireDenom(denom);
      throw noMetadata(denom);
    },
    denomMetadataByQueryString: (_context, { denom }) => {
      requireDenom(denom);
      throw noMetadata(denom);
    },
    denomsMetadata: () => ({ pagination: { total: 0n } }),
    denomOwners: owners,
    denomOwnersByQuery: owners,
    sendEnabled: (context, { denoms, pagination }) => {
      const store = storeOf(context, BANK_STORE);
      if (denoms.length > 0) {
        const sendEnabled = denoms.flatMap((denom) => {
          const value = store.get(concatBytes(SEND_ENABLED_PREFIX, utf8ToBytes(denom)));
          return value === undefined ? [] : [{ denom, enabled: value[0] === 1 }];
        });
        return { sendEnabled };
      }
      const page = paginate(store, SEND_ENABLED_PREFIX, pagination, {
        read: (key, value) => ({ denom: bytesToUtf8(key), enabled: value[0] === 1 }),
        both: AppError.plain,
        zeroTotalPastEnd: true,
      });
      return { sendEnabled: page.items, pagination: page.pagination };
    },
  });
}
