/**
 * Records of the compute store, read and written with their gas (chain §2.5, contracts §4.5).
 * @module
 */
import { concatBytes, EMPTY_BYTES, tryBytesToUtf8, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import {
  CodeInfo,
  ComputeParams,
  ContractCodeHistoryEntry,
  ContractInfo,
  ContractKey,
} from "@sotto/common/wire/compute";
import type { MessageCodec } from "@sotto/common/wire/message";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { chargeDelete, chargeGet, chargeSeek, chargeSet, type GasMeter } from "./gasMeter.ts";
import type { ScopedState } from "./scopedState.ts";

const STORE = "compute";

const Prefix = {
  Code: 1,
  Contract: 2,
  State: 3,
  Counter: 4,
  Key: 6,
  Label: 7,
  History: 9,
  CodeIndex: 10,
  AuthorizedCode: 12,
  AuthorizedAdmin: 13,
} as const;

const PARAMS = Uint8Array.of(11);
const LAST_CODE_ID = concatBytes(Uint8Array.of(Prefix.Counter), utf8ToBytes("lastCodeId"));
const LAST_CONTRACT_ID = concatBytes(Uint8Array.of(Prefix.Counter), utf8ToBytes("lastContractId"));
/** Key and value of the block random in the reference's store: read with every call, so its gas is part of a call. */
const BLOCK_RANDOM_KEY_LENGTH = 9;
const BLOCK_RANDOM_LENGTH = 32;

function keyOf(prefix: number, ...rest: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(prefix), ...rest);
}

/** Where a contract's own entries begin: 21 bytes. */
export function contractStatePrefix(contract: Uint8Array): Uint8Array {
  return keyOf(Prefix.State, contract);
}

/** Whether a key is that of a contract's own entry, and not of a record about contracts. */
export function isContractEntry(key: Uint8Array): boolean {
  return key[0] === Prefix.State;
}

/** The compute store of one message or query, charged to one meter. */
export class ComputeStore {
  readonly state: ScopedState;
  readonly meter: GasMeter;

  constructor(state: ScopedState, meter: GasMeter) {
    this.state = state;
    this.meter = meter;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.state.read(STORE, key);
    chargeGet(this.meter, key.length, value?.length ?? 0);
    return value;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    chargeSet(this.meter, key.length, value.length);
    this.state.write(STORE, key, value);
  }

  delete(key: Uint8Array): void {
    chargeDelete(this.meter);
    this.state.write(STORE, key, undefined);
  }

  params(): ComputeParams {
    return this.#decode(ComputeParams, PARAMS) ?? ComputeParams.zero;
  }

  /** Records a code under the next id; the same code may be recorded again. @returns the id, counted over the chain from 1 */
  addCode(info: CodeInfo): bigint {
    const codeId = this.#countUp(LAST_CODE_ID, "code counter");
    this.set(keyOf(Prefix.Code, u64be(codeId)), CodeInfo.encode(info));
    return codeId;
  }

  codeInfo(codeId: bigint): CodeInfo | undefined {
    return this.#decode(CodeInfo, keyOf(Prefix.Code, u64be(codeId)));
  }

  contractInfo(contract: Uint8Array): ContractInfo | undefined {
    return this.#decode(ContractInfo, keyOf(Prefix.Contract, contract));
  }

  contractKey(contract: Uint8Array): ContractKey | undefined {
    return this.#decode(ContractKey, keyOf(Prefix.Key, contract));
  }

  isLabelTaken(label: string): boolean {
    return this.get(keyOf(Prefix.Label, utf8ToBytes(label))) !== undefined;
  }

  /** The next instance number, counted over the chain from 1; counts it up. */
  nextInstance(): bigint {
    return this.#countUp(LAST_CONTRACT_ID, "instance counter");
  }

  /** The gas of reading the block random, which here is in no store. */
  chargeBlockRandom(): void {
    chargeGet(this.meter, BLOCK_RANDOM_KEY_LENGTH, BLOCK_RANDOM_LENGTH);
  }

  /** Records a new contract (chain §2.8 step 10): history, index, info, key and label, in this order. */
  saveNewContract(
    contract: Uint8Array,
    record: { readonly info: ContractInfo; readonly key: ContractKey; readonly history: ContractCodeHistoryEntry },
  ): void {
    const { info, key, history } = record;
    this.set(historyKey(contract, 1n), ContractCodeHistoryEntry.encode(history));
    this.set(codeIndexKey(contract, history), EMPTY_BYTES);
    this.saveContractInfo(contract, info);
    this.#saveContractKey(contract, key);
    this.set(keyOf(Prefix.Label, utf8ToBytes(info.label)), contract);
  }

