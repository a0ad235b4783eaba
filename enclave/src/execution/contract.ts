/**
 * A contract ready to run: its records, its authenticated key and its module.
 * @module
 */
import { ACCOUNT_PREFIX, addressFromBytes, formatAddress, parseAddress, VALIDATOR_PREFIX } from "@sotto/common/address";
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import type { AbsoluteTxPosition, CodeInfo, ContractInfo, ContractKey } from "@sotto/common/wire/compute";
import { EnclaveError, EnclaveErrorCode, RefusalCode, RefusalError } from "../enclaveError.ts";
import type { ContractModule } from "../engine/engine.ts";
import { isAdminProof } from "../keys/contractKey.ts";
import type { ComputeStore } from "../state/computeStore.ts";
import { ComputeCode, computeFailure, SdkCode, sdkFailure } from "./chainFailure.ts";
import type { Services } from "./services.ts";

export type Contract = {
  /** 20 bytes. */
  readonly bytes: Uint8Array;
  /** Bech32. */
  readonly address: string;
  /** 32 bytes. */
  readonly codeHash: Uint8Array;
  /** State is bound to this one (enclave §4). */
  readonly originalKey: Uint8Array;
  /** Randomness is bound to this one. */
  readonly latestKey: Uint8Array;
  readonly module: ContractModule;
};

/** Bech32 of 20 bytes from a message. @throws {ChainFailure} sdk 7 */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length !== 20) {
    throw sdkFailure(SdkCode.InvalidAddress, `address of ${bytes.length} bytes: invalid address`);
  }
  return formatAddress(addressFromBytes(bytes));
}

/** The 20 bytes of a Bech32 address that a contract gave. @throws {ChainFailure} sdk 7 `<text>: invalid address` */
export function addressBytes(text: string): Uint8Array {
  return bytesOf(text, ACCOUNT_PREFIX);
}

/** The same of a validator. */
export function validatorBytes(text: string): Uint8Array {
  return bytesOf(text, VALIDATOR_PREFIX);
}

function bytesOf(text: string, prefix: string): Uint8Array {
  const invalid = () => sdkFailure(SdkCode.InvalidAddress, `${text}: invalid address`);
  try {
    const address = parseAddress(text, prefix);
    if (address.length === 20) return address;
  } catch (error) {
    if (error instanceof CodedError) throw invalid();
    throw error;
  }
  throw invalid();
}

/** The records of the contract at an address, and of its code. @throws {ChainFailure} compute 9 */
export function loadContractInfo(
  store: ComputeStore,
  contract: Uint8Array,
): { readonly info: ContractInfo; readonly code: CodeInfo } {
  const info = store.contractInfo(contract);
  if (info === undefined) throw computeFailure(ComputeCode.NotFound, "contract: not found");
  const code = store.codeInfo(info.codeId);
  if (code === undefined) throw computeFailure(ComputeCode.NotFound, "contract info: not found");
  return { info, code };
}

/** Code of the contract at an address. @throws {ChainFailure} compute 9 */
export function loadContractCode(store: ComputeStore, contract: Uint8Array): CodeInfo {
  return loadContractInfo(store, contract).code;
}

/** @throws {ChainFailure} compute 9 */
export function loadContractKey(store: ComputeStore, contract: Uint8Array): ContractKey {
  const key = store.contractKey(contract);
  if (key === undefined) throw computeFailure(ComputeCode.NotFound, "contract key: not found");
  return key;
}

/**
 * The module of a code hash; the host brings the code if it is not kept.
 * @throws {RefusalError} HostMisbehavior: other code, or none; {EngineError}
 */
export function openModule(services: Services, codeHash: Uint8Array, forInstantiate: boolean): ContractModule {
  const fetchCode = () => {
    const { code } = services.host.call("readCode", { codeHash });
    // Checked here and not only by the engine: what the host gets wrong must not become the outcome of a message.
    if (code === undefined || !equalBytes(services.crypto.sha256(code), codeHash)) {
      throw new RefusalError(RefusalCode.HostMisbehavior, `readCode: expected the code of ${bytesToHex(codeHash)}`);
    }
    return code;
  };
  return services.engine.open(codeHash, fetchCode, { forInstantiate });
}

/**
 * Authenticates a contract's stored key and opens its module (enclave §4).
 * @throws {EnclaveError} FailedContractAuthentication, ValidationFailure; {EngineError}
 */
export function openContract(services: Services, bytes: Uint8Array, code: CodeInfo, stored: ContractKey): Contract {
  const { codeHash } = code;
  const latestKey = services.contractKeys.verify(stored, { codeHash, contract: bytes });
  const module = openModule(services, codeHash, false);
  return { bytes, address: addressText(bytes), codeHash, originalKey: stored.ogContractKey, latestKey, module };
}

/** Bytes of an admin proof that may enter a call at most (enclave §11.5). */
export const MAX_ADMIN_PROOF = { migrate: 10_240, changeAdmin: 32 } as const;

/** In the failure of a call about a contract that has no admin proof (enclave §8). */
export const NO_ADMIN_PROOF = "Execution error: Null/Empty argument: current_admin_proof";

/**
 * Makes sure that the sender is the admin whom an enclave recorded, whatever the host's record says (enclave §8).
 * @param sender 20 bytes
 * @throws {EnclaveError} FailedFunctionCall: there is no admin, or the proof is too long; ValidationFailure: it is another's
 */
export function verifyAdmin(
  { crypto, keys }: Services,
  { admin, adminProof }: ContractInfo,
  {
    sender,
    originalKey,
    maxProof,
  }: { readonly sender: Uint8Array; readonly originalKey: Uint8Array; readonly maxProof: number },
): void {
  if (admin === "" || adminProof.length > maxProof) throw new EnclaveError(EnclaveErrorCode.FailedFunctionCall);
  if (!isAdminProof(crypto, keys, adminProof, { admin: sender, originalKey })) {
    throw new EnclaveError(EnclaveErrorCode.ValidationFailure);
  }
}

/**
 * The place of a transaction as records keep it. The index is 0 for the first of a block: the reference has the gas of the block
 * there, which is not known here.
 */
export function positionOf(
  block: { readonly height: bigint },
  transaction: { readonly index: number } | undefined,
): AbsoluteTxPosition {
  return { blockHeight: block.height, txIndex: BigInt(transaction?.index ?? 0) };
}
