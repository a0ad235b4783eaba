/**
 * Queries that contracts make of other modules (contracts §5.7, chain §2.13): each on a throw-away branch, on a meter of its own.
 * @module
 */
import type { OcallHandlers } from "@sotto/boundary/calls";
import { LIMITS, type OcallRequest, type OcallResponse } from "@sotto/boundary/messages";
import { CodedError } from "@sotto/common/errors";
import { type JsonObject, type JsonValue, parseJson } from "@sotto/common/json";
import { AppError } from "../../../core/appError.ts";
import type { Context } from "../../../core/context.ts";
import { GasMeter, OutOfGas } from "../../../core/gas.ts";
import type { QueryRouter } from "../../../core/queryRouter.ts";
import type { AuthKeeper } from "../../authKeeper.ts";
import type { BankKeeper } from "../../bankKeeper.ts";
import { bankAnswers } from "./bankAnswers.ts";
import { type ChainAnswers, ChainPanic } from "./chainAnswer.ts";
import { distributionAnswers } from "./distributionAnswers.ts";
import { govAnswers } from "./govAnswers.ts";
import { ibcAnswers } from "./ibcAnswers.ts";
import { formatInnerJson } from "./innerJson.ts";
import { mintAnswers } from "./mintAnswers.ts";
import { stakingAnswers } from "./stakingAnswers.ts";
import { answerStargate } from "./stargateAnswer.ts";

const SUB_QUERY = "contract sub-query";
/** Modules whose queries have a limit of their own; all others run on the caller's meter (contracts §4.6). */
const LIMITED: ReadonlySet<string> = new Set(["bank", "staking"]);

export type ChainQueryDeps = {
  readonly auth: AuthKeeper;
  readonly bank: BankKeeper;
  /** Late, because the router holds the module that makes these answers. */
  readonly queries: () => QueryRouter;
};

type ChainRequest = OcallRequest<"chainQuery">;
type Result = OcallResponse<"chainQuery">["result"];

/** Answers on `context`, which is a branch that nobody keeps, at the cost of the meter in it. */
export function makeChainQueries(
  deps: ChainQueryDeps,
): (context: Context, request: ChainRequest) => ReturnType<OcallHandlers["chainQuery"]> {
  const modules: { readonly [name: string]: ChainAnswers } = {
    bank: bankAnswers(deps.bank),
    staking: stakingAnswers,
    dist: distributionAnswers,
    mint: mintAnswers(deps.auth, deps.bank),
    gov: govAnswers,
    ibc: ibcAnswers,
  };
  return (context, { contract, request, gasLimit, pending }) => {
    for (const { store, key, value } of pending) {
      if (value === undefined) context.state.delete(store, key);
      else context.state.set(store, key, value);
    }
    const [module, body] = onlyMember(parseJson(request));
    return onOwnMeter(context, { gasLimit, isLimited: LIMITED.has(module) }, (metered) => {
      if (module === "stargate") return answerStargate(deps.queries(), metered, body);
      const [name, fields] = onlyMember(body);
      const answer = modules[module]?.[name];
      if (answer === undefined) return { kind: "unsupported", value: { what: `${module}.${name}` } };
      return { kind: "ok", value: formatInnerJson(answer({ context: metered, contract, fields })) };
    });
  };
}

/** The enclave writes requests: one member, and an object in it. */
function onlyMember(value: JsonValue): [string, JsonObject] {
  const [name, body] = value instanceof Map ? ([...value][0] ?? []) : [];
  if (name === undefined || !(body instanceof Map))
    throw new RangeError("chain query: expected an object in an object");
  return [name, body];
}

function onOwnMeter(
  context: Context,
  { gasLimit, isLimited }: { readonly gasLimit: bigint; readonly isLimited: boolean },
  work: (context: Context) => Result,
): OcallResponse<"chainQuery"> {
  // Without a limit of the query's own, that of a sub-message may still be lower than what the transaction has left.
  const isCut = !isLimited && gasLimit < context.gas.remaining;
  const gas = new GasMeter(isLimited || isCut ? gasLimit : context.gas.remaining);
  const result = settle(() => work({ ...context, gas }));
  const gasUsed = isCut ? gas.consumedToLimit : gas.consumed;
  const charged = settle(() => {
    context.gas.consume(gasUsed, SUB_QUERY);
    return result;
  });
  return { result: charged, gasUsed };
}

function settle(work: () => Result): Result {
  try {
    const result = work();
    const fits = result.kind !== "ok" || result.value.length <= LIMITS.stateValue;
    return fits ? result : { kind: "failed", value: { log: "the answer is too long" } };
  } catch (error) {
    if (error instanceof OutOfGas) return { kind: "outOfGas", value: { location: error.location } };
    if (error instanceof ChainPanic) return { kind: "panicked", value: {} };
    if (!(error instanceof CodedError)) throw error;
    return { kind: "failed", value: { log: error instanceof AppError ? error.log : error.message } };
  }
}
