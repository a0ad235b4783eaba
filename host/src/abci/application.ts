/**
 * The ABCI-shaped interface: the only way from consensus to the state machine (consensus §2.9), so that *solo* and a stock
 * CometBFT can both stand on the other side.
 *
 * Same block, same answers on every node: nothing here may depend on clocks, randomness or commit bytes.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";

/** Nanoseconds since 1970. */
export type TimeNs = bigint;

export type ValidatorUpdate = { readonly publicKey: Uint8Array; readonly power: bigint };
export type ConsensusParams = { readonly maxBytes: bigint; readonly maxGas: bigint };

/** Result of one transaction; of it, code, data, gasWanted and gasUsed are hashed into the next header (consensus §2.4). */
export type TxResult = {
  readonly code: number;
  readonly codespace: string;
  readonly data: Uint8Array;
  readonly log: string;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
  readonly events: readonly Event[];
};

export type InitChainRequest = {
  readonly time: TimeNs;
  readonly chainId: string;
  readonly initialHeight: number;
  readonly consensusParams: ConsensusParams;
  readonly validators: readonly ValidatorUpdate[];
  /** The `app_state` member of the genesis file, JSON. */
  readonly appState: Uint8Array;
};
export type InitChainResponse = { readonly appHash: Uint8Array };

/** 1.8: what the proposer knows when it makes block `height`. */
export type ProposalRequest = {
  readonly height: number;
  readonly time: TimeNs;
  readonly transactions: readonly Uint8Array[];
  readonly proposerAddress: Uint8Array;
  readonly nextValidatorsHash: Uint8Array;
};
export type FinalizeBlockRequest = ProposalRequest & {
  /** Header hash. */
  readonly hash: Uint8Array;
  /** Who signed the last block: address, power, and whether its vote was for the block. */
  readonly lastCommitVotes: readonly {
    readonly address: Uint8Array;
    readonly power: bigint;
    readonly signed: boolean;
  }[];
};
export type FinalizeBlockResponse = {
  readonly events: readonly Event[];
  /** One for each transaction, in order; transaction 0 is the random (consensus §3.7). */
  readonly results: readonly TxResult[];
  readonly validatorUpdates: readonly ValidatorUpdate[];
  readonly appHash: Uint8Array;
};

export type QueryRequest = { readonly path: string; readonly data: Uint8Array; readonly height: number };
export type QueryResponse = {
  readonly code: number;
  readonly codespace: string;
  /** The ABCI shape of a failure (chain §3.6). */
  readonly log: string;
  /** The gRPC shape, which REST shows: numeric status (0: ok) and its text. */
  readonly grpc: { readonly code: number; readonly message: string };
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly height: number;
};

export interface Application {
  info(): { readonly height: number; readonly appHash: Uint8Array };
  initChain(request: InitChainRequest): InitChainResponse;
  prepareProposal(request: ProposalRequest & { readonly maxTxBytes: number }): readonly Uint8Array[];
  processProposal(request: ProposalRequest): boolean;
  finalizeBlock(request: FinalizeBlockRequest): FinalizeBlockResponse;
  /** Makes the finalized block durable. */
  commit(): void;
  query(request: QueryRequest): QueryResponse;
}

/**
 * Header, commit and validators of a decided block, protobuf bytes as in consensus §2.2: what ABCI does not carry and the
 * enclave needs. *solo* has made it, a follower has it from a peer.
 */
export type DecidedBlock = {
  readonly header: Uint8Array;
  readonly commit: Uint8Array;
  readonly validators: readonly {
    readonly address: Uint8Array;
    readonly publicKey: Uint8Array;
    readonly power: bigint;
  }[];
  /** Deterministic fields of the results of the block before (consensus §2.4), in order; none at the initial height. */
  readonly lastResults: readonly Uint8Array[];
};
export type DecidedBlockSource = (height: number, hash: Uint8Array) => DecidedBlock;
