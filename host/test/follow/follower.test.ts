import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import { BlockIdFlag, Commit } from "@sotto/common/wire/commit";
import { Header } from "@sotto/common/wire/header";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadBlock, loadResults, loadValidators } from "../../src/consensus/blockStore.ts";
import { ConsensusErrorCode } from "../../src/consensus/consensusError.ts";
import type { ForeignBlock } from "../../src/consensus/foreignBlock.ts";
import { makeSigners, newFollower, publicSet, type Signer, signCommit, TestChain, type Vote } from "./testChain.ts";

const FOUR = makeSigners([10n, 10n, 7n, 3n]);
const tx = (text: string): Uint8Array => utf8ToBytes(text);

/** Nothing of the block was kept or run, and the true one still can be. */
function expectRefused(chain: TestChain, lie: ForeignBlock, sentence: RegExp): void {
  const { follower, application, store } = newFollower(FOUR);
  for (const block of chain.blocks.slice(0, -1)) follower.follow(block);
  const before = application.requests.length;
  let error: unknown;
  try {
    follower.follow(lie);
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({ codespace: "consensus", code: ConsensusErrorCode.PeerLied });
  expect((error as Error).message).toMatch(sentence);
  expect(application.requests).toHaveLength(before);
  expect(loadBlock(store, chain.blocks.length)).toBeUndefined();
  const last = chain.blocks.at(-1) as ForeignBlock;
  expect(follower.follow(last).block.height).toBe(chain.blocks.length);
}

const twoBlocks = (): TestChain => {
  const chain = new TestChain(FOUR);
  chain.next({ transactions: [tx("one")] });
  chain.next({ transactions: [tx("two"), tx("three")] });
  return chain;
};

describe("consensus §2.7: a follower", () => {
  it("runs the blocks of four validators, with absent and nil votes, and comes to the same app hashes", () => {
    const chain = new TestChain(FOUR);
    const votes: Vote[][] = [[], ["commit", "commit", "absent", "commit"], ["commit", "commit", "commit", "nil"], []];
    for (const [index, each] of votes.entries()) chain.next({ transactions: [tx(`tx ${index}`)], votes: each });
    const { follower, application, store } = newFollower(FOUR);
    for (const block of chain.blocks) {
      const { results } = follower.follow(block);
      expect(bytesToHex(results.appHash)).toBe(bytesToHex(block.appHash));
    }
    expect(application.requests.map(({ lastCommitVotes }) => lastCommitVotes.map(({ signed }) => signed))).toEqual([
      [],
      [true, true, true, true],
      [true, true, false, true],
      [true, true, true, false],
    ]);
    for (const { stored } of chain.blocks) {
      expect(loadBlock(store, stored.height)).toEqual(stored);
      expect(loadResults(store, stored.height)?.results).toHaveLength(1);
    }
  });

  it("gives the application what ABCI does not carry", () => {
    const chain = twoBlocks();
    const decided: unknown[] = [];
    const made = newFollower(FOUR);
    const { follower, application } = made;
    const finalize = application.finalizeBlock.bind(application);
    application.finalizeBlock = (request) => {
      decided.push(follower.decidedBlock(request.height, request.hash));
      return finalize(request);
    };
    for (const block of chain.blocks) follower.follow(block);
    expect(decided).toMatchObject([
      { header: chain.blocks[0]?.header, validators: publicSet(FOUR), lastResults: [] },
      { commit: chain.blocks[1]?.commit, lastResults: [expect.any(Uint8Array)] },
    ]);
    expect(() => follower.decidedBlock(2, new Uint8Array(32))).toThrow(/block 2 with the given hash/);
    expect(() => follower.decidedBlock(9, new Uint8Array(32))).toThrow(/block 9 is not in the block store/);
  });

  it("goes on after a restart from what it stored", () => {
    const chain = new TestChain(FOUR).grow(4);
    const { follower, application, store } = newFollower(FOUR);
    for (const block of chain.blocks.slice(0, 2)) follower.follow(block);
    const again = newFollower(FOUR, {
      store,
      application,
      commitApplication: (rows) => {
        application.commit();
        store.writeTables(rows);
      },
    });
    for (const block of chain.blocks.slice(2)) again.follower.follow({ ...block, validatorSets: [] });
    expect(bytesToHex(application.appHash)).toBe(bytesToHex((chain.blocks[3] as { appHash: Uint8Array }).appHash));
  });

  it("follows a validator set that changes, and keeps each set under its hash", () => {
    const other = makeSigners([4n, 4n]);
    const chain = new TestChain(FOUR);
    chain.next({ nextSigners: other });
    chain.next();
    chain.next({ nextSigners: FOUR });
    const { follower, store } = newFollower(FOUR);
    for (const block of chain.blocks) follower.follow(block);
    for (const [height, set] of [
      [1, FOUR],
      [2, other],
      [3, other],
    ] as const) {
      const { header } = chain.blocks[height - 1] as ForeignBlock;
      expect(loadValidators(store, Header.decode(header).validatorsHash)).toEqual(publicSet(set));
    }
  });

  it("derives the addresses of a set, which its hash does not cover", () => {
    const other = makeSigners([4n, 4n]);
    const chain = new TestChain(FOUR);
    const block = chain.next({ nextSigners: other });
    const { follower, store } = newFollower(FOUR);
    const forged = publicSet(other).map((each) => ({ ...each, address: new Uint8Array(20) }));
    follower.follow({ ...block, validatorSets: [publicSet(FOUR), forged] });
    expect(loadValidators(store, Header.decode(block.header).nextValidatorsHash)).toEqual(publicSet(other));
  });

  it("accepts more than two thirds, however the rest voted, and counts a signature that is not good as none", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Vote>("commit", "nil", "absent"), { minLength: 4, maxLength: 4 }),
        (votes) => {
          const chain = new TestChain(FOUR);
          const block = chain.next({ votes });
          const power = votes.reduce(
            (sum, vote, slot) => sum + (vote === "commit" ? (FOUR[slot] as Signer).power : 0n),
            0n,
          );
          const follow = (): unknown => newFollower(FOUR).follower.follow(block);
          if (power * 3n > 60n) expect(follow()).toBeDefined();
          else expect(follow).toThrow(/signed by \d+ of 30 voting power/);
        },
      ),
      { numRuns: 60 },
    );
    const chain = new TestChain(FOUR);
    const block = chain.next();
    const commit = Commit.decode(block.commit);
    const broken = commit.signatures.map((each, slot) =>
      slot === 3 ? { ...each, signature: new Uint8Array(64) } : each,
    );
    const { follower } = newFollower(FOUR);
    expect(follower.follow({ ...block, commit: Commit.encode({ ...commit, signatures: broken }) })).toBeDefined();
  });
});

