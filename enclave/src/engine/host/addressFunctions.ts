/**
 * Imports that convert addresses; their error texts reach contracts. Spec: contracts §2.4.
 * @module
 */
import { ACCOUNT_PREFIX } from "@sotto/common/address";
import { Bech32Error, Bech32ErrorCode, decodeBech32, encodeBech32 } from "@sotto/common/bech32";
import { tryBytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import { trimWhiteSpace } from "@sotto/common/whiteSpace";
import { EngineError, EngineErrorCode } from "../engineError.ts";
import type { Guest } from "./guest.ts";
import type { HostFunction, HostFunctions } from "./hostFunction.ts";

const ADDRESS_GAS = 8192n;

/** Bytes of an address, or the text that the contract gets. */
type Canonical = Uint8Array | string;

function canonicalize(text: string, emptyText: string): Canonical {
  if (text === "") return emptyText;
  let data: Uint8Array | undefined;
  try {
    data = decodeBech32(text).data;
  } catch (error) {
    if (!(error instanceof Bech32Error)) throw error;
    if (error.code !== Bech32ErrorCode.InvalidPadding) return error.message;
  }
  const prefix = prefixOf(text);
  if (prefix !== ACCOUNT_PREFIX) return `wrong address prefix: "${prefix.replace(/["\\]/g, "\\$&")}"`;
  if (data === undefined) throw new EngineError(EngineErrorCode.Unknown);
  return data;
}

/** The prefix of a text that is Bech32. */
function prefixOf(text: string): string {
  return text.slice(0, text.lastIndexOf("1")).toLowerCase();
}

/** The text that the contract gets, or undefined if the address is good. */
function faultOf(text: string): string | undefined {
  try {
    decodeBech32(text);
  } catch (error) {
    if (!(error instanceof Bech32Error)) throw error;
    // The 5-bit groups are compared, not bytes, so their padding does not matter here.
    if (error.code !== Bech32ErrorCode.InvalidPadding) return error.message;
  }
  const isNormal = prefixOf(text) === ACCOUNT_PREFIX && text === text.toLowerCase();
  return isNormal ? undefined : "Address is not normalized";
}

function canonicalizeFunction(convert: (text: string) => Canonical): HostFunction {
  return {
    params: 2,
    result: "i32",
    bind: (guest) => (human, out) => {
      begin(guest);
      const text = tryBytesToUtf8(guest.readArgument(human));
      const canonical = text === undefined ? "input is not valid UTF-8" : convert(text);
      if (typeof canonical === "string") return guest.newRegion(utf8ToBytes(canonical));
      guest.writeRegion(out, canonical);
      return 0;
    },
  };
}

function begin(guest: Guest): void {
  void guest.call; // refuses inside `allocate`
  guest.useGas(ADDRESS_GAS);
}

const humanize: HostFunction = {
  params: 2,
  result: "i32",
  bind: (guest) => (canonical, out) => {
    begin(guest);
    guest.writeRegion(out, utf8ToBytes(encodeBech32(ACCOUNT_PREFIX, guest.readArgument(canonical))));
    return 0;
  },
};

const validate: HostFunction = {
  params: 1,
  result: "i32",
  bind: (guest) => (human) => {
    begin(guest);
    const bytes = guest.readArgument(human);
    const text = tryBytesToUtf8(bytes);
    let fault: string | undefined;
    if (bytes.length === 0) fault = "Input is empty";
    else if (text === undefined) fault = "Input is not valid UTF-8";
    else fault = faultOf(text);
    return fault === undefined ? 0 : guest.newRegion(utf8ToBytes(fault));
  },
};

export const addressFunctions: HostFunctions = {
  canonicalize_address: canonicalizeFunction((text) => canonicalize(trimWhiteSpace(text), "input is empty")),
  addr_canonicalize: canonicalizeFunction((text) => canonicalize(text, "Input is empty")),
  humanize_address: humanize,
  addr_humanize: humanize,
  addr_validate: validate,
};
