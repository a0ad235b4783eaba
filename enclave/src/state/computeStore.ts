/**
 * Records of the compute store, read and written with their gas (chain §2.5, contracts §4.5).
 * @module
 */
import type { StoreWrite } from "@sotto/boundary/messages";
import { concatBytes, EMPTY_BYTES, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { CodeInfo, ContractCodeHistoryEntry, ContractInfo, ContractKey } from "@sotto/common/wire/compute";
import type { MessageCodec } from "@sotto/common/wire/message";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { chargeDelete, chargeGet, chargeSet, type GasMeter } from "./gasMeter.ts";
import type { ScopedState } from "./scopedState.ts";

const Prefix = { Code: 1, Contract: 2, State: 3, Counter: 4, Key: 6, Label: 7, History: 9, CodeIndex: 10 } as const;

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

/** The compute store of one message or query, charged to one meter. */
export class ComputeStore {
  readonly state: ScopedState;
  readonly meter: GasMeter;

  constructor(state: ScopedState, meter: GasMeter) {
    this.state = state;
    this.meter = meter;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.state.get(key);
    chargeGet(this.meter, key.length, value?.length ?? 0);
    return value;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    chargeSet(this.meter, key.length, value.length);
    this.state.set(key, value);
  }

  delete(key: Uint8Array): void {
    chargeDelete(this.meter);
    this.state.delete(key);
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

  /** Records of contracts that this message has made or changed so far; contracts' own entries are not among them. */
  pendingRecords(): StoreWrite[] {
    return this.state.visibleChanges().filter(({ key }) => key[0] !== Prefix.State);
  }

  /** The next instance number, counted over the chain from 1; counts it up. */
  nextInstance(): bigint {
    const stored = this.get(LAST_CONTRACT_ID);
    if (stored !== undefined && stored.length !== 8) throw corrupt("instance counter");
    const instance = stored === undefined ? 1n : new DataView(stored.buffer, stored.byteOffset).getBigUint64(0, false);
    this.set(LAST_CONTRACT_ID, u64be(instance + 1n));
    return instance;
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
    const { blockHeight = 0n, txIndex = 0n } = info.created ?? {};
    this.set(keyOf(Prefix.History, contract, u64be(1n)), ContractCodeHistoryEntry.encode(history));
    this.set(keyOf(Prefix.CodeIndex, u64be(info.codeId), u64be(blockHeight), u64be(txIndex), contract), EMPTY_BYTES);
    this.set(keyOf(Prefix.Contract, contract), ContractInfo.encode(info));
    this.set(keyOf(Prefix.Key, contract), ContractKey.encode(key));
    this.set(keyOf(Prefix.Label, utf8ToBytes(info.label)), contract);
  }

  #decode<T>(codec: MessageCodec<T>, key: Uint8Array): T | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    try {
      return codec.decode(value);
    } catch (error) {
      if (error instanceof CodedError) throw corrupt(codec.name);
      throw error;
    }
  }
}

function corrupt(what: string): RefusalError {
  return new RefusalError(RefusalCode.HostMisbehavior, `compute store: ${what} does not decode`);
}
