/**
 * The hash of a transaction, in a path and of its bytes.
 * @module
 */
import { createHash } from "node:crypto";
import { ApiError, GrpcCode, invalidArgument } from "../apiError.ts";

/**
 * Reads hex of either case, with the texts of Go's decoder (clients §1.2 item 6).
 * @throws {ApiError} InvalidArgument for none, Unknown for what is not hex
 */
export function parseTxHash(text: string): Uint8Array {
  if (text === "") throw invalidArgument("tx hash cannot be empty");
  const odd = /[^0-9a-fA-F]/.exec(text);
  if (odd !== null) {
    const code = (text.codePointAt(odd.index) as number).toString(16).toUpperCase().padStart(4, "0");
    const shown = /^[\x21-\x7e]$/.test(odd[0]) ? ` '${odd[0]}'` : "";
    throw new ApiError(GrpcCode.Unknown, `encoding/hex: invalid byte: U+${code}${shown}`);
  }
  if (text.length % 2 === 1) throw new ApiError(GrpcCode.Unknown, "encoding/hex: odd length hex string");
  return new Uint8Array(Buffer.from(text, "hex"));
}

export function hashTx(tx: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(tx).digest());
}
