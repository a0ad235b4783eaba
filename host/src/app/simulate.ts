/**
 * Simulation: a transaction on a throw-away branch of the latest state, without a valid signature (clients §1.2 item 4).
 * @module
 */
import type { TxResult } from "../abci/application.ts";
import { sdkError } from "./core/appError.ts";
import { Branch } from "./core/branch.ts";
import { makeContext } from "./core/context.ts";
import { withCodeTable } from "./core/stateTables.ts";
import { consensusKeeper } from "./modules/consensusModule.ts";
import type { QueryDeps } from "./queryService.ts";
import { type RunTxDeps, runTx } from "./runTx.ts";

export type Simulation =
  | {
      readonly ok: true;
      readonly gasUsed: bigint;
      readonly result: TxResult;
      /** `TxMsgData`, as in `result.data`. */
      readonly msgResponses: Uint8Array;
    }
  | {
      readonly ok: false;
      readonly code: number;
      readonly codespace: string;
      readonly log: string;
      readonly gasUsed: bigint;
    };

export function simulateTx(deps: RunTxDeps, { chainId, store, blockTimeNs }: QueryDeps, bytes: Uint8Array): Simulation {
  if (store.latestHeight === 0) {
    const { code, codespace, log } = sdkError(26, "secret is not ready; please wait for first block");
    return { ok: false, code, codespace, log, gasUsed: 0n };
  }
  const view = store.latest();
  try {
    // What the transaction would be delivered in: the next block, at the earliest time that it can have.
    const block = { chainId, height: view.height + 1, timeNs: (blockTimeNs(view.height) ?? 0n) + 1n };
    const context = makeContext(block, "simulate", new Branch(withCodeTable(view, store)));
    const { result } = runTx(deps, context, bytes, { blockMaxGas: consensusKeeper.maxGas(context) });
    const { code, codespace, log, gasUsed, data } = result;
    if (code !== 0) return { ok: false, code, codespace, log, gasUsed };
    return { ok: true, gasUsed, result, msgResponses: data };
  } finally {
    view.release();
  }
}
