/**
 * What is known of an enclave after its evidence was verified, and what a network asks of it (registration §2.8).
 * @module
 */

/** From best to worst (registration §6.5). */
export const TCB_STATUSES = [
  "UpToDate",
  "SWHardeningNeeded",
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
  "TDRelaunchAdvised",
  "TDRelaunchAdvisedConfigurationNeeded",
  "OutOfDate",
  "OutOfDateConfigurationNeeded",
  "Revoked",
] as const;
export type TcbStatus = (typeof TCB_STATUSES)[number];

/** Parts of the collateral as they are verified; CRLs are DER, chains PEM text, the two documents exactly the signed text. */
export type Collateral = {
  /** What it says it is for; the JSON form does not say. */
  readonly tee: "sgx" | "tdx" | undefined;
  readonly pckCrlIssuerChain: Uint8Array;
  readonly rootCaCrl: Uint8Array;
  readonly pckCrl: Uint8Array;
  readonly tcbInfoIssuerChain: Uint8Array;
  readonly tcbInfo: Uint8Array;
  /** r ‖ s, 64 bytes. */
  readonly tcbInfoSignature: Uint8Array;
  readonly qeIdentityIssuerChain: Uint8Array;
  readonly qeIdentity: Uint8Array;
  readonly qeIdentitySignature: Uint8Array;
};

/** What a quote says; whether to believe it is another matter. */
export type QuoteBody = {
  readonly tee: "sgx" | "tdx";
  /** MRENCLAVE, or SHA-256 over a TD's registers and attributes (registration §5.5); 32 bytes. */
  readonly measurement: Uint8Array;
  /** MRSIGNER, 32 bytes; zeros for a TD. */
  readonly signer: Uint8Array;
  readonly productId: number;
  readonly securityVersion: number;
  readonly debug: boolean;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
};

export type Attested = QuoteBody & {
  readonly status: TcbStatus;
  readonly advisories: readonly string[];
  /** First 20 bytes of SHA-256(PPID ‖ PCEID): who the machine is, whatever its patch level (registration §7 O). */
  readonly machineId: Uint8Array;
};

/** An enclave build that a network admits. */
export type ApprovedEnclave = {
  readonly measurement: Uint8Array;
  /** Undefined accepts every signer: the measurement alone decides. */
  readonly signer: Uint8Array | undefined;
  readonly productId: number;
  readonly minimumSecurityVersion: number;
};

/** A network's attestation policy: one JSON document, in genesis and then in state (`evidence/policy.ts`). */
export type AttestationPolicy = {
  /** SHA-256 of the DER of each accepted root certificate. */
  readonly roots: readonly Uint8Array[];
  readonly statuses: ReadonlySet<string>;
  readonly advisories: ReadonlySet<string>;
  readonly minimumTcbEvaluationDataNumber: number;
  /** Six bytes each, upper-case hex. */
  readonly retiredFmspcs: ReadonlySet<string>;
  readonly sgx: readonly ApprovedEnclave[];
  readonly tdx: readonly ApprovedEnclave[];
  /** Whether a machine must be on the allow list before it registers. */
  readonly machines: "any" | "listed";
  /** Evidence names a block at most this many blocks back. */
  readonly maxEvidenceAge: number;
  /** A member attests again within this many blocks; 0: never. */
  readonly reattestEvery: number;
  /** Bech32 account that changes policy and machines until there is governance. */
  readonly authority: string;
  /** Who decides in which order the transactions of a block run, for good: its proposer, or its random (`block/executionOrder.ts`). */
  readonly executionOrder: "proposed" | "shuffled";
};
