/** The same blocks give the same app hash, gas, results and events wherever and however often they are executed. */
import { beforeAll, describe, expect, it } from "vitest";
import { startEnclave, type Transport } from "./support/lab.ts";
import { recordHome, workloadBlocks } from "./support/recordHome.ts";
import { type Replayed, replay } from "./support/replay.ts";

describe("a replay of the same blocks", () => {
  let recorded: Awaited<ReturnType<typeof recordHome>>;
  const digests = new Set<string>();

  beforeAll(async () => {
    recorded = await recordHome(workloadBlocks(1));
  }, 60_000);

  function expectSame({ blocks, transactions, failed, differences, digest }: Replayed): void {
    expect(differences).toEqual([]);
    expect(blocks).toBeGreaterThan(4);
    expect(transactions).toBeGreaterThan(20);
    expect(failed).toBeGreaterThan(transactions / 5);
    expect(failed).toBeLessThan(transactions / 2);
    digests.add(digest);
    expect(digests.size).toBe(1);
  }

  it.each<Transport>(["inline", "process"])("gives the same with the enclave %s, warm", (transport) => {
    const copy = recorded.copy();
    expectSame(replay({ copy, home: recorded.home, connect: () => startEnclave(copy, transport) }));
  });

  it("gives the same with a new enclave for each block", () => {
    const copy = recorded.copy();
    expectSame(replay({ copy, home: recorded.home, connect: () => startEnclave(copy, "inline"), cold: true }));
  });

  it("gives the same in an enclave that has executed all of them before, caches full", () => {
    const first = recorded.copy();
    const enclave = startEnclave(first, "inline");
    // A development network's enclave returns to an older record of its own.
    const kept = { ...enclave, close: () => {} };
    expectSame(replay({ copy: first, home: recorded.home, connect: () => kept }));
    expectSame(replay({ copy: recorded.copy(), home: recorded.home, connect: () => kept }));
    enclave.close();
  });
});
