import { MsgExecuteContract } from "@sotto/common/wire/compute";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BlockTransaction } from "../src/block/blockTransaction.ts";
import { BlockCursor } from "../src/block/cursor.ts";
import { RefusalError } from "../src/enclaveError.ts";

const contract = { typeUrl: MsgExecuteContract.typeUrl, value: new Uint8Array(0) };
const other = { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: new Uint8Array(0) };

type Step =
  | { readonly kind: "take"; readonly transaction: number; readonly message: number; readonly fails: boolean }
  | { readonly kind: "end"; readonly transaction: number; readonly kept: boolean };

const position = fc.nat(4);
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("take" as const), transaction: position, message: fc.nat(3), fails: fc.boolean() }),
    fc.record({ kind: fc.constant("end" as const), transaction: position, kept: fc.boolean() }),
  ) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);
/** True for a message of the enclave. */
const blocks = fc.array(fc.array(fc.boolean(), { maxLength: 4 }), { maxLength: 4 });

function accepted(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof RefusalError) return false;
    throw error;
  }
}

describe("BlockCursor", () => {
  it("lets messages through in the order of execution, once, without gaps, whatever the host asks", () => {
    fc.assert(
      fc.property(blocks, steps, fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 }), fc.boolean(), (...example) => {
        const [block, asked, places, isShuffled] = example;
        const order = isShuffled ? places.filter((position) => position <= block.length) : [];
        const rank = (position: number) => (isShuffled ? order.indexOf(position) + 1 : position);
        const transactions: BlockTransaction[] = [[], ...block].map((messages) => ({
          hash: new Uint8Array(32),
          decoded: undefined,
          messages: messages.map((ours) => (ours ? contract : other)),
        }));
        const cursor = new BlockCursor(transactions, order);
        const ran: (readonly [number, number])[] = [];
        const failed = new Set<number>();
        let ended = 0;
        for (const step of asked) {
          const { transaction } = step;
          if (step.kind === "take") {
            if (!accepted(() => cursor.take(transaction, step.message))) continue;
            ran.push([transaction, step.message]);
            if (step.fails) {
              cursor.noteFailure();
              failed.add(transaction);
            }
            continue;
          }
          if (!accepted(() => cursor.end(transaction, step.kept))) continue;
          expect(rank(transaction)).toBeGreaterThan(rank(ended));
          ended = transaction;
          const whole = transactions[transaction]?.messages.flatMap((any, i) => (any === contract ? [i] : []));
          const own = ran.filter(([t]) => t === transaction).map(([, m]) => m);
          if (step.kept) expect(own).toEqual(whole);
          if (step.kept) expect(failed.has(transaction)).toBe(false);
        }
        for (const [i, [t, m]] of ran.entries()) {
          const [beforeT, beforeM] = ran[i - 1] ?? [0, -1];
          expect(rank(t) > rank(beforeT) || (t === beforeT && m > beforeM)).toBe(true);
          const ours = transactions[t]?.messages.flatMap((any, n) => (any === contract ? [n] : [])) ?? [];
          const own = ran.filter(([other]) => other === t).map(([, n]) => n);
          expect(own).toEqual(ours.slice(0, own.length));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
