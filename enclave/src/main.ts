/**
 * The enclave: one function from bytes to bytes, made from its powers (see `powers.ts`).
 *
 * Everything that it keeps lives in what this function makes; importing the bundle does nothing.
 * @module
 */
import { type EcallHandlers, serveEcalls } from "@sotto/boundary/calls";
import { BoundaryError } from "@sotto/boundary/errors";
import { makeNativeCrypto } from "@sotto/common/crypto/nativeCrypto";
import { type CodedError, InputError } from "@sotto/common/errors";
import { Freshness } from "./block/freshness.ts";
import { makeAttestationCalls } from "./ecalls/attestation.ts";
import { makeBlocks } from "./ecalls/blocks.ts";
import { EnclaveState } from "./ecalls/enclaveState.ts";
import { makeLifecycle } from "./ecalls/lifecycle.ts";
import { makeLightClient } from "./ecalls/lightClient.ts";
import type { NetworkParts } from "./ecalls/network.ts";
import { makeQueries } from "./ecalls/queries.ts";
import { makeRegistration } from "./ecalls/registration.ts";
import { RefusalCode, RefusalError } from "./enclaveError.ts";
import { makeEngine } from "./engine/makeEngine.ts";
import type { MakeEnclave } from "./powers.ts";
import { makeOwnMachine } from "./registration/ownMachine.ts";
import { makeHost } from "./state/host.ts";

export const makeEnclave: MakeEnclave = (powers) => {
  const { measurement, sealingKey, randomBytes, gunzip } = powers;
  const crypto = makeNativeCrypto(powers.nodeCrypto, powers.wasm);
  const engine = makeEngine({ crypto, wasm: powers.wasm });
  const sealing = { measurement, sealingKey, randomBytes };
  const freshness = new Freshness(randomBytes);
  const ownMachine = makeOwnMachine(crypto, powers.quote);
  const parts: NetworkParts = { crypto, engine, host: makeHost(powers.ocall), sealing, gunzip, freshness, ownMachine };
  const state = new EnclaveState();
  const handlers: EcallHandlers = {
    ...makeLifecycle(state, parts),
    ...makeBlocks(state, randomBytes),
    ...makeLightClient(state),
    ...makeQueries(state, parts),
    ...makeRegistration(state, parts, powers.quote),
    ...makeAttestationCalls(crypto, powers.quote),
  };
  return { ecall: oneAtATime(serveEcalls(handlers, refuse)) };
};

/** An ocall must not lead back in: the state in between is none that a call may see. */
function oneAtATime(serve: (request: Uint8Array) => Uint8Array): (request: Uint8Array) => Uint8Array {
  let busy = false;
  const refuseNested = serveEcalls({} as EcallHandlers, () => {
    return new RefusalError(RefusalCode.WrongState, "an ecall is running");
  });
  return (request) => {
    if (busy) return refuseNested(new Uint8Array(0));
    busy = true;
    try {
      return serve(request);
    } finally {
      busy = false;
    }
  };
}

/** What the host is told of an exception: only texts that were written for it. */
function refuse(error: unknown): CodedError {
  if (error instanceof RefusalError || error instanceof BoundaryError) return error;
  if (error instanceof InputError) {
    return new RefusalError(RefusalCode.MalformedRequest, "request: a field is not what it must be");
  }
  return new RefusalError(RefusalCode.Internal, "internal error");
}
