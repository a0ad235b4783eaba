import { Header } from "@sotto/common/wire/header";
import { describe, expect, it } from "vitest";
import { loadValidators } from "../../src/consensus/blockStore.ts";
import { ConsensusError, ConsensusErrorCode } from "../../src/consensus/consensusError.ts";
import type { ExecutedBlock, Followed } from "../../src/node/executor.ts";
import { type Following, type FollowOptions, followPeers } from "../../src/node/followPeers.ts";
import type { Peer, PeerBlock } from "../../src/peer/peer.ts";
import { PeerError, PeerErrorCode } from "../../src/peer/peerError.ts";
import { CHAIN_ID, type MadeBlock, makeSigners, newFollower, publicSet, TestChain } from "./testChain.ts";

const SIGNERS = makeSigners([10n, 10n, 10n, 10n]);

type Script = Partial<Peer> & { readonly height?: () => number };

function toPeerBlock(block: MadeBlock): PeerBlock {
  const { validatorsHash, nextValidatorsHash } = Header.decode(block.header);
  return { ...block, validatorsHash, nextValidatorsHash };
}

/** Serves a chain, but for what the script says otherwise. */
function scriptedPeer(url: string, chain: TestChain, script: Script = {}): Peer & { readonly asked: string[] } {
  const asked: string[] = [];
  const peer: Peer = {
    url,
    status: async () => ({
      network: CHAIN_ID,
      latestHeight: script.height?.() ?? chain.blocks.length,
      earliestHeight: 1,
    }),
    blocks: async (from, to) => chain.blocks.slice(from - 1, to).map(toPeerBlock),
    validators: async () => publicSet(SIGNERS),
    query: async () => ({ code: 0, log: "", value: new Uint8Array(0) }),
    broadcast: async () => ({ code: 0, codespace: "", log: "", gasWanted: 0n, gasUsed: 0n }),
    transaction: async () => undefined,
    close: () => {},
    ...script,
  };
  const blocks = peer.blocks;
  return {
    ...peer,
    asked,
    blocks: (from, to) => {
      asked.push(`${from}-${to}`);
      return blocks(from, to);
    },
  };
}

/** A follower in this thread behind the loop, as the executor's thread has one. */
function run(peers: readonly Peer[], overrides: Partial<FollowOptions> = {}) {
  const { follower, application, store } = newFollower(SIGNERS);
  const told: string[] = [];
  const failures: Error[] = [];
  const following: Following = followPeers({
    chainId: CHAIN_ID,
    peers,
    latestHeight: 0,
    knowsValidators: (hash) => loadValidators(store, hash) !== undefined,
    follow: async (blocks): Promise<Followed> => {
      const executed: ExecutedBlock[] = [];
      try {
        for (const block of blocks) executed.push({ ...follower.follow(block), prints: [] });
        return { executed, failure: undefined };
      } catch (error) {
        const isPeersFault = error instanceof ConsensusError && error.code === ConsensusErrorCode.PeerLied;
        return { executed, failure: { isPeersFault, message: (error as Error).message } };
      }
    },
    wantedHeaders: async () => undefined,
    showHeaders: async () => true,
    onBlocks: () => {},
    atTip: async () => {},
    onPeer: (text) => told.push(text),
    onFailure: (error) => failures.push(error),
    ...overrides,
  });
  return { following, application, told, failures };
}

async function until(what: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end; ) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("never");
}

