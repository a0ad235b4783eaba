/**
 * Gas of contract calls: from the engine's W to the chain's S (contracts §4.3).
 * @module
 */
import { EnclaveError, EnclaveErrorCode, RefusalError } from "../enclaveError.ts";
import type { EngineOutcome } from "../engine/engine.ts";
import { EngineError, EngineErrorCode } from "../engine/engineError.ts";
import { GasLocation, type GasMeter, OutOfGas } from "../state/gasMeter.ts";
import { type CallKind, ChainFailure, enclaveFailure } from "./chainFailure.ts";

/** W for one S. */
export const GAS_MULTIPLIER = 1_000n;
/** W that one call may use at most. */
const MAX_CALL_GAS = 10_000_000_000n;

const MAX_U64 = (1n << 64n) - 1n;

/** What a call into the enclave has used, in W. */
export type CallGas = { used: bigint };

/** W that a call gets. */
export function callGasLimit(meter: GasMeter): bigint {
  // Quirk: the product wraps (contracts §4.2).
  const available = BigInt.asUintN(64, meter.remaining * GAS_MULTIPLIER);
  return available < MAX_CALL_GAS ? available : MAX_CALL_GAS;
}

function subtract(a: bigint, b: bigint): bigint {
  return a > b ? a - b : 0n;
}

/**
 * W that a call reports.
 *
 * Quirk: what store reads and queries cost was never on the engine's counter, so taking it off is a rebate.
 * @param external what reads, removals and queries report, in the call's own unit
 * @param refund what writes were charged for their length, if the call gets that back
 */
export function reportedGas(
  limit: bigint,
  outcome: Pick<EngineOutcome, "remaining" | "exhausted">,
  { external, refund }: { readonly external: bigint; readonly refund: bigint },
): bigint {
  const used = subtract(subtract(limit, outcome.remaining), external) + outcome.exhausted;
  return subtract(used < MAX_U64 ? used : MAX_U64, refund);
}

/** @throws {OutOfGas} also if the limit is hit exactly */
function chargeWasm(meter: GasMeter, used: bigint): void {
  meter.consume(used / GAS_MULTIPLIER + 1n, GasLocation.Wasm);
  if (meter.consumed >= meter.limit) throw new OutOfGas(GasLocation.WasmExact);
}

/** What the contract did or ran into brings down the reference's thread: half of the limit, whatever it had used (contracts §4.3). */
function isPanic(error: unknown): boolean {
  if (error instanceof EngineError) return error.code === EngineErrorCode.Panicked;
  return error instanceof EnclaveError && error.code === EnclaveErrorCode.Panic;
}

/**
 * Runs what the protocol calls one call into the enclave, and charges it whether it succeeds or not.
 *
 * Errors of enclave and engine become failures of the call; an exception that nobody foresaw becomes a panic at half the limit.
 * @throws {ChainFailure}; {OutOfGas}; {RefusalError}, {RangeError} as they were thrown, since the host alone is told
 */
export function meteredCall<T>(meter: GasMeter, kind: CallKind, work: (gas: CallGas) => T): T {
  const gas: CallGas = { used: 0n };
  const limit = callGasLimit(meter);
  let value: T;
  try {
    value = work(gas);
  } catch (error) {
    // Stack or memory of this machine came to their end: no other node need see that, so it is no result.
    if (error instanceof RefusalError || error instanceof RangeError) throw error;
    const foreseen =
      error instanceof ChainFailure || error instanceof OutOfGas || enclaveFailure(kind, error) !== undefined;
    const cause = foreseen ? error : new EnclaveError(EnclaveErrorCode.Panic, { cause: error });
    if (isPanic(cause)) gas.used = limit / 2n;
    chargeWasm(meter, gas.used);
    throw enclaveFailure(kind, cause) ?? cause;
  }
  chargeWasm(meter, gas.used);
  // Quirk: a reply that succeeded is charged twice.
  if (kind === "reply") chargeWasm(meter, gas.used);
  return value;
}
