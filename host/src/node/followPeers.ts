/**
 * The loop of a node that follows: fetches blocks from a peer ahead of their execution, and goes to the next peer when one fails.
 *
 * At the tip the peer is asked again and again, so that this node is less than a block behind.
 * @module
 */
import type { Validator } from "../api/backend.ts";
import type { ForeignBlock } from "../consensus/foreignBlock.ts";
import { MAX_BLOCKS, type Peer, type PeerBlock } from "../peer/peer.ts";
import { PeerError, PeerErrorCode } from "../peer/peerError.ts";
import type { ExecutedBlock, Followed } from "./executor.ts";
import type { HeaderRange } from "./replay.ts";

export type FollowOptions = {
  readonly chainId: string;
  /** At least one; the first is asked first. */
  readonly peers: readonly Peer[];
  readonly latestHeight: number;
  /** Whether the validator set with this hash needs not be fetched. */
  readonly knowsValidators: (hash: Uint8Array) => boolean;
  readonly follow: (blocks: readonly ForeignBlock[]) => Promise<Followed>;
  /** Headers without which {@link follow} executes nothing. */
  readonly wantedHeaders: () => Promise<HeaderRange | undefined>;
  readonly showHeaders: (headers: readonly Uint8Array[]) => Promise<boolean>;
  readonly onBlocks: (blocks: readonly ExecutedBlock[]) => void;
  /** At the tip, after every look at the peer. */
  readonly atTip: (peer: Peer) => Promise<void>;
  /** A peer was taken or left; a sentence. */
  readonly onPeer: (text: string) => void;
  /** This node cannot go on; it is not a peer's fault. */
  readonly onFailure: (error: Error) => void;
};

export interface Following {
  readonly height: number;
  /** Height of the network as far as known. */
  readonly tip: number;
  readonly isCatchingUp: boolean;
  /** The peer that is followed now comes first. */
  readonly peers: readonly Peer[];
  stop(): Promise<void>;
}

const POLL_MS = 50;
/** Batches that are fetched while one is executed. */
const AHEAD = 3;
/** Without a new block for this long another peer is asked, if there is one. */
const STALE_MS = 20_000;
const PAUSE_MS = { first: 200, longest: 2_000 } as const;

