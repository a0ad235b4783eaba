/**
 * What every platform gives an enclave to work with: Node's own crypto and WebAssembly, and the powers of the machine.
 *
 * The shape is that of `EnclavePowers` in `enclave/src/powers.ts`, which this package may not import.
 * @module
 */

import * as nodeCrypto from "node:crypto";
import type { NodeCryptoPower } from "@sotto/common/crypto/nativeCrypto";
import type { WasmPower } from "@sotto/common/wasmPower";
import { gunzip } from "./gunzip.ts";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";

/** What differs from platform to platform. */
export type MachinePowers = {
  readonly sealingKey: () => Uint8Array;
  /** @param reportData 64 bytes @throws {PlatformError} NoQuote */
  readonly quote: (reportData: Uint8Array) => Uint8Array;
};

export type PlatformPowers = MachinePowers & {
  readonly ocall: (request: Uint8Array) => Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
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

const REPORT_DATA_BYTES = 64;

/** SHA-256 of the bundle. */
export function measureBundle(bundle: Uint8Array): Uint8Array {
  return new Uint8Array(nodeCrypto.createHash("sha256").update(bundle).digest());
}

/**
 * @param measurement 32 bytes, of the bundle that gets the powers
 * @param ocall asks the host
 */
export function makePowers(
  measurement: Uint8Array,
  machine: MachinePowers,
  ocall: PlatformPowers["ocall"],
): PlatformPowers {
  return {
    ocall,
    randomBytes: (length) => nodeCrypto.randomFillSync(new Uint8Array(length)),
    sealingKey: machine.sealingKey,
    quote: (reportData) => {
      if (reportData.length !== REPORT_DATA_BYTES) {
        throw new PlatformError(
          PlatformErrorCode.NoQuote,
          `report data: expected ${REPORT_DATA_BYTES} bytes, got ${reportData.length}`,
        );
      }
      return machine.quote(reportData);
    },
    gunzip,
    measurement: new Uint8Array(measurement),
    nodeCrypto: nodeCryptoPower,
    wasm,
  };
}
