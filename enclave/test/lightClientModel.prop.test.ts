/** One block has one outcome: whatever order a host begins, runs, ends, goes back, accepts headers and restarts in. */
import { readFileSync } from "node:fs";
import { RefusedError } from "@sotto/boundary/calls";
import { bytesToBase64, bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltBlock, type Instance, TestChain, Wallet } from "./harness.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe_v2.wasm", import.meta.url)));
const b64 = (text: string) => bytesToBase64(utf8ToBytes(text));
const BLOCKS = 5;

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("begin" as const), block: fc.nat(BLOCKS - 1) }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("exec" as const), transaction: fc.integer({ min: 1, max: 2 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("endTransaction" as const), transaction: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("endBlock" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("whole" as const), block: fc.nat(BLOCKS - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rewind" as const), from: fc.nat(BLOCKS - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("accept" as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), record: fc.nat(20) }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

describe("consensus §3.5: a block has one outcome", () => {
  let chain: TestChain;
  let alice: Wallet;
  let probe: Instance;
  const blocks: BuiltBlock[] = [];
  /** The host's state before each block, honest. */
  const states: (() => void)[] = [];
  /** What each message of each block came to, at its one honest run. */
  const truth = new Map<string, string>();
  let first: Uint8Array;
  /** The block that was begun last, or tried. */
  let at = BLOCKS;

  const text = (value: unknown): string =>
    JSON.stringify(value, (_, field) =>
      typeof field === "bigint" ? `${field}n` : field instanceof Uint8Array ? bytesToHex(field) : field,
    );

  beforeAll(() => {
    chain = TestChain.start({ chainId: "secret-4" });
    alice = new Wallet(1);
    probe = chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} });
    first = chain.sealed;
    for (let i = 0; i < BLOCKS; i++) {
      const sign = (key: string) => {
        const ops = [{ set: { key: b64(key), value: b64(`${i}`) } }, { get: { key: b64("a") } }];
        return alice.sign(chain.chainId, [chain.executeMessage(alice, probe, { run: { ops } }).any]);
      };
      const built = chain.build([sign("a"), sign("b")]);
      states.push(chain.saveState());
      blocks.push(built);
      chain.runBlock(built, [alice, alice]).forEach(({ outcomes }, transaction) => {
        truth.set(`${i}/${transaction + 1}`, text(outcomes[0]));
      });
    }
  });

  /** @returns how many messages ran */
  function play(actions: readonly Action[]): number {
    let ran = 0;
    let records = [first];
    let open: number | undefined;
    let firstKept = false;
    const restart = (record: Uint8Array): void => {
      // The host's own state and its trees are of one height whenever an enclave starts.
      states[at]?.();
      chain.sealed = record;
      chain.restart();
    };
    const attempt = (work: () => void): boolean => {
      try {
        work();
        return true;
      } catch (error) {
        if (error instanceof RefusedError) return false;
        throw error;
      }
    };
    const begin = (block: number): void => {
      // An honest state: what a lying one would come to is proven reads' to refuse.
      at = block;
      if (attempt(() => chain.begin(blocks[block] as BuiltBlock))) {
        states[block]?.();
        open = block;
        firstKept = false;
      }
    };
    const exec = (transaction: number): void => {
      // A transaction that is left out is for the next header to find (T7).
      if (transaction === 2 && !firstKept) return;
      attempt(() => {
        const outcome = chain.exec(transaction, 0, [alice.number]);
        expect(text(outcome)).toBe(truth.get(`${open}/${transaction}`));
        chain.apply(outcome);
        ran++;
      });
    };
    const keep = (transaction: number): void => {
      if (attempt(() => chain.call("endTransaction", { transaction, kept: true })) && transaction === 1)
        firstKept = true;
    };
    const endBlock = (): void => {
      if (attempt(() => records.push(chain.call("endBlock", {}).sealed))) open = undefined;
    };
    restart(first);
    for (const step of actions) {
      if (step.kind === "begin") begin(step.block);
      else if (step.kind === "exec") exec(step.transaction);
      else if (step.kind === "endTransaction") keep(step.transaction);
      else if (step.kind === "endBlock") endBlock();
      else if (step.kind === "whole") {
        begin(step.block);
        for (const transaction of [1, 2]) {
          exec(transaction);
          keep(transaction);
        }
        endBlock();
      } else if (step.kind === "rewind") {
        const headers = blocks
          .slice(step.from)
          .map(({ header }) => header)
          .reverse();
        for (let i = 0; i < headers.length && !attempt(() => chain.call("rewind", { headers: headers.slice(i) })); i++);
      } else if (step.kind === "accept") {
        const heads = blocks.map(({ header, commit, validators }) => ({ header, commit, validators }));
        for (let i = 0; i < heads.length; i++) {
          const some = heads.slice(i, i + step.count);
          if (attempt(() => records.push(chain.call("acceptHeaders", { blocks: some }).sealed))) break;
        }
      } else {
        restart(records[step.record % records.length] as Uint8Array);
        open = undefined;
        records = [...records];
      }
    }
    return ran;
  }

  it("whatever the host does", () => {
    let ran = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 60 }), (actions) => {
        ran += play(actions);
      }),
      { numRuns: 12 },
    );
    expect(ran).toBeGreaterThan(10);
  });
});
