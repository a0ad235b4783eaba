/**
 * Ecalls of the life cycle: info, bootstrap, anchorGenesis, unseal (consensus §3.5, registration §3.4).
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
import { BoundaryError, BoundaryErrorCode } from "@sotto/boundary/errors";
import { INTERFACE_VERSION } from "@sotto/boundary/messages";
import { isDevelopmentChain } from "../developmentChain.ts";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { deriveKeyTree, SEED_LENGTH } from "../keys/keyTree.ts";
import { type EnclaveState, networkKeys } from "./enclaveState.ts";
import { Network, type NetworkParts } from "./network.ts";

const NO_HASH = new Uint8Array(0);

type Lifecycle = Pick<EcallHandlers, "info" | "bootstrap" | "anchorGenesis" | "unseal">;

export function makeLifecycle(state: EnclaveState, parts: NetworkParts): Lifecycle {
  return {
    info: ({ interfaceVersion }) => {
      if (interfaceVersion !== INTERFACE_VERSION) {
        throw new BoundaryError(
          BoundaryErrorCode.VersionMismatch,
          `interface version: the host has ${interfaceVersion}, the enclave ${INTERFACE_VERSION}`,
        );
      }
      const { measurement } = parts.sealing;
      const freshness = { bootNonce: parts.freshness.bootNonce, fresh: parts.freshness.isProven };
      const about = { interfaceVersion: INTERFACE_VERSION, measurement, ...freshness };
      if (state.phase.kind === "applicant") {
        const nodeKey = parts.crypto.x25519PublicKey(state.phase.secret);
        return { ...about, state: { kind: "applicant", value: { nodeKey } } };
      }
      if (state.phase.kind !== "ready") return { ...about, state: { kind: "empty", value: {} } };
      const { network } = state.phase;
      const { height = 0n, hash: blockHash = NO_HASH } = network.last ?? {};
      const value = { chainId: network.chainId, height, blockHash, keys: networkKeys(network.services.keys) };
      return { ...about, state: { kind: "ready", value } };
    },

    bootstrap: ({ chainId }) => {
      if (state.phase.kind !== "empty") throw wrongState("empty", state);
      if (chainId === "") throw new RefusalError(RefusalCode.WrongChain, "bootstrap: expected a chain id, got none");
      const seeds = [parts.sealing.randomBytes(SEED_LENGTH), parts.sealing.randomBytes(SEED_LENGTH)];
      state.phase = { kind: "bootstrapped", chainId, seeds };
      return { keys: networkKeys(deriveKeyTree(parts.crypto, seeds)) };
    },

    anchorGenesis: (anchor) => {
      if (state.phase.kind !== "bootstrapped") throw wrongState("bootstrapped", state);
      if (anchor.initialHeight === 0n) {
        throw new RefusalError(RefusalCode.MalformedRequest, "genesis anchor: expected an initial height above 0");
      }
      const network = Network.create(parts, state.phase.chainId, state.phase.seeds, anchor);
      state.phase = { kind: "ready", network };
      return { sealed: network.seal() };
    },

    unseal: ({ sealed }) => {
      const network = Network.unseal(parts, sealed);
      if (state.phase.kind === "ready") requireReturnAllowed(state.phase.network, network);
      else if (state.phase.kind !== "empty") throw wrongState("empty", state);
      state.phase = { kind: "ready", network };
      const { chainId, services } = network;
      return { chainId, height: network.last?.height ?? 0n, keys: networkKeys(services.keys) };
    },
  };
}

/** A running enclave returns to another record only on a development network, and only to one of its own. */
function requireReturnAllowed(current: Network, other: Network): void {
  if (!isDevelopmentChain(current.chainId) || !current.isSameNetwork(other)) {
    throw new RefusalError(RefusalCode.WrongState, "unseal: this enclave carries a network already");
  }
}

function wrongState(expected: string, state: EnclaveState): RefusalError {
  return new RefusalError(
    RefusalCode.WrongState,
    `expected an enclave that is ${expected}, this one is ${state.phase.kind}`,
  );
}
