/**
 * Ecalls that change nothing: smart queries and the static check of code (chain §3.4, contracts §1.2).
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
import type { Freshness } from "../block/freshness.ts";
import { isDevelopmentChain } from "../developmentChain.ts";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { EngineError } from "../engine/engineError.ts";
import { runQuery } from "../execution/runQuery.ts";
import type { EnclaveState } from "./enclaveState.ts";
import type { BlockPoint, Network, NetworkParts } from "./network.ts";
import { simulateMessage } from "./simulateMessage.ts";

/** Characters; the text quotes names out of the code, which may be long. */
const MAX_MESSAGE_LENGTH = 2_000;

type Queries = Pick<EcallHandlers, "query" | "simulateMessage" | "checkCode">;

export function makeQueries(state: EnclaveState, { crypto, engine, freshness }: NetworkParts): Queries {
  return {
    query: ({ past, ...request }) => {
      const network = state.network();
      network.requireUnlatched();
      requireFresh(freshness);
      const point = queryPoint(network, past);
      network.queryBudget.take(request.contract);
      return runQuery(network.services, point, request);
    },

    simulateMessage: (request) => {
      const network = state.network();
      network.requireUnlatched();
      return simulateMessage(network, request);
    },

    checkCode: ({ code }) => {
      try {
        const { api, features, ibc } = engine.checkCode(code);
        const value = { codeHash: crypto.sha256(code), api: { kind: api, value: {} }, features, ibc };
        return { result: { kind: "accepted", value } };
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        return { result: { kind: "refused", value: { message: error.message.slice(0, MAX_MESSAGE_LENGTH) } } };
      }
    },
  };
}

/** Nobody learns anything from an enclave that is fed the past (consensus §5 T20, T33). */
function requireFresh({ isProven }: Freshness): void {
  if (isProven) return;
  throw new RefusalError(
    RefusalCode.NotFresh,
    "query: no block with the nonce of this start was verified yet; ask again in a moment",
  );
}

function queryPoint(network: Network, past: BlockPoint | undefined): BlockPoint {
  if (past !== undefined) {
    if (isDevelopmentChain(network.chainId)) return past;
    throw new RefusalError(RefusalCode.PastNotAllowed, "query: the past is open on development networks only");
  }
  if (network.ended === undefined) {
    throw new RefusalError(RefusalCode.Behind, "query: the last accepted block has not been run to its end");
  }
  return network.ended;
}
