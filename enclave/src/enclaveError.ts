/**
 * Why the enclave did not do what it was asked: results that clients see, and refusals that only the host sees.
 *
 * `EnclaveError` is a result: it is part of executing a block, the same on every node, and its text reaches clients
 * (enclave §12.1). `RefusalError` is an answer to the host alone: nothing happened, or nothing that counts.
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const EnclaveErrorCode = {
  /** Wrong code hash, or a proof that does not hold. */
  ValidationFailure: 1,
  /** The contract's gas ran out although the chain's would have sufficed (contracts §4.8). */
  OutOfGas: 2,
  /** A limit of enclave §11.5, or the flush of the write cache failed. */
  FailedFunctionCall: 3,
  /** The stored contract key is not that of this code and address (enclave §4). */
  FailedContractAuthentication: 4,
  /** A contract's output is none of the known shapes (enclave §3.1). */
  FailedToDeserialize: 5,
  EncryptionError: 6,
  /** The input is not encrypted to this network, or not at all. */
  DecryptionError: 7,
  /** Signature, sender, message or funds are not those of the signed transaction (enclave §6). */
  FailedTxVerification: 8,
  /** An unforeseen exception while a contract's call was processed. */
  Panic: 9,
  /** The outcome of a message is larger than what crosses the boundary. */
  FailedToSerialize: 11,
  /** The chain's side of a callback panicked (contracts §2.10). */
  FailedOcall: 12,
} as const;
export type EnclaveErrorCode = (typeof EnclaveErrorCode)[keyof typeof EnclaveErrorCode];

/** Texts of enclave §12.1; clients see them. */
const TEXTS: Readonly<Record<EnclaveErrorCode, string>> = {
  1: "failed to validate transaction",
  2: "Out of gas",
  3: "calling a function in the contract failed for an unexpected reason",
  4: "failed to authenticate secret contract",
  5: "failed to deserialize data",
  6: "failed to encrypt data",
  7: "failed to decrypt data",
  8: "failed to verify transaction signature",
  9: "panicked due to unexpected behavior",
  11: "failed to serialize data",
  12: "Calling external function through FFI: Panic in FFI call",
};

export class EnclaveError extends CodedError<EnclaveErrorCode> {
  override readonly name = "EnclaveError";
  constructor(code: EnclaveErrorCode, options?: ErrorOptions) {
    super("enclave", code, TEXTS[code], options);
  }
}

export const RefusalCode = {
  /** An exception that has no code of its own; the details stay inside. */
  Internal: 1,
  /** The request's content is not what its field demands. */
  MalformedRequest: 2,
  /** A state of the enclave in which this call has no place. */
  WrongState: 3,
  /** The chain id is not that of this network. */
  WrongChain: 4,
  /** The sealed record was changed, cut short, or is none at all. */
  SealBroken: 10,
  /** The sealed record belongs to another enclave bundle; the message names both measurements. */
  SealOfAnotherMeasurement: 11,
  /** A network has two to five seeds, all different, of 32 bytes (enclave §1.1). */
  SeedRefused: 12,
  /** Encrypted seeds of no form of enclave §1.4. */
  SeedsMalformed: 13,
  /** The encrypted seeds are not for this node, or not of this network. */
  SeedsUnreadable: 14,
  /** A key for the seed exchange that no node has: secrets under it would be public. */
  NodeKeyRefused: 15,
  /** The sealed record was made on another machine. */
  SealOfAnotherMachine: 16,
  /** The sealed record is of another kind: the wrong file. */
  SealOfAnotherLabel: 17,
  /** V1: header or commit is not canonical protobuf. */
  BlockMalformed: 20,
  /** V2: block protocol version. */
  BlockVersion: 21,
  /** V2: chain id. */
  BlockChainId: 22,
  /** V3: neither the next height nor the last one again. */
  BlockHeight: 23,
  /** V4: the block before is another one. */
  BlockLastId: 24,
  /** V5: a validator's address is not that of its key. */
  ValidatorAddress: 25,
  /** V5: order, uniqueness or total power of the validators. */
  ValidatorOrder: 26,
  /** V5: the validators are not those that the last block named. */
  ValidatorsHash: 27,
  /** V6: the commit is for another block. */
  CommitBlockId: 28,
  /** V6: the commit is for another height. */
  CommitHeight: 29,
  /** V6: number of signatures. */
  CommitSize: 30,
  /** V7: a slot names another validator. */
  CommitAddress: 31,
  /** V8: the valid signatures hold two thirds of the power or less. */
  CommitQuorum: 32,
  /** V9: not after the block before; at the initial height not the genesis time. */
  BlockTime: 33,
  /** V10: the transactions are not those of the header. */
  BlockDataHash: 34,
  /** V11 at the initial height: the state is not that of genesis. */
  BlockAppHash: 35,
  /** V11: the app hash is not that of the stores' roots, or roots are not those that this enclave computed. */
  BlockStateRoots: 39,
  /** A validly signed different block was seen at an executed height; nothing runs any more. */
  Latched: 36,
  /** V12: the results are not those of the header. */
  BlockResults: 37,
  /** V11 or V12: the network signed another outcome of the last block than this enclave computed; nothing runs until a restart. */
  Diverged: 38,
  /** No block is open. */
  NotInBlock: 40,
  /** The position names no message that the enclave runs. */
  NoSuchMessage: 41,
  /** The message has had its one run. */
  AlreadyRun: 42,
  /** An earlier message of the transaction must come first, or a later transaction has begun. */
  OutOfOrder: 43,
  /** The transaction in progress must end first. */
  TransactionOpen: 44,
  /** A transaction cannot be kept whose message failed or did not run. */
  CannotBeKept: 45,
  /** The signer's account has gone on: an old transaction, or one that ran in this block. */
  UsedSequence: 46,
  /** The host answered an ocall with a refusal, with nonsense, or with state that does not decrypt. */
  HostMisbehavior: 50,
  /** What the host showed of the state does not follow from the root in the verified header. */
  BadProof: 51,
  /** Queries of the past are for development networks. */
  PastNotAllowed: 60,
  /** Simulation is for development networks. */
  SimulationNotAllowed: 61,
  /** No block with this start's nonce was verified yet (consensus §5 T20, T33). */
  NotFresh: 62,
  /** The contract has been asked as often as it may be until the next block (consensus §5 T21). */
  QueryBudget: 63,
  /** The last accepted block was not run to its end since the enclave went back, or not at all. */
  Behind: 64,
  /** The genesis file does not parse, or has no keys of a network. */
  GenesisMalformed: 70,
  /** The seeds, or the evidence asked for, are of another network than the genesis file or this enclave. */
  GenesisMismatch: 71,
  /** The platform gave no quote. */
  NoQuote: 72,
  /** The enclave has no registration key, or another one than the sealed record. */
  RegistrationKey: 73,
  /** This enclave's machine is not on the network's allow list any more. */
  NotListed: 74,
  /** This node had to attest again and did not. */
  AttestationDue: 75,
  /** The attestation policy in the state is none. */
  PolicyUnreadable: 76,
} as const;
export type RefusalCode = (typeof RefusalCode)[keyof typeof RefusalCode];

export class RefusalError extends CodedError<RefusalCode> {
  override readonly name = "RefusalError";
  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super("refusal", code, message, options);
  }
}
