/**
 * Everything that the enclave may do to the world, passed in once; it imports no platform.
 *
 * Trusted code calls these, so what stands behind each of them is measured with the enclave, except `ocall`, whose answers
 * are foreign bytes.
 * @module
 */
import type { NodeCryptoPower } from "@sotto/common/crypto/nativeCrypto";
import type { WasmPower } from "@sotto/common/wasmPower";

export type EnclavePowers = {
  /** Asks the host; synchronous, because wasm imports cannot wait. The answer is untrusted bytes. */
  readonly ocall: (request: Uint8Array) => Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
  /**
   * 32 bytes, the same for this measurement on this machine and for nothing else. A platform without such a key (TDX) gives one that
   * lasts as long as the process.
   */
  readonly sealingKey: () => Uint8Array;
  /**
   * A quote of this enclave (registration §6): the bytes of SGX version 3, TDX version 4 or 5, signed by the platform.
   * @param reportData 64 bytes
   * @throws an Error if the platform cannot quote now
   */
  readonly quote: (reportData: Uint8Array) => Uint8Array;
  /**
   * Unpacks a gzip file: its first member, cut to zeros beyond the limit.
   * @throws an Error whose message clients see (contracts §1.1)
   */
  readonly gunzip: (data: Uint8Array, maxBytes: number) => Uint8Array;
  /** SHA-256 of the bundle that is running, 32 bytes: what sealed records are bound to. Evidence has a measurement of its own. */
  readonly measurement: Uint8Array;
  readonly nodeCrypto: NodeCryptoPower;
  readonly wasm: WasmPower;
};

/** One byte-in, byte-out function: a request and a response of `boundary/messages.ts`. */
export type Enclave = { readonly ecall: (request: Uint8Array) => Uint8Array };

/** What the bundle exports. */
export type MakeEnclave = (powers: EnclavePowers) => Enclave;
