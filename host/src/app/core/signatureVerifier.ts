/**
 * Signatures, each checked once: a signature that was good stays good for the same transaction, key and account number.
 *
 * Single keys in every mode, and thresholds whose members sign amino JSON or DIRECT (chain §6.2 to §6.6, §6.8).
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { AccountKey, MultisigKey } from "@sotto/common/signing/accountKey";
import type { Any } from "@sotto/common/wire/any";
import { SignMode } from "@sotto/common/wire/tx";
import { accountKeyOf } from "./accountKey.ts";
import { AppError } from "./appError.ts";
import {
  bitCount,
  type MemberSignatures,
  type SignatureData,
  type SingleSignature,
  setBits,
  signatureDataOf,
} from "./signatureData.ts";
import { makeSignBytes, type SignerData } from "./signBytes.ts";
import type { AppTx } from "./tx.ts";

export type SignatureCheck = SignerData & {
  readonly tx: AppTx;
  /** Position of the signer. */
  readonly index: number;
  /** As the account has it. */
  readonly publicKey: Any;
};

export interface SignatureVerifier {
  /** @throws {AppError} without a code, saying why the signature is none */
  verify(check: SignatureCheck): void;
  /**
   * The sign document of a signer whose signature is good, for the enclave; undefined where that makes it itself.
   * @throws {AppError} as {@link verify}
   */
  signDocument(tx: AppTx, index: number, signer: SignerData): Uint8Array | undefined;
  /** Takes over what another thread of this host has found good. @param good names that its `onGood` was given */
  remember(good: readonly string[]): void;
}

/** How many good signatures are kept in mind. */
const REMEMBERED = 20_000;

/** @param onGood is told of each signature that was checked and is good */
export function makeSignatureVerifier(crypto: Crypto, onGood?: (name: string) => void): SignatureVerifier {
  const signBytesOf = makeSignBytes();
  const good = new Set<string>();
  const keep = (name: string): void => {
    if (good.size >= REMEMBERED) good.delete(good.values().next().value as string);
    good.add(name);
  };
  return {
    remember: (names) => names.forEach(keep),
    verify: ({ tx, index, publicKey, ...signer }) => {
      const key = accountKeyOf(publicKey);
      if (key === undefined) throw AppError.plain(`unrecognized public key type: ${publicKey.typeUrl}`);
      const name = `${bytesToHex(crypto.sha256(tx.bytes))}/${bytesToHex(publicKey.value)}/${signer.accountNumber}`;
      if (good.has(name)) return;
      verifyData(crypto, key, signatureDataOf(tx, index), (mode) => signBytesOf(tx, index, mode, signer));
      keep(name);
      onGood?.(name);
    },
    signDocument: (tx, index, signer) => {
      const data = signatureDataOf(tx, index);
      const mode = data.kind === "multi" ? SignMode.LegacyAminoJson : data.mode;
      return mode === SignMode.Direct ? undefined : signBytesOf(tx, index, mode, signer);
    },
  };
}

type Documents = (mode: number) => Uint8Array;

function verifyData(crypto: Crypto, key: AccountKey, data: SignatureData, documentOf: Documents): void {
  if (data.kind === "single") verifySingle(crypto, key, data, documentOf);
  else if (key.kind === "multisig") verifyMembers(crypto, key, data, documentOf);
  else throw AppError.plain("expected <nil>, got *secp256k1.PubKey");
}

function verifySingle(crypto: Crypto, key: AccountKey, { mode, signature }: SingleSignature, documentOf: Documents) {
  const document = documentOf(mode);
  const isEip191 = mode === SignMode.Eip191;
  if (isEip191 && key.kind !== "secp256k1") {
    throw AppError.plain("eip191 sign mode requires pubkey to be of type cosmos.crypto.secp256k1.PubKey");
  }
  const hash = isEip191 ? crypto.keccak256(document) : crypto.sha256(document);
  if (isSigned(crypto, key, hash, signature)) return;
  const what = isEip191 ? "eip191 signature" : "signature";
  throw AppError.plain(
    `unable to verify single signer ${what} ${bytesToHex(signature)} for signBytes ${bytesToHex(document)}`,
  );
}

function isSigned(crypto: Crypto, key: AccountKey, hash: Uint8Array, signature: Uint8Array): boolean {
  return key.kind === "secp256k1" && crypto.secp256k1Verify(hash, signature, key.key) === "valid";
}

/** The texts are the reference's, which checks in this order. */
function verifyMembers(
  crypto: Crypto,
  { members, threshold }: MultisigKey,
  { signed, signatures }: MemberSignatures,
  documentOf: Documents,
): void {
  const size = bitCount(signed);
  if (size !== members.length) throw AppError.plain(`bit array size is incorrect, expecting: ${members.length}`);
  if (signatures.length < threshold || signatures.length > size) {
    throw AppError.plain(`signature size is incorrect ${signatures.length}`);
  }
  const places = setBits(signed);
  if (places.length < threshold) {
    throw AppError.plain(`not enough signatures set, have ${places.length}, expected ${threshold}`);
  }
  for (const [at, place] of places.entries()) {
    verifyMember(crypto, members[place], signatures[at], { place, documentOf });
  }
}

function verifyMember(
  crypto: Crypto,
  member: AccountKey | undefined,
  data: SignatureData | undefined,
  { place, documentOf }: { readonly place: number; readonly documentOf: Documents },
): void {
  if (member === undefined || data === undefined) {
    throw AppError.plain(`improper signature data type for index ${place}`);
  }
  if (data.kind === "multi") {
    if (member.kind !== "multisig") throw AppError.plain(`unable to parse pubkey of index ${place}`);
    verifyMembers(crypto, member, data, documentOf);
  } else if (!isSigned(crypto, member, crypto.sha256(memberDocument(data, documentOf)), data.signature)) {
    throw AppError.plain(`unable to verify signature at index ${place}`);
  }
}

/** An Ethereum wallet cannot be a member (chain §6.5). */
function memberDocument({ mode }: SingleSignature, documentOf: Documents): Uint8Array {
  if (mode === SignMode.Eip191) throw AppError.plain("unsupported sign mode SIGN_MODE_EIP_191");
  return documentOf(mode);
}
