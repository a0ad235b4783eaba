/**
 * Imports that sign and verify, with the codes that contracts get. Spec: contracts §2.5, §2.6.
 * @module
 */
import type { Crypto, SignatureVerdict } from "@sotto/common/crypto/crypto";
import { EngineError, EngineErrorCode } from "../engineError.ts";
import type { Guest } from "./guest.ts";
import type { HostFunction, HostFunctions } from "./hostFunction.ts";

/** Codes of contracts §2.5. */
const Code = {
  Valid: 0,
  Invalid: 1,
  HashLength: 3,
  SignatureFormat: 4,
  PublicKeyFormat: 5,
  BatchSizes: 7,
  Generic: 10,
  PrivateKeyFormat: 1000,
} as const;

const SECP256K1_GAS = 98_304n;
const SECP256K1_SIGN_GAS = 100_000n;
const ED25519_GAS = 73_728n;
const ED25519_SIGN_GAS = 75_000n;
const BATCH_GAS = 5000n;
const BATCH_GAS_PER_SIGNATURE = 70_000n;
const QUOTE_GAS = 100_000n;

const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;

function begin(guest: Guest, gas: bigint): void {
  void guest.call; // refuses inside `allocate`
  guest.useGas(gas);
}

/** An i64 result: an error code in the high half. */
function highCode(code: number): bigint {
  return BigInt(code) << 32n;
}

/** A quality in the low half, or the status of a quote that did not verify in the high half (contracts §2.6). */
const QUOTE_RESULTS = { upToDate: 0n, hardeningNeeded: 0xa008n, refused: highCode(1) } as const;

function regionOrCode(guest: Guest, data: Uint8Array | undefined, code: number): bigint {
  return data === undefined ? highCode(code) : BigInt(guest.newRegion(data) >>> 0);
}

/** The crypto door's verdicts are the codes of contracts §2.5 by name. */
const VERDICT_CODES: Readonly<Record<SignatureVerdict, number>> = {
  valid: Code.Valid,
  invalid: Code.Invalid,
  malformedHash: Code.HashLength,
  malformedSignature: Code.SignatureFormat,
  malformedKey: Code.PublicKeyFormat,
  undecodable: Code.Generic,
};

/**
 * Elements of a section, each followed by its length in 4 big-endian bytes; read from the end. One to three bytes that are left over
 * at the start are ignored.
 * @throws {EngineError} Panicked, if a length points before the start
 */
function* elementsFromEnd(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length;
  while (end >= 4) {
    const length = view.getUint32(end - 4);
    const start = end - 4 - length;
    if (start < 0) throw new EngineError(EngineErrorCode.Panicked);
    yield bytes.subarray(start, end - 4);
    end = start;
  }
}

/** Counted before any is kept: millions of empty ones may stand in a section, which only the price then refuses. */
function countElements(bytes: Uint8Array): number {
  let count = 0;
  for (const _ of elementsFromEnd(bytes)) count++;
  return count;
}

type Section = { readonly bytes: Uint8Array; readonly count: number };
type Elements = readonly Uint8Array[];

function elementsOf({ bytes }: Section): Elements {
  return [...elementsFromEnd(bytes)].reverse();
}

/** The number of signatures after expansion, or undefined if the counts do not go together. */
function batchSize(messages: number, signatures: number, keys: number): number | undefined {
  if (messages === signatures && signatures === keys) return signatures;
  if (messages === 1 && signatures === keys) return signatures;
  if (keys === 1 && messages === signatures) return signatures;
  return undefined;
}

function batchCode(crypto: Crypto, messages: Elements, signatures: Elements, keys: Elements): number {
  const pick = (list: Elements, i: number): Uint8Array => list[list.length === 1 ? 0 : i] as Uint8Array;
  for (let i = 0; i < signatures.length; i++) {
    if (pick(signatures, i).length !== SIGNATURE_BYTES) return Code.SignatureFormat;
    if (pick(keys, i).length !== KEY_BYTES) return Code.PublicKeyFormat;
  }
  for (let i = 0; i < signatures.length; i++) {
    if (crypto.ed25519Verify(pick(messages, i), pick(signatures, i), pick(keys, i)) !== "valid") return Code.Invalid;
  }
  return Code.Valid;
}

