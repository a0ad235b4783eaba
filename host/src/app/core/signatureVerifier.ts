/**
 * Signatures, each checked once: a signature that was good stays good for the same transaction, key and account number.
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { SignDoc } from "@sotto/common/wire/tx";
import type { AppTx } from "./tx.ts";

export type SignatureCheck = {
  readonly tx: AppTx;
  readonly signature: Uint8Array;
  /** 33 bytes, as the account has it. */
  readonly publicKey: Uint8Array;
  readonly accountNumber: bigint;
  readonly chainId: string;
};

export interface SignatureVerifier {
  /** Mode DIRECT (chain §6.3): ECDSA over the hash of the sign document, low-S. */
  verifyDirect(check: SignatureCheck): boolean;
  /** Takes over what another thread of this host has found good. @param good names that its `onGood` was given */
  remember(good: readonly string[]): void;
}

/** How many good signatures are kept in mind. */
const REMEMBERED = 20_000;

/** @param onGood is told of each signature that was checked and is good */
export function makeSignatureVerifier(crypto: Crypto, onGood?: (name: string) => void): SignatureVerifier {
  const good = new Set<string>();
  const keep = (name: string): void => {
    if (good.size >= REMEMBERED) good.delete(good.values().next().value as string);
    good.add(name);
  };
  return {
    remember: (names) => names.forEach(keep),
    verifyDirect: ({ tx, signature, publicKey, accountNumber, chainId }) => {
      const name = `${bytesToHex(crypto.sha256(tx.bytes))}/${bytesToHex(publicKey)}/${accountNumber}`;
      if (good.has(name)) return true;
      const { bodyBytes, authInfoBytes } = tx.decoded.raw;
      const document = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber });
      if (crypto.secp256k1Verify(crypto.sha256(document), signature, publicKey) !== "valid") return false;
      keep(name);
      onGood?.(name);
      return true;
    },
  };
}
