/**
 * Addresses of this chain: prefixes, text forms, accounts of modules (chain §1.1, §1.2, §1.5).
 * @module
 */
import { ACCOUNT_PREFIX, CONSENSUS_PREFIX, VALIDATOR_PREFIX } from "@sotto/common/address";
import { encodeBech32 } from "@sotto/common/bech32";
import { unitsToText } from "@sotto/common/bytes";
import { decodeAddress } from "./bech32.ts";

/** Texts of addresses seen lately: events name the same few again and again. */
const texts = new Map<string, string>();
const REMEMBERED = 4_096;

export function formatAddress(address: Uint8Array): string {
  const key = unitsToText(address);
  const known = texts.get(key);
  if (known !== undefined) return known;
  if (texts.size >= REMEMBERED) texts.clear();
  const text = encodeBech32(ACCOUNT_PREFIX, address);
  texts.set(key, text);
  return text;
}

/** @throws {AppError} */
export function parseAddress(text: string): Uint8Array {
  return decodeAddress(text, ACCOUNT_PREFIX);
}

export function formatValidator(address: Uint8Array): string {
  return encodeBech32(VALIDATOR_PREFIX, address);
}

/** @throws {AppError} */
export function parseValidator(text: string): Uint8Array {
  return decodeAddress(text, VALIDATOR_PREFIX);
}

export function formatConsensusAddress(address: Uint8Array): string {
  return encodeBech32(CONSENSUS_PREFIX, address);
}

/** @throws {AppError} */
export function parseConsensusAddress(text: string): Uint8Array {
  return decodeAddress(text, CONSENSUS_PREFIX);
}

export type ModuleAccountRule = { readonly name: string; readonly permissions: readonly string[] };

/** Module accounts and what they may do. */
export const MODULE_ACCOUNTS: readonly ModuleAccountRule[] = [
  { name: "bonded_tokens_pool", permissions: ["burner", "staking"] },
  { name: "compute", permissions: ["burner"] },
  { name: "cron", permissions: [] },
  { name: "distribution", permissions: [] },
  { name: "emergencybutton", permissions: [] },
  { name: "fee_collector", permissions: [] },
  { name: "feeibc", permissions: [] },
  { name: "gov", permissions: ["burner"] },
  { name: "interchainaccounts", permissions: [] },
  { name: "mint", permissions: ["minter"] },
  { name: "not_bonded_tokens_pool", permissions: ["burner", "staking"] },
  { name: "transfer", permissions: ["minter", "burner"] },
];
