/**
 * The host's side of a running enclave call: state, funds, messages and queries of other modules (design "Where the cut runs").
 *
 * All of it works on branches over the message's own state, on the transaction's meter.
 * @module
 */
import type { OcallHandlers } from "@sotto/boundary/calls";
import type { NativeOutcome } from "@sotto/boundary/messages";
import { EMPTY_BYTES } from "@sotto/common/bytes";
import { formatAddress } from "../../core/addresses.ts";
import { AppError, sdkError } from "../../core/appError.ts";
import { type Amount, validCoins } from "../../core/coins.ts";
import { branchOf, type Context } from "../../core/context.ts";
import { GasMeter, OutOfGas } from "../../core/gas.ts";
import type { MessageRouter } from "../../core/messageRouter.ts";
import type { QueryRouter } from "../../core/queryRouter.ts";
import { readCode } from "../../core/stateTables.ts";
import type { AuthKeeper } from "../authKeeper.ts";
import type { BankKeeper } from "../bankKeeper.ts";
import { makeChainQueries } from "./chainQuery/makeChainQueries.ts";
import type { ComputePowers } from "./computePowers.ts";
import { COMPUTE_STORE } from "./keys.ts";
import { runNativeMessage } from "./nativeMessage.ts";

export type OcallDeps = {
  readonly auth: AuthKeeper;
  readonly bank: BankKeeper;
  /** Late, because the router holds the module that makes these handlers. */
  readonly router: () => MessageRouter;
  /** Late for the same reason. */
  readonly queries: () => QueryRouter;
  readonly isBlocked: (address: Uint8Array) => boolean;
  readonly powers: ComputePowers;
};

/** Runs work for a contract on a branch of its own, which stays only if the work succeeds. */
function runNative(context: Context, gas: GasMeter, work: (context: Context) => Uint8Array): NativeOutcome {
  const branch = { ...branchOf(context), gas, isForContract: true };
  const before = gas.consumed;
  const outcome = (result: NativeOutcome["result"]): NativeOutcome => ({
    result,
    events: result.kind === "ok" ? branch.events : [],
    gasUsed: gas.consumed - before,
  });
  try {
    const value = work(branch);
    branch.state.keep();
    return outcome({ kind: "ok", value });
  } catch (error) {
    if (error instanceof OutOfGas) return outcome({ kind: "outOfGas", value: { location: error.location } });
    if (!(error instanceof AppError)) throw error;
    return outcome({ kind: "failed", value: { codespace: error.codespace, code: error.code, log: error.log } });
  }
}

/** As the reference does: a limit counts only if it is lower than what is left (chain §2.11 step 5). */
function withLimit<T>(gas: GasMeter, limit: bigint, run: (gas: GasMeter) => T): T {
  if (limit >= gas.remaining) return run(gas);
  const own = new GasMeter(limit);
  const result = run(own);
  gas.consume(own.consumedToLimit, "SubMsg");
  return result;
}

/** Handlers for one ecall; `context` is the state that the call works on. */
export function makeOcalls(deps: OcallDeps, context: Context): Omit<OcallHandlers, "readResults"> {
  const branches: Context[] = [context];
  const current = (): Context => branches[branches.length - 1] as Context;
  const answers = makeChainQueries(deps);

  return {
    // Not metered here: the enclave meters what it reads (contracts §4.4).
    readStore: ({ key }) => ({ value: current().state.get(COMPUTE_STORE, key) }),
    readProven: ({ store, key, known }) => deps.powers.readProven(store, key, known),
    readHeaders: ({ from, to }) => ({ headers: deps.powers.headers(from, to) }),
    readCode: ({ codeHash }) => ({ code: readCode(current().state, codeHash) }),
    branch: ({ operation }) => {
      if (operation.kind === "open") {
        branches.push(branchOf(current()));
        return {};
      }
      const closed = branches.length > 1 ? branches.pop() : undefined;
      if (closed === undefined) throw sdkError(35, "branch: there is none to close");
      if (operation.kind === "keep") closed.state.keep();
      return {};
    },
    moveFunds: (request) =>
      runNative(current(), context.gas, (branch) => {
        moveFunds(deps, branch, request);
        return EMPTY_BYTES;
      }),
    runMessage: (request) =>
      withLimit(context.gas, request.gasLimit, (gas) =>
        runNative(current(), gas, (branch) => runNativeMessage(deps.router(), branch, request)),
      ),
    chainQuery: (request) => answers({ ...branchOf(current()), gas: context.gas }, request),
    debugPrint: ({ contract, message }) => {
      // A simulated message prints when it is delivered.
      if (context.mode !== "simulate") deps.powers.onDebugPrint?.(contract, message);
      return {};
    },
  };
}

type FundsRequest = Parameters<OcallHandlers["moveFunds"]>[0];

/** Chain §2.8 steps 5 and 6, §2.9 step 4. */
function moveFunds(deps: OcallDeps, context: Context, { from, to, coins, createAccount }: FundsRequest): void {
  if (createAccount && deps.auth.account(context, to) !== undefined) {
    throw AppError.registered("compute", 6, formatAddress(to));
  }
  const amounts: Amount[] | undefined = validCoins(coins);
  if (amounts === undefined) throw sdkError(10);
  if (amounts.length === 0) {
    if (createAccount) deps.auth.createAccount(context, to);
    return;
  }
  if (deps.isBlocked(from)) throw sdkError(7, "blocked address can not be used");
  deps.bank.send(context, from, to, amounts);
}
