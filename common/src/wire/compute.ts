/**
 * Messages and state of the contract module, package `secret.compute.v1beta1` (chain §2.1).
 *
 * Quirk: `sender` and `contract` are 20 raw bytes in some messages and bech32 text in others.
 * @module
 */
import { Coin } from "./coin.ts";
import {
  bool,
  bytes,
  field,
  int32,
  int64,
  type MessageOf,
  message,
  optional,
  repeated,
  string,
  uint64,
} from "./message.ts";

const PACKAGE = "secret.compute.v1beta1";

export const MsgStoreCode = message(`${PACKAGE}.MsgStoreCode`, {
  /** 20 bytes. */
  sender: field(1, bytes),
  /** Raw or gzip. */
  wasmByteCode: field(2, bytes),
  source: field(3, string),
  builder: field(4, string),
});
export type MsgStoreCode = MessageOf<typeof MsgStoreCode>;

export const MsgStoreCodeResponse = message(`${PACKAGE}.MsgStoreCodeResponse`, { codeId: field(1, uint64) });
export type MsgStoreCodeResponse = MessageOf<typeof MsgStoreCodeResponse>;

export const MsgInstantiateContract = message(`${PACKAGE}.MsgInstantiateContract`, {
  /** 20 bytes. */
  sender: field(1, bytes),
  callbackCodeHash: field(2, string),
  codeId: field(3, uint64),
  label: field(4, string),
  /** The secret message (enclave §2.1). */
  initMsg: field(5, bytes),
  initFunds: repeated(6, Coin),
  callbackSig: field(7, bytes),
  /** Bech32, or empty: no admin. */
  admin: field(8, string),
});
export type MsgInstantiateContract = MessageOf<typeof MsgInstantiateContract>;

export const MsgInstantiateContractResponse = message(`${PACKAGE}.MsgInstantiateContractResponse`, {
  /** Bech32. */
  address: field(1, string),
  data: field(2, bytes),
});
export type MsgInstantiateContractResponse = MessageOf<typeof MsgInstantiateContractResponse>;

export const MsgExecuteContract = message(`${PACKAGE}.MsgExecuteContract`, {
  /** 20 bytes. */
  sender: field(1, bytes),
  /** 20 bytes. */
  contract: field(2, bytes),
  /** The secret message (enclave §2.1). */
  msg: field(3, bytes),
  callbackCodeHash: field(4, string),
  sentFunds: repeated(5, Coin),
  callbackSig: field(6, bytes),
});
export type MsgExecuteContract = MessageOf<typeof MsgExecuteContract>;

export const MsgExecuteContractResponse = message(`${PACKAGE}.MsgExecuteContractResponse`, { data: field(1, bytes) });
export type MsgExecuteContractResponse = MessageOf<typeof MsgExecuteContractResponse>;

export const MsgMigrateContract = message(`${PACKAGE}.MsgMigrateContract`, {
  /** Bech32. */
  sender: field(1, string),
  /** Bech32. */
  contract: field(2, string),
  codeId: field(3, uint64),
  msg: field(4, bytes),
  callbackSig: field(7, bytes),
  callbackCodeHash: field(8, string),
});
export type MsgMigrateContract = MessageOf<typeof MsgMigrateContract>;

export const MsgMigrateContractResponse = message(`${PACKAGE}.MsgMigrateContractResponse`, { data: field(1, bytes) });
export type MsgMigrateContractResponse = MessageOf<typeof MsgMigrateContractResponse>;

export const MsgUpdateAdmin = message(`${PACKAGE}.MsgUpdateAdmin`, {
  /** Bech32, as the other two. */
  sender: field(1, string),
  newAdmin: field(2, string),
  contract: field(3, string),
  callbackSig: field(7, bytes),
});
export type MsgUpdateAdmin = MessageOf<typeof MsgUpdateAdmin>;

export const MsgUpdateAdminResponse = message(`${PACKAGE}.MsgUpdateAdminResponse`, {});
export type MsgUpdateAdminResponse = MessageOf<typeof MsgUpdateAdminResponse>;

export const MsgClearAdmin = message(`${PACKAGE}.MsgClearAdmin`, {
  /** Bech32. */
  sender: field(1, string),
  /** Bech32. */
  contract: field(3, string),
  callbackSig: field(7, bytes),
});
export type MsgClearAdmin = MessageOf<typeof MsgClearAdmin>;

export const MsgClearAdminResponse = message(`${PACKAGE}.MsgClearAdminResponse`, {});
export type MsgClearAdminResponse = MessageOf<typeof MsgClearAdminResponse>;

export const ComputeParams = message(`${PACKAGE}.Params`, {
  /** Gas per byte of code: a LegacyDec, digits of value times 10^18. */
  compileCost: field(1, string),
  maxContractSize: field(2, uint64),
});
export type ComputeParams = MessageOf<typeof ComputeParams>;

export const CodeInfo = message(`${PACKAGE}.CodeInfo`, {
  /** 32 bytes. */
  codeHash: field(1, bytes),
  creator: field(2, bytes),
  source: field(3, string),
  builder: field(4, string),
});
export type CodeInfo = MessageOf<typeof CodeInfo>;

export const ContractKey = message(`${PACKAGE}.ContractKey`, {
  /** 64 bytes: the key given at instantiation, which stays the same over migrations (enclave §4). */
  ogContractKey: field(1, bytes),
  currentContractKey: field(2, bytes),
  currentContractKeyProof: field(3, bytes),
});
export type ContractKey = MessageOf<typeof ContractKey>;

export const AbsoluteTxPosition = message(`${PACKAGE}.AbsoluteTxPosition`, {
  blockHeight: field(1, int64),
  /** Quirk: gas consumed in the block, not an index (chain §2.8). */
  txIndex: field(2, uint64),
});
export type AbsoluteTxPosition = MessageOf<typeof AbsoluteTxPosition>;

export const ContractInfo = message(`${PACKAGE}.ContractInfo`, {
  codeId: field(1, uint64),
  creator: field(2, bytes),
  label: field(4, string),
  created: optional(5, AbsoluteTxPosition),
  ibcPortId: field(6, string),
  /** Bech32, or empty. */
  admin: field(7, string),
  /** 32 bytes, or empty. */
  adminProof: field(8, bytes),
  requireGovernance: field(9, bool),
});
export type ContractInfo = MessageOf<typeof ContractInfo>;

export const ContractCodeHistoryOperation = { Unspecified: 0, Init: 1, Migrate: 2, Genesis: 3 } as const;
export type ContractCodeHistoryOperation =
  (typeof ContractCodeHistoryOperation)[keyof typeof ContractCodeHistoryOperation];

export const ContractCodeHistoryEntry = message(`${PACKAGE}.ContractCodeHistoryEntry`, {
  /** One of {@link ContractCodeHistoryOperation}. */
  operation: field(1, int32),
  codeId: field(2, uint64),
  updated: optional(3, AbsoluteTxPosition),
  /** The encrypted message as sent. */
  msg: field(4, bytes),
});
export type ContractCodeHistoryEntry = MessageOf<typeof ContractCodeHistoryEntry>;
