/**
 * What the servers (REST, CometBFT RPC, later gRPC) know of the node: reads, admission, blocks, the transaction index.
 *
 * Everything is asynchronous: blocks are executed and indexed in other threads.
 * @module
 */
import type { ConsensusParams, QueryRequest, QueryResponse, TxResult, ValidatorUpdate } from "../abci/application.ts";

/** Outcome of CheckTx, or of the mempool's own limits (codes 19, 20, 21 of codespace `sdk`; clients §1.2 item 5). */
export type AdmissionResult = {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
};

/** A decided block as stored; protobuf bytes of consensus §2.2. */
export type StoredBlock = {
  readonly height: number;
  readonly header: Uint8Array;
  /** Header hash and part set header, as in `block_id`. */
  readonly blockId: { readonly hash: Uint8Array; readonly partsTotal: number; readonly partsHash: Uint8Array };
  /** All transactions, the random at position 0. */
  readonly transactions: readonly Uint8Array[];
  /** The commit for the block before: empty bytes at the initial height. */
  readonly lastCommit: Uint8Array;
  /** The commit for this block. */
  readonly seenCommit: Uint8Array;
};

/** A member of a validator set. */
export type Validator = { readonly address: Uint8Array; readonly publicKey: Uint8Array; readonly power: bigint };

export type BlockResults = {
  readonly height: number;
  readonly results: readonly TxResult[];
  readonly events: TxResult["events"];
  readonly validatorUpdates: readonly ValidatorUpdate[];
  readonly appHash: Uint8Array;
};

export type IndexedTx = {
  readonly hash: Uint8Array;
  readonly height: number;
  /** Position in the block, the random included. */
  readonly position: number;
  readonly tx: Uint8Array;
  readonly result: TxResult;
  /** Block time in nanoseconds. */
  readonly timeNs: bigint;
};

export type TxSearch = {
  readonly query: string;
  readonly order: "asc" | "desc";
  readonly offset: number;
  readonly limit: number;
};

export type SimulationResult =
  | { readonly ok: true; readonly gasUsed: bigint; readonly result: TxResult; readonly msgResponses: Uint8Array }
  | {
      readonly ok: false;
      readonly code: number;
      readonly codespace: string;
      readonly log: string;
      readonly gasUsed: bigint;
    };

export type NodeIdentity = {
  readonly chainId: string;
  readonly moniker: string;
  /** 40 lower-case hex digits. */
  readonly nodeId: string;
  readonly version: string;
  /** This node's own key; a node that signs nothing has power 0. */
  readonly validator: Validator;
  readonly minimumGasPrice: string;
  readonly consensusParams: ConsensusParams;
};

export interface NodeBackend {
  readonly identity: NodeIdentity;
  /** The genesis file as JSON text, if the node keeps it. */
  readonly genesis?: string;
  readonly latestHeight: number;
  readonly earliestHeight: number;
  /** The node knows that it is behind its network. */
  readonly isCatchingUp: boolean;
  /** An ABCI query: a gRPC method path (`/cosmos.bank.v1beta1.Query/Balance`) and the protobuf request. Height 0 is the latest. */
  query(request: QueryRequest): Promise<QueryResponse>;
  simulate(tx: Uint8Array): Promise<SimulationResult>;
  /**
   * Admission to the mempool, here or at a peer; resolves after CheckTx.
   * @throws {CodedError} of codespace `peer`, if no peer takes it; the text is for the client
   */
  broadcast(tx: Uint8Array): Promise<AdmissionResult>;
  unconfirmed(): readonly Uint8Array[];
  block(height: number): StoredBlock | undefined;
  heightOfBlock(hash: Uint8Array): number | undefined;
  blockResults(height: number): BlockResults | undefined;
  /** The set that signs a height, in its order; that of the next block is known as well. */
  validators(height: number): readonly Validator[] | undefined;
  transaction(hash: Uint8Array): Promise<IndexedTx | undefined>;
  /** @throws {IndexError} with a code, if the query does not parse */
  searchTransactions(search: TxSearch): Promise<{ readonly found: readonly IndexedTx[]; readonly total: number }>;
}
