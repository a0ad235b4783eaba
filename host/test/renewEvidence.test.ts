import { concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { makeRenewal, type RenewalDeps } from "../src/node/renewEvidence.ts";

const NODE_KEY = new Uint8Array(32).fill(7);

/** A node whose registrations fail at the first question to a peer, which is counted. */
function makeNode(options: { readonly every?: number; readonly attestedAt?: number; readonly height: number }) {
  const { every, attestedAt, height } = options;
  const seen = { asked: 0, reports: [] as string[], released: 0, saved: 0 };
  const rows = new Map<number, Uint8Array>();
  if (every !== undefined) rows.set(5, utf8ToBytes(JSON.stringify({ reattest_every: every })));
  if (attestedAt !== undefined) rows.set(8, concatBytes(u64be(BigInt(attestedAt)), new Uint8Array(20)));
  let views = 0;
  const view = {
    height,
    get: (_: string, key: Uint8Array) => rows.get(key[0] as number),
    release: () => {
      views--;
    },
  };
  const renewal = makeRenewal({
    store: {
      latest: () => {
        views++;
        return view;
      },
    },
    sealed: {
      loadRegistration: () => undefined,
      saveRegistration: () => {
        seen.saved++;
      },
    },
    enclave: { call: async () => ({ nodeKey: NODE_KEY, sealed: new Uint8Array(1) }) },
    peer: {
      status: async () => {
        seen.asked++;
        throw new Error("nobody is there");
      },
      close: () => {},
    },
    report: (text: string) => seen.reports.push(text),
  } as unknown as RenewalDeps);
  const look = async (): Promise<void> => {
    renewal.look();
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { renewal, look, seen, openViews: () => views };
}

describe("registration §1.6: renewing evidence", () => {
  it.each([
    ["no policy", { height: 100 }, 0],
    ["a policy that does not ask for it", { height: 100, every: 0, attestedAt: 1 }, 0],
    ["one block before half of the time", { height: 104, every: 10, attestedAt: 100 }, 0],
    ["half of the time", { height: 105, every: 10, attestedAt: 100 }, 1],
    ["half of an odd number, rounded down", { height: 103, every: 7, attestedAt: 100 }, 1],
    ["a node that never attested", { height: 100, every: 10 }, 1],
  ])("begins with %s or not", async (_, options, asked) => {
    const { look, seen, openViews } = makeNode(options);
    await look();
    expect(seen.asked).toBe(asked);
    expect(openViews()).toBe(0);
  });

  it("makes no key on a network that asks for none", async () => {
    const { look, seen } = makeNode({ height: 100, every: 0 });
    await look();
    expect(seen.saved).toBe(0);
  });

  it("says why it failed, and waits before it tries again", async () => {
    const { look, seen } = makeNode({ height: 105, every: 10, attestedAt: 100 });
    for (let block = 0; block < 5; block++) await look();
    expect(seen.asked).toBe(1);
    expect(seen.reports).toEqual(["evidence was not renewed: nobody is there. It is tried again, until it is too old"]);
  });

  it("does nothing any more once it was stopped", async () => {
    const { renewal, look, seen } = makeNode({ height: 105, every: 10, attestedAt: 100 });
    await renewal.stop();
    await look();
    expect(seen.asked).toBe(0);
  });
});
