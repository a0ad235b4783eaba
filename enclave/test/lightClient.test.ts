import { ecall } from "@sotto/boundary/calls";
import { INTERFACE_VERSION, LIMITS, type SignedHeader } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import { DeterministicExecTxResult } from "@sotto/common/wire/execTxResult";
import { Header } from "@sotto/common/wire/header";
import { nanosToTimestamp } from "@sotto/common/wire/timestamp";
import { describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import { noteRandomSeed, oldestRandomSeed, type RandomSeed } from "../src/keys/trustedRecord.ts";
import { type BuiltBlock, refusalOf, TestChain } from "./harness.ts";

const head = ({ header, commit, validators }: BuiltBlock): SignedHeader => ({ header, commit, validators });

/** Empty blocks, and what they were. */
function grow(chain: TestChain, count: number): BuiltBlock[] {
  return Array.from({ length: count }, () => {
    const built = chain.build([]);
    chain.runBlock(built, []);
    return built;
  });
}

/** The enclave with its newest record, told to go back to the first of these blocks. */
function goBack(chain: TestChain, blocks: readonly BuiltBlock[]): void {
  chain.call("rewind", { headers: blocks.map(({ header }) => header).reverse() });
}

const rerun = (chain: TestChain, block: BuiltBlock): void => {
  expect(chain.begin(block)).toBe(true);
  chain.end();
};

describe("consensus §3.5: headers without their blocks", () => {
  function behind(blocks = 4): { chain: TestChain; missed: BuiltBlock[] } {
    const chain = TestChain.start();
    chain.block();
    const { sealed } = chain;
    const missed = grow(chain, blocks);
    chain.sealed = sealed;
    chain.restart();
    return { chain, missed };
  }

  it("bring an older record up to the chain, which then goes on", () => {
    const { chain, missed } = behind();
    const { height, sealed } = chain.call("acceptHeaders", { blocks: missed.map(head) });
    expect(height).toBe(5n);
    chain.sealed = sealed;
    chain.restart();
    chain.block();
    expect(chain.call("info", { interfaceVersion: INTERFACE_VERSION }).state).toMatchObject({ value: { height: 6n } });
  });

  it("do not count at all if one of them is refused", () => {
    const { chain, missed } = behind();
    const [first, second, third] = missed.map(head) as [SignedHeader, SignedHeader, SignedHeader];
    for (const [blocks, code] of [
      [[first, third], RefusalCode.BlockHeight],
      [[second], RefusalCode.BlockHeight],
      [[first, { ...second, commit: third.commit }], RefusalCode.CommitBlockId],
      [[first, first], RefusalCode.BlockHeight],
    ] as const) {
      expect(refusalOf(() => chain.call("acceptHeaders", { blocks })).code).toBe(code);
      expect(chain.call("info", { interfaceVersion: INTERFACE_VERSION }).state).toMatchObject({
        value: { height: 1n },
      });
    }
    chain.call("acceptHeaders", { blocks: [first, second] });
  });

  it("leave queries unanswered until a block has been run", () => {
    const { chain, missed } = behind();
    chain.call("acceptHeaders", { blocks: missed.slice(0, 2).map(head) });
    // The nonce of this start, in a block that runs.
    chain.call("acceptHeaders", { blocks: missed.slice(2).map(head) });
    const request = { contract: new Uint8Array(20), query: new Uint8Array(100), gasLimit: 1_000_000n, past: undefined };
    expect(refusalOf(() => chain.call("query", request)).code).toBe(RefusalCode.NotFresh);
    chain.begin(chain.build([]));
    expect(refusalOf(() => chain.call("query", request)).code).toBe(RefusalCode.Behind);
    chain.end();
    expect(chain.call("query", request).result.kind).toBe("failed");
  });

  it("are refused while a block is open or the past is run again", () => {
    const { chain, missed } = behind();
    chain.begin(missed[0] as BuiltBlock);
    const accept = () => chain.call("acceptHeaders", { blocks: missed.slice(1).map(head) });
    expect(refusalOf(accept).code).toBe(RefusalCode.WrongState);
    expect(refusalOf(() => goBack(chain, missed.slice(0, 1))).code).toBe(RefusalCode.WrongState);
    chain.end();
    goBack(chain, missed.slice(0, 1));
    expect(refusalOf(accept).code).toBe(RefusalCode.WrongState);
    rerun(chain, missed[0] as BuiltBlock);
    accept();
  });
});

describe("consensus §3.5: the way back", () => {
  function ahead(count = 5): { chain: TestChain; blocks: BuiltBlock[] } {
    const chain = TestChain.start();
    const blocks = grow(chain, count);
    chain.restart();
    return { chain, blocks };
  }

  it("leads to any accepted block, down to the first, and each runs again in its turn alone", () => {
    const { chain, blocks } = ahead();
    goBack(chain, blocks);
    for (const [i, block] of blocks.entries()) {
      for (const other of blocks.filter((_, j) => j !== i)) {
        expect(refusalOf(() => chain.call("beginBlock", other)).code).toBe(RefusalCode.BlockHeight);
      }
      rerun(chain, block);
    }
    chain.block();
    expect(chain.height).toBe(6n);
  });

  it("is refused to headers that were not accepted, and leaves everything as it was", () => {
    const { chain, blocks } = ahead();
    const headers = blocks.map(({ header }) => header).reverse();
    const [fifth, fourth, third] = headers as [Uint8Array, Uint8Array, Uint8Array];
    const changed = (bytes: Uint8Array) => {
      const header = Header.decode(bytes);
      return Header.encode({ ...header, appHash: new Uint8Array(32) });
    };
    for (const [shown, code] of [
      [[], RefusalCode.BlockHeight],
      [[fourth], RefusalCode.BlockHeight],
      [[fifth, third], RefusalCode.BlockLastId],
      [[fifth, changed(fourth)], RefusalCode.BlockLastId],
      [[changed(fifth)], RefusalCode.BlockLastId],
      [[fifth.slice(1)], RefusalCode.BlockMalformed],
    ] as const) {
      expect(refusalOf(() => chain.call("rewind", { headers: shown })).code).toBe(code);
    }
    rerun(chain, blocks[4] as BuiltBlock);
    chain.block();
  });

  it("is of any length: headers are shown in stretches, downward, and each stretch again when its turn comes", () => {
    const { chain, blocks } = ahead(7);
    const stretch = (from: number, to: number) => goBack(chain, blocks.slice(from - 1, to));
    stretch(6, 7);
    stretch(3, 5);
    stretch(1, 2);
    rerun(chain, blocks[0] as BuiltBlock);
    rerun(chain, blocks[1] as BuiltBlock);
    expect(refusalOf(() => chain.begin(blocks[2] as BuiltBlock)).code).toBe(RefusalCode.Behind);
    stretch(3, 5);
    for (const block of blocks.slice(2, 5)) rerun(chain, block);
    stretch(6, 7);
    for (const block of blocks.slice(5)) rerun(chain, block);
    chain.block();
    expect(chain.height).toBe(8n);
  });

  it("starts over after a crash: the record is still that of the last block", () => {
    const { chain, blocks } = ahead();
    const last = { ...(blocks[4] as BuiltBlock) };
    const { sealed } = chain;
    goBack(chain, blocks.slice(1));
    rerun(chain, blocks[1] as BuiltBlock);
    const during = chain.sealed;
    for (const record of [sealed, during]) {
      chain.sealed = record;
      chain.restart();
      expect(chain.call("info", { interfaceVersion: INTERFACE_VERSION }).state).toMatchObject({
        value: { height: 5n },
      });
      rerun(chain, last);
    }
  });

  it("does not end before the last block has come to its end again", () => {
    const { chain, blocks } = ahead();
    goBack(chain, blocks.slice(3));
    const next = { ...(blocks[4] as BuiltBlock) };
    expect(refusalOf(() => chain.begin(next)).code).toBe(RefusalCode.BlockHeight);
    rerun(chain, blocks[3] as BuiltBlock);
    chain.begin(next);
    expect(refusalOf(() => chain.call("proposeRandom", { height: 5n, proposer: new Uint8Array(20) })).code).toBe(
      RefusalCode.BlockHeight,
    );
    chain.end();
    chain.block();
  });

  it("takes no more than the headers of one call", () => {
    const { chain } = ahead(1);
    const headers = Array.from({ length: LIMITS.headers + 1 }, () => new Uint8Array(0));
    expect(() => chain.call("rewind", { headers })).toThrow();
  });
});

describe("consensus §2.7: V12, the results of the block before", () => {
  it("are refused if they are not those of the header", () => {
    const chain = TestChain.start();
    chain.block();
    const built = chain.build([]);
    const [first] = built.lastResults as [Uint8Array];
    for (const lastResults of [[], [first], [...built.lastResults, first], [...built.lastResults].reverse()]) {
      if (lastResults.length === built.lastResults.length && equalBytes(lastResults[0] as Uint8Array, first)) continue;
      expect(refusalOf(() => chain.begin({ ...built, lastResults })).code).toBe(RefusalCode.BlockResults);
    }
    chain.runBlock(built, []);
  });

  it("come in parts where they are too many for one call, and count as a whole", () => {
    const chain = TestChain.start();
    chain.block();
    chain.runBlock(chain.build([1, 2, 3, 4].map((i) => chain.memoTransaction(`memo ${i}`))), []);
    const built = chain.build([]);
    const all = built.lastResults;
    const inParts = (known: number, serve: (from: number) => readonly Uint8Array[]): BuiltBlock => {
      chain.ocalls.readResults = ({ from }) => ({ results: serve(from) });
      return { ...built, lastResults: all.slice(0, known), moreResults: true };
    };
    const byTwo = (from: number) => all.slice(from, from + 2);
    for (const serve of [() => [], () => all, (from: number) => byTwo(from + 1)]) {
      expect(refusalOf(() => chain.begin(inParts(1, serve))).code).toBe(RefusalCode.BlockResults);
    }
    expect(refusalOf(() => chain.begin({ ...built, lastResults: all.slice(1) })).code).toBe(RefusalCode.BlockResults);
    chain.runBlock(inParts(0, byTwo), []);
    chain.block();
  });

  it("end everything if the network signed another outcome than this enclave computed, until a restart", () => {
    const chain = TestChain.start();
    chain.block();
    const success = DeterministicExecTxResult.encode({ code: 0, data: new Uint8Array(0), gasWanted: 0n, gasUsed: 0n });
    const { lastResults } = chain;
    // The boot transaction ran nowhere, and the network says that it succeeded.
    const lied = chain.build([], { lastResults: [lastResults[0] as Uint8Array, success] });
    const proposer = chain.validators[0]?.address as Uint8Array;
    const refusal = refusalOf(() => chain.begin(lied));
    expect(refusal.code).toBe(RefusalCode.Diverged);
    expect(refusal.message).toContain("V12");
    expect(refusal.message).toContain("transaction 1");
    for (const call of [
      () => chain.begin(lied),
      () => chain.call("proposeRandom", { height: 2n, proposer }),
      () => chain.call("acceptHeaders", { blocks: [] }),
      () => chain.call("rewind", { headers: [] }),
      () => chain.call("query", { contract: proposer, query: new Uint8Array(100), gasLimit: 1n, past: undefined }),
      () => chain.call("endBlock", {}),
    ]) {
      expect(refusalOf(call).code).toBe(RefusalCode.Diverged);
    }
    // The record is that of before; what it takes up is the committed history.
    chain.restart();
    chain.call("proposeRandom", { height: 2n, proposer });
  });
});

describe("enclave §9.2, consensus §3.5: seeds of randoms when blocks run again", () => {
  it("are those of the block's time, whatever came later", () => {
    let seeds: readonly RandomSeed[] = [];
    const at = (height: bigint) => oldestRandomSeed(seeds, height);
    expect(at(1n)).toBe(2);
    seeds = noteRandomSeed(seeds, 5n, 2);
    seeds = noteRandomSeed(seeds, 10n, 3);
    seeds = noteRandomSeed(seeds, 20n, 4);
    expect([1n, 10n, 11n, 20n, 21n].map(at)).toEqual([2, 2, 3, 3, 4]);
    for (const again of [10n, 15n, 20n, 25n]) seeds = noteRandomSeed(seeds, again, at(again + 1n));
    expect([1n, 10n, 11n, 20n, 21n].map(at)).toEqual([2, 2, 3, 3, 4]);
  });
});

describe("consensus §3.5: equivocation", () => {
  it("latches for every restart, and at heights that are run again as well", () => {
    for (const past of [false, true]) {
      const chain = TestChain.start();
      const blocks = grow(chain, 3);
      chain.restart();
      const honest = blocks[past ? 1 : 2] as BuiltBlock;
      if (past) goBack(chain, blocks.slice(1));
      const { height, lastHash, timeNs } = chain;
      const header = Header.decode(honest.header);
      const other = { ...header, time: nanosToTimestamp(1_800_000_000_000_000_000n) };
      const forged = { ...honest, header: Header.encode(other), commit: chain.encodedCommit(other) };
      Object.assign(chain, { height, lastHash, timeNs });
      expect(refusalOf(() => chain.call("beginBlock", { ...forged, commit: honest.commit })).code).toBe(
        RefusalCode.CommitBlockId,
      );
      expect(refusalOf(() => chain.call("beginBlock", forged)).code).toBe(RefusalCode.Latched);
      expect(refusalOf(() => chain.call("beginBlock", honest)).code).toBe(RefusalCode.Latched);
      chain.sealed = chain.call("endBlock", {}).sealed;
      chain.restart();
      for (const call of [
        () => chain.call("beginBlock", honest),
        () => chain.call("acceptHeaders", { blocks: [] }),
        () => chain.call("rewind", { headers: [honest.header] }),
        () => chain.call("proposeRandom", { height: 4n, proposer: new Uint8Array(20) }),
      ]) {
        expect(refusalOf(call).code).toBe(RefusalCode.Latched);
      }
      expect(ecall(chain.enclave.ecall, "info", { interfaceVersion: INTERFACE_VERSION }).state.kind).toBe("ready");
    }
  });
});
