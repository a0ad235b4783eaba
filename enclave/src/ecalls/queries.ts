/**
 * Ecalls that change nothing: smart queries and simulation (chain §3.4, clients §1.2).
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
import type { Freshness } from "../block/freshness.ts";
import { isDevelopmentChain } from "../developmentChain.ts";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { runQuery } from "../execution/runQuery.ts";
import type { StateReader } from "../state/stateKey.ts";
import { makeStoreReader } from "../state/storeReader.ts";
import type { EnclaveState } from "./enclaveState.ts";
import type { BlockPoint, Network, NetworkParts } from "./network.ts";
import { simulateMessage } from "./simulateMessage.ts";

type QueryPoint = BlockPoint & { readonly state: StateReader };
type Queries = Pick<EcallHandlers, "query" | "simulateMessage">;

export function makeQueries(state: EnclaveState, { freshness }: NetworkParts): Queries {
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

/** The last block that ended, at its proven state; the past is the host's word. */
function queryPoint(network: Network, past: BlockPoint | undefined): QueryPoint {
  if (past !== undefined) {
    if (isDevelopmentChain(network.chainId)) return { ...past, state: makeStoreReader(network.services.host) };
    throw new RefusalError(RefusalCode.PastNotAllowed, "query: the past is open on development networks only");
  }
  const { settled } = network;
  if (settled === undefined) {
    throw new RefusalError(RefusalCode.Behind, "query: the last accepted block has not been run to its end");
  }
  return { ...settled, state: network.state };
}
