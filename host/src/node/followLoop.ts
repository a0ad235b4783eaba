/**
 * The loop of a follower: blocks from peers, transactions to them, and the boot transaction that makes its enclave answer.
 * @module
 */
import { loadValidators } from "../consensus/blockStore.ts";
import { makePeer, type Peer } from "../peer/peer.ts";
import { PeerError, PeerErrorCode } from "../peer/peerError.ts";
import type { StateStore } from "../store/store.ts";
import type { BlockLoop } from "./blockLoop.ts";
import type { ExecutedBlock, Executor } from "./executor.ts";
import { type Following, followPeers } from "./followPeers.ts";
import type { Remote } from "./threadCalls.ts";

export type FollowLoopOptions = {
  readonly chainId: string;
  /** URLs; at least one. */
  readonly peers: readonly string[];
  /** For reading. */
  readonly store: StateStore;
  readonly executor: Pick<
    Remote<Executor>,
    "follow" | "wantedHeaders" | "showHeaders" | "freshness" | "bootTransaction"
  >;
  readonly onBlocks: (blocks: readonly ExecutedBlock[]) => void;
  readonly onPeer: (text: string) => void;
  readonly onFailure: (error: unknown) => void;
};

export type FollowLoop = BlockLoop & {
  /** Height of the network as far as known. */
  readonly tip: number;
};

/** A boot transaction that did not come into a block by then is sent again. */
const BOOT_RETRY_MS = 5_000;

/** @throws {PeerError}, if a peer is no URL */
export function makeFollowLoop(options: FollowLoopOptions): FollowLoop {
  const { store, executor } = options;
  const peers = options.peers.map((url) => makePeer(url));
  let following: Following | undefined;
  let isFresh = false;
  let askedAt = Number.NEGATIVE_INFINITY;
  let askedHeight = -1;

  /** Says to the chain that this enclave has started, until the enclave has seen it there. */
  async function atTip(peer: Peer): Promise<void> {
    const height = following?.height ?? 0;
    if (isFresh || (height === askedHeight && performance.now() - askedAt < BOOT_RETRY_MS)) return;
    isFresh = (await executor.freshness()).fresh;
    askedHeight = height;
    if (isFresh || performance.now() - askedAt < BOOT_RETRY_MS) return;
    askedAt = performance.now();
    const boot = await executor.bootTransaction();
    if (boot === undefined) return options.onPeer("the node's account does not exist: queries stay unanswered");
    const { code, log } = await peer.broadcast(boot);
    if (code !== 0) options.onPeer(`the boot transaction was refused with code ${code}: ${log}`);
  }

  async function broadcast(tx: Uint8Array): ReturnType<Peer["broadcast"]> {
    let last: unknown = new PeerError(PeerErrorCode.Unreachable, "no peer");
    for (const peer of following?.peers ?? peers) {
      try {
        return await peer.broadcast(tx);
      } catch (error) {
        // Only one that cannot be reached has certainly not taken it, but a transaction is taken once at most anyway.
        if (!(error instanceof PeerError) || error.code === PeerErrorCode.Refused) throw error;
        last = error;
      }
    }
    const reason = last instanceof Error ? last.message : "unknown failure";
    throw new PeerError(PeerErrorCode.Unreachable, `no peer of this node takes transactions now: ${reason}`);
  }

  return {
    intake: { broadcast, unconfirmed: () => [] },
    get isCatchingUp() {
      return following?.isCatchingUp ?? true;
    },
    get tip() {
      return following?.tip ?? 0;
    },
    start() {
      following = followPeers({
        chainId: options.chainId,
        peers,
        latestHeight: store.latestHeight,
        knowsValidators: (hash) => loadValidators(store, hash) !== undefined,
        follow: (blocks) => executor.follow(blocks),
        wantedHeaders: () => executor.wantedHeaders(),
        showHeaders: (headers) => executor.showHeaders(headers),
        onBlocks: options.onBlocks,
        atTip,
        onPeer: options.onPeer,
        onFailure: options.onFailure,
      });
    },
    stop: async () => following?.stop(),
  };
}
