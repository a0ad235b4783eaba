/** The order of execution where genesis says `shuffled`: the draw by itself, and a block that runs in it. */
import { readFileSync } from "node:fs";
import { bytesToHex, concatBytes, u32be, utf8ToBytes } from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import { MsgExecuteContract } from "@sotto/common/wire/compute";
import { MsgUpdatePolicy } from "@sotto/common/wire/registration";
import { AuthInfo, TxBody, TxRaw } from "@sotto/common/wire/tx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTransaction } from "../src/block/blockTransaction.ts";
import { executionOrder } from "../src/block/executionOrder.ts";
import { RefusalCode } from "../src/enclaveError.ts";
import {
  type BuiltBlock,
  type ExecOutcome,
  Executed,
  refusalOf,
  type TestChain,
  testCrypto,
  Wallet,
} from "./harness.ts";
import { AUTHORITY, codeOf, logOf, policyDocument, runMessages, startNetwork } from "./registration/admission.ts";

const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe_v2.wasm", import.meta.url)));
const RANDOM = Uint8Array.of(0);
const SHUFFLED = policyDocument({ execution_order: "shuffled" });
const seedOf = (n: number): Uint8Array => testCrypto.sha256(u32be(n));

/** Transactions in the order in which they run. */
function ordered(transactions: readonly Uint8Array[], seed: Uint8Array): readonly Uint8Array[] {
  const read = [RANDOM, ...transactions].map((bytes) => readTransaction(testCrypto, bytes));
  return executionOrder(testCrypto, seed, read).map((position) => transactions[position - 1] as Uint8Array);
}
const named = (transactions: readonly Uint8Array[]): string => transactions.map(bytesToHex).join();

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}

const messageOf = ({ address: sender }: Wallet) =>
  packAny(MsgExecuteContract, { ...MsgExecuteContract.zero, sender, msg: utf8ToBytes("message") });
const signedBy = (wallet: Wallet): Uint8Array => wallet.sign("secretdev-1", [messageOf(wallet)]);

/** With the key left out, as wallets may where the chain knows it. */
function withoutKey(transaction: Uint8Array, message = TxBody.decode(TxRaw.decode(transaction).bodyBytes).messages[0]) {
  const raw = TxRaw.decode(transaction);
  const authInfo = AuthInfo.decode(raw.authInfoBytes);
  const signerInfos = authInfo.signerInfos.map((info) => ({ ...info, publicKey: undefined }));
  const body = TxBody.decode(raw.bodyBytes);
  return TxRaw.encode({
    ...raw,
    bodyBytes: TxBody.encode({ ...body, messages: message === undefined ? [] : [message] }),
    authInfoBytes: AuthInfo.encode({ ...authInfo, signerInfos }),
  });
}

