/** A host that simulates: on its own state, which it puts back afterwards. */
import { decodeTx, TxRaw } from "@sotto/common/wire/tx";
import type { ExecOutcome, TestChain } from "./harness.ts";

/** The transaction as a client sends it to be simulated: 64 zero bytes in place of each signature. */
export function unsigned(transaction: Uint8Array): Uint8Array {
  const { raw } = decodeTx(transaction);
  return TxRaw.encode({ ...raw, signatures: raw.signatures.map(() => new Uint8Array(64)) });
}

/** Outcomes of the messages up to the first that fails. */
export function simulate(chain: TestChain, transaction: Uint8Array): ExecOutcome[] {
  const bytes = unsigned(transaction);
  const restore = chain.saveState();
  const outcomes: ExecOutcome[] = [];
  let gasUsed = 0n;
  for (let message = 0; message < decodeTx(bytes).body.messages.length; message++) {
    const outcome = chain.call("simulateMessage", { transaction: bytes, message, gasUsed });
    outcomes.push(outcome);
    if (outcome.result.kind !== "ok" || outcome.finalized) break;
    chain.apply(outcome);
    gasUsed += outcome.gasUsed;
  }
  restore();
  return outcomes;
}
