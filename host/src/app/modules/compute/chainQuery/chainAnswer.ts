/**
 * What an answer to a contract's query is made from and may come to (contracts §5.7).
 * @module
 */
import type { JsonInput, JsonObject } from "@sotto/common/json";
import { parseAddress, parseValidator } from "../../../core/addresses.ts";
import { AppError } from "../../../core/appError.ts";
import type { Context } from "../../../core/context.ts";
import { registeredText } from "../../../core/errorRegistry.ts";

/** Who asks, and on which state. */
export type ChainQuestion = {
  readonly context: Context;
  /** 20 bytes: the contract that asks. */
  readonly contract: Uint8Array;
  readonly fields: JsonObject;
};

/** By the names of queries. @throws {AppError} becomes the contract's error; {ChainPanic}; {OutOfGas} */
export type ChainAnswers = { readonly [name: string]: (question: ChainQuestion) => JsonInput };

/** The reference's program panics here; that ends the call of the contract that asked. */
export class ChainPanic extends Error {
  override readonly name = "ChainPanic";
}

/** A member that the enclave has checked to be there. */
export function textOf(fields: JsonObject, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

/** A member that may be null. */
export function optionalTextOf(fields: JsonObject, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === "string" ? value : undefined;
}

/** @throws {AppError} `<text>: invalid address` */
export function accountOf(text: string): Uint8Array {
  return read(text, parseAddress);
}

/** @throws {AppError} `<text>: invalid address` */
export function operatorOf(text: string): Uint8Array {
  return read(text, parseValidator);
}

function read(text: string, parse: (text: string) => Uint8Array): Uint8Array {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // A contract sees the text alone, also where the address is empty.
    throw AppError.plain(`${text}: ${registeredText("sdk", 7)}`);
  }
}
