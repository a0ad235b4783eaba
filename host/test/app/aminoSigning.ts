/**
 * Transactions signed otherwise than DIRECT, by means of their own: documents are written here with the platform's JSON, from
 * messages in amino form that the test gives.
 */
import { utf8ToBytes } from "@sotto/common/bytes";
import { accountKeyAddress, decodeAccountKey } from "@sotto/common/signing/accountKey";
import { type Any, packAny } from "@sotto/common/wire/any";
import { LegacyAminoMultisigPubKey, packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import {
  AuthInfo,
  type ModeInfo,
  MultiSignature,
  type SignerInfo,
  SignMode,
  TxBody,
  TxRaw,
} from "@sotto/common/wire/tx";
import { formatAddress } from "../../src/app/core/addresses.ts";
import { CHAIN_ID, crypto, uscrt } from "./testNetwork.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value as { readonly [key: string]: Json }).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}

const escaped = (json: string): string =>
  json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Canonical JSON with what the chain escapes in it. */
export const canonical = (value: Json): string => escaped(JSON.stringify(sorted(value)));

export function personalMessage(document: string): Uint8Array {
  const text = escaped(JSON.stringify(JSON.parse(document), null, 4));
  return utf8ToBytes(`\x19Ethereum Signed Message:\n${utf8ToBytes(text).length}${text}`);
}

/** A message in both of its forms. */
export type BothForms = { readonly any: Any; readonly amino: Json };

export type Parts = {
  readonly messages: readonly BothForms[];
  readonly accountNumber: bigint;
  readonly sequence?: bigint;
  readonly memo?: string;
  readonly timeoutHeight?: bigint;
  readonly gas?: bigint;
  readonly amount?: bigint;
  readonly payer?: string;
  /** Members that the document has instead of the right ones. */
  readonly document?: { readonly [key: string]: Json };
};

export function documentOf(parts: Parts): string {
  const { messages, accountNumber, sequence = 0n, memo = "", timeoutHeight = 0n, payer = "" } = parts;
  const fee = { amount: [{ amount: `${parts.amount ?? 10_000n}`, denom: "uscrt" }], gas: `${parts.gas ?? 100_000n}` };
  return canonical({
    account_number: `${accountNumber}`,
    chain_id: CHAIN_ID,
    fee: payer === "" ? fee : { ...fee, payer },
    memo,
    msgs: messages.map(({ amino }) => amino),
    sequence: `${sequence}`,
    ...(timeoutHeight === 0n ? {} : { timeout_height: `${timeoutHeight}` }),
    ...parts.document,
  });
}

/** A transaction with these signers and signatures, whatever they are. */
export function assemble(
  parts: Parts,
  infos: readonly Partial<SignerInfo>[],
  signatures: readonly Uint8Array[],
): Uint8Array {
  const { sequence = 0n, memo = "", timeoutHeight = 0n, payer = "" } = parts;
  const messages = parts.messages.map(({ any }) => any);
  const fee = { amount: [uscrt(parts.amount ?? 10_000n)], gasLimit: parts.gas ?? 100_000n, payer, granter: "" };
  return TxRaw.encode({
    bodyBytes: TxBody.encode({ ...TxBody.zero, messages, memo, timeoutHeight }),
    authInfoBytes: AuthInfo.encode({
      signerInfos: infos.map((info) => ({ publicKey: undefined, modeInfo: undefined, sequence, ...info })),
      fee,
      tip: undefined,
    }),
    signatures,
  });
}

export const single = (mode: number): ModeInfo => ({ single: { mode }, multi: undefined });
export const keyOf = (secret: Uint8Array): Any =>
  packSecp256k1PublicKey(crypto.secp256k1PublicKey(secret) as Uint8Array);
export const signHash = (secret: Uint8Array, hash: Uint8Array): Uint8Array =>
  crypto.secp256k1Sign(hash, secret) as Uint8Array;

/** By one key, in mode LEGACY_AMINO_JSON or EIP_191. */
export function signSingle(secret: Uint8Array, mode: number, parts: Parts): Uint8Array {
  const document = documentOf(parts);
  const hash =
    mode === SignMode.Eip191 ? crypto.keccak256(personalMessage(document)) : crypto.sha256(utf8ToBytes(document));
  return assemble(parts, [{ publicKey: keyOf(secret), modeInfo: single(mode) }], [signHash(secret, hash)]);
}

export function multisigKey(threshold: number, ...publicKeys: readonly Any[]): Any {
  return packAny(LegacyAminoMultisigPubKey, { threshold, publicKeys });
}

export function addressText(publicKey: Any): string {
  const key = decodeAccountKey(publicKey);
  if (key === undefined) throw new TypeError("expected a key of an account");
  return formatAddress(accountKeyAddress(crypto, key));
}

export type MemberChoice = {
  /** Places of the members whose bits are set. */
  readonly bits: readonly number[];
  readonly size: number;
  readonly signatures: readonly Uint8Array[];
  readonly modeInfos?: readonly ModeInfo[];
};

/** The mode of a threshold. */
export function memberModes({ bits, size, signatures, modeInfos }: MemberChoice): ModeInfo {
  const elems = new Uint8Array(Math.ceil(size / 8));
  for (const bit of bits) (elems[bit >> 3] as number) |= 0x80 >> (bit & 7);
  const bitarray = { extraBitsStored: size % 8, elems };
  return {
    single: undefined,
    multi: { bitarray, modeInfos: modeInfos ?? signatures.map(() => single(SignMode.LegacyAminoJson)) },
  };
}

export function assembleMulti(parts: Parts, publicKey: Any, choice: MemberChoice): Uint8Array {
  const signature = MultiSignature.encode({ signatures: choice.signatures });
  return assemble(parts, [{ publicKey, modeInfo: memberModes(choice) }], [signature]);
}
