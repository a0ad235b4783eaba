/**
 * Who signed a transaction (enclave §6.2, §6.3): the signer of a message, checked once for each transaction.
 *
 * What was signed is rebuilt from the transaction, the pinned chain id and the account number that the host gives: a wrong one
 * makes the check fail. Only the messages of a JSON document come from the host, and must be those of the transaction.
 * @module
 */
import type { Signer } from "@sotto/boundary/messages";
import { addressFromBytes, formatAddress } from "@sotto/common/address";
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { type AccountKey, accountKeyAddress, decodeAccountKey } from "@sotto/common/signing/accountKey";
import { type DecodedTx, SignDoc, type SignerInfo, SignMode } from "@sotto/common/wire/tx";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { ChainPanic, ComputeCode, computeFailure } from "../execution/chainFailure.ts";
import type { AccountSequences } from "./accountSequences.ts";
import { isSignedBy } from "./isSignedBy.ts";
import { requireSignDocument } from "./signDocument.ts";

/** Signatures of one transaction; remembers what it has checked. */
export class SignerCheck {
  readonly #crypto: Crypto;
  readonly #chainId: string;
  readonly #tx: DecodedTx;
  readonly #sequences: AccountSequences | undefined;
  readonly #valid = new Set<number>();
  #keys: readonly (AccountKey | undefined)[] | undefined;

  /** @param sequences of the block that the transaction is in */
  constructor(crypto: Crypto, chainId: string, tx: DecodedTx, sequences?: AccountSequences) {
    this.#crypto = crypto;
    this.#chainId = chainId;
    this.#tx = tx;
    this.#sequences = sequences;
  }

  /**
   * Position among the signers of the one with this address.
   * @throws {ChainFailure} compute 16; {ChainPanic} where a key was left out; {EnclaveError} FailedTxVerification
   */
  find(sender: Uint8Array): number {
    const addresses = this.#signerKeys().map((key) => key && accountKeyAddress(this.#crypto, key));
    // The last of several, should a key sign twice (chain §2.7).
    const position = addresses.map((address) => address && equalBytes(address, sender)).lastIndexOf(true);
    if (position >= 0) return position;
    const signers = addresses.flatMap((address) => (address === undefined ? [] : formatAddress(address))).join(" ");
    const named = sender.length === 20 ? formatAddress(addressFromBytes(sender)) : bytesToHex(sender);
    throw computeFailure(
      ComputeCode.ParseSignatureFailed,
      `[Compute] Message sender: ${named} is not found in the tx signer set: [${signers}], ` +
        "callback signature not provided: parse signature failed",
    );
  }

  /**
   * Checks one signer's signature, and that it is for the messages of this transaction.
   * @param position of the signer, as {@link find} gave it
   * @param signers all of the transaction in order, as the host describes them
   * @throws {EnclaveError} FailedTxVerification, FailedToDeserialize (enclave §6.2); {RefusalError} those of {@link AccountSequences}
   */
  verify(position: number, signers: readonly Signer[]): void {
    if (this.#valid.has(position)) return;
    const info = this.#tx.authInfo.signerInfos[position];
    const key = this.#signerKeys()[position];
    const signer = signers[position];
    if (info === undefined || key === undefined || signer === undefined) throw unverified();
    const mode = modeOf(info, key);
    const { accountNumber } = signer;
    const signed = this.#signed(mode, signer);
    const hash = mode === SignMode.Eip191 ? this.#crypto.keccak256(signed) : this.#crypto.sha256(signed);
    if (!isSignedBy(this.#crypto, key, hash, this.#tx.raw.signatures[position])) throw unverified();
    if (mode === SignMode.LegacyAminoJson || mode === SignMode.Eip191) {
      const expected = { chainId: this.#chainId, accountNumber, sequence: info.sequence };
      requireSignDocument(this.#tx, mode, expected, signed);
    }
    this.#sequences?.use(accountKeyAddress(this.#crypto, key), info.sequence);
    this.#valid.add(position);
  }

  /** What was signed in this mode, if it was. */
  #signed(mode: number, { accountNumber, signBytes }: Signer): Uint8Array {
    switch (mode) {
      case SignMode.Unspecified:
      case SignMode.Direct: {
        if (this.#signerKeys().includes(undefined)) throw new EnclaveError(EnclaveErrorCode.FailedToDeserialize);
        const { bodyBytes, authInfoBytes } = this.#tx.raw;
        return SignDoc.encode({ bodyBytes, authInfoBytes, chainId: this.#chainId, accountNumber });
      }
      case SignMode.LegacyAminoJson:
      case SignMode.Eip191:
        if (signBytes === undefined) throw unverified();
        return signBytes;
      case SignMode.Textual:
        throw unverified();
      default:
        throw new EnclaveError(EnclaveErrorCode.FailedToDeserialize);
    }
  }

  /** Undefined for other types of keys; they sign for nobody here. */
  #signerKeys(): readonly (AccountKey | undefined)[] {
    this.#keys ??= this.#tx.authInfo.signerInfos.map(({ publicKey }) => {
      // Quirk: where the chain knows a key it may be left out, but not beside a contract message (chain §2.7).
      if (publicKey === undefined)
        throw new ChainPanic("runtime error: invalid memory address or nil pointer dereference");
      try {
        return decodeAccountKey(publicKey);
      } catch (error) {
        if (error instanceof InputError) throw unverified();
        throw error;
      }
    });
    return this.#keys;
  }
}

/** Members of a threshold all sign amino JSON (enclave §6.1). @throws {EnclaveError} if the key cannot sign in such a way */
function modeOf({ modeInfo }: SignerInfo, key: AccountKey): number {
  const isMulti = key.kind === "multisig";
  if (modeInfo === undefined || (modeInfo.multi !== undefined) !== isMulti) throw unverified();
  if (isMulti) return SignMode.LegacyAminoJson;
  if (modeInfo.single === undefined) throw unverified();
  return modeInfo.single.mode;
}

function unverified(): EnclaveError {
  return new EnclaveError(EnclaveErrorCode.FailedTxVerification);
}
