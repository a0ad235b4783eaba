/**
 * Transactions that this node, or its operator at the command line, signs: one signer, mode DIRECT (chain §6.3).
 * @module
 */
import { addressFromBytes, formatAddress } from "@sotto/common/address";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { Any } from "@sotto/common/wire/any";
import { packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { AuthInfo, SignDoc, SignMode, TxBody, TxRaw } from "@sotto/common/wire/tx";

/** A secp256k1 key and what follows from it. */
export type AccountKey = {
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** Bech32. */
  readonly text: string;
};

export type SignOptions = {
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
  readonly messages: readonly Any[];
  readonly memo?: string;
  readonly gasLimit: bigint;
};

/** uscrt for a unit of gas is 1/80: the least that nodes of this project ask for. */
const GAS_FOR_ONE_USCRT = 80n;

/** @returns undefined, if the bytes are no private key */
export function makeAccountKey(crypto: Crypto, secret: Uint8Array): AccountKey | undefined {
  const publicKey = secret.length === 32 ? crypto.secp256k1PublicKey(secret) : undefined;
  if (publicKey === undefined) return undefined;
  const address = addressFromBytes(crypto.ripemd160(crypto.sha256(publicKey)));
  return { secret, publicKey, address, text: formatAddress(address) };
}

/** The transaction's bytes; the fee is what the gas limit costs at the least price. */
export function signTx(crypto: Crypto, key: AccountKey, options: SignOptions): Uint8Array {
  const { chainId, accountNumber, sequence, messages, gasLimit } = options;
  const bodyBytes = TxBody.encode({
    messages,
    memo: options.memo ?? "",
    timeoutHeight: 0n,
    extensionOptions: [],
    nonCriticalExtensionOptions: [],
  });
  const amount = (gasLimit + GAS_FOR_ONE_USCRT - 1n) / GAS_FOR_ONE_USCRT;
  const authInfoBytes = AuthInfo.encode({
    signerInfos: [
      {
        publicKey: packSecp256k1PublicKey(key.publicKey),
        modeInfo: { single: { mode: SignMode.Direct }, multi: undefined },
        sequence,
      },
    ],
    fee: { amount: [{ denom: "uscrt", amount: String(amount) }], gasLimit, payer: "", granter: "" },
    tip: undefined,
  });
  const document = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber });
  const signature = crypto.secp256k1Sign(crypto.sha256(document), key.secret);
  if (signature === undefined) throw new TypeError("an account key signs");
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] });
}
