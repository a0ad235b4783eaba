/** Migrations and changes of admin as users sign them, and the records behind them. */
import { bytesToHex, concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import { packAny } from "@sotto/common/wire/any";
import {
  ContractCodeHistoryEntry,
  ContractInfo,
  ContractKey,
  MsgClearAdmin,
  MsgMigrateContract,
  MsgMigrateContractResponse,
  MsgUpdateAdmin,
} from "@sotto/common/wire/compute";
import { decryptData, decryptError, type ExecOutcome, type Instance, type TestChain, type Wallet } from "./harness.ts";

export type Code = { readonly codeId: bigint; readonly codeHash: Uint8Array };

/** The outcome of one message, and what its sender reads in it. */
export type Outcome = { readonly code: string; readonly log: string; readonly outcome: ExecOutcome };

export function describeOutcome(outcome: ExecOutcome): Outcome {
  const { result } = outcome;
  if (result.kind === "failed") {
    const { codespace, code, log } = result.value;
    return { code: `${codespace}/${code}`, log, outcome };
  }
  return { code: result.kind, log: result.kind === "outOfGas" ? result.value.location : "", outcome };
}

export const updateAdminMessage = (wallet: Wallet, contract: Instance, newAdmin: string): Any =>
  packAny(MsgUpdateAdmin, {
    ...MsgUpdateAdmin.zero,
    sender: wallet.bech32,
    newAdmin,
    contract: contract.bech32,
  });

export const clearAdminMessage = (wallet: Wallet, contract: Instance): Any =>
  packAny(MsgClearAdmin, { ...MsgClearAdmin.zero, sender: wallet.bech32, contract: contract.bech32 });

export function migrateMessage(
  chain: TestChain,
  wallet: Wallet,
  contract: Instance,
  { code, message, codeHash = code.codeHash }: { code: Code; message: unknown; codeHash?: Uint8Array },
): { readonly any: Any; readonly txKey: Uint8Array; readonly bytes: Uint8Array } {
  const { bytes, txKey } = wallet.encrypt(chain.ioKey, chain.plaintext(codeHash, message));
  const any = packAny(MsgMigrateContract, {
    ...MsgMigrateContract.zero,
    sender: wallet.bech32,
    contract: contract.bech32,
    codeId: code.codeId,
    msg: bytes,
  });
  return { any, txKey, bytes };
}

/** One message in a transaction and a block of its own. */
export function runAlone(chain: TestChain, wallet: Wallet, any: Any, gas = 2_000_000n): Outcome {
  const [result] = chain.block([wallet, wallet.sign(chain.chainId, [any], { gas })]);
  return describeOutcome(result?.outcomes[0] as ExecOutcome);
}

export type Migrated = Outcome & {
  /** The contract under its new code. */
  readonly contract: Instance;
  readonly data: () => string | undefined;
  readonly error: () => string;
};

export function migrate(
  chain: TestChain,
  wallet: Wallet,
  contract: Instance,
  options: { code: Code; message: unknown; codeHash?: Uint8Array; gas?: bigint },
): Migrated {
  const { any, txKey } = migrateMessage(chain, wallet, contract, options);
  const ran = runAlone(chain, wallet, any, options.gas);
  return {
    ...ran,
    contract: { ...contract, ...options.code },
    data: () => {
      const { result } = ran.outcome;
      if (result.kind !== "ok") throw new Error(ran.log);
      const { data } = MsgMigrateContractResponse.decode(result.value);
      return data.length === 0 ? undefined : decryptData(txKey, data);
    },
    error: () => decryptError(txKey, ran.log),
  };
}

// ---- records

const entry = (...parts: Uint8Array[]) => bytesToHex(concatBytes(...parts));
export const infoKey = ({ address }: Instance): string => entry(Uint8Array.of(2), address);
export const contractKeyKey = ({ address }: Instance): string => entry(Uint8Array.of(6), address);
export const historyKey = ({ address }: Instance, position: bigint): string =>
  entry(Uint8Array.of(9), address, u64be(position));
export const authorizedCodeKey = ({ bech32 }: Instance): string => entry(Uint8Array.of(12), utf8ToBytes(bech32));
export const authorizedAdminKey = ({ bech32 }: Instance): string => entry(Uint8Array.of(13), utf8ToBytes(bech32));

const stored = (chain: TestChain, key: string): Uint8Array => {
  const value = chain.state.store.get(key);
  if (value === undefined) throw new Error(`no record under ${key}`);
  return value;
};

export const infoOf = (chain: TestChain, contract: Instance): ContractInfo =>
  ContractInfo.decode(stored(chain, infoKey(contract)));
export const keysOf = (chain: TestChain, contract: Instance): ContractKey =>
  ContractKey.decode(stored(chain, contractKeyKey(contract)));

export function changeInfo(chain: TestChain, contract: Instance, change: Partial<ContractInfo>): void {
  chain.state.store.set(infoKey(contract), ContractInfo.encode({ ...infoOf(chain, contract), ...change }));
}

export function changeKeys(chain: TestChain, contract: Instance, change: Partial<ContractKey>): void {
  chain.state.store.set(contractKeyKey(contract), ContractKey.encode({ ...keysOf(chain, contract), ...change }));
}

/** All entries of a contract's history, first to last. */
export function historyOf(chain: TestChain, contract: Instance): ContractCodeHistoryEntry[] {
  const prefix = entry(Uint8Array.of(9), contract.address);
  const found = [...chain.state.store].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  return found.map(([, value]) => ContractCodeHistoryEntry.decode(value));
}

/** Code ids under which the index lists the contract. */
export function indexedCodes(chain: TestChain, contract: Instance): bigint[] {
  const address = bytesToHex(contract.address);
  return [...chain.state.store.keys()]
    .filter((key) => key.startsWith("0a") && key.endsWith(address))
    .map((key) => BigInt(`0x${key.slice(2, 18)}`));
}
