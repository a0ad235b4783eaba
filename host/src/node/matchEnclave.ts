/**
 * Brings the enclave's record and the host's state together at a start, whichever of them was restored from an older copy (consensus
 * §3.5). What cannot be brought together is refused with the way out; nothing is made anew in silence.
 *
 * | the enclave is | what happens |
 * |---|---|
 * | at the state's height | nothing |
 * | one block ahead | a crash between the two writes: the block runs again |
 * | further ahead | the database is an older copy: a follower runs the blocks between again, as they were; *solo* has lost them |
 * | behind | the sealed file is an older copy: the enclave accepts the headers between |
 * @module
 */
import { RefusedError } from "@sotto/boundary/calls";
import { INTERFACE_VERSION, type SignedHeader } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import { Header } from "@sotto/common/wire/header";
import { loadBlock, loadValidators } from "../consensus/blockStore.ts";
import type { EnclaveHost } from "../enclaveHost/enclaveHost.ts";
import type { StateStore } from "../store/store.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import { Replay } from "./replay.ts";
import type { SealedRecords } from "./sealedFile.ts";

export type MatchDeps = {
  readonly kind: "solo" | "follower";
  readonly initialHeight: number;
  readonly store: StateStore;
  readonly enclave: EnclaveHost;
  readonly sealed: SealedRecords;
};

/** Headers of one call; a hundred validators' commits of that number fit into a frame. */
const HEADERS_A_CALL = 500;

/**
 * @returns the blocks that must be run again, if there are any
 * @throws {NodeError} SealedRecordDamaged, BlocksLost
 */
export function matchEnclave(deps: MatchDeps): Replay | undefined {
  const { kind, store, enclave } = deps;
  const { state } = enclave.call("info", { interfaceVersion: INTERFACE_VERSION });
  if (state.kind !== "ready") throw new TypeError("the enclave carries no network");
  const accepted = Number(state.value.height);
  const stored = store.latestHeight;
  if (accepted > 0 && accepted <= stored) requireSameBlock(store, accepted, state.value.blockHash);
  if (accepted < stored) acceptStored(deps, accepted, stored);
  if (accepted <= stored) return undefined;
  const waits = accepted === stored + 1;
  if (kind === "solo") {
    if (!waits || loadBlock(store, accepted) === undefined) throw blocksLost(accepted, stored);
    requireSameBlock(store, accepted, state.value.blockHash);
    return undefined;
  }
  return waits ? undefined : new Replay(enclave, accepted, () => store.latestHeight);
}

/** *solo* has its blocks nowhere else; others at their heights would be signed twice. */
function blocksLost(accepted: number, stored: number): NodeError {
  return new NodeError(
    NodeErrorCode.BlocksLost,
    `the enclave has accepted block ${accepted}, the database in data/ ends at ${stored}: it is an older copy, and this node, which makes the blocks alone, has signed others at the heights between. Put back a copy of data/ of height ${accepted} or one less, or the copy of sealed/network.sealed that was made together with this one; \`sotto reset\` starts a new network`,
  );
}

function notTogether(reason: string, cause?: unknown): NodeError {
  return new NodeError(
    NodeErrorCode.SealedRecordDamaged,
    `sealed/network.sealed and data/ do not belong together: ${reason}. Put back the file that was made with this database; \`sotto reset\` starts over`,
    { cause },
  );
}

function requireSameBlock(store: StateStore, height: number, hash: Uint8Array): void {
  const block = loadBlock(store, height);
  if (block !== undefined && equalBytes(block.blockId.hash, hash)) return;
  throw notTogether(`at height ${height} they have different blocks`);
}

function acceptStored({ store, enclave, sealed, initialHeight }: MatchDeps, accepted: number, stored: number): void {
  const first = accepted === 0 ? initialHeight : accepted + 1;
  for (let from = first; from <= stored; from += HEADERS_A_CALL) {
    const blocks: SignedHeader[] = [];
    for (let height = from; height <= Math.min(stored, from + HEADERS_A_CALL - 1); height++) {
      blocks.push(signedHeader(store, height));
    }
    try {
      sealed.save(enclave.call("acceptHeaders", { blocks }).sealed);
    } catch (error) {
      if (error instanceof RefusedError) throw notTogether(error.message, error);
      throw error;
    }
  }
}

function signedHeader(store: StateStore, height: number): SignedHeader {
  const block = loadBlock(store, height);
  const validators = block && loadValidators(store, Header.decode(block.header).validatorsHash);
  if (block === undefined || validators === undefined) {
    throw notTogether(`the enclave's is older, and block ${height} is not in the database any more`);
  }
  return { header: block.header, commit: block.seenCommit, validators: [...validators] };
}
