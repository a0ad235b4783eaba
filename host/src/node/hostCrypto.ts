/**
 * The crypto door on Node's own crypto, for the host's threads.
 * @module
 */
import * as nodeCrypto from "node:crypto";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { makeNativeCrypto } from "@sotto/common/crypto/nativeCrypto";
import type { WasmPower } from "@sotto/common/wasmPower";

/** A global of Node that its type package leaves to the browser's library. */
declare const WebAssembly: WasmPower;

export function makeHostCrypto(): Crypto {
  return makeNativeCrypto(nodeCrypto, WebAssembly);
}
