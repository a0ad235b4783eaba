/** The trusted record behind a test network's seal, and networks whose record was changed: what a rotation will do. */

import { INTERFACE_VERSION } from "@sotto/boundary/messages";
import { seal, unseal } from "../src/keys/sealing.ts";
import { appendSeed, decodeTrustedRecord, encodeTrustedRecord, type TrustedRecord } from "../src/keys/trustedRecord.ts";
import { type TestChain, testCrypto } from "./harness.ts";

const LABEL = "network/v1";

export function recordOf({ powers, sealed }: TestChain): TrustedRecord {
  return decodeTrustedRecord(unseal(testCrypto, powers, LABEL, sealed).plaintext);
}

/** Restarts the enclave with one more seed; clients learn the new io key. */
export function rotate(chain: TestChain, seed: Uint8Array): void {
  const { about } = unseal(testCrypto, chain.powers, LABEL, chain.sealed);
  const record = appendSeed(recordOf(chain), seed);
  chain.sealed = seal(testCrypto, chain.powers, { ...about, label: LABEL }, encodeTrustedRecord(record));
  chain.restart();
  const { state } = chain.call("info", { interfaceVersion: INTERFACE_VERSION });
  if (state.kind !== "ready") throw new Error(state.kind);
  chain.ioKey = state.value.keys.ioExchange;
}
