/**
 * Input decryption (enclave §2): from the bytes in a transaction or query to the plaintext that a contract gets.
 * @module
 */
import { LIMITS } from "@sotto/boundary/messages";
import { bytesToHex, concatBytes, EMPTY_BYTES, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { deriveKey, type ExchangeKeyPair } from "../keys/keyTree.ts";
import { binaryText, LruCache } from "../lruCache.ts";

const NONCE_LENGTH = 32;
const KEY_LENGTH = 32;
const HEAD_LENGTH = NONCE_LENGTH + KEY_LENGTH;
/** In front of a ciphertext (enclave §0.1). */
const IV_LENGTH = 16;
/** Nonce, key, and the shortest ciphertext (enclave §2.1). */
const MIN_LENGTH = 82;
const CODE_HASH_TEXT_LENGTH = 64;
const REPLY_MAGIC = "REPLY01";
/** Magic, id, code hash text (enclave §7.1). */
const REPLY_HEADER_LENGTH = 79;
const SHARED_SECRETS_KEPT = 10_000;

/** Key and nonce that govern the whole call tree of one message. */
export type TxSecret = {
  /** 64 bytes, public: nonce and user key, the head of everything sent under this secret. */
  readonly head: Uint8Array;
  /** AES-SIV key, 32 bytes. */
  readonly txKey: Uint8Array;
};

/** A contract that waits for a reply (enclave §7.1). */
export type ReplyHeader = {
  /** The id that it gave its message. */
  readonly id: bigint;
  /** 64 characters. */
  readonly codeHashText: string;
};
export type ReplyChain = readonly ReplyHeader[];

/** Code hash text of the contract that an output is addressed to; empty for the user. */
export function recipientOf(replyChain: ReplyChain): string {
  return replyChain[0]?.codeHashText ?? "";
}

/** What a decrypted input says. */
export type SecretMessage = {
  /** As the sender gave it: 64 characters, any case, perhaps no hex at all. */
  readonly codeHashText: string;
  /** The contracts that wait for a reply, nearest first. */
  readonly replyChain: ReplyChain;
  /** What the contract gets. */
  readonly message: Uint8Array;
};

/** `SIV(tx_key, None, plaintext)`: one empty associated string, not none at all (enclave §0.1). */
export function encryptForUser(crypto: Crypto, txKey: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return crypto.aesSivEncrypt(txKey, [EMPTY_BYTES], plaintext);
}

/** The key of one message: 32 bytes (enclave §2.1). */
export function deriveTxKey(crypto: Crypto, shared: Uint8Array, nonce: Uint8Array): Uint8Array {
  return deriveKey(crypto, shared, nonce);
}

/** Opens inputs; remembers shared secrets of users, since X25519 costs more than the rest together. */
export class InputDecryption {
  readonly #crypto: Crypto;
  readonly #exchange: ExchangeKeyPair;
  readonly #shared = new LruCache<Uint8Array>(SHARED_SECRETS_KEPT);

  constructor(crypto: Crypto, exchange: ExchangeKeyPair) {
    this.#crypto = crypto;
    this.#exchange = exchange;
  }

  /**
   * Decrypts a whole input.
   * @returns undefined if it is shorter than 82 bytes or not encrypted to this network
   */
  open(input: Uint8Array): { readonly secret: TxSecret; readonly plaintext: Uint8Array } | undefined {
    if (input.length < MIN_LENGTH) return undefined;
    const head = input.slice(0, HEAD_LENGTH);
    const userKey = head.subarray(NONCE_LENGTH);
    const cacheKey = binaryText(userKey);
    let shared = this.#shared.get(cacheKey);
    if (shared === undefined) {
      shared = this.#crypto.x25519(this.#exchange.secret, userKey);
      this.#shared.set(cacheKey, shared);
    }
    const txKey = deriveTxKey(this.#crypto, shared, head.subarray(0, NONCE_LENGTH));
    const plaintext = this.#crypto.aesSivDecrypt(txKey, [EMPTY_BYTES], input.subarray(HEAD_LENGTH));
    return plaintext && { secret: { head, txKey }, plaintext };
  }
}

/**
 * Takes a plaintext apart (enclave §2.2).
 * @throws {EnclaveError} ValidationFailure: too short for a code hash; Panic: a reply header is cut off, as enclave §2.4 says
 */
export function parseSecretMessage(plaintext: Uint8Array): SecretMessage {
  if (plaintext.length < CODE_HASH_TEXT_LENGTH) throw new EnclaveError(EnclaveErrorCode.ValidationFailure);
  const replyChain: ReplyHeader[] = [];
  let at = CODE_HASH_TEXT_LENGTH;
  while (binaryText(plaintext.subarray(at, at + REPLY_MAGIC.length)) === REPLY_MAGIC) {
    const header = plaintext.subarray(at, at + REPLY_HEADER_LENGTH);
    if (header.length < REPLY_HEADER_LENGTH) throw new EnclaveError(EnclaveErrorCode.Panic);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    replyChain.push({
      id: view.getBigUint64(REPLY_MAGIC.length, false),
      codeHashText: binaryText(header.subarray(REPLY_HEADER_LENGTH - CODE_HASH_TEXT_LENGTH)),
    });
    at += REPLY_HEADER_LENGTH;
  }
  return {
    codeHashText: binaryText(plaintext.subarray(0, CODE_HASH_TEXT_LENGTH)),
    replyChain,
    message: plaintext.subarray(at),
  };
}

/**
 * Checks the code hash that a sender expects against the code that is about to run (enclave §2.2).
 * @param codeHash 32 bytes
 * @throws {EnclaveError} ValidationFailure
 */
export function verifyCodeHashText(text: string, codeHash: Uint8Array): void {
  if (text.length !== CODE_HASH_TEXT_LENGTH || text.toLowerCase() !== bytesToHex(codeHash)) {
    throw new EnclaveError(EnclaveErrorCode.ValidationFailure);
  }
}

/** The headers that say who waits (enclave §7.1): 79 bytes each. A client may have sent very many, with whatever bytes. */
export function formatReplyHeaders(chain: ReplyChain): Uint8Array {
  const out = new Uint8Array(chain.length * REPLY_HEADER_LENGTH);
  for (const [i, { id, codeHashText }] of chain.entries()) {
    const codeHash = Uint8Array.from(codeHashText, (character) => character.charCodeAt(0));
    out.set(concatBytes(utf8ToBytes(REPLY_MAGIC), u64be(id), codeHash), i * REPLY_HEADER_LENGTH);
  }
  return out;
}

/** Inverse of {@link parseSecretMessage}. */
export function formatSecretMessage({ codeHashText, replyChain, message }: SecretMessage): Uint8Array {
  return concatBytes(utf8ToBytes(codeHashText), formatReplyHeaders(replyChain), message);
}

/**
 * A message from contract to contract as its receiver reads it: where the sender's code hash ends, and which headers there are, is
 * for the bytes to say (enclave §7.2).
 * @throws {EnclaveError} FailedFunctionCall: longer than what may enter a call (enclave §11.5); as {@link parseSecretMessage}
 */
export function receiveNestedMessage(message: SecretMessage): SecretMessage {
  const plaintext = formatSecretMessage(message);
  if (HEAD_LENGTH + IV_LENGTH + plaintext.length > LIMITS.message) {
    throw new EnclaveError(EnclaveErrorCode.FailedFunctionCall);
  }
  return parseSecretMessage(plaintext);
}

/** The bytes of a message from contract to contract as they would travel (enclave §7.2); kept in a contract's history. */
export function encryptNestedMessage(crypto: Crypto, secret: TxSecret, message: SecretMessage): Uint8Array {
  return concatBytes(secret.head, encryptForUser(crypto, secret.txKey, formatSecretMessage(message)));
}
