/**
 * Ecalls of the light client besides blocks themselves: headers without their blocks, and the way back (consensus §3.5).
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
import type { EnclaveState } from "./enclaveState.ts";

export function makeLightClient(state: EnclaveState): Pick<EcallHandlers, "acceptHeaders" | "rewind"> {
  return {
    acceptHeaders: ({ blocks }) => {
      const network = state.network();
      const sealed = network.acceptHeaders(blocks);
      return { height: network.last?.height ?? 0n, sealed };
    },

    rewind: ({ headers }) => {
      state.network().rewind(headers);
      return {};
    },
  };
}
