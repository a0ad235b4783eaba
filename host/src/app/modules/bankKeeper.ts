/**
 * Balances and supply (chain §7.3).
 *
 * Store `bank`: 00 ‖ denom → supply; 02 ‖ length ‖ address ‖ denom → amount; 03 ‖ denom ‖ 00 ‖ address → empty (owners);
 * 04 ‖ denom → send enabled; 05 parameters. Amounts are decimal text; there are no zero balances.
 * @module
 */
import { bytesToUtf8, concatBytes, EMPTY_BYTES, utf8ToBytes } from "@sotto/common/bytes";
import { bool, field, message } from "@sotto/common/wire/message";
import { formatAddress } from "../core/addresses.ts";
import { AppError, sdkError } from "../core/appError.ts";
import { type Amount, formatCoins } from "../core/coins.ts";
import { type Context, emit, storeOf } from "../core/context.ts";
import { prefixRange } from "../core/kvStore.ts";
import type { AuthKeeper } from "./authKeeper.ts";

export const BankParams = message("cosmos.bank.v1beta1.Params", { defaultSendEnabled: field(2, bool) });

export const BANK_STORE = "bank";
export const SUPPLY_PREFIX = Uint8Array.of(0);
const BALANCE = Uint8Array.of(2);
const OWNER = Uint8Array.of(3);
export const SEND_ENABLED_PREFIX = Uint8Array.of(4);
const PARAMS_KEY = Uint8Array.of(5);

export const balancesPrefix = (address: Uint8Array): Uint8Array =>
  concatBytes(BALANCE, Uint8Array.of(address.length), address);
const balanceKey = (address: Uint8Array, denom: string): Uint8Array =>
  concatBytes(balancesPrefix(address), utf8ToBytes(denom));
export const ownersPrefix = (denom: string): Uint8Array => concatBytes(OWNER, utf8ToBytes(denom), Uint8Array.of(0));
const supplyKey = (denom: string): Uint8Array => concatBytes(SUPPLY_PREFIX, utf8ToBytes(denom));

const encodeAmount = (amount: bigint): Uint8Array => utf8ToBytes(amount.toString());
export const decodeAmount = (value: Uint8Array): bigint => BigInt(bytesToUtf8(value));

export type BankKeeper = ReturnType<typeof makeBankKeeper>;

export function makeBankKeeper(auth: AuthKeeper) {
  const balance = (context: Context, address: Uint8Array, denom: string): bigint => {
    const value = storeOf(context, BANK_STORE).get(balanceKey(address, denom));
    return value === undefined ? 0n : decodeAmount(value);
  };

  const allBalances = (context: Context, address: Uint8Array): Amount[] => {
    const prefix = balancesPrefix(address);
    return [...storeOf(context, BANK_STORE).iterate(prefixRange(prefix))].map(([key, value]) => ({
      denom: bytesToUtf8(key.subarray(prefix.length)),
      amount: decodeAmount(value),
    }));
  };

  const setBalance = (context: Context, address: Uint8Array, denom: string, amount: bigint): void => {
    const store = storeOf(context, BANK_STORE);
    const key = balanceKey(address, denom);
    const owner = concatBytes(ownersPrefix(denom), address);
    const old = store.get(key);
    if (amount === 0n) {
      store.delete(key);
      store.delete(owner);
      return;
    }
    if (old === undefined) store.set(owner, EMPTY_BYTES);
    store.set(key, encodeAmount(amount));
  };

  const supply = (context: Context, denom: string): bigint => {
    const value = storeOf(context, BANK_STORE).get(supplyKey(denom));
    return value === undefined ? 0n : decodeAmount(value);
  };

  const setSupply = (context: Context, denom: string, amount: bigint): void =>
    storeOf(context, BANK_STORE).set(supplyKey(denom), encodeAmount(amount));

  /** @throws {AppError} sdk/5 */
  const subtract = (context: Context, from: Uint8Array, coins: readonly Amount[]): void => {
    // Locked coins of vesting accounts are looked up here; no account is of that kind yet.
    auth.account(context, from);
    for (const { denom, amount } of coins) {
      const held = balance(context, from, denom);
      if (held < amount) {
        throw sdkError(5, `spendable balance ${held}${denom} is smaller than ${amount}${denom}`);
      }
      setBalance(context, from, denom, held - amount);
    }
    emit(context, "coin_spent", ["spender", formatAddress(from)], ["amount", formatCoins(coins)]);
  };

  const add = (context: Context, to: Uint8Array, coins: readonly Amount[]): void => {
    for (const { denom, amount } of coins) setBalance(context, to, denom, balance(context, to, denom) + amount);
    emit(context, "coin_received", ["receiver", formatAddress(to)], ["amount", formatCoins(coins)]);
  };

  const createIfNew = (context: Context, address: Uint8Array): void => {
    if (!auth.hasAccount(context, address)) auth.createAccount(context, address);
  };

  /** Moves coins between any two addresses; blocked ones are the caller's business. @throws {AppError} sdk/5 */
  const send = (context: Context, from: Uint8Array, to: Uint8Array, coins: readonly Amount[]): void => {
    subtract(context, from, coins);
    add(context, to, coins);
    createIfNew(context, to);
    const sender = formatAddress(from);
    emit(context, "transfer", ["recipient", formatAddress(to)], ["sender", sender], ["amount", formatCoins(coins)]);
    emit(context, "message", ["sender", sender]);
  };

  const sendToModule = (context: Context, from: Uint8Array, module: string, coins: readonly Amount[]): void =>
    send(context, from, auth.moduleAccount(context, module).address, coins);

  /** @throws {AppError} bank/5 */
  const requireSendEnabled = (context: Context, coins: readonly Amount[]): void => {
    const store = storeOf(context, BANK_STORE);
    const { defaultSendEnabled } = BankParams.decode(store.get(PARAMS_KEY) ?? EMPTY_BYTES);
    for (const { denom } of coins) {
      const entry = store.get(concatBytes(SEND_ENABLED_PREFIX, utf8ToBytes(denom)));
      if (entry === undefined ? !defaultSendEnabled : entry[0] !== 1) {
        throw AppError.registered("bank", 5, `${denom} transfers are currently disabled`);
      }
    }
  };

  const params = (context: Context): { readonly defaultSendEnabled: boolean } =>
    BankParams.decode(storeOf(context, BANK_STORE).get(PARAMS_KEY) ?? EMPTY_BYTES);

  const setParams = (context: Context, defaultSendEnabled: boolean): void =>
    storeOf(context, BANK_STORE).set(PARAMS_KEY, BankParams.encode({ defaultSendEnabled }));

  return {
    balance,
    allBalances,
    setBalance,
    supply,
    setSupply,
    subtract,
    add,
    createIfNew,
    send,
    sendToModule,
    requireSendEnabled,
    params,
    setParams,
  };
}
