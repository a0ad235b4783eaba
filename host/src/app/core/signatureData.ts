/**
 * Signatures of a transaction as a tree: one of a single key, or those of a threshold's members (chain §6.1, §6.6).
 * @module
 */
import { EMPTY_BYTES } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import { type CompactBitArray, type ModeInfo, MultiSignature, SignMode } from "@sotto/common/wire/tx";
import { AppError } from "./appError.ts";
import { type AppTx, signerInfosOf } from "./tx.ts";

export type SignatureData = SingleSignature | MemberSignatures;

export type SingleSignature = { readonly kind: "single"; readonly mode: number; readonly signature: Uint8Array };

export type MemberSignatures = {
  readonly kind: "multi";
  /** Which members signed. */
  readonly signed: CompactBitArray;
  /** One for each of them, in their order. */
  readonly signatures: readonly SignatureData[];
};

const NO_BITS: CompactBitArray = { extraBitsStored: 0, elems: EMPTY_BYTES };

/** What signer `index` of a transaction left as signature. @throws {AppError} if the bytes do not fit the mode */
export function signatureDataOf(tx: AppTx, index: number): SignatureData {
  return readSignatureData(signerInfosOf(tx)[index]?.modeInfo, tx.decoded.raw.signatures[index] ?? EMPTY_BYTES);
}

function readSignatureData(modeInfo: ModeInfo | undefined, signature: Uint8Array): SignatureData {
  if (modeInfo?.multi === undefined) {
    return { kind: "single", mode: modeInfo?.single?.mode ?? SignMode.Unspecified, signature };
  }
  const { bitarray, modeInfos } = modeInfo.multi;
  const signatures = memberSignatures(signature);
  if (signatures.length !== modeInfos.length) {
    throw AppError.plain(`expected ${modeInfos.length} signatures of members, got ${signatures.length}`);
  }
  return {
    kind: "multi",
    signed: bitarray ?? NO_BITS,
    signatures: signatures.map((one, i) => readSignatureData(modeInfos[i], one)),
  };
}

/** @throws {AppError} */
function memberSignatures(bytes: Uint8Array): readonly Uint8Array[] {
  try {
    return MultiSignature.decode(bytes).signatures;
  } catch (error) {
    if (error instanceof InputError) throw AppError.plain(error.message);
    throw error;
  }
}

/** Whether every signature in it is over amino JSON; then a refusal names the sequence too (chain §6.8). */
export function isAminoOnly(data: SignatureData): boolean {
  return data.kind === "single" ? data.mode === SignMode.LegacyAminoJson : data.signatures.every(isAminoOnly);
}

/** The signatures that events show: each of the members, then all as one (chain §6.9). */
export function signatureTexts(data: SignatureData): Uint8Array[] {
  if (data.kind === "single") return [data.signature];
  const signatures = data.signatures.flatMap(signatureTexts);
  return [...signatures, MultiSignature.encode({ signatures })];
}

/** How many bits an array has. */
export function bitCount({ extraBitsStored, elems }: CompactBitArray): number {
  if (extraBitsStored === 0) return elems.length * 8;
  return Math.max(0, (elems.length - 1) * 8 + extraBitsStored);
}

/** Places of the bits that are set, in order. */
export function setBits(bits: CompactBitArray): number[] {
  const count = Math.min(bitCount(bits), bits.elems.length * 8);
  const places: number[] = [];
  for (let i = 0; i < count; i++) {
    if (((bits.elems[i >> 3] as number) & (0x80 >> (i & 7))) !== 0) places.push(i);
  }
  return places;
}

/** An empty place in a simulation (chain §6.11). */
export function isIncomplete(data: SignatureData): boolean {
  if (data.kind === "single") return data.signature.length === 0;
  return data.signatures.length === 0 || data.signatures.some(isIncomplete);
}
