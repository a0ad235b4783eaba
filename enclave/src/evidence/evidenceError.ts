/**
 * Why evidence, or the registration that carries it, is refused: a code and one sentence each (registration §2.8).
 *
 * The codes are those of codespace `register` in transaction results, above the ones that the chain's own module has (chain §4.2).
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const EvidenceErrorCode = {
  /** Evidence, quote or collateral that does not parse, is too long or too short, or has a part twice, none or unknown. */
  Malformed: 20,
  /** Bytes after the quote's signature section that are not zero, or after any other part. */
  TrailingBytes: 21,
  /** Version, kind of key, kind of enclave or quoting enclave's vendor that is not accepted. */
  UnsupportedQuote: 22,
  /** A chain of certificates that does not hold: names, roles, signatures. */
  CertificateChain: 23,
  /** The chain ends in a root that the policy does not accept; also a simulated root on a chain that does not allow it. */
  UntrustedRoot: 24,
  /** A certificate, a revocation list, TCB info or QE identity is not valid at the time. */
  OutOfDate: 25,
  /** A certificate of the chain was revoked. */
  Revoked: 26,
  /** A revocation list, TCB info or QE identity is not signed by who must sign it; re-indented text among them. */
  CollateralSignature: 27,
  /** The collateral's evaluation number is below the chain's minimum. */
  CollateralTooOld: 28,
  /** The quoting enclave's report, key or identity. */
  QuotingEnclave: 29,
  /** The quote's own signature. */
  QuoteSignature: 30,
  /** FMSPC or PCEID of the certificate are not those of the TCB info, or no level fits. */
  TcbLevel: 31,
  /** The platform's status is not one that the policy accepts. */
  TcbStatus: 32,
  /** An advisory that the policy does not accept. */
  Advisory: 33,
  /** The platform's FMSPC is retired. */
  RetiredPlatform: 34,
  /** The enclave or TD can be debugged. */
  Debug: 35,
  /** Other attributes of the enclave or TD. */
  Attributes: 36,
  /** The enclave's measurement is not approved. */
  Measurement: 37,
  /** Its signer is not the approved one. */
  Signer: 38,
  /** Its product id or security version. */
  SecurityVersion: 39,
  /** The quote's report data does not bind what the evidence says. */
  Binding: 40,
  /** Made for another chain or genesis. */
  WrongChain: 41,
  /** Its block is too old, in the future, or not of this chain. */
  Stale: 42,
  /** The owner's signature. */
  OwnerSignature: 43,
  /** The same evidence was accepted before. */
  Replayed: 44,
  /** The machine is not on the allow list. */
  UnknownMachine: 45,
  /** The machine belongs to another owner, or its replacement is not allowed. */
  MachineOwner: 46,
  /** The registration key is none. */
  NodeKey: 47,
  /** The network has no policy and admits no nodes. */
  NoPolicy: 48,
  /** The sender is not the authority that may change policy and machines. */
  NotAuthority: 49,
  /** A policy that does not parse. */
  BadPolicy: 50,
} as const;
export type EvidenceErrorCode = (typeof EvidenceErrorCode)[keyof typeof EvidenceErrorCode];

export class EvidenceError extends CodedError<EvidenceErrorCode> {
  override readonly name = "EvidenceError";
  constructor(code: EvidenceErrorCode, message: string, options?: ErrorOptions) {
    super("register", code, message, options);
  }
}
