/**
 * What a trap of V8 means to the chain: an engine error, told from the trap's text and the instance's internal globals.
 *
 * Spec: contracts §1.7. The texts are those of V8 11 to 14; what is not known is a failed function call.
 * @module
 */
import type { WasmPower } from "@sotto/common/wasmPower";
import { EngineError, EngineErrorCode } from "./engineError.ts";
import { Fault } from "./wasm/rewriteBody.ts";

/** The state of an instance after a trap. */
export type TrapState = {
  readonly exhausted: bigint;
  readonly fault: number;
  /** Whether the table entry that was called last is there, though perhaps of another type. */
  readonly hasTableEntry: boolean;
};

const TEXTS: readonly (readonly [text: string, code: EngineErrorCode])[] = [
  ["unreachable", EngineErrorCode.ContractPanicUnreachable],
  ["memory access out of bounds", EngineErrorCode.MemoryAccessOutOfBounds],
  ["divide by zero", EngineErrorCode.DivisionByZero],
  ["remainder by zero", EngineErrorCode.DivisionByZero],
  ["divide result unrepresentable", EngineErrorCode.ContractPanicUnreachable],
  ["table index is out of bounds", EngineErrorCode.TableAccessOutOfBounds],
];
const SIGNATURE_TEXT = "null function or function signature";

const FAULT_CODES: Readonly<Record<number, EngineErrorCode>> = {
  [Fault.StackOverflow]: EngineErrorCode.StackOverflow,
  [Fault.FailedFunction]: EngineErrorCode.FailedFunctionCall,
};

/**
 * @param thrown what running wasm threw
 * @returns the error of the call, or undefined if what was thrown is no result
 */
export function errorOfTrap(power: WasmPower, thrown: unknown, state: TrapState): EngineError | undefined {
  // V8's own stack may end before ours is used up: the same to the contract, but a thread that was given too small a stack.
  if (thrown instanceof RangeError && thrown.message.includes("call stack"))
    return new EngineError(EngineErrorCode.StackOverflow);
  if (!(thrown instanceof power.RuntimeError)) return undefined;
  const faultCode = FAULT_CODES[state.fault];
  if (faultCode !== undefined) return new EngineError(faultCode);
  const { message } = thrown as Error;
  if (message.includes(SIGNATURE_TEXT)) {
    return new EngineError(
      state.hasTableEntry ? EngineErrorCode.UnexpectedSignature : EngineErrorCode.TableAccessOutOfBounds,
    );
  }
  const code = TEXTS.find(([text]) => message.includes(text))?.[1] ?? EngineErrorCode.FailedFunctionCall;
  const outOfGas = code === EngineErrorCode.ContractPanicUnreachable && state.exhausted !== 0n;
  return new EngineError(outOfGas ? EngineErrorCode.OutOfGas : code);
}
