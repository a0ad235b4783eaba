/**
 * Paths of very old applications, which predate the gateway (clients §1.2, end).
 * @module
 */
import { bytes, field, message } from "@sotto/common/wire/message";
import { ApiError } from "../apiError.ts";
import type { NodeBackend } from "../backend.ts";
import { toBase64 } from "../json/text.ts";

const Key = message("secret.registration.v1beta1.Key", { key: field(1, bytes) });

/** Which member of `result` holds the key. */
const LEGACY_KEYS: ReadonlyMap<string, string> = new Map([
  ["reg/tx-key", "TxKey"],
  ["reg/consensus-io-exch-pubkey", "ioExchPubkey"],
]);

/** @returns the answer, if the path is one of the old ones */
export async function legacyKeyJson(backend: NodeBackend, segments: readonly string[]): Promise<string | undefined> {
  if (segments[0] !== "reg") return undefined;
  const member = LEGACY_KEYS.get(segments.join("/"));
  if (member === undefined) return undefined;
  const path = "/secret.registration.v1beta1.Query/TxKey";
  const answer = await backend.query({ path, data: new Uint8Array(0), height: 0 });
  if (answer.grpc.code !== 0) throw new ApiError(answer.grpc.code, answer.grpc.message);
  const { key } = Key.decode(answer.value);
  return `{"height":"${answer.height}","result":{"${member}":"${toBase64(key)}"}}`;
}
