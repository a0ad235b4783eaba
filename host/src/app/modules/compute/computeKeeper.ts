/**
 * What the host itself reads and writes of the `compute` store: parameters, codes, contract records (chain §2.5).
 *
 * Contracts' own records are written by the enclave, in the same layout.
 * @module
 */
import { bytesToUtf8, EMPTY_BYTES, u64be } from "@sotto/common/bytes";
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
  LAST_CODE_ID_KEY,
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

  /** Stores a code under the next id; the same code may be stored again. */
  addCode: (context: Context, info: CodeInfo): bigint => {
    const counter = store(context).get(LAST_CODE_ID_KEY);
    const codeId = counter === undefined ? 1n : readU64(counter);
    store(context).set(LAST_CODE_ID_KEY, u64be(codeId + 1n));
    store(context).set(codeKey(codeId), CodeInfo.encode(info));
    return codeId;
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