  /**
   * Records a migration (chain §2.14 step 8): key, index of the old code, history, index of the new code, info, in this order.
   * @returns false, with nothing but the key changed, if the contract has no history
   */
  saveMigration(
    contract: Uint8Array,
    record: { readonly info: ContractInfo; readonly key: ContractKey; readonly history: ContractCodeHistoryEntry },
  ): boolean {
    const { info, key, history } = record;
    this.#saveContractKey(contract, key);
    const position = this.#lastHistoryPosition(contract);
    const last = this.#historyEntry(contract, position);
    if (last === undefined) return false;
    this.delete(codeIndexKey(contract, last));
    this.set(historyKey(contract, position + 1n), ContractCodeHistoryEntry.encode(history));
    this.set(codeIndexKey(contract, history), EMPTY_BYTES);
    this.saveContractInfo(contract, info);
    return true;
  }

  saveContractInfo(contract: Uint8Array, info: ContractInfo): void {
    this.set(keyOf(Prefix.Contract, contract), ContractInfo.encode(info));
  }

  /** The code that governance allows a contract to migrate to. @param contract bech32 */
  authorizedCode(contract: string): bigint | undefined {
    const stored = this.get(keyOf(Prefix.AuthorizedCode, utf8ToBytes(contract)));
    return stored && readU64(stored, "authorized code");
  }

  dropAuthorizedCode(contract: string): void {
    this.delete(keyOf(Prefix.AuthorizedCode, utf8ToBytes(contract)));
  }

  /** The admin that governance allows a contract to get; empty text for none. @param contract bech32 */
  authorizedAdmin(contract: string): string | undefined {
    const stored = this.get(keyOf(Prefix.AuthorizedAdmin, utf8ToBytes(contract)));
    if (stored === undefined) return undefined;
    const admin = tryBytesToUtf8(stored);
    if (admin === undefined) throw corrupt("authorized admin");
    return admin;
  }

  dropAuthorizedAdmin(contract: string): void {
    this.delete(keyOf(Prefix.AuthorizedAdmin, utf8ToBytes(contract)));
  }

  #countUp(counter: Uint8Array, what: string): bigint {
    const stored = this.get(counter);
    const next = stored === undefined ? 1n : readU64(stored, what);
    this.set(counter, u64be(next + 1n));
    return next;
  }

  #saveContractKey(contract: Uint8Array, key: ContractKey): void {
    this.set(keyOf(Prefix.Key, contract), ContractKey.encode(key));
  }

  /**
   * Positions are without gaps, so the last is found by doubling and halving: single reads, each of which can be proven. Their gas
   * is that of the seek which finds it in the reference.
   */
  #lastHistoryPosition(contract: Uint8Array): bigint {
    const exists = (position: bigint) => this.state.read(STORE, historyKey(contract, position)) !== undefined;
    let beyond = 1n;
    while (exists(beyond)) beyond *= 2n;
    let last = beyond / 2n;
    while (beyond - last > 1n) {
      const middle = (last + beyond) / 2n;
      if (exists(middle)) last = middle;
      else beyond = middle;
    }
    return last;
  }

  #historyEntry(contract: Uint8Array, position: bigint): ContractCodeHistoryEntry | undefined {
    const key = historyKey(contract, position);
    const value = this.state.read(STORE, key);
    chargeSeek(this.meter, value === undefined ? 0 : key.length, value?.length ?? 0);
    return value && decodeRecord(ContractCodeHistoryEntry, value);
  }

  #decode<T>(codec: MessageCodec<T>, key: Uint8Array): T | undefined {
    const value = this.get(key);
    return value && decodeRecord(codec, value);
  }
}

function historyKey(contract: Uint8Array, position: bigint): Uint8Array {
  return keyOf(Prefix.History, contract, u64be(position));
}

function codeIndexKey(contract: Uint8Array, { codeId, updated }: ContractCodeHistoryEntry): Uint8Array {
  const { blockHeight = 0n, txIndex = 0n } = updated ?? {};
  return keyOf(Prefix.CodeIndex, u64be(codeId), u64be(blockHeight), u64be(txIndex), contract);
}

function decodeRecord<T>(codec: MessageCodec<T>, value: Uint8Array): T {
  try {
    return codec.decode(value);
  } catch (error) {
    if (error instanceof CodedError) throw corrupt(codec.name);
    throw error;
  }
}

function readU64(value: Uint8Array, what: string): bigint {
  if (value.length !== 8) throw corrupt(what);
  return new DataView(value.buffer, value.byteOffset).getBigUint64(0, false);
}

function corrupt(what: string): RefusalError {
  return new RefusalError(RefusalCode.HostMisbehavior, `compute store: ${what} does not decode`);
}
