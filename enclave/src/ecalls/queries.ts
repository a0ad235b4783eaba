/**
 * Ecalls that change nothing: smart queries and the static check of code (chain §3.4, contracts §1.2).
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
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

export function makeQueries(state: EnclaveState, { crypto, engine }: NetworkParts): Queries {
  return {
    query: ({ past, ...request }) => {
      const network = state.network();
      network.requireUnlatched();
      return runQuery(network.services, queryPoint(network, past), request);
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

function queryPoint(network: Network, past: BlockPoint | undefined): BlockPoint {
  if (past !== undefined) {
    if (isDevelopmentChain(network.chainId)) return past;
    throw new RefusalError(RefusalCode.PastNotAllowed, "query: the past is open on development networks only");
  }
  if (network.ended === undefined) throw new RefusalError(RefusalCode.WrongState, "query: no block has ended yet");
  return network.ended;
}