function secp256k1Functions(crypto: Crypto): HostFunctions {
  return {
    secp256k1_verify: {
      params: 3,
      result: "i32",
      bind: (guest) => (hash, signature, key) => {
        begin(guest, SECP256K1_GAS);
        return VERDICT_CODES[
          crypto.secp256k1Verify(guest.readArgument(hash), guest.readArgument(signature), guest.readArgument(key))
        ];
      },
    },
    secp256k1_recover_pubkey: {
      params: 3,
      result: "i64",
      bind: (guest) => (hashPointer, signaturePointer, recoveryId) => {
        begin(guest, SECP256K1_GAS);
        const hash = guest.readArgument(hashPointer);
        const signature = guest.readArgument(signaturePointer);
        if (hash.length !== HASH_BYTES) return highCode(Code.HashLength);
        if (signature.length !== SIGNATURE_BYTES) return highCode(Code.SignatureFormat);
        if (recoveryId < 0 || recoveryId > 3) return highCode(Code.Generic);
        return regionOrCode(guest, crypto.secp256k1Recover(hash, signature, recoveryId), Code.Generic);
      },
    },
    secp256k1_sign: {
      params: 2,
      result: "i64",
      bind: (guest) => (messagePointer, keyPointer) => {
        begin(guest, SECP256K1_SIGN_GAS);
        const message = guest.readArgument(messagePointer);
        const key = guest.readArgument(keyPointer);
        if (key.length !== KEY_BYTES) return highCode(Code.PrivateKeyFormat);
        return regionOrCode(guest, crypto.secp256k1Sign(crypto.sha256(message), key), Code.PrivateKeyFormat);
      },
    },
  };
}

function ed25519Functions(crypto: Crypto): HostFunctions {
  return {
    ed25519_verify: {
      params: 3,
      result: "i32",
      bind: (guest) => (message, signature, key) => {
        begin(guest, ED25519_GAS);
        return VERDICT_CODES[
          crypto.ed25519Verify(guest.readArgument(message), guest.readArgument(signature), guest.readArgument(key))
        ];
      },
    },
    ed25519_batch_verify: {
      params: 3,
      result: "i32",
      bind: (guest) => (messagesPointer, signaturesPointer, keysPointer) => {
        void guest.call; // refuses inside `allocate`
        const read = (pointer: number): Section => {
          const bytes = guest.readArgument(pointer);
          return { bytes, count: countElements(bytes) };
        };
        const messages = read(messagesPointer);
        const signatures = read(signaturesPointer);
        const keys = read(keysPointer);
        const size = batchSize(messages.count, signatures.count, keys.count);
        if (size === undefined) return Code.BatchSizes;
        guest.useGas(BATCH_GAS + BATCH_GAS_PER_SIGNATURE * BigInt(size));
        // One message may be signed many times.
        if (messages.count < size) guest.call.imports.work(messages.bytes.length * (size - 1));
        return batchCode(crypto, elementsOf(messages), elementsOf(signatures), elementsOf(keys));
      },
    },
    ed25519_sign: {
      params: 2,
      result: "i64",
      bind: (guest) => (messagePointer, seedPointer) => {
        begin(guest, ED25519_SIGN_GAS);
        const message = guest.readArgument(messagePointer);
        const seed = guest.readArgument(seedPointer);
        if (seed.length !== KEY_BYTES) return highCode(Code.PrivateKeyFormat);
        return regionOrCode(guest, crypto.ed25519Sign(message, seed), Code.PrivateKeyFormat);
      },
    },
  };
}

/** Both regions are views, of which the verifier keeps nothing. */
const dcapQuoteVerify: HostFunction = {
  params: 2,
  result: "i64",
  bind: (guest) => (quotePointer, collateralPointer) => {
    begin(guest, QUOTE_GAS);
    const quote = guest.readArgument(quotePointer);
    const collateral = guest.readArgument(collateralPointer);
    if (collateral.length === 0) return highCode(Code.Generic);
    return QUOTE_RESULTS[guest.call.imports.verifyQuote(quote, collateral)];
  },
};

export function makeCryptoFunctions(crypto: Crypto): HostFunctions {
  return { ...secp256k1Functions(crypto), ...ed25519Functions(crypto), dcap_quote_verify: dcapQuoteVerify };
}
