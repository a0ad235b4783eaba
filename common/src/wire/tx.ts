/**
 * Transactions: envelope, body, authentication and what is signed (chain §6.1).
 *
 * `decodeTxRaw` wants the one canonical encoding (ADR-027), so that a transaction's hash cannot be changed without its
 * content. Body and authentication are signed as bytes and may be encoded as the wallet likes.
 * @module
 */
import { InputError } from "../errors.ts";
import { Any } from "./any.ts";
import { Coin } from "./coin.ts";
import {
  bytes,
  type FieldType,
  field,
  int32,
  type MessageOf,
  message,
  optional,
  repeated,
  string,
  uint32,
  uint64,
} from "./message.ts";
import { WireType } from "./protobuf.ts";

/** Numbers of `ModeInfo.single.mode` (chain §6.2). */
export const SignMode = {
  Unspecified: 0,
  Direct: 1,
  Textual: 2,
  DirectAux: 3,
  LegacyAminoJson: 127,
  Eip191: 191,
} as const;
export type SignMode = (typeof SignMode)[keyof typeof SignMode];

/** What is broadcast; its SHA-256 is the transaction's hash. */
export const TxRaw = message("cosmos.tx.v1beta1.TxRaw", {
  bodyBytes: field(1, bytes),
  authInfoBytes: field(2, bytes),
  signatures: repeated(3, bytes),
});
export type TxRaw = MessageOf<typeof TxRaw>;

const BODY_FIELDS = {
  messages: repeated(1, Any),
  memo: field(2, string),
  /** 0: none. */
  timeoutHeight: field(3, uint64),
  extensionOptions: repeated(1023, Any),
  nonCriticalExtensionOptions: repeated(2047, Any),
};

export const TxBody = message("cosmos.tx.v1beta1.TxBody", BODY_FIELDS, {
  // Numbers with this bit are not critical: who does not know the field may pass over it.
  toleratesUnknown: (fieldNumber) => (fieldNumber & 1024) !== 0,
});
export type TxBody = MessageOf<typeof TxBody>;
const TxBodyWithoutUnknown = message(TxBody.name, BODY_FIELDS);

/** Whether fields were passed over in a body that {@link TxBody} accepts. */
export function hasUnknownBodyFields(bodyBytes: Uint8Array): boolean {
  try {
    TxBodyWithoutUnknown.decode(bodyBytes);
    return false;
  } catch (error) {
    if (error instanceof InputError) return true;
    throw error;
  }
}

export const CompactBitArray = message("cosmos.crypto.multisig.v1beta1.CompactBitArray", {
  /** Bits used of the last byte; 0 means all eight. */
  extraBitsStored: field(1, uint32),
  /** Most significant bit first. */
  elems: field(2, bytes),
});
export type CompactBitArray = MessageOf<typeof CompactBitArray>;

export const ModeInfoSingle = message("cosmos.tx.v1beta1.ModeInfo.Single", {
  /** One of {@link SignMode}, if the transaction is any good. */
  mode: field(1, int32),
});
export type ModeInfoSingle = MessageOf<typeof ModeInfoSingle>;

/** A oneof: both or none of the members may be there until the caller has looked. */
export interface ModeInfo {
  readonly single: ModeInfoSingle | undefined;
  readonly multi: ModeInfoMulti | undefined;
}

export interface ModeInfoMulti {
  readonly bitarray: CompactBitArray | undefined;
  readonly modeInfos: readonly ModeInfo[];
}

// The two refer to each other, so the inner one reaches the outer one late.
const modeInfo: FieldType<ModeInfo> = {
  wireType: WireType.Bytes,
  zero: { single: undefined, multi: undefined },
  isZero: () => false,
  write: (writer, value) => ModeInfo.write(writer, value),
  read: (reader) => ModeInfo.read(reader),
};

export const ModeInfoMulti = message("cosmos.tx.v1beta1.ModeInfo.Multi", {
  bitarray: optional(1, CompactBitArray),
  modeInfos: repeated(2, modeInfo),
});

export const ModeInfo = message("cosmos.tx.v1beta1.ModeInfo", {
  single: optional(1, ModeInfoSingle),
  multi: optional(2, ModeInfoMulti),
});

export const SignerInfo = message("cosmos.tx.v1beta1.SignerInfo", {
  /** May be missing where the chain knows the key. */
  publicKey: optional(1, Any),
  modeInfo: optional(2, ModeInfo),
  sequence: field(3, uint64),
});
export type SignerInfo = MessageOf<typeof SignerInfo>;

export const Fee = message("cosmos.tx.v1beta1.Fee", {
  amount: repeated(1, Coin),
  gasLimit: field(2, uint64),
  /** Bech32, or empty: the first signer. */
  payer: field(3, string),
  granter: field(4, string),
});
export type Fee = MessageOf<typeof Fee>;

/** Deprecated; decoded only so that it is not an unknown field. */
export const Tip = message("cosmos.tx.v1beta1.Tip", { amount: repeated(1, Coin), tipper: field(2, string) });
export type Tip = MessageOf<typeof Tip>;

export const AuthInfo = message("cosmos.tx.v1beta1.AuthInfo", {
  signerInfos: repeated(1, SignerInfo),
  fee: optional(2, Fee),
  tip: optional(3, Tip),
});
export type AuthInfo = MessageOf<typeof AuthInfo>;

/** Encoded, these are the sign bytes of mode DIRECT (chain §6.3). */
export const SignDoc = message("cosmos.tx.v1beta1.SignDoc", {
  bodyBytes: field(1, bytes),
  authInfoBytes: field(2, bytes),
  chainId: field(3, string),
  accountNumber: field(4, uint64),
});
export type SignDoc = MessageOf<typeof SignDoc>;

/** One entry per member that signed, in bit-array order (chain §6.6). */
export const MultiSignature = message("cosmos.crypto.multisig.v1beta1.MultiSignature", {
  signatures: repeated(1, bytes),
});
export type MultiSignature = MessageOf<typeof MultiSignature>;

/** @throws {InputError} unless the bytes are the canonical encoding of a TxRaw */
export function decodeTxRaw(tx: Uint8Array): TxRaw {
  return TxRaw.decodeCanonical(tx);
}

/** Envelope, body and authentication of a transaction. Bytes in it are views of `tx`. */
export interface DecodedTx {
  readonly raw: TxRaw;
  readonly body: TxBody;
  readonly authInfo: AuthInfo;
}

/** @throws {InputError} if any of the three layers does not decode; the messages inside stay encoded */
export function decodeTx(tx: Uint8Array): DecodedTx {
  const raw = decodeTxRaw(tx);
  return { raw, body: TxBody.decode(raw.bodyBytes), authInfo: AuthInfo.decode(raw.authInfoBytes) };
}
