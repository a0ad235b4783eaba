/**
 * Messages reduced to what a signature must agree about (enclave §6.4): one line of the table below for each kind, with its two readers.
 *
 * All other messages are "other", and equal: they run no contract, and the chain compares their documents itself.
 * @module
 */
import { parseAddress } from "@sotto/common/address";
import { base64ToBytes, equalBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import type { JsonObject, JsonValue } from "@sotto/common/json";
import type { Any } from "@sotto/common/wire/any";
import type { Coin } from "@sotto/common/wire/coin";
import {
  MsgClearAdmin,
  MsgExecuteContract,
  MsgInstantiateContract,
  MsgMigrateContract,
  MsgUpdateAdmin,
} from "@sotto/common/wire/compute";
import type { MessageCodec } from "@sotto/common/wire/message";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";

/** The amino type, then the fields in the order of their kind's line; of coins denom and amount in turn. Undefined: "other". */
export type ComparedMessage = readonly (string | Uint8Array)[] | undefined;

type Kind = {
  readonly aminoType: string;
  readonly typeUrl: string;
  readonly readProto: (bytes: Uint8Array) => readonly (string | Uint8Array)[];
  readonly readAmino: (value: JsonObject) => readonly (string | Uint8Array)[];
};

function kind<T>(
  codec: MessageCodec<T>,
  aminoType: string,
  fields: (message: T) => readonly (string | Uint8Array)[],
  readAmino: Kind["readAmino"],
): Kind {
  return { aminoType, typeUrl: codec.typeUrl, readProto: (bytes) => fields(codec.decode(bytes)), readAmino };
}

const KINDS: readonly Kind[] = [
  kind(
    MsgInstantiateContract,
    "wasm/MsgInstantiateContract",
    (m) => [m.sender, m.codeId.toString(), m.label, m.initMsg, m.admin, ...flatCoins(m.initFunds)],
    (v) => [
      base64(v, "sender"),
      codeId(v),
      text(v, "label"),
      ciphertext(v, "init_msg"),
      v.has("admin") ? text(v, "admin") : "",
      ...coins(v, "init_funds"),
    ],
  ),
  kind(
    MsgExecuteContract,
    "wasm/MsgExecuteContract",
    (m) => [m.sender, m.contract, m.msg, ...flatCoins(m.sentFunds)],
    (v) => [base64(v, "sender"), base64(v, "contract"), ciphertext(v, "msg"), ...coins(v, "sent_funds")],
  ),
  kind(
    MsgMigrateContract,
    "wasm/MsgMigrateContract",
    (m) => [address(m.sender), m.contract, m.codeId.toString(), m.msg],
    (v) => [address(text(v, "sender")), text(v, "contract"), codeId(v), ciphertext(v, "msg")],
  ),
  kind(
    MsgUpdateAdmin,
    "wasm/MsgUpdateAdmin",
    (m) => [address(m.sender), m.newAdmin, m.contract],
    (v) => [address(text(v, "sender")), text(v, "new_admin"), text(v, "contract")],
  ),
  kind(
    MsgClearAdmin,
    "wasm/MsgClearAdmin",
    (m) => [address(m.sender), m.contract],
    (v) => [address(text(v, "sender")), text(v, "contract")],
  ),
];
const BY_TYPE_URL = new Map(KINDS.map((each) => [each.typeUrl, each]));
const BY_AMINO_TYPE = new Map(KINDS.map((each) => [each.aminoType, each]));

/** A message of a transaction's body. @throws {EnclaveError} FailedToDeserialize */
export function reduceAny({ typeUrl, value }: Any): ComparedMessage {
  const found = BY_TYPE_URL.get(typeUrl);
  return found && [found.aminoType, ...orMisfit(() => found.readProto(value))];
}

/** A message of a signed document. @throws {EnclaveError} FailedTxVerification, FailedToDeserialize */
export function reduceAmino(message: JsonValue): ComparedMessage {
  if (!(message instanceof Map)) throw unverified();
  const type = text(message, "type");
  const value = message.get("value");
  const found = BY_AMINO_TYPE.get(type);
  if (found === undefined) return undefined;
  if (!(value instanceof Map)) throw unverified();
  return [type, ...found.readAmino(value)];
}

export function sameMessage(a: ComparedMessage, b: ComparedMessage): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((field, i) => sameField(field, b[i]));
}

function sameField(a: string | Uint8Array, b: string | Uint8Array | undefined): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b);
  return a === b;
}

function flatCoins(list: readonly Coin[]): string[] {
  return list.flatMap(({ denom, amount }) => [denom, amount]);
}

// Readers of amino members. Whether a fault in one is "does not parse" or "does not verify" is visible: enclave §6.2.

function text(value: JsonObject, name: string): string {
  const member = value.get(name);
  if (typeof member === "string") return member;
  throw unverified();
}

function base64(value: JsonObject, name: string): Uint8Array {
  const member = text(value, name);
  return attempt(() => base64ToBytes(member), unverified);
}

function ciphertext(value: JsonObject, name: string): Uint8Array {
  const member = text(value, name);
  return orMisfit(() => base64ToBytes(member));
}

function codeId(value: JsonObject): string {
  const member = text(value, "code_id");
  if (!/^[0-9]{1,20}$/.test(member)) throw misfit();
  return BigInt(member).toString();
}

function address(bech32: string): Uint8Array {
  return orMisfit(() => parseAddress(bech32));
}

function coins(value: JsonObject, name: string): string[] {
  const list = value.get(name);
  if (!Array.isArray(list)) throw unverified();
  return list.flatMap((coin) => {
    if (!(coin instanceof Map)) throw unverified();
    return [text(coin, "denom"), text(coin, "amount")];
  });
}

function orMisfit<T>(read: () => T): T {
  return attempt(read, misfit);
}

function attempt<T>(read: () => T, fault: () => EnclaveError): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodedError) throw fault();
    throw error;
  }
}

function misfit(): EnclaveError {
  return new EnclaveError(EnclaveErrorCode.FailedToDeserialize);
}

function unverified(): EnclaveError {
  return new EnclaveError(EnclaveErrorCode.FailedTxVerification);
}
