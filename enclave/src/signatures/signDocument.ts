/**
 * The JSON document that was signed, and whether it is that of a transaction (enclave §6.4).
 *
 * The host makes the document, for only it knows the JSON of every message. So it is believed only as far as it can be made
 * again: from the transaction and the document's own messages, which in turn must be the transaction's.
 * @module
 */
import { equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { type JsonValue, parseJson } from "@sotto/common/json";
import {
  type AminoSigner,
  aminoObstacle,
  eip191SignBytes,
  formatAminoSignDoc,
} from "@sotto/common/signing/aminoSignDoc";
import { type DecodedTx, SignMode } from "@sotto/common/wire/tx";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { reduceAmino, reduceAny, sameMessage } from "./comparedMessage.ts";

/**
 * @param signer the pinned chain id, and account number and sequence as the document should name them
 * @param signBytes whatever the host says was signed
 * @throws {EnclaveError} FailedTxVerification, unless this document and no other is the transaction's in this mode;
 *   FailedToDeserialize for messages that do not parse
 */
export function requireSignDocument(
  tx: DecodedTx,
  mode: typeof SignMode.LegacyAminoJson | typeof SignMode.Eip191,
  signer: AminoSigner,
  signBytes: Uint8Array,
): void {
  const msgs = messagesOf(signBytes);
  if (aminoObstacle(tx) !== undefined) throw unverified();
  // Chain id, memo, fee and gas, which amino documents alone protect, and the form of the document down to the last byte.
  const document = formatAminoSignDoc(tx, signer, msgs);
  const expected = mode === SignMode.Eip191 ? eip191SignBytes(document) : utf8ToBytes(document);
  if (!equalBytes(expected, signBytes)) throw unverified();
  const signed = msgs.map(reduceAmino);
  const carried = tx.body.messages.map(reduceAny);
  const same = signed.length === carried.length && signed.every((message, i) => sameMessage(message, carried[i]));
  if (!same) throw unverified();
}

const BRACE = 0x7b;

/** The `msgs` of a document; what stands before its first brace is compared later. */
function messagesOf(signBytes: Uint8Array): JsonValue[] {
  const start = signBytes.indexOf(BRACE);
  if (start < 0) throw unverified();
  let document: JsonValue;
  try {
    document = parseJson(signBytes.subarray(start));
  } catch (error) {
    if (error instanceof CodedError) throw unverified();
    throw error;
  }
  const msgs = document instanceof Map ? document.get("msgs") : undefined;
  if (!Array.isArray(msgs)) throw unverified();
  return msgs;
}

function unverified(): EnclaveError {
  return new EnclaveError(EnclaveErrorCode.FailedTxVerification);
}