export function followPeers(options: FollowOptions): Following {
  const { peers } = options;
  let current = 0;
  let height = options.latestHeight;
  let tip = height;
  let hasBeenAtTip = false;
  let newestAt = performance.now();
  let failures = 0;
  let stopped = false;
  let wake: (() => void) | undefined;

  const peerNow = (): Peer => peers[current % peers.length] as Peer;

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        wake = undefined;
        resolve();
      }
      wake = done;
      if (stopped) done();
    });
  }

  /** @returns whether all of them were executed; otherwise the enclave wants headers first */
  async function execute(blocks: readonly ForeignBlock[]): Promise<boolean> {
    const { executed, failure } = await options.follow(blocks);
    if (executed.length > 0) {
      height = (executed.at(-1) as ExecutedBlock).block.height;
      newestAt = performance.now();
      failures = 0;
      options.onBlocks(executed);
    }
    if (failure === undefined) return executed.length === blocks.length;
    if (failure.isPeersFault) throw new PeerError(PeerErrorCode.Nonsense, failure.message);
    throw new FatalError(failure.message);
  }

  /** The way back to blocks that must be run again. */
  async function showWanted(peer: Peer): Promise<void> {
    for (let range = await options.wantedHeaders(); range !== undefined; range = await options.wantedHeaders()) {
      const headers: Uint8Array[] = [];
      for (let from = range.from; from <= range.to; from += MAX_BLOCKS) {
        const blocks = await fetchBlocks(peer, from, Math.min(from + MAX_BLOCKS - 1, range.to), () => true);
        headers.push(...blocks.map(({ header }) => header));
      }
      if (!(await options.showHeaders(headers))) {
        throw new PeerError(PeerErrorCode.Nonsense, "its headers are not those that this node's enclave has accepted");
      }
    }
  }

  /** Executes up to the tip as it was known at the beginning. */
  async function catchUp(peer: Peer): Promise<void> {
    await showWanted(peer);
    const ahead: Promise<readonly ForeignBlock[]>[] = [];
    const fetchedSets = new Set<string>();
    let next = height + 1;
    while (height < tip && !stopped) {
      for (; ahead.length < AHEAD && next <= tip; next += MAX_BLOCKS) {
        const batch = fetchBlocks(peer, next, Math.min(next + MAX_BLOCKS - 1, tip), (hash) => {
          const key = Buffer.from(hash).toString("hex");
          if (fetchedSets.has(key) || options.knowsValidators(hash)) return true;
          fetchedSets.add(key);
          return false;
        });
        // Waited for in its turn; until then a failure is nobody's.
        batch.catch(() => undefined);
        ahead.push(batch);
      }
      const blocks = await (ahead.shift() as Promise<readonly ForeignBlock[]>);
      const to = height + blocks.length;
      await execute(blocks);
      // The enclave wants the headers of the next stretch.
      if (height < to) return;
    }
  }

  async function followOne(peer: Peer): Promise<void> {
    let isNew = true;
    while (!stopped) {
      const status = await peer.status();
      if (status.network !== options.chainId) {
        throw new PeerError(PeerErrorCode.WrongNetwork, `it is of network ${status.network}, not ${options.chainId}`);
      }
      if (isNew) options.onPeer(`following ${peer.url}, which is at height ${status.latestHeight}`);
      isNew = false;
      if (height + 1 < status.earliestHeight) {
        throw new PeerError(PeerErrorCode.Refused, `it has blocks from height ${status.earliestHeight} on alone`);
      }
      tip = Math.max(height, status.latestHeight);
      if (height < tip) {
        await catchUp(peer);
        continue;
      }
      hasBeenAtTip = true;
      failures = 0;
      await options.atTip(peer);
      if (peers.length > 1 && performance.now() - newestAt > STALE_MS) {
        newestAt = performance.now();
        throw new PeerError(PeerErrorCode.Unreachable, "no new block for a while");
      }
      await pause(POLL_MS);
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      const peer = peerNow();
      try {
        await followOne(peer);
      } catch (error) {
        if (stopped) return;
        if (!(error instanceof PeerError)) {
          options.onFailure(error instanceof Error ? error : new Error("unknown failure"));
          return;
        }
        options.onPeer(`left peer ${peer.url}: ${error.message}`);
        current += 1;
        failures += 1;
        // All were asked once before anybody waits.
        const rounds = Math.floor(failures / peers.length);
        if (rounds > 0) await pause(Math.min(PAUSE_MS.first * 2 ** (rounds - 1), PAUSE_MS.longest));
      }
    }
  }

  const running = run();
  return {
    get height() {
      return height;
    },
    get tip() {
      return tip;
    },
    get isCatchingUp() {
      return !hasBeenAtTip || tip - height > 1;
    },
    get peers() {
      return peers.map((_, index) => peers[(current + index) % peers.length] as Peer);
    },
    async stop() {
      stopped = true;
      wake?.();
      // Open requests fail at once.
      for (const peer of peers) peer.close();
      await running;
    },
  };
}

class FatalError extends Error {}

/** Halves what does not fit into one answer. */
async function fetchBlocks(
  peer: Peer,
  from: number,
  to: number,
  knows: (hash: Uint8Array) => boolean,
): Promise<readonly ForeignBlock[]> {
  let blocks: readonly PeerBlock[];
  try {
    blocks = await peer.blocks(from, to);
  } catch (error) {
    if (!(error instanceof PeerError) || error.code !== PeerErrorCode.TooLong || from === to) throw error;
    const middle = Math.floor((from + to) / 2);
    return [...(await fetchBlocks(peer, from, middle, knows)), ...(await fetchBlocks(peer, middle + 1, to, knows))];
  }
  const found: ForeignBlock[] = [];
  for (const [index, block] of blocks.entries()) {
    const validatorSets: (readonly Validator[])[] = [];
    for (const [hash, height] of [
      [block.validatorsHash, from + index],
      [block.nextValidatorsHash, from + index + 1],
    ] as const) {
      if (!knows(hash)) validatorSets.push(await peer.validators(height));
    }
    found.push({ ...block, validatorSets });
  }
  return found;
}
