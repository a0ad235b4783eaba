/**
 * A smart query from outside (chain §3.4, enclave §2.3): encrypted in, encrypted out.
 * @module
 */
import type { EcallResponse } from "@sotto/boundary/messages";
import { EMPTY_BYTES } from "@sotto/common/bytes";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { OutputEncryption } from "../messages/outputEncryption.ts";
import { parseSecretMessage } from "../messages/secretMessage.ts";
import { ComputeStore } from "../state/computeStore.ts";
import { GasMeter, OutOfGas } from "../state/gasMeter.ts";
import { ScopedState } from "../state/scopedState.ts";
import type { StateReader } from "../state/stateKey.ts";
import { CALLS } from "./calls.ts";
import type { Frame, OpenedInput } from "./callTree.ts";
import { ChainFailure } from "./chainFailure.ts";
import type { Services } from "./services.ts";
import { WorkBudget } from "./workBudget.ts";

export type QueryOutcome = EcallResponse<"query">;

/** @param at height, time and state that it is answered from. @throws {RefusalError} HostMisbehavior, BadProof */
export function runQuery(
  services: Services,
  at: { readonly height: bigint; readonly timeNs: bigint; readonly state: StateReader },
  request: { readonly contract: Uint8Array; readonly query: Uint8Array; readonly gasLimit: bigint },
): QueryOutcome {
  const state = new ScopedState(services.host, at.state);
  const block = { height: at.height, timeNs: at.timeNs, lastBlockHash: EMPTY_BYTES, calls: undefined };
  const meter = new GasMeter(request.gasLimit, { countsNative: true });
  const store = new ComputeStore(state, meter);
  const frame: Frame = {
    tree: {
      services,
      block,
      transaction: undefined,
      state,
      agreed: at.state,
      workBudget: new WorkBudget(request.gasLimit),
      calls: CALLS,
    },
    meter,
    store,
    depth: 0,
    queryDepth: 1,
  };
  const result = settle(() => {
    const open = () => openQuery(services, request.query);
    const { answer, secret } = CALLS.query(frame, { contract: request.contract, open });
    return new OutputEncryption(services.crypto, secret.txKey).queryResult(answer);
  });
  return { result, gasUsed: meter.consumed };
}

/** Headers for a reply are taken off and ignored (enclave §3.2). @throws {EnclaveError} DecryptionError, ValidationFailure */
function openQuery({ inputs }: Services, query: Uint8Array): OpenedInput {
  const opened = inputs.open(query);
  if (opened === undefined) throw new EnclaveError(EnclaveErrorCode.DecryptionError);
  return { secret: opened.secret, input: parseSecretMessage(opened.plaintext) };
}

function settle(work: () => Uint8Array): QueryOutcome["result"] {
  try {
    return { kind: "ok", value: work() };
  } catch (error) {
    if (error instanceof OutOfGas) return { kind: "outOfGas", value: { location: error.location } };
    if (!(error instanceof ChainFailure)) throw error;
    const { codespace, code, message: log } = error;
    return { kind: "failed", value: { codespace, code, log } };
  }
}