describe("consensus §2.7: a peer that lies costs nothing", () => {
  it.each<[string, (block: ForeignBlock) => ForeignBlock, RegExp]>([
    ["bytes that are no header", (block) => ({ ...block, header: tx("nonsense") }), /cannot be read/],
    [
      "a header encoded in another way",
      (block) => ({ ...block, header: Uint8Array.of(...block.header, 0x72, 0) }),
      /cannot be read/,
    ],
    ["another transaction", (block) => ({ ...block, transactions: [tx("two"), tx("forged")] }), /data hash/],
    ["a transaction less", (block) => ({ ...block, transactions: [tx("two")] }), /data hash/],
    [
      "transactions in another order",
      (block) => ({ ...block, transactions: [...block.transactions].reverse() }),
      /data hash/,
    ],
    ["no commit for the block before", (block) => ({ ...block, lastCommit: new Uint8Array(0) }), /last commit hash/],
    ["evidence", (block) => ({ ...block, evidenceCount: 1 }), /evidence of misbehaviour/],
    ["no commit", (block) => ({ ...block, commit: new Uint8Array(0) }), /commit is for another block|cannot be read/],
    [
      "the commit of the block before",
      (block) => ({ ...block, commit: block.lastCommit }),
      /commit is for another block/,
    ],
  ])("%s", (_, edit, sentence) => {
    const chain = twoBlocks();
    expectRefused(chain, edit(chain.blocks[1] as ForeignBlock), sentence);
  });

  it.each<[string, (header: Header) => Header, RegExp]>([
    ["another network", (header) => ({ ...header, chainId: "other" }), /it is of network other/],
    ["another height", (header) => ({ ...header, height: 3n }), /it has height 3/],
    [
      "another predecessor",
      (header) => ({ ...header, lastBlockId: { ...header.lastBlockId, hash: new Uint8Array(32) } }),
      /does not follow/,
    ],
    [
      "a time that stands still",
      (header) => ({ ...header, time: { seconds: 1_700_000_001n, nanos: 0 } }),
      /its time is not after/,
    ],
    [
      "another block version",
      (header) => ({ ...header, version: { block: 10n, app: 0n } }),
      /block protocol version 10/,
    ],
    ["another validator set", (header) => ({ ...header, validatorsHash: new Uint8Array(32) }), /validators hash/],
  ])("%s, signed by all", (_, edit, sentence) => {
    const chain = new TestChain(FOUR);
    chain.next();
    const lie = chain.next({ edit });
    chain.blocks.pop();
    // The lie and the truth have the same predecessor.
    const honest = new TestChain(FOUR);
    honest.next();
    honest.next();
    expectRefused(honest, lie, sentence);
  });

  it("a header that nobody signed, and signatures of others", () => {
    const chain = twoBlocks();
    const block = chain.blocks[1] as ForeignBlock;
    const strangers = makeSigners([10n, 10n, 7n, 3n, 1n]).slice(0, 4).reverse();
    const { blockId, ...commit } = Commit.decode(block.commit);
    const none = commit.signatures.map((each) => ({ ...each, blockIdFlag: BlockIdFlag.Absent }));
    expectRefused(
      chain,
      { ...block, commit: Commit.encode({ ...commit, blockId, signatures: none }) },
      /signed by 0 of 30/,
    );
    const foreign = signCommit(strangers, { height: 2, blockId, votes: [] });
    expectRefused(chain, { ...block, commit: Commit.encode(foreign) }, /names another validator/);
    const short = { ...commit, blockId, signatures: commit.signatures.slice(1) };
    expectRefused(chain, { ...block, commit: Commit.encode(short) }, /3 slots for 4 validators/);
  });

  it("a next validator set that does not have the hash, or none", () => {
    const other = makeSigners([4n, 4n]);
    const chain = new TestChain(FOUR);
    const block = chain.next({ nextSigners: other });
    for (const validatorSets of [[], [publicSet(FOUR)], [publicSet(makeSigners([1n, 2n]))]])
      expectRefused(chain, { ...block, validatorSets }, /no validator set with the hash/);
  });

  it("a block of the right height that comes again, or too early", () => {
    const chain = new TestChain(FOUR).grow(3);
    const { follower } = newFollower(FOUR);
    follower.follow(chain.blocks[0] as ForeignBlock);
    expect(() => follower.follow(chain.blocks[0] as ForeignBlock)).toThrow(/block 2: it has height 1/);
    expect(() => follower.follow(chain.blocks[2] as ForeignBlock)).toThrow(/block 2: it has height 3/);
    follower.follow(chain.blocks[1] as ForeignBlock);
  });

  it("any flipped byte of a header or a commit", () => {
    const chain = twoBlocks();
    const block = chain.blocks[1] as ForeignBlock;
    const { follower } = newFollower([...FOUR]);
    follower.follow(chain.blocks[0] as ForeignBlock);
    const flipped = (bytes: Uint8Array, at: number, bit: number): Uint8Array =>
      bytes.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte));
    fc.assert(
      fc.property(fc.nat(block.header.length - 1), fc.nat(7), (at, bit) => {
        expect(() => follower.follow({ ...block, header: flipped(block.header, at, bit) })).toThrow(
          expect.objectContaining({ code: ConsensusErrorCode.PeerLied }),
        );
      }),
      { numRuns: 150 },
    );
    follower.follow(block);
  });
});

describe("consensus §2.4: a network that came to something else", () => {
  it.each<[string, (header: Header) => Header]>([
    ["app hash", (header) => ({ ...header, appHash: new Uint8Array(32) })],
    ["results hash", (header) => ({ ...header, lastResultsHash: new Uint8Array(32) })],
  ])("is told apart from a peer that lies: %s", (what, edit) => {
    const chain = new TestChain(FOUR);
    chain.next();
    const block = chain.next({ edit });
    const { follower, application } = newFollower(FOUR);
    follower.follow(chain.blocks[0] as ForeignBlock);
    expect(() => follower.follow(block)).toThrow(
      expect.objectContaining({
        code: ConsensusErrorCode.OutcomeDiffers,
        message: expect.stringMatching(new RegExp(`the network's ${what} after block 1 is 0+, this node's is`)),
      }),
    );
    expect(application.requests).toHaveLength(1);
  });
});
