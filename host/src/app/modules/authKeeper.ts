/**
 * Accounts: the records behind every address that has signed, received or holds a module's funds (chain §7.1).
 *
 * Store `acc`: 00 parameters; 01 ‖ address → account as `Any`; 02 next account number; `accountNumber` ‖ number → address.
 * Reads and writes are made in the reference's order, so that ante gas is about the same (clients §1.5).
 * @module
 */
import { concatBytes, EMPTY_BYTES, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { ACCOUNT_RECORDS_PREFIX, ACCOUNT_STORE, BaseAccount } from "@sotto/common/wire/account";
import { Any } from "@sotto/common/wire/any";
import { field, type MessageOf, message, optional, repeated, string, uint64 } from "@sotto/common/wire/message";
import { formatAddress, MODULE_ACCOUNTS } from "../core/addresses.ts";
import { type Context, storeOf } from "../core/context.ts";
import { decodeOnce } from "../core/decodeOnce.ts";

export const ModuleAccount = message("cosmos.auth.v1beta1.ModuleAccount", {
  baseAccount: optional(1, BaseAccount),
  name: field(2, string),
  permissions: repeated(3, string),
});

export const AuthParams = message("cosmos.auth.v1beta1.Params", {
  maxMemoCharacters: field(1, uint64),
  txSigLimit: field(2, uint64),
  txSizeCostPerByte: field(3, uint64),
  sigVerifyCostEd25519: field(4, uint64),
  sigVerifyCostSecp256k1: field(5, uint64),
});
export type AuthParams = MessageOf<typeof AuthParams>;

/** An account of any type; `module` marks those that no key signs for. */
export type Account = {
  readonly address: Uint8Array;
  readonly publicKey: Any | undefined;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
  readonly module?: { readonly name: string; readonly permissions: readonly string[] };
};

const PARAMS_KEY = Uint8Array.of(0);
const NEXT_NUMBER_KEY = Uint8Array.of(2);
const BY_NUMBER = utf8ToBytes("accountNumber");

const accountKey = (address: Uint8Array): Uint8Array => concatBytes(ACCOUNT_RECORDS_PREFIX, address);
const numberKey = (number: bigint): Uint8Array => concatBytes(BY_NUMBER, u64be(number));

function encodeAccount(account: Account): Uint8Array {
  const { accountNumber, sequence, publicKey, module } = account;
  const base: BaseAccount = { address: formatAddress(account.address), publicKey, accountNumber, sequence };
  return module === undefined
    ? Any.encode({ typeUrl: BaseAccount.typeUrl, value: BaseAccount.encode(base) })
    : Any.encode({ typeUrl: ModuleAccount.typeUrl, value: ModuleAccount.encode({ baseAccount: base, ...module }) });
}

/** An account without its address, which comes from the key: reading it back from text would cost more than all the rest. */
const decodeRecord = decodeOnce((value): Omit<Account, "address"> => {
  const any = Any.decode(value);
  if (any.typeUrl === BaseAccount.typeUrl) return BaseAccount.decode(any.value);
  if (any.typeUrl !== ModuleAccount.typeUrl) throw new TypeError(`account of unknown type ${any.typeUrl}`);
  const { baseAccount, name, permissions } = ModuleAccount.decode(any.value);
  if (baseAccount === undefined) throw new TypeError("module account without a base account");
  return { ...baseAccount, module: { name, permissions } };
});

const decodeParams = decodeOnce(AuthParams.decode);

export type AuthKeeper = ReturnType<typeof makeAuthKeeper>;

/** @param moduleAddressOf address of a module account */
export function makeAuthKeeper(moduleAddressOf: (name: string) => Uint8Array) {
  const params = (context: Context): AuthParams =>
    decodeParams(storeOf(context, ACCOUNT_STORE).get(PARAMS_KEY) ?? EMPTY_BYTES);

  const setParams = (context: Context, value: AuthParams): void =>
    storeOf(context, ACCOUNT_STORE).set(PARAMS_KEY, AuthParams.encode(value));

  const record = (context: Context, address: Uint8Array): Any | undefined => {
    const value = storeOf(context, ACCOUNT_STORE).get(accountKey(address));
    return value === undefined ? undefined : Any.decode(value);
  };

  const account = (context: Context, address: Uint8Array): Account | undefined => {
    const value = storeOf(context, ACCOUNT_STORE).get(accountKey(address));
    return value === undefined ? undefined : { ...decodeRecord(value), address };
  };

  const hasAccount = (context: Context, address: Uint8Array): boolean =>
    storeOf(context, ACCOUNT_STORE).has(accountKey(address));

  const setAccount = (context: Context, value: Account): void => {
    const store = storeOf(context, ACCOUNT_STORE);
    const key = accountKey(value.address);
    const old = store.get(key);
    if (old !== undefined) store.delete(numberKey(decodeRecord(old).accountNumber));
    store.has(numberKey(value.accountNumber));
    store.set(numberKey(value.accountNumber), value.address);
    store.set(key, encodeAccount(value));
  };

  const nextNumber = (context: Context): bigint => {
    const store = storeOf(context, ACCOUNT_STORE);
    const stored = store.get(NEXT_NUMBER_KEY);
    const number = stored === undefined ? 0n : new DataView(stored.buffer, stored.byteOffset).getBigUint64(0);
    store.set(NEXT_NUMBER_KEY, u64be(number + 1n));
    return number;
  };

  /** Makes and stores an account under the next number. */
  const createAccount = (context: Context, address: Uint8Array, module?: Account["module"]): Account => {
    const fresh = { address, publicKey: undefined, accountNumber: nextNumber(context), sequence: 0n };
    const made: Account = module === undefined ? fresh : { ...fresh, module };
    setAccount(context, made);
    return made;
  };

  /** The account of a module, made when first asked for. */
  const moduleAccount = (context: Context, name: string): Account => {
    const address = moduleAddressOf(name);
    const found = account(context, address);
    if (found !== undefined) return found;
    const permissions = MODULE_ACCOUNTS.find((rule) => rule.name === name)?.permissions;
    if (permissions === undefined) throw new TypeError(`there is no module account ${name}`);
    return createAccount(context, address, { name, permissions });
  };

  const addressByNumber = (context: Context, number: bigint): Uint8Array | undefined =>
    storeOf(context, ACCOUNT_STORE).get(numberKey(number));

  return {
    params,
    setParams,
    record,
    account,
    hasAccount,
    setAccount,
    createAccount,
    moduleAccount,
    moduleAddressOf,
    addressByNumber,
  };
}