describe("consensus §2.7: following peers", () => {
  it("fetches ahead in batches of nine, and then is less than a block behind the tip", async () => {
    const chain = new TestChain(SIGNERS).grow(40);
    const peer = scriptedPeer("first", chain);
    const { following, application, told, failures } = run([peer]);
    expect(following.isCatchingUp).toBe(true);
    await until(() => application.height === 40);
    expect(peer.asked).toEqual(["1-9", "10-18", "19-27", "28-36", "37-40"]);
    await until(() => !following.isCatchingUp);
    for (let height = 41; height <= 45; height++) {
      chain.next();
      const start = performance.now();
      await until(() => application.height === height);
      expect(performance.now() - start).toBeLessThan(1_000);
    }
    await following.stop();
    expect(application.appHash).toEqual(chain.blocks[44]?.appHash);
    expect(told).toEqual(["following first, which is at height 40"]);
    expect(failures).toEqual([]);
  });

  it.each<[string, Script, RegExp]>([
    [
      "a forged block",
      { blocks: async () => [toPeerBlock(new TestChain(SIGNERS.slice(1)).next())] },
      /left peer bad: block 1: /,
    ],
    [
      "garbage",
      {
        blocks: async () => {
          throw new PeerError(PeerErrorCode.Nonsense, "block.header: expected an object");
        },
      },
      /left peer bad: block\.header: expected an object/,
    ],
    [
      "blocks in another order",
      {
        blocks: async (from, to) =>
          GOOD.blocks
            .slice(from - 1, to)
            .map(toPeerBlock)
            .reverse(),
      },
      /left peer bad: block 1: it has height 9/,
    ],
    [
      "fewer blocks than it has",
      { blocks: async (from) => GOOD.blocks.slice(from, from + 1).map(toPeerBlock) },
      /left peer bad: block 1: it has height 2/,
    ],
    [
      "another network",
      { status: async () => ({ network: "other-1", latestHeight: 9, earliestHeight: 1 }) },
      /left peer bad: it is of network other-1/,
    ],
    [
      "a pruned store",
      { status: async () => ({ network: CHAIN_ID, latestHeight: 9, earliestHeight: 5 }) },
      /left peer bad: it has blocks from height 5 on alone/,
    ],
    [
      "nobody there",
      {
        status: async () => {
          throw new PeerError(PeerErrorCode.Unreachable, "connection refused");
        },
      },
      /left peer bad: connection refused/,
    ],
  ])("names and leaves a peer with %s, and goes on with the next", async (_, script, sentence) => {
    const bad = scriptedPeer("bad", GOOD, script);
    const { following, application, told, failures } = run([bad, scriptedPeer("good", GOOD)]);
    await until(() => application.height === GOOD.blocks.length);
    await following.stop();
    expect(told[told.length - 2]).toMatch(sentence);
    expect(told.at(-1)).toMatch(/^following good/);
    expect(application.appHash).toEqual(GOOD.blocks.at(-1)?.appHash);
    expect(following.peers.map(({ url }) => url)).toEqual(["good", "bad"]);
    expect(failures).toEqual([]);
  });

  it("goes on after a peer that went away in the middle is back", async () => {
    const chain = new TestChain(SIGNERS).grow(30);
    let down = false;
    const peer = scriptedPeer("only", chain, {
      blocks: async (from, to) => {
        if (from > 10 && !down) down = true;
        if (down) throw new PeerError(PeerErrorCode.Unreachable, "connection closed");
        return chain.blocks.slice(from - 1, to).map(toPeerBlock);
      },
    });
    const { following, application, told } = run([peer]);
    await until(() => told.some((text) => text === "left peer only: connection closed"));
    expect(application.height).toBeLessThan(30);
    expect(following.isCatchingUp).toBe(true);
    down = false;
    // From now on it answers all.
    Object.assign(peer, {
      blocks: async (from: number, to: number) => chain.blocks.slice(from - 1, to).map(toPeerBlock),
    });
    await until(() => application.height === 30);
    await following.stop();
    expect(application.requests.map(({ height }) => height)).toEqual(
      Array.from({ length: 30 }, (_, index) => index + 1),
    );
  });

  it("asks for fewer blocks where nine do not fit into an answer", async () => {
    const chain = new TestChain(SIGNERS).grow(12);
    const peer = scriptedPeer("small", chain, {
      blocks: async (from, to) => {
        if (to - from >= 2) throw new PeerError(PeerErrorCode.TooLong, "an answer of more than 10 bytes");
        return chain.blocks.slice(from - 1, to).map(toPeerBlock);
      },
    });
    const { following, application, told } = run([peer]);
    await until(() => application.height === 12);
    await following.stop();
    expect(told).toHaveLength(1);
  });

  it("fetches a validator set once", async () => {
    const chain = new TestChain(SIGNERS).grow(25);
    const asked: number[] = [];
    const peer = scriptedPeer("sets", chain, {
      validators: async (height) => {
        asked.push(height);
        return publicSet(SIGNERS);
      },
    });
    const { following, application } = run([peer]);
    await until(() => application.height === 25);
    await following.stop();
    expect(asked).toEqual([1]);
  });

  it("stops for good where the failure is this node's own", async () => {
    const chain = new TestChain(SIGNERS).grow(3);
    const follow = async (): Promise<Followed> => ({
      executed: [],
      failure: { isPeersFault: false, message: "the disk is full" },
    });
    const { following, failures, told } = run([scriptedPeer("good", chain)], { follow });
    await until(() => failures.length > 0);
    expect(failures[0]?.message).toBe("the disk is full");
    await following.stop();
    expect(told).toHaveLength(1);
  });
});

const GOOD = new TestChain(SIGNERS).grow(20);
