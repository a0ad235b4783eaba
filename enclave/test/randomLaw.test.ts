import { bytesToHex, concatBytes } from "@sotto/common/bytes";
import { Header } from "@sotto/common/wire/header";
import { describe, expect, it } from "vitest";
import { blockSeed, openRandomTransaction } from "../src/block/blockRandom.ts";
import { deriveKeyTree } from "../src/keys/keyTree.ts";
import { countingRandom, testCrypto as crypto, TestChain } from "./harness.ts";

const PROPOSALS = 10_000;

describe("consensus §5, §3.7: threats to the random", () => {
  it("T17: ten thousand proposals for one height are all different, and so evenly spread that choosing among them is of no use", () => {
    const chain = TestChain.start();
    chain.block();
    const proposer = chain.validators[0]?.address as Uint8Array;
    const random = countingRandom();
    random(32);
    const keys = deriveKeyTree(crypto, [random(32), random(32)]);
    const place = { chainId: chain.chainId, height: 2n, proposer, lastBlockHash: chain.lastHash };
    const ones = new Array<number>(256).fill(0);
    const seen = new Set<string>();
    for (let i = 0; i < PROPOSALS; i++) {
      const { transaction } = chain.call("proposeRandom", { height: 2n, proposer });
      seen.add(bytesToHex(transaction));
      const { seed } = blockSeed(crypto, keys, place, { transaction, oldestSeedId: 2, blockHash: chain.lastHash });
      for (let bit = 0; bit < 256; bit++) {
        ones[bit] = (ones[bit] as number) + (((seed[bit >> 3] as number) >> (bit & 7)) & 1);
      }
    }
    expect(seen.size).toBe(PROPOSALS);
    // Six standard deviations of a fair coin.
    for (const count of ones) expect(Math.abs(count - PROPOSALS / 2)).toBeLessThan(300);
  });

  it("T17: neither the random nor the seed made from it leaves the enclave, in an answer or in a question", () => {
    const said: Uint8Array[] = [];
    const chain = TestChain.start();
    const { ecall } = chain.enclave;
    chain.enclave = {
      ecall: (request) => {
        const answer = ecall(request);
        said.push(answer.slice());
        return answer;
      },
    };
    const built = chain.build([]);
    chain.runBlock(built, []);
    const random = countingRandom();
    random(32);
    const keys = deriveKeyTree(crypto, [random(32), random(32)]);
    const header = Header.decode(built.header);
    const place = {
      chainId: chain.chainId,
      height: 1n,
      proposer: header.proposerAddress,
      lastBlockHash: new Uint8Array(32),
    };
    const [transaction] = built.transactions as [Uint8Array];
    const opened = openRandomTransaction(crypto, keys, place, { transaction, oldestSeedId: 2 });
    const { seed } = blockSeed(crypto, keys, place, { transaction, oldestSeedId: 2, blockHash: chain.lastHash });
    const everything = bytesToHex(concatBytes(...said));
    expect(everything).toContain(bytesToHex(transaction));
    expect(everything).not.toContain(bytesToHex(opened?.random as Uint8Array));
    expect(everything).not.toContain(bytesToHex(seed));
  });
});
