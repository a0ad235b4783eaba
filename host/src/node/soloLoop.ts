/**
 * The loop of *solo*: admission, mempool, and a block when one is due.
 * @module
 */
import { equalBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { makeAdmission } from "../app/admission.ts";
import { makeSignatureVerifier } from "../app/core/signatureVerifier.ts";
import type { StateStore, StateView } from "../store/store.ts";
import { type BlockClock, startBlockClock } from "./blockClock.ts";
import type { BlockLoop } from "./blockLoop.ts";
import { blockTimeNs, type ExecutedBlock, type Executor } from "./executor.ts";
import type { Genesis } from "./genesis.ts";
import { makeMempool } from "./mempool.ts";
import type { Remote } from "./threadCalls.ts";

export type SoloLoopOptions = {
  readonly genesis: Genesis;
  readonly crypto: Crypto;
  /** For reading. */
  readonly store: StateStore;
  readonly executor: Pick<Remote<Executor>, "produce">;
  readonly minimumGasPrice: string;
  readonly collectMs: number;
  readonly intervalMs: number;
  /** A block was committed; whoever sees it may see its state. */
  readonly onBlocks: (blocks: readonly ExecutedBlock[]) => void;
  readonly onFailure: (error: unknown) => void;
};

const MEMPOOL = { maxTransactions: 10_000, cacheSize: 20_000, maxTxBytes: 8_388_608 } as const;

export function makeSoloLoop(options: SoloLoopOptions): BlockLoop {
  const { genesis, crypto, store } = options;
  let verified: string[] = [];
  const admission = makeAdmission({
    chainId: genesis.chainId,
    crypto,
    minimumGasPrices: options.minimumGasPrice,
    signatures: makeSignatureVerifier(crypto, (name) => verified.push(name)),
  });
  let view: StateView | undefined;
  function resetAdmission(): void {
    const next = store.latest();
    admission.reset(next, blockTimeNs(store, next.height) ?? genesis.timeNs);
    view?.release();
    view = next;
  }
  resetAdmission();
  const mempool = makeMempool({
    sha256: crypto.sha256,
    check: (tx, recheck) => admission.check(tx, recheck),
    ...MEMPOOL,
  });
  let clock: BlockClock | undefined;

  async function produce(): Promise<{ left: boolean; changed: boolean }> {
    const before = store.appHash;
    const { maxBytes, maxGas } = genesis.consensusParams;
    const good = verified;
    verified = [];
    const waiting = mempool.size;
    const executed = await options.executor.produce(mempool.reap({ maxBytes: Number(maxBytes), maxGas }), good);
    options.onBlocks([executed]);
    resetAdmission();
    mempool.update(executed.block.transactions);
    // Transaction 0 is the random.
    const left = executed.block.transactions.length - 1 < waiting;
    return { left, changed: !equalBytes(before, executed.results.appHash) };
  }

  return {
    intake: {
      broadcast: async (tx) => {
        const result = mempool.add(tx);
        if (result.code === 0) clock?.wake();
        return result;
      },
      unconfirmed: () => mempool.all(),
    },
    isCatchingUp: false,
    start() {
      const { collectMs, intervalMs, onFailure } = options;
      clock = startBlockClock({ collectMs, intervalMs, produce, onFailure });
    },
    async stop() {
      await clock?.stop();
      view?.release();
    },
  };
}
