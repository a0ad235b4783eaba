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
  /** 32 bytes, the same for this measurement on this machine and for nothing else. */
  readonly sealingKey: () => Uint8Array;
  /** SHA-256 of the bundle that is running, 32 bytes. */
  readonly measurement: Uint8Array;
  readonly nodeCrypto: NodeCryptoPower;
  readonly wasm: WasmPower;
};

/** One byte-in, byte-out function: a request and a response of `boundary/messages.ts`. */
export type Enclave = { readonly ecall: (request: Uint8Array) => Uint8Array };

/** What the bundle exports. */
export type MakeEnclave = (powers: EnclavePowers) => Enclave;
