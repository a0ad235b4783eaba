/**
 * Encryption of everything that a contract returns, for the user whose message it answers (enclave §3.2).
 * @module
 */
import { bytesToBase64, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { ContractAttribute } from "./contractOutput.ts";
import { encryptForUser } from "./secretMessage.ts";

/** Encrypts under one message's key. `recipient` is the code hash text of the contract that waits for a reply, or empty. */
export class OutputEncryption {
  readonly #crypto: Crypto;
  readonly #txKey: Uint8Array;

  constructor(crypto: Crypto, txKey: Uint8Array) {
    this.#crypto = crypto;
    this.#txKey = txKey;
  }

  /** Response data: raw bytes; the plaintext is base64 text (enclave §3.2). */
  data(data: Uint8Array, recipient: string): Uint8Array {
    return this.#text(recipient + bytesToBase64(data));
  }

  /** The base64 text that stands in an error log. */
  error(text: string, recipient: string): string {
    return bytesToBase64(this.#text(recipient + text));
  }

  /** A query's answer: raw bytes. @param text base64, as the contract gave it */
  queryResult(text: string): Uint8Array {
    return this.#text(text);
  }

  attribute({ key, value, encrypted }: ContractAttribute): { readonly key: string; readonly value: string } {
    if (!encrypted) return { key, value };
    return { key: bytesToBase64(this.#text(key)), value: bytesToBase64(this.#text(value)) };
  }

  #text(text: string): Uint8Array {
    return encryptForUser(this.#crypto, this.#txKey, utf8ToBytes(text));
  }
}
