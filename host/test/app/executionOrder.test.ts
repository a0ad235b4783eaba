/** A block whose order of execution the enclave gives. */
import { describe, expect, it } from "vitest";
import { sendMessage } from "./bankMessages.ts";
import { account, makeTestNetwork, signTx, uscrt } from "./testNetwork.ts";

describe("consensus §5: threats", () => {
  it("T16: the host runs a block in the enclave's order and reports it in the proposer's", () => {
    // Accounts begin with this much, and a pays a fee: it needs what b sends it.
    const held = 1_000_000_000_000_000_000n;
    const run = (order: number[]) => {
      const network = makeTestNetwork();
      network.enclave.script.beginBlock = () => ({ rerun: false, order });
      const { results } = network.block(
        signTx([sendMessage("a", "c", uscrt(held))], { from: "a" }),
        signTx([sendMessage("b", "a", uscrt(10_000))], { from: "b" }),
        signTx([sendMessage("d", "a", uscrt(1))], { from: "d" }),
      );
      return { results, calls: network.enclave.calls };
    };
    expect(run([]).results.map(({ code }) => code)).toEqual([0, 5, 0, 0]);
    const { results, calls } = run([3, 2, 1]);
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const sendersOf = ({ events }: (typeof results)[number]) =>
      events
        .filter(({ type }) => type === "transfer")
        .map(({ attributes }) => attributes.find(({ key }) => key === "sender")?.value);
    for (const [i, name] of ["a", "b", "d"].entries()) {
      expect(sendersOf(results[i + 1] as (typeof results)[number])).toContain(account(name).address);
    }
    const ends = calls.filter((call) => call.startsWith("endTransaction"));
    expect(ends).toEqual(
      [3, 2, 1].map((transaction) => `endTransaction ${JSON.stringify({ transaction, kept: true })}`),
    );
  });
});
