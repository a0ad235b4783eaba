/**
 * The address imports as the slow meter serves them: what the contract gets, by the table of contracts §2.4.
 */
import { Bech32Error, decodeBech32, encodeBech32 } from "@sotto/common/bech32";
import { Trap } from "./trap.ts";

/** Bytes for the output region, a text of a fault, or undefined where there is nothing to hand over. */
export type AddressResult = { readonly out: Uint8Array } | { readonly fault: string } | undefined;

export function addressImport(name: string, input: Uint8Array): AddressResult {
  if (name.includes("humanize")) return { out: new TextEncoder().encode(encodeBech32("secret", input)) };
  const text = textOf(input);
  if (name === "addr_validate") {
    const fault = validate(input, text);
    return fault === undefined ? undefined : { fault };
  }
  if (text === undefined) return { fault: "input is not valid UTF-8" };
  return name === "addr_canonicalize"
    ? canonicalize(text, "Input is empty")
    : canonicalize(trimmed(text), "input is empty");
}

function textOf(input: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
  } catch {
    return undefined;
  }
}

/** Without Unicode's white space at both ends. */
const trimmed = (text: string): string => text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");

function validate(input: Uint8Array, text: string | undefined): string | undefined {
  if (input.length === 0) return "Input is empty";
  if (text === undefined) return "Input is not valid UTF-8";
  try {
    const { prefix } = decodeBech32(text);
    return prefix === "secret" && text === text.toLowerCase() ? undefined : "Address is not normalized";
  } catch (error) {
    return faultOf(error);
  }
}

function canonicalize(text: string, emptyText: string): AddressResult {
  if (text === "") return { fault: emptyText };
  try {
    const { prefix, data } = decodeBech32(text);
    return prefix === "secret" ? { out: data } : { fault: `wrong address prefix: ${JSON.stringify(prefix)}` };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

function faultOf(error: unknown): string {
  if (!(error instanceof Bech32Error)) throw error;
  if (error.message === "invalid padding") throw new Trap("unknown");
  return error.message;
}
