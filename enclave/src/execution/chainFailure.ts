/**
 * Failures as the chain reports them: codespace, code and log (chain §2.4), with the texts that clients parse (enclave §12.2).
 * @module
 */
import { CodedError } from "@sotto/common/errors";
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { EngineError, EngineErrorCode } from "../engine/engineError.ts";

/** Codes of codespace `compute` that the enclave gives. */
export const ComputeCode = {
  InstantiateFailed: 2,
  ExecuteFailed: 3,
  QueryFailed: 4,
  MigrateFailed: 5,
  AccountExists: 6,
  NotFound: 9,
  InvalidMessage: 10,
  Empty: 11,
  ExceedsLimit: 12,
  Invalid: 13,
  CreateFailed: 15,
  ParseSignatureFailed: 16,
  Unsupported: 17,
  ReplyFailed: 19,
  InvalidEvent: 21,
  MaxCallDepth: 30,
  MaxContractSize: 31,
} as const;

/** Codes of codespace `sdk`. */
export const SdkCode = {
  Unauthorized: 4,
  InvalidAddress: 7,
  InvalidCoins: 10,
  OutOfGas: 11,
  InvalidRequest: 18,
  AfterLastMessage: 40_404,
} as const;

const PANIC_CODE = 111_222;

/** A failure of a message or query; `message` is the log. */
export class ChainFailure extends CodedError {
  override readonly name = "ChainFailure";
  /** What the contract itself said, in clear: only on the failure of the call that it ended. Never leaves the enclave. */
  readonly contractError: string | undefined;

  constructor(codespace: string, code: number, log: string, contractError?: string) {
    super(codespace, code, log);
    this.contractError = contractError;
  }
}

export function computeFailure(code: number, log: string): ChainFailure {
  return new ChainFailure("compute", code, log);
}

export function sdkFailure(code: number, log: string): ChainFailure {
  return new ChainFailure("sdk", code, log);
}

/** An error without registration in the chain's lists. */
export function unregisteredFailure(log: string): ChainFailure {
  return new ChainFailure("undefined", 1, log);
}

/**
 * A fault at which the chain's own program panics: the whole transaction fails, and nothing on the way catches or renames it
 * (chain §2.11 step 11, §6.8).
 */
export class ChainPanic extends Error {
  override readonly name = "ChainPanic";

  /** As the chain reports it. */
  get failure(): { readonly codespace: string; readonly code: number; readonly log: string } {
    return { codespace: "undefined", code: PANIC_CODE, log: `recovered: ${this.message}: panic` };
  }
}

/** Runs `work`; a failure leaves with `prefix` in front of its log. */
export function prefixFailures<T>(prefix: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ChainFailure) throw new ChainFailure(error.codespace, error.code, prefix + error.message);
    throw error;
  }
}

/** Kinds of contract calls, with what a failure of each is called (enclave §3.4). */
export const CALL_KINDS = {
  instantiate: { code: ComputeCode.InstantiateFailed, suffix: "instantiate contract failed" },
  execute: { code: ComputeCode.ExecuteFailed, suffix: "execute contract failed" },
  query: { code: ComputeCode.QueryFailed, suffix: "query contract failed" },
  migrate: { code: ComputeCode.MigrateFailed, suffix: "migrate contract failed" },
  reply: { code: ComputeCode.ReplyFailed, suffix: "reply to contract failed" },
} as const;
export type CallKind = keyof typeof CALL_KINDS;

/** The failure of a call: `text` and the suffix of its kind. */
export function callFailure(kind: CallKind, text: string, contractError?: string): ChainFailure {
  const { code, suffix } = CALL_KINDS[kind];
  return new ChainFailure("compute", code, `${text}: ${suffix}`, contractError);
}

/** The envelope of enclave §12.2 around an error of enclave or engine; undefined for anything else. */
export function enclaveFailure(kind: CallKind, error: unknown): ChainFailure | undefined {
  if (!(error instanceof EnclaveError || error instanceof EngineError)) return undefined;
  const outOfGas =
    error instanceof EnclaveError ? error.code === EnclaveErrorCode.OutOfGas : error.code === EngineErrorCode.OutOfGas;
  if (outOfGas) return callFailure(kind, "Out of gas");
  // A panic on the chain's side is told in the chain's own words, without the enclave's name.
  const isChainPanic = error instanceof EnclaveError && error.code === EnclaveErrorCode.FailedOcall;
  return callFailure(kind, `Execution error: ${isChainPanic ? "" : "Enclave: "}${error.message}`);
}

/** The same for a change of admin, whose failures have neither suffix nor code (enclave §12.2). */
export function adminChangeFailure(error: unknown): ChainFailure | undefined {
  if (!(error instanceof EnclaveError)) return undefined;
  return unregisteredFailure(`Execution error: Enclave: ${error.message}`);
}
