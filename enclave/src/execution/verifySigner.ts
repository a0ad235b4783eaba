/**
 * Who signed a transaction (enclave §6.3): the signer of a message, checked once for each transaction.
 *
 * Only DIRECT by a single secp256k1 key. Sign bytes are rebuilt from the transaction, the pinned chain id and the account number
 * that the host gives: a wrong one makes the check fail.
 * @module
 */
import type { Signer } from "@sotto/boundary/messages";
import { accountAddress, addressFromBytes, formatAddress } from "@sotto/common/address";
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { unpackSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { type DecodedTx, SignDoc, SignMode } from "@sotto/common/wire/tx";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { notImplemented } from "../notImplemented.ts";
import { ComputeCode, computeFailure } from "./chainFailure.ts";

/** SIGN_MODE_UNSPECIFIED counts as DIRECT (chain §2.7). */
const UNSPECIFIED = 0;

/** Signatures of one transaction; remembers what it has checked. */
export class SignerCheck {
  readonly #crypto: Crypto;
  readonly #chainId: string;
  readonly #tx: DecodedTx;
  readonly #valid = new Set<number>();

  constructor(crypto: Crypto, chainId: string, tx: DecodedTx) {
    this.#crypto = crypto;
    this.#chainId = chainId;
    this.#tx = tx;
  }

  /** Position among the signers of the one with this address. @throws {ChainFailure} compute 16; {EnclaveError} */
  find(sender: Uint8Array): number {
    const addresses = this.#tx.authInfo.signerInfos.map((_, i) => accountAddress(this.#crypto, this.#keyOf(i)));
    // The last of several, should a key sign twice (chain §2.7).
    const position = addresses.map((address) => equalBytes(address, sender)).lastIndexOf(true);
    if (position >= 0) return position;
    const signers = addresses.map((address) => formatAddress(address)).join(" ");
    const named = sender.length === 20 ? formatAddress(addressFromBytes(sender)) : bytesToHex(sender);
    throw computeFailure(
      ComputeCode.ParseSignatureFailed,
      `[Compute] Message sender: ${named} is not found in the tx signer set: [${signers}], ` +
        "callback signature not provided: parse signature failed",
    );
  }

  /**
   * Checks one signer's signature.
   * @param signers all of the transaction in order, as the host describes them
   * @throws {EnclaveError} FailedTxVerification; NotImplemented for other sign modes
   */
  verify(position: number, signers: readonly Signer[]): void {
    if (this.#valid.has(position)) return;
    const { raw, authInfo } = this.#tx;
    const single = authInfo.signerInfos[position]?.modeInfo?.single;
    if (single === undefined || (single.mode !== SignMode.Direct && single.mode !== UNSPECIFIED))
      throw notImplemented();
    const accountNumber = signers[position]?.accountNumber;
    const signature = raw.signatures[position];
    if (accountNumber === undefined || signature?.length !== 64) throw unverified();
    const { bodyBytes, authInfoBytes } = raw;
    const signDoc = SignDoc.encode({ bodyBytes, authInfoBytes, chainId: this.#chainId, accountNumber });
    const verdict = this.#crypto.secp256k1Verify(this.#crypto.sha256(signDoc), signature, this.#keyOf(position));
    if (verdict !== "valid") throw unverified();
    this.#valid.add(position);
  }

  #keyOf(position: number): Uint8Array {
    const any = this.#tx.authInfo.signerInfos[position]?.publicKey;
    if (any === undefined) throw unverified();
    try {
      const key = unpackSecp256k1PublicKey(any);
      if (key !== undefined) return key;
    } catch (error) {
      if (error instanceof InputError) throw unverified();
      throw error;
    }
    throw notImplemented();
  }
}

function unverified(): EnclaveError {
  return new EnclaveError(EnclaveErrorCode.FailedTxVerification);
}
