/**
 * What the host itself reads of the `compute` store, and its parameters of genesis (chain §2.5).
 *
 * Everything else in it is written by the enclave, which proves what it reads there: no other write may reach that store after genesis.
 * @module
 */
import { bytesToUtf8, EMPTY_BYTES } from "@sotto/common/bytes";
import { CodeInfo, ComputeParams, ContractCodeHistoryEntry, ContractInfo } from "@sotto/common/wire/compute";
import { type Context, storeOf } from "../../core/context.ts";
import { prefixRange } from "../../core/kvStore.ts";
import {
  authorizedAdminKey,
  authorizedCodeKey,
  CODE_PREFIX,
  COMPUTE_STORE,
  CONTRACT_PREFIX,
  codeKey,
  contractKey,
  historyPrefix,
  labelKey,
  PARAMS_KEY,
  readU64,
} from "./keys.ts";

const store = (context: Context) => storeOf(context, COMPUTE_STORE);

export const computeKeeper = {
  params: (context: Context): ComputeParams => ComputeParams.decode(store(context).get(PARAMS_KEY) ?? EMPTY_BYTES),

  setParams: (context: Context, params: ComputeParams): void =>
    store(context).set(PARAMS_KEY, ComputeParams.encode(params)),

  code: (context: Context, codeId: bigint): CodeInfo | undefined => {
    const value = store(context).get(codeKey(codeId));
    return value === undefined ? undefined : CodeInfo.decode(value);
  },

  codes: (context: Context): { readonly codeId: bigint; readonly info: CodeInfo }[] =>
    [...store(context).iterate(prefixRange(CODE_PREFIX))].map(([key, value]) => ({
      codeId: readU64(key.subarray(1)),
      info: CodeInfo.decode(value),
    })),

  contract: (context: Context, address: Uint8Array): ContractInfo | undefined => {
    const value = store(context).get(contractKey(address));
    return value === undefined ? undefined : ContractInfo.decode(value);
  },

  contracts: (context: Context): { readonly address: Uint8Array; readonly info: ContractInfo }[] =>
    [...store(context).iterate(prefixRange(CONTRACT_PREFIX))].map(([key, value]) => ({
      address: key.subarray(1),
      info: ContractInfo.decode(value),
    })),

  addressOfLabel: (context: Context, label: string): Uint8Array | undefined => store(context).get(labelKey(label)),

  history: (context: Context, address: Uint8Array): ContractCodeHistoryEntry[] =>
    [...store(context).iterate(prefixRange(historyPrefix(address)))].map(([, value]) =>
      ContractCodeHistoryEntry.decode(value),
    ),

  authorizedCode: (context: Context, contract: string): bigint | undefined => {
    const value = store(context).get(authorizedCodeKey(contract));
    return value === undefined ? undefined : readU64(value);
  },

  authorizedAdmin: (context: Context, contract: string): string | undefined => {
    const value = store(context).get(authorizedAdminKey(contract));
    return value === undefined ? undefined : bytesToUtf8(value);
  },
} as const;
