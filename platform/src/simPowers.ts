/**
 * What the `sim` platform gives an enclave to work with: Node's own crypto and WebAssembly, and a sealing key from a file.
 *
 * The shape is that of `EnclavePowers` in `enclave/src/powers.ts`, which this package may not import.
 * @module
 */

import * as nodeCrypto from "node:crypto";
import type { NodeCryptoPower } from "@sotto/common/crypto/nativeCrypto";
import type { WasmPower } from "@sotto/common/wasmPower";
import { gunzip } from "./gunzip.ts";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";

export type SimPowers = {
  readonly ocall: (request: Uint8Array) => Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly sealingKey: () => Uint8Array;
  readonly quote: (reportData: Uint8Array) => Uint8Array;
  readonly gunzip: (data: Uint8Array, maxBytes: number) => Uint8Array;
  readonly measurement: Uint8Array;
  readonly nodeCrypto: NodeCryptoPower;
  readonly wasm: WasmPower;
};

/** Of `node:crypto` no more than the enclave's crypto uses. */
const { hash, createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, sign, verify } =
  nodeCrypto;
const nodeCryptoPower: NodeCryptoPower = Object.freeze({
  hash,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  sign,
  verify,
});

/** The global of every thread; Node's types leave it out. */
const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: WasmPower };

const SEALING_SALT = "sotto/sim/sealing/v1";

/** SHA-256 of the bundle. */
export function measureBundle(bundle: Uint8Array): Uint8Array {
  return new Uint8Array(nodeCrypto.createHash("sha256").update(bundle).digest());
}

/**
 * @param secret 32 bytes, of the machine
 * @param measurement 32 bytes, of the bundle that gets the powers
 * @param ocall asks the host
 */
export function makeSimPowers(secret: Uint8Array, measurement: Uint8Array, ocall: SimPowers["ocall"]): SimPowers {
  return {
    ocall,
    randomBytes: (length) => nodeCrypto.randomFillSync(new Uint8Array(length)),
    // Another bundle, even of the same makers, gets another key.
    sealingKey: () => new Uint8Array(nodeCrypto.hkdfSync("sha256", secret, SEALING_SALT, measurement, 32)),
    quote: () => {
      throw new PlatformError(PlatformErrorCode.NoQuote, "the simulated platform makes no quotes yet");
    },
    gunzip,
    measurement: new Uint8Array(measurement),
    nodeCrypto: nodeCryptoPower,
    wasm,
  };
}
