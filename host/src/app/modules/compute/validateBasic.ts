/**
 * Checks of compute messages that need no state (chain §2.3).
 * @module
 */
import { utf8ToBytes } from "@sotto/common/bytes";
import type {
  MsgClearAdmin,
  MsgExecuteContract,
  MsgInstantiateContract,
  MsgMigrateContract,
  MsgStoreCode,
  MsgUpdateAdmin,
} from "@sotto/common/wire/compute";
import { parseAddress } from "../../core/addresses.ts";
import { AppError, sdkError } from "../../core/appError.ts";
import { verifyAddressLength } from "../../core/bech32.ts";
import { validCoins } from "../../core/coins.ts";
import { MAX_WASM_BYTES } from "./storeCode.ts";

const MAX_LABEL_BYTES = 512;
const MAX_BUILDER_BYTES = 128;
const BUILDER = /^[a-z0-9][a-z0-9._-]*[a-z0-9](\/[a-z0-9][a-z0-9._-]*[a-z0-9])+:[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/;

export function validateStoreCode(message: MsgStoreCode): void {
  verifyAddressLength(message.sender);
  const { length } = message.wasmByteCode;
  if (length === 0) throw sdkError(18, "code bytes is required: empty");
  if (length > MAX_WASM_BYTES) {
    throw sdkError(18, `code bytes cannot be longer than ${MAX_WASM_BYTES} bytes: exceeds limit`);
  }
  if (message.source !== "") validateSource(message.source);
  if (message.builder !== "") validateBuilder(message.builder);
}

function validateSource(source: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what makes it unparsable
  const unparsable = /[\u0000-\u0020\u007f]|%(?![0-9a-fA-F]{2})|^:/.test(source);
  if (unparsable) throw sdkError(18, "source not an url: invalid");
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(source)?.[1];
  if (scheme === undefined) throw sdkError(18, "source not an absolute url: invalid");
  if (scheme.toLowerCase() !== "https") throw sdkError(18, "source must use https: invalid");
}

function validateBuilder(builder: string): void {
  if (utf8ToBytes(builder).length > MAX_BUILDER_BYTES) {
    throw sdkError(18, `builder longer than ${MAX_BUILDER_BYTES} characters: exceeds limit`);
  }
  if (!BUILDER.test(builder)) throw sdkError(18, "builder invalid");
}

export function validateInstantiate(message: MsgInstantiateContract): void {
  verifyAddressLength(message.sender);
  if (message.codeId === 0n) throw sdkError(18, "code_id is required");
  if (message.label === "") throw AppError.registered("compute", 11, "is required");
  if (utf8ToBytes(message.label).length > MAX_LABEL_BYTES) {
    // Quirk: the text says 128.
    throw AppError.registered("compute", 12, "cannot be longer than 128 characters");
  }
  if (validCoins(message.initFunds) === undefined) throw sdkError(10);
}

export function validateExecute(message: MsgExecuteContract): void {
  verifyAddressLength(message.sender);
  verifyAddressLength(message.contract);
  if (validCoins(message.sentFunds) === undefined) throw sdkError(10, "sentFunds");
}

function requireAddress(name: string, text: string): void {
  try {
    parseAddress(text);
  } catch (error) {
    throw error instanceof AppError ? error.wrap(name) : error;
  }
}

export function validateMigrate(message: MsgMigrateContract): void {
  if (message.codeId === 0n) throw sdkError(18, "code id is required");
  requireAddress("sender", message.sender);
  requireAddress("contract", message.contract);
}

export function validateUpdateAdmin(message: MsgUpdateAdmin): void {
  requireAddress("sender", message.sender);
  requireAddress("contract", message.contract);
  requireAddress("new admin", message.newAdmin);
  if (message.sender.toLowerCase() === message.newAdmin.toLowerCase()) {
    throw AppError.registered("compute", 10, "new admin is the same as the old");
  }
}

export function validateClearAdmin(message: MsgClearAdmin): void {
  requireAddress("sender", message.sender);
  requireAddress("contract", message.contract);
}