describe("consensus §5: threats", () => {
  it("T16: wherever the proposer put the transactions of a block, they run in one order for one seed", () => {
    const [alice, bob] = [new Wallet(1), new Wallet(2)];
    const transactions = [signedBy(alice), signedBy(bob), utf8ToBytes("no transaction"), signedBy(alice)];
    transactions.push(withoutKey(signedBy(bob)), signedBy(new Wallet(3)));
    const expected = named(ordered(transactions, seedOf(1)));
    const proposals = permutations(transactions);
    expect(proposals).toHaveLength(720);
    for (const proposal of proposals) expect(named(ordered(proposal, seedOf(1)))).toBe(expected);
  });

  it("T16: another seed gives another order, and none is likelier than others", () => {
    const transactions = [1, 2, 3].map((number) => signedBy(new Wallet(number)));
    const counts = new Map<string, number>();
    for (let n = 0; n < 3_000; n++) {
      const order = named(ordered(transactions, seedOf(n)));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 500 expected, standard deviation 20.4.
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it("T16: each transaction runs once, those of an account by their sequences, whatever is in the block", () => {
    const kind = fc.constantFrom("key", "no key", "no message", "garbage");
    const block = fc.array(fc.record({ from: fc.nat(3), kind }), { maxLength: 12 });
    fc.assert(
      fc.property(block, fc.nat(), (entries, n) => {
        const wallets = [1, 2, 3, 4].map((number) => new Wallet(number));
        const transactions = entries.map(({ from, kind }, i) => {
          if (kind === "garbage") return concatBytes(utf8ToBytes("garbage"), u32be(i));
          const signed = signedBy(wallets[from] as Wallet);
          if (kind === "no message") return withoutKey(signed, packAny(MsgExecuteContract, MsgExecuteContract.zero));
          return kind === "key" ? signed : withoutKey(signed);
        });
        const order = ordered(transactions, seedOf(n));
        expect(order.map(bytesToHex).sort()).toEqual(transactions.map(bytesToHex).sort());
        wallets.forEach((_, w) => {
          const own = transactions.filter((_, i) => {
            const { from, kind } = entries[i] as (typeof entries)[number];
            return from === w && (kind === "key" || kind === "no key");
          });
          expect(order.filter((transaction) => own.includes(transaction))).toEqual(own);
        });
      }),
      { numRuns: 100 },
    );
  });

  /** A network with a probe, and a block of two messages of each of two accounts. @param before blocks that make its random another */
  function makeBlock(policy: typeof SHUFFLED | undefined, before = 0) {
    const chain = startNetwork({ policy });
    for (let i = 0; i < before; i++) chain.block();
    const alice = new Wallet(1);
    const bob = new Wallet(2);
    const probe = chain.instantiate(alice, chain.storeCode(PROBE), { noop: {} });
    const senders = [alice, alice, bob, bob];
    const messages = senders.map((wallet) => chain.executeMessage(wallet, probe, { echo_env: {} }));
    const signed = messages.map(({ any }, i) => (senders[i] as Wallet).sign(chain.chainId, [any]));
    const run = (built: BuiltBlock, position: number): number => {
      const bytes = built.transactions[position] as Uint8Array;
      const sender = senders[position - 1] as Wallet;
      const { outcomes } = chain.runTransaction(position, bytes, [sender.number]);
      const txKey = messages[position - 1]?.txKey as Uint8Array;
      const { data } = new Executed(outcomes[0] as ExecOutcome, txKey);
      return JSON.parse(JSON.parse(data as string)).transaction.index;
    };
    return { chain, built: chain.build(signed), run };
  }

  /** Such a block, begun, whose order is not the proposed one. */
  function makeShuffled(before = 0): ReturnType<typeof makeBlock> {
    const made = makeBlock(SHUFFLED, before);
    made.chain.begin(made.built);
    return made.chain.order.join() === "1,2,3,4" ? makeShuffled(before + 1) : made;
  }

  it("T16: a shuffled block runs in the enclave's order alone, again the same, and contracts count in it", () => {
    const { chain, built, run } = makeShuffled();
    const { order } = chain;
    expect([...order].sort()).toEqual([1, 2, 3, 4]);
    expect(order.indexOf(1)).toBeLessThan(order.indexOf(2));
    expect(order.indexOf(3)).toBeLessThan(order.indexOf(4));
    const [first, ...rest] = order as [number, ...number[]];
    const putBack = chain.saveState();
    // A later one first: those before it have had their turn.
    run(built, rest[2] as number);
    for (const position of [first, rest[0], rest[1]] as number[]) {
      expect(refusalOf(() => run(built, position)).code).toBe(RefusalCode.OutOfOrder);
      const skip = () => chain.call("endTransaction", { transaction: position, kept: false });
      expect(refusalOf(skip).code).toBe(RefusalCode.OutOfOrder);
    }
    putBack();
    chain.restart();
    chain.height -= 1n;
    chain.begin(built);
    expect(chain.order).toEqual(order);
    expect(order.map((position) => run(built, position))).toEqual([0, 1, 2, 3]);
    chain.end();
  });

  it("T16: the network's results hold a shuffled block to what ran, at the places of the proposal", () => {
    const { chain, built, run } = makeShuffled();
    for (const position of chain.order) run(built, position);
    chain.end();
    const swapped = chain.lastResults.map((result, i, all) => (i === 1 ? all[3] : i === 3 ? all[1] : result));
    const refusal = refusalOf(() => chain.begin(chain.build([], { lastResults: swapped as Uint8Array[] })));
    expect(refusal.code).toBe(RefusalCode.Diverged);
    expect(refusal.message).toContain("message 0 of transaction 1");
    const honest = makeShuffled();
    for (const position of honest.chain.order) honest.run(honest.built, position);
    honest.chain.end();
    honest.chain.block();
  });

  it.each([
    ["says nothing of it", policyDocument()],
    ["says so", policyDocument({ execution_order: "proposed" })],
    ["has no policy", undefined],
  ] as const)("T16: off, blocks run as proposed: genesis %s", (_, policy) => {
    const { chain, built, run } = makeBlock(policy);
    chain.begin(built);
    expect(chain.order).toEqual([]);
    expect([1, 2, 3, 4].map((position) => run(built, position))).toEqual([0, 1, 2, 3]);
    chain.end();
  });

  it("T16: the order stays what genesis has said, whatever else the authority changes", () => {
    const update = (chain: TestChain, policy: object) => {
      const value = { authority: AUTHORITY.bech32, policy: JSON.stringify(policy) };
      return runMessages(chain, AUTHORITY, packAny(MsgUpdatePolicy, value))[0] as ExecOutcome;
    };
    for (const [genesis, other] of [
      [SHUFFLED, policyDocument()],
      [policyDocument(), SHUFFLED],
    ] as const) {
      const chain = startNetwork({ policy: genesis });
      const refused = update(chain, other);
      expect(codeOf(refused)).not.toBe("ok");
      expect(logOf(refused)).toContain("execution_order: genesis has fixed it: expected");
      expect(codeOf(update(chain, { ...genesis, machines: "listed" }))).toBe("ok");
    }
  });
});
